"""Log densities and statistics of rows by tables, where cells are small whole numbers.

Any family of independent features gives such a table: the log densities of rows of which all cells but one
are missing. And its statistics are those of such rows, weighted by how often each cell was seen. A few
columns together have a table of the sums of theirs, so that a row looks up fewer numbers than it has cells
(docs/formulas.md, "Tables"). `tests/agreement/test_tables.py` holds them to the family's own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import Cells
from latently.emissions.base import Array, cells_below
from latently.emissions.columns.groups import LookedUp

MOST_ROWS_OF_TABLES = 2**16  # rows of all tables together
TOGETHER = 256  # rows of the table of a few columns together
LANES = (0,) * 4, (0,) * 8
Places = NDArray[np.int64]
Found = NDArray[np.uint16]


class Layout(NamedTuple):
    """How columns of given sizes share tables."""

    sizes: Places  # how many cells each column can have; one more is a missing one
    group: Places  # the table in which each is
    stride: Places  # how many rows further on its next cell is
    starts: Places  # where the rows of each table begin among those of all, and their number


@dataclass(frozen=True)
class Tables(ABC):
    """Families whose cells are looked up in tables."""

    of: LookedUp  # the families, and what columns each has
    params: Sequence[Any]  # theirs

    @cached_property
    def values(self) -> Array:
        """Log densities of the cells of all columns under each component."""
        pairs = zip(self.of.parts, self.params, strict=True)
        return np.concatenate([part.family.log_density_of_cells(one, part.sizes) for part, one in pairs])

    @property
    def n_components(self) -> int:
        """How many components there are."""
        return self.values.shape[1]

    @abstractmethod
    def places(self, x: Array) -> Any:
        """Where the tables have the cells of each row; None if a cell is in no table."""

    @abstractmethod
    def codes(self, places: Any) -> Cells:
        """Whole numbers, equal for rows that have the same places, shape (n, c)."""

    @abstractmethod
    def log_density(self, places: Any) -> Array:
        """Log density of each row under each component."""

    @abstractmethod
    def counts(self) -> Array:
        """Zeros, to which the responsibilities of cells are added."""

    @abstractmethod
    def add(self, places: Any, resp: Array, counts: Array) -> None:
        """Add those of some rows."""

    @abstractmethod
    def of_cells(self, counts: Array) -> Array:
        """The counts of the cells of all columns."""

    def stats(self, counts: Array) -> list[Any]:
        """The statistics of each family, of the cells that were counted; counts may be used up."""
        of_cells = self.of_cells(counts)
        found, start = [], 0
        for part, one in zip(self.of.parts, self.params, strict=True):
            resp = of_cells[start : start + part.sizes.sum(), : self.n_components]
            found.append(part.family.stats_of_cells(one, part.sizes, resp))
            start += len(resp)
        return found


class PlainTables(Tables):
    """By products with a matrix of zeros and ones, which tells of each cell whether a row has it."""

    def places(self, x: Array) -> Array | None:
        value, column = cells_below(np.array(self.of.sizes))
        cells = x[:, self.of.columns]
        found = (cells[:, column] == value).astype(np.float64)
        return found if found.sum() == np.count_nonzero(~np.isnan(cells)) else None

    def codes(self, places: Array) -> Cells:
        return places.astype(np.int64)

    def log_density(self, places: Array) -> Array:
        never = np.isneginf(self.values)
        if not never.any():
            return places @ self.values
        found = places @ np.where(never, 0.0, self.values)
        found[places @ never > 0] = -np.inf
        return found

    def counts(self) -> Array:
        return np.zeros_like(self.values)

    def add(self, places: Array, resp: Array, counts: Array) -> None:
        counts += places.T @ resp

    def of_cells(self, counts: Array) -> Array:
        return counts


class JoinedTables(Tables):
    """By kernels: a few columns are looked up at once."""

    @property
    def layout(self) -> Layout:
        """How the columns share tables."""
        return layout_of(self.of.sizes)

    @cached_property
    def cells(self) -> Array:
        """The same in whole lanes."""
        n, K = self.values.shape
        found = np.zeros((n, K + -K % len(self.lanes)))
        found[:, :K] = self.values
        return found

    @cached_property
    def table(self) -> Array:
        """Log densities of all rows of the tables."""
        return self._joined()

    def _joined(self) -> Array:
        from latently.kernels.tables import join_cells

        found = self.counts()
        join_cells(self.cells, *self.layout, found, self.lanes)
        return found

    @property
    def lanes(self) -> tuple[int, ...]:
        """How many components are worked on at once."""
        return LANES[self.n_components > len(LANES[0])]

    def places(self, x: Array) -> Found | None:
        from latently.kernels.tables import find_places

        if sum(self.of.sizes) + len(self.of.sizes) >= MOST_ROWS_OF_TABLES:
            return None
        found = np.empty((len(x), len(self.layout.starts) - 1), dtype=np.uint16)
        return found if find_places(x, self.of.columns, *self.layout, found) else None

    def codes(self, places: Found) -> Cells:
        return places

    def log_density(self, places: Found) -> Array:
        from latently.kernels.tables import table_densities

        out = np.empty((len(places), self.n_components))
        table_densities(places, self.table, out, self.lanes)
        return out

    def mixture(
        self, places: Found, log_weights: Array, weights: Array
    ) -> tuple[Array, list[Any], float, float] | None:
        """E-step of a mixture of rows that are looked up: counts, statistics, bound and its absolute terms.

        Densities are products of what tables hold, each row of a table in units of its largest: all
        exponentials are taken there. None if a row is so unlikely that this loses digits.
        """
        from latently.kernels.tables import mixture_by_tables

        counts, n_first = self.counts(), self.layout.starts[1]
        bound = mixture_by_tables(places, self._joined(), n_first, log_weights, weights, counts, self.lanes)
        if not np.isfinite(bound):
            return None
        stats = self.stats(counts)
        return counts[0, : self.n_components], stats, bound, abs(bound)

    def counts(self) -> Array:
        return np.zeros((self.layout.starts[-1], self.cells.shape[1]))

    def add(self, places: Found, resp: Array, counts: Array) -> None:
        from latently.kernels.tables import table_sums

        table_sums(places, np.ascontiguousarray(resp), counts, self.lanes)

    def of_cells(self, counts: Array) -> Array:
        from latently.kernels.tables import part_counts

        found = np.zeros_like(self.cells)
        part_counts(counts, *self.layout, found, self.lanes)
        return found


@cache
def layout_of(sizes: tuple[int, ...]) -> Layout:
    """Columns of given sizes share tables, as many as fit, in their order.

    Examples
    --------
    >>> layout_of((2, 1, 300)).starts.tolist()
    [0, 6, 307]
    """
    group, stride = np.zeros((2, len(sizes)), dtype=np.int64)
    of_group = [1]
    for i, size in enumerate(sizes):
        if of_group[-1] > 1 and of_group[-1] * (size + 1) > TOGETHER:
            of_group.append(1)
        group[i], stride[i] = len(of_group) - 1, of_group[-1]
        of_group[-1] *= size + 1
    return Layout(np.array(sizes), group, stride, np.concatenate([[0], np.cumsum(of_group)]))
