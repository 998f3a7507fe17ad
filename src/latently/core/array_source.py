"""Rows in memory, as a source of blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from latently.core.backends import Backend, SerialBackend
from latently.core.blocks import Block, Here, limits, own_fields, some_of
from latently.core.digests import digest_of

R = TypeVar("R")

GROUPED_BYTES = 2**25
TO_SHARE_OUT = 1 / 32  # of a block: a step on less is over before another thread has been told of it


@dataclass(frozen=True)
class ArraySource(Here):
    """Rows in memory.

    Parameters
    ----------
    x : array of shape (n_rows, ...)
        The rows of all units.
    weights : array of shape (n_units,)
        How often each unit counts.
    offsets : array of shape (n_units + 1,) or None
        Where units begin and end; None where each row is a unit.
    block_rows : int
        Rows in a block. Where units have several, blocks are as even as units allow, and one may have up to
        a unit more. See `block_rows`.
    units : array of shape (n_units,) or None
        Where the units stood in the data as given, for messages; None if they stand there still.
    labels : array of int of shape (n_rows,) or None
        Hidden labels that are known, -1 where one is not; None if none is.
    """

    x: Any
    weights: NDArray[np.float64]
    offsets: NDArray[np.int64] | None
    block_rows: int
    units: NDArray[np.int64] | None = None
    labels: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.weights)

    def __getstate__(self) -> dict[str, Any]:
        return own_fields(self)

    def backend(self) -> Backend | None:
        """The calling thread, for little work: others would wait for the interpreter, and it for them.

        How much a row is hangs on the model, and so does how many make a block.
        """
        return SerialBackend() if self.n_rows < TO_SHARE_OUT * self.block_rows else None

    @property
    def labelled(self) -> bool:
        """Whether some hidden labels are known."""
        return self.labels is not None

    @property
    def outline(self) -> ArraySource:
        """All of it."""
        return self

    @property
    def row_weights(self) -> NDArray[np.float64]:
        """The weight of each row, which is that of its unit."""
        return self.weights if self.offsets is None else np.repeat(self.weights, np.diff(self.offsets))

    def whole(self) -> Block:
        """All units as one block, each counted once."""
        ones, alone = np.ones(len(self)), len(self) == 1
        return Block(self.x, ones, self.offsets, units=self.units, alone=alone, labels=self.labels)

    def in_memory(self) -> ArraySource:
        """Itself."""
        return self

    def parts(self) -> Iterator[Block]:
        """All units in one piece, each counted once."""
        yield self.whole()

    def pieces(self) -> Iterator[ArraySource]:
        """All units, piece by piece, here."""
        yield self

    def each(self, task: Callable[[ArraySource], R]) -> list[R]:
        """What a task makes of the units of each place where some are: of all, here."""
        return [task(self)]

    def per(self, unit: float) -> ArraySource:
        """The same units, with weights in another unit."""
        return replace(self, weights=self.weights / unit)

    def blocks(self) -> Iterator[Block]:
        """The blocks, in their order."""
        return iter(self._blocks)

    @cached_property
    def _blocks(self) -> tuple[Block, ...]:
        return tuple(self._cut())

    def _cut(self) -> Iterator[Block]:
        alone = len(self) == 1 and self.offsets is not None
        for start, stop in pairwise(limits(len(self), self.offsets, self.block_rows)):
            rows, offsets = slice(start, stop), None
            if self.offsets is not None:
                rows = slice(self.offsets[start], self.offsets[stop])
                offsets = self.offsets[start : stop + 1] - rows.start
            units, labels = some_of(self.units, slice(start, stop)), some_of(self.labels, rows)
            yield Block(self.x[rows], self.weights[start:stop], offsets, start, units, alone, labels)

    @cached_property
    def fingerprint(self) -> str:
        """A digest of all values, weights and limits of units."""
        return digest_of(self.x, self.weights, self.offsets, self.labels)

    def stretch(self, n_rows: int, rng: np.random.Generator) -> ArraySource:
        """So many consecutive rows at random, units at both ends cut short; all if there are no more."""
        total = self.x.shape[0]
        if total <= n_rows:
            return self
        return self.consecutive(int(rng.integers(total - n_rows + 1)), n_rows)

    def consecutive(self, low: int, n_rows: int) -> ArraySource:
        """So many rows from one on, units at both ends cut short."""
        total, rows = self.x.shape[0], slice(low, low + n_rows)
        offsets = np.arange(total + 1) if self.offsets is None else self.offsets
        inside = np.clip(offsets, rows.start, rows.stop) - rows.start
        units = np.flatnonzero(np.diff(inside))
        return replace(
            self,
            x=self.x[rows],
            weights=self.weights[units],
            offsets=None if self.offsets is None else np.append(inside[units], n_rows),
            units=units if self.units is None else self.units[units],
            labels=None if self.labels is None else self.labels[rows],
        )

    def grouped(self) -> ArraySource:
        """The same units, those with equal missing cells together and complete ones first.

        Whoever works on missing cells can then do for many rows what is the same for all of them. Sequences
        stay as they are, and so do tables too large to be copied.
        """
        if self.offsets is not None or self.x.dtype.kind != "f" or self.x.nbytes > GROUPED_BYTES:
            return self
        missing = np.isnan(self.x.reshape(len(self.x), -1))
        if not missing.any():
            return self
        packed = np.packbits(missing, axis=1)
        order = np.lexsort(packed.T[::-1])
        source = self.take(order)
        return replace(source, units=order if self.units is None else self.units[order])

    @property
    def n_rows(self) -> int:
        """Number of rows of all units together."""
        return int(self.x.shape[0])

    def minibatches(self, n_rows: int, rng: np.random.Generator) -> Iterator[ArraySource]:
        """All units in random parts of about so many rows, each in order: data may be sorted."""
        n = min(max(round(self.n_rows / n_rows), 1), len(self))
        which = rng.integers(n, size=len(self), dtype=np.min_scalar_type(n))
        ends = np.bincount(which, minlength=n).cumsum()
        for units in np.split(which.argsort(kind="stable"), ends[:-1]):
            if len(units):
                yield self.take(units)

    def subsample(self, n_units: int, rng: np.random.Generator) -> ArraySource:
        """Some of the units that count, at random, in their order; all of them if there are no more."""
        some = chosen(self.weights, n_units, rng)
        return self if some is None else self.take(some)

    def take(self, units: NDArray[np.int64]) -> ArraySource:
        """The named units, as a source of its own."""
        if self.offsets is None:
            names, labels = some_of(self.units, units), some_of(self.labels, units)
            x, weights = self.x.take(units, axis=0), self.weights.take(units)  # twice as fast as by brackets
            return ArraySource(x, weights, None, self.block_rows, names, labels)
        pieces = [np.arange(self.offsets[u], self.offsets[u + 1]) for u in units]
        rows, lengths = np.concatenate(pieces), [len(piece) for piece in pieces]
        return ArraySource(
            self.x[rows],
            self.weights[units],
            np.concatenate([[0], np.cumsum(lengths)]),
            self.block_rows,
            labels=some_of(self.labels, rows),
        )


def joined(parts: Sequence[ArraySource], block_rows: int, units: NDArray[np.int64]) -> ArraySource:
    """The units of some sources, which stood there in data as given."""
    x, weights = (np.concatenate([getattr(one, name) for one in parts]) for name in ("x", "weights"))
    lengths = [np.diff(one.offsets) for one in parts if one.offsets is not None]
    offsets = np.concatenate([[0], np.cumsum(np.concatenate(lengths))]) if lengths else None
    return ArraySource(x, weights, offsets, block_rows, None if lengths else units)


def chosen(weights: NDArray[np.float64], n_units: int, rng: np.random.Generator) -> NDArray[np.int64] | None:
    """Positions of units of positive weight, at random and in order; None if there are no more of them."""
    used = len(weights) if weights.all() else np.flatnonzero(weights)
    if n_units >= (used if isinstance(used, int) else len(used)):
        return None
    return np.sort(rng.choice(used, n_units, replace=False))
