"""What CVB0 remembers of the entries of a block: the probabilities of all topics, or of the likeliest few."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import Floats
from latently.core.blocks import Block
from latently.models.admixture import plain


class Remembered(Protocol):
    """Probabilities of the topics of entries, as arrays, and the module of loops that works on them.

    It can be copied, and kept in a file.
    """

    @property
    def arrays(self) -> tuple[Floats, ...]:
        """As the loops take them."""
        ...

    @property
    def loops(self) -> Any:
        """The functions `tally`, `sweep`, `absences` and `document_counts`."""
        ...

    def lead(self, topics: NDArray[np.intp]) -> None:
        """Give entries to the named topics, almost; those with -1 stay as they are."""
        ...

    def copy(self) -> Remembered:
        """The same, in arrays of its own."""
        ...


@dataclass(frozen=True)
class All:
    """Probabilities of all topics."""

    resp: Floats  # (n_entries, K): rows sum to one
    compiled: bool = True  # whether kernels work on it, or plain NumPy

    @property
    def arrays(self) -> tuple[Floats, ...]:
        """The one array."""
        return (self.resp,)

    @property
    def loops(self) -> Any:
        """Kernels, or plain NumPy."""
        if not self.compiled:
            return plain
        from latently.kernels.topics import collapsed

        return collapsed

    @classmethod
    def first(cls, block: Block, seed: np.uint64, n_topics: int, dtype: Any, compiled: bool) -> All:
        """At random, by what each document holds."""
        found = cls(np.empty((block.n_rows, n_topics), dtype), compiled)
        found.loops.start(block.x.words, block.x.counts, block.offsets, seed, found.resp)
        return found

    def copy(self) -> All:
        """The same, in an array of its own."""
        return replace(self, resp=self.resp.copy())

    def lead(self, topics: NDArray[np.intp]) -> None:
        """Give entries to the named topics, almost."""
        led = np.flatnonzero(topics >= 0)
        self.resp[led] = (1.0 - plain.GUESS) / self.resp.shape[1]
        self.resp[led, topics[led]] += plain.GUESS


@dataclass(frozen=True)
class Likeliest:
    """Probabilities of the likeliest few topics."""

    topics: NDArray[np.uint16]  # (n_entries, L): which
    resp: Floats  # (n_entries, L): rows sum to one
    n_topics: int  # how many topics there are

    @property
    def arrays(self) -> tuple[Floats, ...]:
        """Both."""
        return self.topics, self.resp

    @property
    def loops(self) -> Any:
        """Kernels."""
        from latently.kernels.topics import truncated

        return truncated

    @classmethod
    def first(cls, block: Block, seed: np.uint64, n_topics: int, few: int, dtype: Any) -> Likeliest:
        """At random, by what each document holds."""
        shape = block.n_rows, min(few, n_topics)
        found = cls(np.empty(shape, np.uint16), np.empty(shape, dtype), n_topics)
        found.loops.start(block.x.words, block.x.counts, block.offsets, seed, n_topics, *found.arrays)
        return found

    def copy(self) -> Likeliest:
        """The same, in arrays of its own."""
        return replace(self, topics=self.topics.copy(), resp=self.resp.copy())

    def lead(self, topics: NDArray[np.intp]) -> None:
        """Give entries to the named topics."""
        led = np.flatnonzero(topics >= 0)
        others = np.arange(self.topics.shape[1])
        self.topics[led] = (topics[led, None] + others) % self.n_topics
        self.resp[led] = others == 0
