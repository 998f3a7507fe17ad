"""Log densities and statistics of rows by tables, where cells are small whole numbers.

Any family of independent features gives such a table: the log densities of rows of which all cells but one
are missing. And its statistics are those of such rows, weighted by how often each cell was seen
(docs/formulas.md, "Tables"). `tests/agreement/test_tables.py` holds them to the family's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latently.emissions.base import Array, Emission

MOST_ROWS_OF_TABLES = 2**16  # rows of all tables together
LANES = (0,) * 4, (0,) * 8
Places = NDArray[np.int64]
Found = NDArray[np.uint16]


@dataclass(frozen=True)
class Bank:
    """A family at given params, and which columns of a row are its own."""

    emission: Emission
    params: Any
    places: tuple[int, ...]
    sizes: Places  # how many whole numbers from 0 each column can have


@dataclass(frozen=True)
class Tables:
    """Families whose cells are looked up in one table."""

    banks: Sequence[Bank]  # the families, and what columns each has

    @cached_property
    def columns(self) -> Places:
        """Positions of all columns that are looked up."""
        return np.array([place for bank in self.banks for place in bank.places], dtype=np.int64)

    @cached_property
    def sizes(self) -> Places:
        """How many whole numbers from 0 each of them can have."""
        return np.concatenate([bank.sizes for bank in self.banks])

    @cached_property
    def starts(self) -> Places:
        """The row of the table where each begins; its last row is for a missing cell."""
        return np.concatenate([[0], np.cumsum(self.sizes + 1)[:-1]]).astype(np.int64)

    @property
    def layout(self) -> tuple[Any, ...]:
        """What tells these tables from others of the same data."""
        return tuple(self.columns.tolist()), tuple(self.sizes.tolist())

    @cached_property
    def cells(self) -> list[Array]:
        """For each family, a row for each of its rows of the table: one cell is there, or none."""
        return [_cells(tuple(bank.sizes.tolist())) for bank in self.banks]

    @cached_property
    def values(self) -> Array:
        """Log densities of all cells under each component."""
        pairs = zip(self.banks, self.cells, strict=True)
        return np.vstack([bank.emission.log_density(bank.params, cells) for bank, cells in pairs])

    @cached_property
    def table(self) -> Array:
        """The same, padded to whole lanes."""
        (n, K), lanes = self.values.shape, len(self.lanes)
        found = np.zeros((n, K + -K % lanes))
        found[:, :K] = self.values
        return found

    @property
    def n_components(self) -> int:
        """How many components there are."""
        return self.values.shape[1]

    @property
    def lanes(self) -> tuple[int, ...]:
        """How many components are worked on at once."""
        return LANES[self.n_components > len(LANES[0])]

    def places(self, x: Array) -> Found | None:
        """Rows of the table for the cells of each row; None if a cell is in no table."""
        from latently.kernels.tables import find_places

        if self.starts[-1] + self.sizes[-1] >= MOST_ROWS_OF_TABLES:
            return None
        found = np.empty((len(x), len(self.columns)), dtype=np.uint16)
        return found if find_places(x, self.columns, self.starts, self.sizes, found) else None

    def log_density(self, places: Found) -> Array:
        """Log density of each row under each component."""
        from latently.kernels.tables import table_densities

        out = np.empty((len(places), self.n_components))
        table_densities(places, self.table, out, self.lanes)
        return out

    def counts(self) -> Array:
        """Zeros, to which the responsibilities of cells are added."""
        return np.zeros_like(self.table)

    def add(self, places: Found, resp: Array, counts: Array) -> None:
        """Add those of some rows."""
        from latently.kernels.tables import table_sums

        table_sums(places, np.ascontiguousarray(resp), counts, self.lanes)

    def stats(self, counts: Array) -> list[Any]:
        """The statistics of each family, of the cells that were counted."""
        found, start = [], 0
        for bank, cells in zip(self.banks, self.cells, strict=True):
            resp = counts[start : start + len(cells), : self.n_components]
            found.append(bank.emission.expected_stats(bank.params, cells, resp))
            start += len(cells)
        return found


@cache
def _cells(sizes: tuple[int, ...]) -> Array:
    found = np.full((sum(sizes) + len(sizes), len(sizes)), np.nan)
    start = 0
    for j, size in enumerate(sizes):
        found[start : start + size, j] = np.arange(size)
        start += size + 1
    return found
