"""What a pass along sequences reads of a family: densities of each time step, or of a few symbols."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from latently.core.backends import Backend
from latently.core.blocks import Block
from latently.core.statistics import tree_sum
from latently.latent.base import IN_ORDER, Array, Density, Visit
from latently.latent.chain_parts import padded_width
from latently.latent.passes import Smoothed, densities, floats_of_row

Index = NDArray[np.int64]


@dataclass(frozen=True)
class Filled:
    """Densities of all time steps at once, for a pass along whole sequences."""

    table: Array  # (n, width): densities over the largest of their row
    index: Index  # (n_steps,): which row of the table each time step has; empty if they are in order
    # gives the log densities of the rows of the table, shape (n, K), if they are needed
    logs: Callable[[], Array]
    # ``collect(smoothed, counts)`` gives the statistics of the emission, the log-likelihood, and
    # the sum of its absolute terms but for those of the scales' rounding, weights applied
    collect: Callable[[Smoothed, Array], tuple[Any, float, float]]


class EmissionTable(Protocol):
    """What a pass asks of the observations of some sequences: of all at once, or of some rows at a time."""

    @property
    def floats_per_row(self) -> int:
        """How many float64 numbers a pass along whole sequences needs for each time step."""
        ...

    def part(self, low: int, n_rows: int) -> Self:
        """That of some of the sequences, which begin at a row."""
        ...

    def filled(self, block: Block, backend: Backend) -> AbstractContextManager[Filled]:
        """All at once."""
        ...

    def densities(self, rows: slice) -> tuple[Array, Index, Array]:
        """Densities over the largest of their row, the row of each time, and the largest's logarithms."""
        ...

    def logs(self, rows: slice) -> tuple[Array, Index]:
        """Log densities, and the row of each time step."""
        ...

    def counts(self) -> Array:
        """Zeros, to which responsibilities are added by row of the densities, if these are looked up."""
        ...

    def expected_stats(self, rows: slice, resp: Array) -> Any:
        """Statistics of these rows, given their responsibilities."""
        ...

    def stats(self, summed: object, counts: Array) -> Any:
        """Statistics of all rows, from the sum of those of pieces and from responsibilities by row."""
        ...


@dataclass(frozen=True)
class OfRows:
    """Any emission family: its densities are asked for row by row."""

    density: Density
    visit: Visit
    n_components: int

    @property
    def floats_per_row(self) -> int:
        """Those of the densities and the responsibilities."""
        return 2 * padded_width(self.n_components) + 1

    def part(self, low: int, n_rows: int) -> Self:
        """The same functions, of shifted rows."""

        def shifted(rows: slice) -> slice:
            return slice(rows.start + low, rows.stop + low)

        return replace(
            self,
            density=lambda rows: self.density(shifted(rows)),
            visit=lambda rows, resp: self.visit(shifted(rows), resp),
        )

    @contextmanager
    def filled(self, block: Block, backend: Backend) -> Iterator[Filled]:
        """Densities tile by tile, and the emission's statistics likewise."""
        K, weights = self.n_components, block.weights
        width = floats_of_row(block, K)
        with backend.buffers.buffer((block.n_rows, padded_width(K))) as table:
            log_maxima, absolute = densities(self.density, block, K, backend, table)

            def logs() -> Array:
                return np.concatenate([self.density(rows) for rows in block.tiles(width)])

            def collect(smoothed: Smoothed, counts: Array) -> tuple[Any, float, float]:
                resp = smoothed.state[:, :K]
                parts = backend.map(lambda rows: self.expected_stats(rows, resp[rows]), block.tiles(width))
                bound = weights @ (smoothed.scales + log_maxima)
                return tree_sum(parts), float(bound), float(weights @ (np.abs(smoothed.scales) + absolute))

            yield Filled(table, IN_ORDER, logs, collect)

    def densities(self, rows: slice) -> tuple[Array, Index, Array]:
        """Exponentials of the log densities."""
        from latently.kernels.chain import shift_rows

        n = rows.stop - rows.start
        table, top = np.empty((n, padded_width(self.n_components))), np.empty(n)
        shift_rows(np.ascontiguousarray(self.density(rows)), table, top)
        return table, IN_ORDER, top

    def logs(self, rows: slice) -> tuple[Array, Index]:
        """The log densities."""
        return np.ascontiguousarray(self.density(rows)), IN_ORDER

    def counts(self) -> Array:
        """Nothing is looked up."""
        return np.zeros((1, padded_width(self.n_components)))

    def expected_stats(self, rows: slice, resp: Array) -> Any:
        """As the family does."""
        return self.visit(rows, np.ascontiguousarray(resp))

    def stats(self, summed: object, counts: Array) -> Any:
        """That sum."""
        return summed


@dataclass(frozen=True)
class SymbolTable:
    """Symbols: one table of densities for all time steps."""

    log_table: Array  # (n, K): log densities of all symbols
    symbols: NDArray[np.int64]  # (n_steps,): the symbol of each time step
    # ``count(counts)`` gives the emission's statistics of responsibilities by symbol, shape (n, width)
    count: Callable[[Array], Any]
    table: Array  # (n, width): densities of all symbols over the largest of each
    top: Array  # (n,): logarithms of the largest; zero of one that is impossible

    @classmethod
    def of(cls, log_table: Array, symbols: NDArray[np.int64], count: Callable[[Array], Any]) -> Self:
        """From log densities."""
        log_table = np.ascontiguousarray(log_table)
        K, top = log_table.shape[1], np.maximum.reduce(log_table, axis=1)
        if not isfinite(np.add.reduce(top)):
            top = np.where(np.isneginf(top), 0.0, top)
        table = np.zeros((len(log_table), padded_width(K)))
        np.exp(log_table - top[:, None], out=table[:, :K])
        return cls(log_table, symbols, count, table, top)

    @property
    def floats_per_row(self) -> int:
        """Those of the responsibilities."""
        return self.table.shape[1]

    def part(self, low: int, n_rows: int) -> Self:
        """The same table."""
        return replace(self, symbols=self.symbols[low : low + n_rows])

    @contextmanager
    def filled(self, block: Block, backend: Backend) -> Iterator[Filled]:
        """The table; responsibilities by symbol say all."""

        def collect(smoothed: Smoothed, counts: Array) -> tuple[Any, float, float]:
            seen = np.add.reduce(counts, axis=1)
            bound = block.weights @ smoothed.scales + seen @ self.top
            absolute = block.weights @ np.abs(smoothed.scales) + seen @ np.abs(self.top)
            return self.count(counts), float(bound), float(absolute)

        yield Filled(self.table, self.symbols, lambda: self.log_table, collect)

    def densities(self, rows: slice) -> tuple[Array, Index, Array]:
        """The table."""
        return self.table, self.symbols[rows], self.top[self.symbols[rows]]

    def logs(self, rows: slice) -> tuple[Array, Index]:
        """The table of logarithms."""
        return self.log_table, self.symbols[rows]

    def counts(self) -> Array:
        """One row for each symbol."""
        return np.zeros_like(self.table)

    def expected_stats(self, rows: slice, resp: Array) -> Any:
        """The counts say it all."""
        return 0.0

    def stats(self, summed: object, counts: Array) -> Any:
        """The counts."""
        return self.count(counts)
