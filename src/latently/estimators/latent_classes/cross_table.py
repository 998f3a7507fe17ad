"""The columns of a table that have few values, as codes, beside what a model says of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations, product
from math import prod

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import Array
from latently.estimators.records import Records

Codes = NDArray[np.int64]

ABSENT_CODE = -1


@dataclass(frozen=True)
class CrossTable:
    """Rows of codes."""

    columns: tuple[str, ...]  # names of the columns
    sizes: tuple[int, ...]  # how many values each can have
    codes: Codes  # (n_rows, n_columns): from 0; ABSENT_CODE where a cell is
    weights: Array  # (n_rows,): weights of the rows
    # the log probability of each of some rows of codes under the model
    log_probabilities: Callable[[Codes], Array]

    @property
    def n_cells(self) -> int:
        """Combinations that there can be."""
        return prod(self.sizes)

    def cells(self) -> Codes:
        """All of them."""
        return np.indices(self.sizes).reshape(len(self.sizes), -1).T

    def first(self, n_rows: int) -> CrossTable:
        """The same of the first rows only."""
        return replace(self, codes=self.codes[:n_rows], weights=self.weights[:n_rows])

    def patterns(self) -> tuple[Codes, Array]:
        """The different rows with an observed cell, and the weight of each."""
        seen = (self.codes != ABSENT_CODE).any(axis=1) & (self.weights > 0)
        codes, widths = self.codes[seen], [size + 1 for size in self.sizes]  # ABSENT_CODE is one more
        if prod(widths) < 2**62:  # a row is a number, which sorts faster
            places = np.array([prod(widths[j + 1 :]) for j in range(len(widths))], dtype=np.int64)
            _, first, which = np.unique(
                (codes - ABSENT_CODE) @ places, return_index=True, return_inverse=True
            )
            found = codes[first]
        else:
            found, which = np.unique(codes, axis=0, return_inverse=True)
        counts = np.bincount(which.ravel(), self.weights[seen], len(found))
        return np.asarray(found, dtype=np.int64), np.asarray(counts, dtype=np.float64)


def bivariate_residuals(table: CrossTable) -> Records:
    """Compare the table of each pair of columns with the one expected, over the rows that have both cells."""
    pairs = [
        (i, j) for i, j in combinations(range(len(table.sizes)), 2) if min(table.sizes[i], table.sizes[j]) > 1
    ]
    cells = []
    for i, j in pairs:
        of_pair = np.full((table.sizes[i] * table.sizes[j], len(table.sizes)), ABSENT_CODE)
        of_pair[:, [i, j]] = list(product(range(table.sizes[i]), range(table.sizes[j])))
        cells.append(of_pair)
    if not pairs:
        return Records((), ("There are no two columns of few values.",))
    probabilities = np.exp(table.log_probabilities(np.concatenate(cells)))
    shares = np.split(probabilities, np.cumsum([len(one) for one in cells])[:-1])
    rows = []
    for (i, j), share in zip(pairs, shares, strict=True):
        both = (table.codes[:, [i, j]] != ABSENT_CODE).all(axis=1)
        place = table.codes[both, i] * table.sizes[j] + table.codes[both, j]
        seen = np.bincount(place, table.weights[both], len(share))
        expected = seen.sum() * share
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = np.where(seen == expected, 0.0, (seen - expected) ** 2 / expected)
        freedom = (table.sizes[i] - 1) * (table.sizes[j] - 1)
        rows.append(
            {
                "column": table.columns[i],
                "other": table.columns[j],
                "residual": float(terms.sum()) / freedom,
                "chi_square": float(terms.sum()),
                "degrees_of_freedom": freedom,
            }
        )
    return Records(tuple(sorted(rows, key=lambda row: -row["residual"])))
