"""Data that are read again in every pass, piece by piece: larger than memory, or wherever they lie.

Pieces come as they come; blocks are cut from them where those of an array would be (`core.blocks.limits`).
So a pass adds up the same sums as one over the same rows in memory, to the last bit. While blocks are worked
on, the next piece is read.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count, islice, pairwise
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from latently import wording
from latently.checks.arrays import extremes
from latently.core.array_source import ArraySource, joined
from latently.core.blocks import Block, Here, limits
from latently.core.digests import digest_of, digest_of_pieces
from latently.core.errors import DataChangedError
from latently.core.not_in_memory import NotInMemory

T = TypeVar("T")
R = TypeVar("R")

PIECES_AHEAD = 2  # pieces that are read while one is worked on
NO_SEQUENCE: Any = object()


@dataclass(frozen=True)
class Piece:
    """Some rows, one after the other."""

    x: Any  # (n_rows, ...): the rows
    # (n_rows,): which sequence each belongs to, by any name; None where each row is a unit
    sequences: Any = None


@dataclass(frozen=True)
class Survey:
    """What is known of all the rows after one pass."""

    n_rows: int  # how many there are
    # (n_units + 1,): where units begin and end; None where each row is a unit
    offsets: NDArray[np.int64] | None
    # (n, ...): all different rows; if they are many, some of them, and two with the least and
    # the greatest cells
    x: Any


@dataclass(frozen=True)
class SomeBlocks(Here):
    """A few blocks of a source."""

    those: list[Block]

    @property
    def row_weights(self) -> NDArray[np.float64]:
        """The weight of each row."""
        return np.concatenate([block.row_weights for block in self.those])

    def blocks(self) -> Iterator[Block]:
        """The blocks."""
        return iter(self.those)


@dataclass(frozen=True)
class StreamedSource(NotInMemory):
    """Rows that are read in every pass."""

    # begins a pass: returns an iterator over parts of the data, in the order of the rows
    fetch: Callable[[], Iterator[Any]]
    read: Callable[[Any], Piece]  # makes a piece of each part
    block_rows: int  # rows in a block. See `core.blocks.block_rows`
    several: bool = False  # whether units are sequences
    n_different: int = 1024  # how many different rows the outline has, if there are as many
    # called with the number of rows whenever some have been read
    watchers: list[Callable[[int], Any]] = field(default_factory=list)

    def __len__(self) -> int:
        offsets = self.survey.offsets
        return self.survey.n_rows if offsets is None else len(offsets) - 1

    @property
    def outline(self) -> ArraySource:
        """Rows with the range of all."""
        x = self.survey.x
        return ArraySource(x, np.ones(len(x)), None, self.block_rows)

    @cached_property
    def survey(self) -> Survey:
        """What one pass finds out."""
        return surveyed(self._pieces(), self.several, self.n_different)

    @cached_property
    def fingerprint(self) -> str:
        """A digest of all values and limits of units, by a pass of its own."""
        rows = digest_of_pieces(piece.x for piece in self._pieces())
        return digest_of(rows, str(self.survey.x.dtype), self.offsets)

    @property
    def n_rows(self) -> int:
        return self.survey.n_rows

    def minibatches(self, n_rows: int, rng: np.random.Generator) -> Iterator[SomeBlocks]:
        """Blocks as they come, so many that they have about so many rows."""
        blocks = self.blocks()
        while some := list(islice(blocks, max(n_rows // self.block_rows, 1))):
            yield SomeBlocks(some)

    def blocks(self) -> Iterator[Block]:
        """The blocks, in their order.

        Raises a DataChangedError if there are not as many rows as in the first pass.
        """
        if not self.several:
            for start, x in _cut(self._rows(), count(0, self.block_rows)):
                yield Block(x, np.ones(len(x)), None, start)
            return
        offsets: Any = self.survey.offsets
        ends = limits(len(self), offsets, self.block_rows)
        alone = len(self) == 1
        cut = _cut(self._rows(), iter(offsets[ends].tolist()))
        for (first, last), (start, x) in zip(pairwise(ends), cut, strict=True):
            yield Block(x, np.ones(last - first), offsets[first : last + 1] - start, first, alone=alone)

    def in_memory(self) -> ArraySource:
        return self._in_memory

    @property
    def offsets(self) -> NDArray[np.int64] | None:
        return self.survey.offsets if self.several else None

    @cached_property
    def _in_memory(self) -> ArraySource:
        return super().in_memory()

    def take(self, units: NDArray[np.int64]) -> ArraySource:
        found: list[ArraySource] = []
        for block in self.blocks():
            low, high = np.searchsorted(units, [block.first, block.first + block.n_units])
            if low == len(units):
                break
            if low < high:
                part = ArraySource(block.x, block.weights, block.offsets, self.block_rows)
                found.append(part.take(units[low:high] - block.first))
        return joined(found, self.block_rows, units)

    def _pieces(self) -> Iterator[Piece]:
        """Those of a pass."""
        return ahead(self.fetch(), self.read)

    def _rows(self) -> Iterator[Any]:
        """The rows of a pass, as many as there were in the first one."""
        n_rows, known = 0, vars(self).get("survey")
        for piece in self._pieces():
            n_rows += len(piece.x)
            if known and n_rows > known.n_rows:
                break
            for watch in self.watchers:
                watch(len(piece.x))
            if len(piece.x):
                yield piece.x
        if known and n_rows != known.n_rows:
            raise DataChangedError(
                f"the data had {wording.count(known.n_rows, 'row')} at first, and have others now: let "
                "nothing write to them while they are in use"
            )


def surveyed(pieces: Iterable[Piece], several: bool, n_different: int) -> Survey:
    """What is known of rows after one pass.

    At most `n_different` different rows are kept. Refuses no rows at all, and a sequence that appears again
    after others.
    """
    n_rows = 0
    low: Any = None
    high: Any = None
    different: Any = None
    lengths = Lengths()
    for piece in pieces:
        if not len(piece.x):
            continue
        n_rows += len(piece.x)
        if several:
            lengths.add(piece.sequences)
        flat = piece.x.reshape(len(piece.x), -1)
        lowest, highest = extremes(flat if flat.dtype.kind == "f" else flat.astype(np.float64))
        low = lowest if low is None else np.fmin(low, lowest)
        high = highest if high is None else np.fmax(high, highest)
        if different is None or len(different) < n_different:
            rows = piece.x if different is None else np.concatenate([different, piece.x])
            different = _different(rows, n_different)
    if different is None:
        raise ValueError("there is no row: give at least one")
    if len(different) >= n_different:
        ends = np.stack([low, high]).reshape(2, *different.shape[1:])
        ends[np.isinf(ends)] = np.nan  # of a column without cells
        different = np.concatenate([different, ends.astype(different.dtype)])
    return Survey(n_rows, lengths.offsets() if several else None, different)


class Lengths:
    """Lengths of sequences whose rows stand together, from the names of the sequences of all rows."""

    def __init__(self) -> None:
        self._lengths: list[int] = []
        self._seen: set[Any] = set()
        self._last: Any = NO_SEQUENCE

    def add(self, names: NDArray[Any]) -> None:
        """Add the names of further rows.

        Raises a ValueError if one has been there before, and others since; it is named.
        """
        if not len(names):
            return
        starts = np.concatenate([[0], np.flatnonzero(names[1:] != names[:-1]) + 1])
        lengths = np.diff(np.append(starts, len(names))).tolist()
        for name, length in zip(names[starts].tolist(), lengths, strict=True):
            if self._last is not NO_SEQUENCE and name == self._last:
                self._lengths[-1] += length
                continue
            if name in self._seen:
                raise ValueError(
                    f"sequence {name!r} appears again after others: sort the rows by sequence, in order of "
                    "time within each"
                )
            self._seen.add(name)
            self._last = name
            self._lengths.append(length)

    def offsets(self) -> NDArray[np.int64]:
        """Where sequences begin and end."""
        return np.concatenate([[0], np.cumsum(self._lengths, dtype=np.int64)])


def ahead(items: Iterable[T], task: Callable[[T], R], n: int = PIECES_AHEAD) -> Iterator[R]:
    """What a task makes of each item, some of it while the results before are worked on.

    A thread of its own fetches the items, and another is at the task: the two make about as much work.

    Examples
    --------
    >>> list(ahead(iter([1, 2, 3]), str))
    ['1', '2', '3']
    """
    remaining = iter(items)
    fetching, working = (ThreadPoolExecutor(1, thread_name_prefix="latently-read") for _ in range(2))

    def fetched() -> Any:
        item = next(remaining, NO_SEQUENCE)
        return item if item is NO_SEQUENCE else working.submit(task, item)

    try:
        pending = deque(fetching.submit(fetched) for _ in range(n))
        while (found := pending.popleft().result()) is not NO_SEQUENCE:
            pending.append(fetching.submit(fetched))
            yield found.result()
    finally:
        for pool in (fetching, working):
            pool.shutdown(cancel_futures=True)


def _cut(pieces: Iterable[Any], ends: Iterator[int]) -> Iterator[tuple[int, Any]]:
    """Rows from each end to the next, and the number of the first; the last ones may be fewer."""
    waiting: list[Any] = []  # of the rows before, fewer than to the next end
    n_waiting = 0
    start, stop = next(ends), next(ends)
    for piece in pieces:
        begin = 0
        while len(piece) - begin >= (needed := stop - start - n_waiting):
            rows = piece[begin : begin + needed]
            yield start, np.concatenate([*waiting, rows]) if waiting else rows
            waiting, n_waiting, begin = [], 0, begin + needed
            start, stop = stop, next(ends, stop + 1)
        if begin < len(piece):
            waiting.append(piece[begin:])
            n_waiting += len(piece) - begin
    if n_waiting:
        yield start, np.concatenate(waiting)


def _different(rows: Any, most: int) -> Any:
    """Different rows, all of them if they are no more than so many, in order of their first appearance."""
    some = np.ascontiguousarray(rows[:most])
    found = some[np.sort(_first(some))]
    if len(found) == len(some) < len(rows):
        return found
    rows = np.ascontiguousarray(rows)
    return rows[np.sort(_first(rows))[:most]]


def _first(rows: Any) -> NDArray[np.intp]:
    """Positions at which a row is there for the first time, by its bytes."""
    flat = rows.reshape(len(rows), -1)
    keys = flat.view(np.dtype((np.void, flat.dtype.itemsize * flat.shape[1]))).ravel()
    return np.unique(keys, return_index=True)[1]
