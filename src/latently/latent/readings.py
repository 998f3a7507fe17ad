"""What a pass along a sequence reads, some times at a time: densities of any family, or of symbols."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from latently.latent.base import Array, Density, Visit
from latently.latent.chain_parts import padded_width

Index = NDArray[np.int64] | None


class Reading(Protocol):
    """What a pass asks of the observations of a sequence."""

    def densities(self, rows: slice) -> tuple[Array, Index, Array]:
        """Densities over the largest of their row, which row each time has, and the largest's logarithms.

        None in place of the rows means that they are in order.
        """
        ...

    def logs(self, rows: slice) -> tuple[Array, Index]:
        """Log densities, and the row of each time."""
        ...

    def tallies(self) -> Array:
        """Zeros, to which responsibilities are added by row of the densities, if these are looked up."""
        ...

    def take(self, rows: slice, resp: Array) -> Any:
        """Statistics of these rows, given their responsibilities."""
        ...


@dataclass(frozen=True)
class OfDensities:
    """Any emission family: its densities are asked for segment by segment."""

    density: Density
    visit: Visit
    n_components: int

    def densities(self, rows: slice) -> tuple[Array, Index, Array]:
        """Exponentials of the log densities."""
        from latently.kernels.chain import shift_rows

        n = rows.stop - rows.start
        table, top = np.empty((n, padded_width(self.n_components))), np.empty(n)
        shift_rows(np.ascontiguousarray(self.density(rows)), table, top)
        return table, None, top

    def logs(self, rows: slice) -> tuple[Array, Index]:
        """The log densities."""
        return np.ascontiguousarray(self.density(rows)), None

    def tallies(self) -> Array:
        """Nothing is looked up."""
        return np.zeros((1, padded_width(self.n_components)))

    def take(self, rows: slice, resp: Array) -> Any:
        """As the family does."""
        return self.visit(rows, resp)


@dataclass(frozen=True)
class OfSymbols:
    """Symbols: one table of densities for all times.

    Attributes
    ----------
    table : array of shape (n, width)
        Densities of all symbols over the largest of each.
    top : array of shape (n,)
        Logarithms of the largest.
    log_table : array of shape (n, K)
        Log densities.
    symbols : array of int of shape (n_times,)
        The symbol of each time.
    """

    table: Array
    top: Array
    log_table: Array
    symbols: NDArray[np.int64]

    def densities(self, rows: slice) -> tuple[Array, Index, Array]:
        """The table."""
        return self.table, self.symbols[rows], self.top[self.symbols[rows]]

    def logs(self, rows: slice) -> tuple[Array, Index]:
        """The table of logarithms."""
        return self.log_table, self.symbols[rows]

    def tallies(self) -> Array:
        """One row for each symbol."""
        return np.zeros_like(self.table)

    def take(self, rows: slice, resp: Array) -> Any:
        """The tallies say it all."""
        return 0.0
