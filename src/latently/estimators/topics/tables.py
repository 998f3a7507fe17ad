"""Corpora as tables of counts: a row for each document, a column for each word."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.utils import check_array

from latently.checks.arrays import MOST_COUNT, labels_of
from latently.estimators.inputs import as_table


def read_table(X: object, owner: str) -> Any:
    """Counts as a canonical CSR matrix: indices sorted, duplicates summed, no explicit zeros.

    Of float32 if X is, of float64 otherwise; X is not changed, and the result may share its memory. Refuses
    another shape, no rows or columns, what is not numeric, and the first cell that is negative, NaN or
    infinite.
    """
    _refuse_text(X)
    if sparse.issparse(X):
        table = check_array(
            X, accept_sparse=True, dtype=[np.float64, np.float32], ensure_all_finite=False, estimator=owner
        )
    else:
        table = as_table(X, owner)
    counts = sparse.csr_matrix(table)
    if not counts.has_canonical_format:
        counts = counts.copy()
        counts.sum_duplicates()
    _check(counts)
    if not counts.data.all():
        counts = counts.copy()
        counts.eliminate_zeros()
    return counts


def _check(counts: Any) -> None:
    finite = np.isfinite(counts.data)
    if not finite.all():
        what = "NaN" if np.isnan(counts.data).any() else "infinity"
        wrong = np.isnan(counts.data) if what == "NaN" else ~finite
        raise ValueError(
            f"Input X contains {what} at {place_of(counts, wrong)} ({int(wrong.sum())} such cells): a word "
            "that does not occur counts 0; mend or drop such documents"
        )
    negative = counts.data < 0
    if negative.any():
        value = counts.data[negative.argmax()]
        raise ValueError(
            f"Negative values in data passed to X: {value:g} at {place_of(counts, negative)} "
            f"({int(negative.sum())} such cells); counts of words are zero or more"
        )
    large = counts.data > MOST_COUNT
    if large.any():
        value = counts.data[large.argmax()]
        raise ValueError(
            f"Input X holds {value:g} at {place_of(counts, large)}: counts are at most 2**53 = {MOST_COUNT:g}"
        )


def place_of(counts: Any, wrong: NDArray[np.bool_]) -> str:
    """Row and column of the first such entry."""
    entry = int(wrong.argmax())
    row = int(np.searchsorted(counts.indptr, entry, side="right")) - 1
    return f"row {row}, column {int(counts.indices[entry])}"


def _refuse_text(X: Any) -> None:
    """Frames hold texts in columns, which are what to hand in instead."""
    for name in labels_of(X) if hasattr(X, "columns") else ():
        cells = X[name].to_numpy() if name in X.columns else np.empty(0)
        if cells.dtype.kind == "O" and any(isinstance(cell, str) for cell in cells):
            raise ValueError(
                f"column {name!r} of X does not hold counts: if it holds texts, give the column itself, "
                f"X[{name!r}]; if not, leave it out"
            )
