"""The data, cut into blocks between units.

A *unit* is what the model holds independent of the rest: a row, a sequence, a document. A *block*
is some consecutive units, and the piece in which work is scheduled and sums are taken. Its size follows
from the shapes of the model and never from the amount of data or the number of workers, so the
blocks, and with them every bit of a sum, are the same wherever the work is done. A *tile* is the
piece of a block that fits the cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from latently.core.memories import LocalMemories, M, Memories
from latently.core.statistics import S, tree_sum

if TYPE_CHECKING:
    from latently.core.array_source import ArraySource
    from latently.core.backends import Backend

BLOCK_BYTES = 2**22
TILE_BYTES = 2**20


@dataclass(frozen=True)
class Block:
    """Some consecutive units.

    Attributes
    ----------
    x : array of shape (n_rows, ...)
        The rows of all units of the block, one unit after the other.
    weights : array of shape (n_units,)
        How often each unit counts.
    offsets : array of shape (n_units + 1,) or None
        Unit `u` has the rows ``offsets[u]:offsets[u + 1]``; None where each row is a unit.
    first : int
        Position of the first unit in the whole data, for messages.
    units : array of shape (n_units,) or None
        Positions of all units, where they are not consecutive in the whole data.
    alone : bool
        Whether its one unit is all there is, so that messages need not say which.
    labels : array of int of shape (n_rows,) or None
        Hidden labels that are known, -1 where one is not; None if none is.
    """

    x: Any
    weights: NDArray[np.float64]
    offsets: NDArray[np.int64] | None = None
    first: int = 0
    units: NDArray[np.int64] | None = None
    alone: bool = False
    labels: NDArray[np.int64] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return own_fields(self)

    @property
    def n_units(self) -> int:
        """Number of units."""
        return len(self.weights)

    @property
    def n_rows(self) -> int:
        """Number of rows of all units together."""
        return int(self.x.shape[0])

    @property
    def row_weights(self) -> NDArray[np.float64]:
        """The weight of each row, which is that of its unit."""
        return self.weights if self.offsets is None else np.repeat(self.weights, np.diff(self.offsets))

    def unit_of(self, row: int) -> int:
        """Position in the whole data of the unit that holds a row of this block, for messages."""
        unit = int(row)
        if self.offsets is not None:
            unit = int(np.searchsorted(self.offsets, row, side="right")) - 1
        return self.first + unit if self.units is None else int(self.units[unit])

    def rows(self, rows: slice | NDArray[np.int64]) -> Any:
        """Some of the rows; floating-point numbers of any kind as float64, in which all sums are taken."""
        x = self.x[rows]
        return x.astype(np.float64, copy=False) if x.dtype.kind == "f" else x

    def pieces(self, n_rows: int) -> Iterator[Block]:
        """Cut the block into smaller ones of so many rows, if its units are rows; itself otherwise."""
        if self.offsets is not None:
            yield self
            return
        for start in range(0, self.n_rows, n_rows):
            yield self.take(slice(start, min(start + n_rows, self.n_rows)))

    @cached_property
    def incomplete(self) -> NDArray[np.bool_] | None:
        """Which rows of a table of numbers have missing cells; None if none has.

        Infinite cells may count as missing, too. It takes a good part of an iteration with few components to
        find out, so a source gives the same blocks in every iteration.
        """
        if self.x.dtype.kind != "f" or self.x.ndim != 2:
            return None
        with np.errstate(invalid="ignore", over="ignore"):
            found = np.isnan(self.x @ np.ones(self.x.shape[1], dtype=self.x.dtype))
        return found if found.any() else None

    def remembered(self, key: object, make: Callable[[], object]) -> Any:
        """What was made of this block the first time: a source gives the same blocks in every iteration."""
        kept = vars(self).setdefault("_remembered", {})
        if key not in kept:
            kept[key] = make()
        return kept[key]

    def by_completeness(self) -> tuple[Block, Block | None]:
        """Cut a block whose units are rows into those without missing cells and those with (None if none)."""
        incomplete = self.incomplete
        if incomplete is None:
            return self, None
        start = int(incomplete.argmax())
        if incomplete[start:].all():  # neither takes memory, and what is made of them stays with this block
            cut = slice(0, start), slice(start, self.n_rows)
            both: tuple[Block, Block] = self.remembered("by completeness", lambda: tuple(map(self.take, cut)))
            return both
        return self.take(np.flatnonzero(~incomplete)), self.take(np.flatnonzero(incomplete))

    def take(self, rows: Any) -> Block:
        """Some of the rows, where each is a unit: a slice with a start, or their positions in order."""
        labels = some_of(self.labels, rows)
        if isinstance(rows, slice) and self.units is None:
            return Block(self.x[rows], self.weights[rows], None, self.first + rows.start, labels=labels)
        units = np.arange(self.first, self.first + self.n_units) if self.units is None else self.units
        return Block(self.x[rows], self.weights[rows], None, 0, units[rows], labels=labels)

    def tiles(self, floats_per_row: int) -> Iterator[slice]:
        """Cut the rows into cache-sized pieces, at least one.

        Parameters
        ----------
        floats_per_row : int
            Size of the working set: how many float64 numbers one row needs in the cache.
        """
        step = _rows_within(TILE_BYTES, floats_per_row)
        for start in range(0, max(self.n_rows, 1), step):
            yield slice(start, min(start + step, self.n_rows))


class Here:
    """Data whose blocks are handed to who works on them."""

    def backend(self) -> Backend | None:
        """Who works on them, if that hangs on the data; None if anybody may."""
        return None

    def fold(self: Blocks, task: Callable[..., S], workers: Backend) -> S:
        """The sum of what a task finds in each block, taken in the same tree by all who may work on it.

        The task is of a block and of who may share in the work on it, and may be sent elsewhere.
        """
        return tree_sum(workers.map(partial(task, backend=workers), self.blocks()))

    def remembering(self: Any, first: Callable[[Block], M], workers: Backend) -> Memories[M]:
        """What is remembered of each block to begin with, kept where the blocks are."""
        return LocalMemories(self, list(workers.map(first, self.blocks())), workers)


class Blocks(Protocol):
    """Blocks to work on."""

    def fold(self, task: Callable[..., S], workers: Backend) -> S:
        """The sum of what a task finds in each block: see `Here`."""
        ...

    @property
    def row_weights(self) -> NDArray[np.float64]:
        """The weight of each row, which is that of its unit."""
        ...

    def blocks(self) -> Iterator[Block]:
        """The blocks, in their order."""
        ...


class BlockSource(Blocks, Protocol):
    """Whatever can give its data block by block, as often as asked."""

    def __len__(self) -> int:
        """Number of units."""
        ...

    @property
    def weights(self) -> NDArray[np.float64]:
        """How often each unit counts, shape (n_units,)."""
        ...

    @property
    def block_rows(self) -> int:
        """Rows in a block."""
        ...

    @property
    def labelled(self) -> bool:
        """Whether some hidden labels are known."""
        ...

    def remembering(self, first: Callable[[Block], M], workers: Backend) -> Memories[M]:
        """What is remembered of each block to begin with, kept where the blocks are."""
        ...

    @property
    def outline(self) -> ArraySource:
        """Rows with the range of each column, and many that differ if there are as many."""
        ...

    def parts(self) -> Iterator[Block]:
        """All units, each counted once, in pieces as large as memory allows: one, if the data are in it."""
        ...

    def grouped(self) -> BlockSource:
        """The same units in an order that saves work, if there is one."""
        ...

    def per(self, unit: float) -> BlockSource:
        """The same units, with weights in another unit."""
        ...

    def subsample(self, n_units: int, rng: np.random.Generator) -> BlockSource:
        """Some of the units that count, at random, in their order; all of them if there are no more."""
        ...

    def stretch(self, n_rows: int, rng: np.random.Generator) -> ArraySource:
        """So many consecutive rows at random, in memory; all if there are no more."""
        ...

    def minibatches(self, n_rows: int, rng: np.random.Generator) -> Iterator[Blocks]:
        """All units in parts of about so many rows: at random if they are in memory."""
        ...

    @property
    def n_rows(self) -> int:
        """Number of rows of all units together."""
        ...

    @property
    def fingerprint(self) -> str:
        """What tells these data from others."""
        ...

    def in_memory(self) -> ArraySource:
        """All units in memory, and here."""
        ...


def own_fields(piece: Any) -> dict[str, Any]:
    """What of some data is sent elsewhere: what was made of them is made there again."""
    return {one.name: getattr(piece, one.name) for one in fields(piece)}


def limits(n_units: int, offsets: NDArray[np.int64] | None, block_rows: int) -> list[int]:
    """Where blocks begin and end, in units.

    `offsets` are the limits of the rows of each unit, None where each row is a unit. Where units have several
    rows, blocks are as even as units allow.
    """
    if offsets is None:
        return [*range(0, max(n_units, 1), block_rows), n_units]
    n_rows = int(offsets[-1])
    n_blocks = max(-(-n_rows // block_rows), 1)
    inner = np.searchsorted(offsets, np.arange(1, n_blocks) * (n_rows / n_blocks))
    found: list[int] = np.unique([0, *inner, n_units]).tolist()
    return found


def block_rows(floats_per_row: int) -> int:
    """Rows in a block of a model that needs so many float64 numbers for a row: a power of two."""
    return _rows_within(BLOCK_BYTES, floats_per_row)


def some_of(values: NDArray[np.int64] | None, which: Any) -> NDArray[np.int64] | None:
    """Some of the values, if there are any."""
    return None if values is None else values[which]


def _rows_within(n_bytes: int, floats_per_row: int) -> int:
    rows = max(n_bytes // (8 * max(floats_per_row, 1)), 64)
    return 1 << (rows.bit_length() - 1)
