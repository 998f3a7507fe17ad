"""Counts of words as metrics take them: checked once, without the caller's array being touched."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from latently.checks.arrays import MOST_COUNT, as_numbers


def as_counts(X: object) -> sparse.csr_matrix:
    """Counts as a CSR matrix of float64: indices sorted, duplicates summed, no explicit zeros.

    Refuses what is no table of numbers, and the first count that is negative or not finite.
    """
    counts = sparse.csr_matrix(X if sparse.issparse(X) else _dense(X))
    counts = counts.astype(np.float64, copy=not counts.has_canonical_format)
    counts.sum_duplicates()
    refuse(counts, ~(np.isfinite(counts.data) & (counts.data >= 0)), "counts are finite, and zero or more")
    refuse(counts, counts.data > MOST_COUNT, f"counts are at most 2**53 = {MOST_COUNT:g}")
    if not counts.data.all():
        counts = counts.copy()
        counts.eliminate_zeros()
    return counts


def refuse(counts: sparse.csr_matrix, wrong: NDArray[np.bool_], remedy: str) -> None:
    """Refuse some of the entries of a CSR matrix.

    The error names the row and the column of the first, and the remedy.
    """
    if wrong.any():
        entry = int(wrong.argmax())
        row = int(np.searchsorted(counts.indptr, entry, side="right")) - 1
        column = int(counts.indices[entry])
        raise ValueError(f"X has {counts.data[entry]:g} in row {row}, column {column}: {remedy}")


def _dense(X: object) -> NDArray[np.float64]:
    table = np.asarray(as_numbers(X), dtype=np.float64)
    if table.ndim != 2:
        raise ValueError(f"X has shape {table.shape}: give a row for each document, a column for each word")
    return table
