"""Blocks that lie on the workers of a Dask cluster, and the backend that works there.

Data are cut into chunks, each of which stays with a worker. In every iteration each worker is sent the params
once, adds up the statistics of its chunks, and these sums are added in a fixed tree over the order of all:
the total hangs neither on who works on what nor on who is done first. What a dead worker had is read again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from latently.core.array_source import ArraySource, joined
from latently.core.backends import Backend, R, SerialBackend
from latently.core.blocks import Block
from latently.core.cluster_memories import ClusterMemories
from latently.core.digests import digest_of
from latently.core.libraries import single_threaded_libraries
from latently.core.memories import M, Memories
from latently.core.not_in_memory import NotInMemory
from latently.core.statistics import Nodes, S, nodes_of, tree_sum
from latently.core.streamed import NO_SEQUENCE, Piece, Survey, surveyed
from latently.core.workers import ClusterBackend, gathered, packed_for, submitted, talking, tried, unpacked

MOST_BROUGHT = 2**24  # bytes of sums of chunks that are added here; more are added on a worker


@dataclass(frozen=True)
class Chunk:
    """Some consecutive units, where they are worked on."""

    source: ArraySource | None  # the units; None if there is none
    survey: Survey | None  # what is known of them
    ends: tuple[Any, ...] = ()  # names of the first and the last sequence; empty if units are rows

    @property
    def facts(self) -> tuple[int, NDArray[np.int64] | None, Any, tuple[Any, ...]]:
        """What the client needs to know: rows, where sequences begin, an outline of the rows, the ends."""
        if self.survey is None:
            return 0, None, None, ()
        return self.survey.n_rows, self.survey.offsets, self.survey.x, self.ends


def chunk_of(piece: Piece, block_rows: int, n_different: int) -> Chunk:
    """A chunk of the rows of a piece."""
    if not len(piece.x):
        return Chunk(None, None)
    several = piece.sequences is not None
    survey = surveyed([piece], several, n_different)
    source = ArraySource(piece.x, np.ones(len(piece.x)), None, block_rows)
    if survey.offsets is not None:
        source = replace(source, weights=np.ones(len(survey.offsets) - 1), offsets=survey.offsets)
    return Chunk(source, survey, (piece.sequences[0], piece.sequences[-1]) if several else ())


class Home(NamedTuple):
    """Where a chunk lies: a worker, and how many threads it has."""

    worker: str
    threads: int


class Group(NamedTuple):
    """Chunks that a thread of a worker adds up in one task: a message costs more than the sums of a chunk."""

    places: list[int]
    chunks: list[Any]  # their futures
    workers: list[str] | None  # where they lie; None if that is not known


@dataclass(frozen=True)
class ClusterSource(NotInMemory):
    """Units that lie in chunks on the workers of a cluster."""

    client: Any  # of the cluster
    chunks: Sequence[Any]  # of `Chunk`, in the order of the units
    block_rows: int  # rows in a block
    n_different: int = 1024  # how many different rows the outline has, if there are as many
    homes: Sequence[Home | None] = ()  # where chunks lie, as far as that is known

    def backend(self) -> Backend:
        """Who works on it."""
        return ClusterBackend(self.client)

    def __len__(self) -> int:
        return int(self._ends[-1])

    @property
    def outline(self) -> ArraySource:
        """Rows with the range of all."""
        pieces = [Piece(facts[2]) for facts in self._facts if facts[0]]
        x = surveyed(pieces, False, self.n_different).x
        return ArraySource(x, np.ones(len(x)), None, self.block_rows)

    @cached_property
    def fingerprint(self) -> str:
        """A digest of all values and limits of units."""
        return digest_of(*gathered(self.client, _fingerprint, self.chunks))

    @cached_property
    def _facts(self) -> list[Any]:
        found = gathered(self.client, _facts, self.chunks)
        last: Any = NO_SEQUENCE
        for ends in (facts[3] for facts in found if facts[3]):
            if last is not NO_SEQUENCE and ends[0] == last:
                raise ValueError(
                    f"sequence {last!r} lies in two partitions: divide the data between sequences, such as "
                    "by set_index(column, sorted=True)"
                )
            last = ends[1]
        if not any(facts[0] for facts in found):
            raise ValueError("there is no row: give at least one")
        return found

    @cached_property
    def _ends(self) -> NDArray[np.int64]:
        """Where chunks begin and end, in units."""
        sizes = [facts[0] if facts[1] is None else len(facts[1]) - 1 for facts in self._facts]
        return np.concatenate([[0], np.cumsum(sizes)])

    @cached_property
    def offsets(self) -> NDArray[np.int64] | None:
        lengths = [np.diff(facts[1]) for facts in self._facts if facts[1] is not None]
        return np.concatenate([[0], np.cumsum(np.concatenate(lengths))]) if lengths else None

    @property
    def n_rows(self) -> int:
        return sum(facts[0] for facts in self._facts)

    def evenly(self) -> ClusterSource:
        """The same, with chunks moved from workers who have more rows than others, for their threads.

        Where rows were read by whoever was free, one worker may have twice as many as another, and all wait
        for it in every step.
        """
        sizes = [facts[0] for facts in self._facts]
        with talking(self.client):
            threads, where = self.client.nthreads(), self.client.who_has(self.chunks)
            at = [next(iter(where.get(chunk.key, ())), None) for chunk in self.chunks]
            to = placed(sizes, at, threads)
            chunks = [
                chunk
                if to[i] == at[i]
                else self.client.submit(_same, chunk, workers=[to[i]], allow_other_workers=True, pure=False)
                for i, chunk in enumerate(self.chunks)
            ]
        homes = [Home(worker, threads[worker]) if worker in threads else None for worker in to]
        found = replace(self, chunks=chunks, homes=homes)
        vars(found)["_facts"] = self._facts
        return found

    def minibatches(self, n_rows: int, rng: np.random.Generator) -> Iterator[ClusterSource]:
        """Chunks where they lie, so many that they have about so many rows."""
        size = max(round(n_rows * len(self.chunks) / self.n_rows), 1)
        homes = self.homes or [None] * len(self.chunks)
        full = [i for i, facts in enumerate(self._facts) if facts[0]]
        for start in range(0, len(full), size):
            some = full[start : start + size]
            yield replace(self, chunks=[self.chunks[i] for i in some], homes=[homes[i] for i in some])

    def blocks(self) -> Iterator[Block]:
        """The blocks, brought here chunk by chunk: for what needs few of them."""
        start = 0
        for piece in self.pieces():
            yield from (replace(block, first=block.first + start) for block in piece.blocks())
            start += len(piece)

    def pieces(self) -> Iterator[ArraySource]:
        """The units, brought here chunk by chunk."""
        for chunk in self.chunks:
            with talking(self.client):
                source = chunk.result().source
            if source is not None:
                yield source

    def take(self, units: NDArray[np.int64]) -> ArraySource:
        picks = [
            units[np.searchsorted(units, start) : np.searchsorted(units, stop)] - start
            for start, stop in pairwise(self._ends)
        ]
        wanted = [(chunk, pick) for chunk, pick in zip(self.chunks, picks, strict=True) if len(pick)]
        found = gathered(self.client, _taken, *zip(*wanted, strict=True))
        return joined(found, self.block_rows, units)

    def fold(self, task: Callable[..., S], workers: Backend) -> S:
        """The sum over all chunks, where they lie, in a tree over their order."""
        return tried(self.client, lambda: self._folded(task))

    def _folded(self, task: Callable[..., S]) -> S:
        packed = packed_for(task)
        total: S = self.total(self.spread(_sums, packed), packed)
        return total

    def spread(self, work: Callable[..., object], packed: bytes, *each: Sequence[Any]) -> list[Any]:
        """The futures of what some work makes of each group, with a packed task.

        The work is given the chunks, their places, how many chunks there are in all, the task, and what
        `each` has for the group.
        """
        n = len(self.chunks)
        return [
            submitted(self.client, work, one.workers, one.chunks, one.places, n, packed, *more)
            for one, *more in zip(self.groups, *each, strict=True)
        ]

    def total(self, sums: list[Any], packed: bytes) -> Any:
        """The total of what groups have summed, `Nodes`; of much it is taken on a worker."""
        if len(self.chunks) * len(packed) > MOST_BROUGHT:
            return self.client.submit(_total, sums, pure=False).result()
        return _total(self.client.gather(sums))

    @cached_property
    def groups(self) -> list[Group]:
        """As many for each worker as it has threads; chunks of which it is not known where they lie alone."""
        at: dict[Home | None, list[int]] = {}
        for place, home in enumerate(self.homes or [None] * len(self.chunks)):
            at.setdefault(home, []).append(place)
        return [
            Group(some.tolist(), [self.chunks[i] for i in some], [home.worker] if home else None)
            for home, places in at.items()
            for some in np.array_split(places, min(home.threads, len(places)) if home else len(places))
        ]

    def remembering(self, first: Callable[[Block], M], workers: Backend) -> Memories[M]:
        """What is remembered of each block to begin with, beside its chunk."""
        found: Memories[M] = ClusterMemories.begun(self, first)
        return found

    def each(self, task: Callable[[ArraySource], R]) -> list[R]:
        """What a task makes of the units of each chunk that has some."""
        full = [chunk for chunk, facts in zip(self.chunks, self._facts, strict=True) if facts[0]]
        return gathered(self.client, partial(_of_units, task=task), full)


class _Here(threading.local):
    """What a thread of a worker keeps from one task to the next: room to work in."""

    def __init__(self) -> None:
        self.backend = SerialBackend()


_here = _Here()


def placed(sizes: Sequence[int], at: Sequence[object], threads: Mapping[Any, int]) -> list[Any]:
    """At which worker each chunk should be, so that all are done at about the same time and few move.

    `sizes` are rows of the chunks, `at` the workers that have them; one that is not among `threads` is not
    known.

    Examples
    --------
    >>> placed([5, 5, 5, 5, 5, 5], ["a", "a", "a", "a", "a", "b"], {"a": 1, "b": 1})
    ['b', 'b', 'a', 'a', 'a', 'b']
    """
    found = list(at)
    having = {worker: [i for i, one in enumerate(at) if one == worker and sizes[i]] for worker in threads}
    rows = {worker: sum(sizes[i] for i in some) for worker, some in having.items()}

    def takes(worker: object, more: int = 0) -> float:
        return (rows[worker] + more) / threads[worker]

    while having:
        busiest, idlest = max(rows, key=takes), min(rows, key=takes)
        moved = next((i for i in having[busiest] if takes(idlest, sizes[i]) < takes(busiest)), None)
        if moved is None:
            break
        having[busiest].remove(moved)
        having[idlest].append(moved)
        rows[busiest] -= sizes[moved]
        rows[idlest] += sizes[moved]
        found[moved] = idlest
    return found


def _same(chunk: Chunk) -> Chunk:
    return chunk


def _facts(chunk: Chunk) -> Any:
    return chunk.facts


def _fingerprint(chunk: Chunk) -> str:
    return "" if chunk.source is None else chunk.source.fingerprint


def _taken(chunk: Chunk, units: NDArray[np.int64]) -> ArraySource:
    assert chunk.source is not None
    return chunk.source.take(units)


def _of_units(chunk: Chunk, task: Callable[[ArraySource], R]) -> R:
    assert chunk.source is not None
    with single_threaded_libraries():
        return task(chunk.source)


def _sums(chunks: Sequence[Chunk], places: Sequence[int], n_places: int, packed: bytes) -> Nodes:
    """The sums over some of all chunks."""
    task = unpacked(packed)
    return nodes_of(
        ((place, _sum(chunk, task)) for chunk, place in zip(chunks, places, strict=True)), n_places
    )


def _total(parts: Sequence[Nodes]) -> Any:
    """The sum over all chunks."""
    found = Nodes(parts[0].n_places)
    for part in parts:
        found.merge(part)
    return found.total


def _sum(chunk: Chunk, task: Callable[..., S]) -> S | None:
    """The sum over the blocks of a chunk; nothing if it has no units."""
    if chunk.source is None:
        return None
    with single_threaded_libraries():
        return tree_sum(task(block, backend=_here.backend) for block in chunk.source.blocks())
