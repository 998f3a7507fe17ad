"""Rows that occur more than once: what they add up to need be found once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latently.core.blocks import Block

FIRST_ROWS_SEEN = 4096  # rows that tell whether there are few patterns
FEW_PATTERNS = 0.9  # patterns, of the rows, below which it pays
HALF = 0.5  # patterns, of the rows, below which looking up is worth it for any family
LARGEST = 2**62


@dataclass(frozen=True)
class Patterns:
    """The different rows of a block."""

    rows: NDArray[np.int64]  # (n_patterns,): the first row of each pattern
    index: NDArray[np.int64]  # (n_rows,): the pattern of each row

    @property
    def few(self) -> bool:
        """Whether they are so few that it pays."""
        return len(self.rows) <= FEW_PATTERNS * len(self.index)

    @property
    def as_they_come(self) -> Patterns:
        """The same in the order of the first rows."""
        order = np.argsort(self.rows)
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        return Patterns(self.rows[order], place[self.index])

    def each_once(self, block: Block) -> Block:
        """One row of each pattern, with the weight of all that are alike."""
        weights = np.bincount(self.index, block.weights, len(self.rows)).astype(np.float64)
        return replace(block.take(self.rows), weights=weights)


def patterns_of(places: NDArray[np.int64], n_places: int) -> Patterns | None:
    """The patterns of rows of small whole numbers; None if there are too many for it to pay.

    `n_places` is what all of their entries are below.

    Examples
    --------
    >>> found = patterns_of(np.array([[0, 1], [2, 0], [0, 1], [0, 1]]), 3)
    >>> found.rows.tolist(), found.index.tolist()
    ([0, 1], [0, 1, 0, 0])
    """
    found = alike(_codes(places[:FIRST_ROWS_SEEN], n_places))
    if found.few and len(places) > FIRST_ROWS_SEEN:
        found = alike(_codes(places, n_places))
    return found if found.few else None


def patterns_of_block(block: Block) -> Patterns | None:
    """The patterns of the rows of a block that have weight; what others are is of no account.

    None if fewer than half of them are repetitions.
    """
    used = np.flatnonzero(block.row_weights > 0)
    if len(used) == block.n_rows:
        return patterns_of_rows(block.x)
    found = patterns_of_rows(block.x[used])
    if found is None:
        return None
    index = np.zeros(block.n_rows, dtype=np.int64)
    index[used] = found.index
    return Patterns(used[found.rows], index)


def patterns_of_rows(x: NDArray[Any]) -> Patterns | None:
    """The patterns of rows of numbers; None if fewer than half of them are repetitions.

    Rows are equal bit by bit, missing cells too. Patterns are in the order in which they first occur, so that
    of several culprits the first is named.

    Examples
    --------
    >>> found = patterns_of_rows(np.array([[2.0], [np.nan], [2.0], [np.nan], [2.0]]))
    >>> found.index.tolist()
    [0, 1, 0, 1, 0]
    """
    if x.ndim != 2 or not x.size or x.dtype.kind not in "fiub" or x.itemsize > 8:
        return None
    found = _of_bits(x[:FIRST_ROWS_SEEN])
    if found is not None and len(x) > FIRST_ROWS_SEEN:
        found = _of_bits(x)
    return None if found is None else found.as_they_come


def _of_bits(x: NDArray[Any]) -> Patterns | None:
    """The same by all of the rows, column by column: the first that has too many values decides."""
    places = np.empty(x.shape, dtype=np.int64)
    for j, column in enumerate(x.T):
        found = alike(np.ascontiguousarray(column).view(f"u{x.itemsize}"))
        if len(found.rows) > HALF * len(x):
            return None
        places[:, j] = found.index
    if x.shape[1] > 1:
        found = alike(_codes(places, len(x)))
    return found if len(found.rows) <= HALF * len(x) else None


def alike(codes: NDArray[Any]) -> Patterns:
    """The patterns of rows that have equal numbers where they are alike, in the order of these numbers."""
    order = np.argsort(codes, kind="stable")
    new, index = np.ones(len(codes), dtype=bool), np.empty(len(codes), dtype=np.int64)
    new[1:] = np.diff(codes[order]) > 0
    index[order] = np.cumsum(new) - 1
    return Patterns(order[new], index)


def _codes(places: NDArray[np.int64], n_places: int) -> NDArray[np.int64]:
    """A number for each row; columns that would take it out of range are numbered again first."""
    codes, size = np.zeros(len(places), dtype=np.int64), 1
    for column in places.T:
        if size > LARGEST // n_places:
            codes = np.unique(codes, return_inverse=True)[1]
            size = len(codes)
        codes = codes * n_places + column
        size *= n_places
    return codes
