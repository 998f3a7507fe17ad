"""What sources have in common whose units are read from somewhere in every pass, or lie elsewhere."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Self

import numpy as np
from numpy.typing import NDArray

from latently.core.array_source import ArraySource, chosen
from latently.core.blocks import Block, Here


class NotInMemory(Here, ABC):
    """Units that lie elsewhere, in their order: each counts once, and some may be taken into memory."""

    labelled = False
    labels = None

    @abstractmethod
    def __len__(self) -> int:
        """Number of units."""

    @property
    @abstractmethod
    def n_rows(self) -> int:
        """Number of rows."""

    @property
    @abstractmethod
    def offsets(self) -> NDArray[np.int64] | None:
        """Where units begin and end; None where each row is a unit."""

    @abstractmethod
    def blocks(self) -> Iterator[Block]:
        """The blocks, in their order."""

    @abstractmethod
    def take(self, units: NDArray[np.int64]) -> ArraySource:
        """The named units, in memory."""

    @property
    def weights(self) -> NDArray[np.float64]:
        """Ones, which take no memory."""
        return np.broadcast_to(1.0, len(self))

    @property
    def row_weights(self) -> NDArray[np.float64]:
        """Ones."""
        return np.broadcast_to(1.0, self.n_rows)

    def parts(self) -> Iterator[Block]:
        """The blocks."""
        return self.blocks()

    def grouped(self) -> Self:
        """The same: to bring rows into another order takes memory."""
        return self

    def per(self, unit: float) -> Self:
        """The same: each unit counts once."""
        return self

    def subsample(self, n_units: int, rng: np.random.Generator) -> ArraySource | Self:
        """Some of the units at random, in their order and in memory; all of them if there are no more."""
        some = chosen(self.weights, n_units, rng)
        return self if some is None else self.take(some)

    def stretch(self, n_rows: int, rng: np.random.Generator) -> ArraySource:
        """So many consecutive rows at random, in memory, those that `ArraySource.stretch` would take."""
        if self.n_rows <= n_rows:
            return self.in_memory()
        low = int(rng.integers(self.n_rows - n_rows + 1))
        if self.offsets is None:
            return self.take(np.arange(low, low + n_rows))
        first, last = np.searchsorted(self.offsets, [low + 1, low + n_rows])
        return self.take(np.arange(first - 1, last)).consecutive(low - int(self.offsets[first - 1]), n_rows)

    def in_memory(self) -> ArraySource:
        """The same units, in memory: for what is worked out from all of them at once."""
        return self.take(np.arange(len(self)))

    def whole(self) -> Block:
        """All units as one block, in memory."""
        return self.in_memory().whole()
