"""Blocks that lie on the workers of a Dask cluster, and the backend that works there.

Data are cut into chunks, each of which stays with a worker. In every iteration each worker is sent the params
once, adds up the statistics of its chunks, and these sums are added in a fixed tree, so that the total hangs
neither on who works on what nor on who is done first. What a dead worker had is read again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latently.core.array_source import ArraySource, joined
from latently.core.backends import Backend, R, SerialBackend, T
from latently.core.blocks import Block
from latently.core.digests import digest_of
from latently.core.errors import ClusterError
from latently.core.libraries import single_threaded_libraries
from latently.core.not_in_memory import NotInMemory
from latently.core.statistics import S, tree_sum
from latently.core.streamed import NO_SEQUENCE, Piece, Survey, surveyed

FAN = 16  # sums that are added in one task
SUM_TRIES = 3  # of a sum, if what was sent to a worker went down with it


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


@dataclass(frozen=True)
class ClusterSource(NotInMemory):
    """Units that lie in chunks on the workers of a cluster."""

    client: Any  # of the cluster
    chunks: Sequence[Any]  # of `Chunk`, in the order of the units
    block_rows: int  # rows in a block
    n_different: int = 1024  # how many different rows the outline has, if there are as many

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
        return digest_of(*self._gathered(_fingerprint, self.chunks))

    @cached_property
    def _facts(self) -> list[Any]:
        found = self._gathered(_facts, self.chunks)
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
        found = replace(self, chunks=chunks)
        vars(found)["_facts"] = self._facts
        return found

    def minibatches(self, n_rows: int, rng: np.random.Generator) -> Iterator[ClusterSource]:
        """Chunks where they lie, so many that they have about so many rows."""
        size = max(round(n_rows * len(self.chunks) / self.n_rows), 1)
        full = [chunk for chunk, facts in zip(self.chunks, self._facts, strict=True) if facts[0]]
        for start in range(0, len(full), size):
            yield replace(self, chunks=full[start : start + size])

    def blocks(self) -> Iterator[Block]:
        """The blocks, brought here chunk by chunk: for what needs few of them."""
        for chunk, (start, _) in zip(self.chunks, pairwise(self._ends.tolist()), strict=True):
            with talking(self.client):
                source = chunk.result().source
            if source is not None:
                yield from (replace(block, first=block.first + start) for block in source.blocks())

    def take(self, units: NDArray[np.int64]) -> ArraySource:
        picks = [
            units[np.searchsorted(units, start) : np.searchsorted(units, stop)] - start
            for start, stop in pairwise(self._ends)
        ]
        wanted = [(chunk, pick) for chunk, pick in zip(self.chunks, picks, strict=True) if len(pick)]
        found = self._gathered(_taken, *zip(*wanted, strict=True))
        return joined(found, self.block_rows, units)

    def fold(self, task: Callable[..., S], workers: Backend) -> S:
        """The sum over all chunks, where they lie, in a tree over their order."""
        for last in (False,) * (SUM_TRIES - 1) + (True,):
            with talking(self.client, patient=not last):
                return self._folded(task)
        raise AssertionError("the last try returns or raises")

    def _folded(self, task: Callable[..., S]) -> S:
        import cloudpickle

        client = self.client
        sent = client.submit(_unpacked, cloudpickle.dumps(task), pure=False)  # which a new worker can ask for
        sums = client.map(_sum, self.chunks, task=sent, pure=False)
        while len(sums) > 1:
            sums = [client.submit(_added, sums[i : i + FAN], pure=False) for i in range(0, len(sums), FAN)]
        found: S = sums[0].result()
        return found

    def _gathered(self, task: Callable[..., R], *arguments: Sequence[Any]) -> list[R]:
        with talking(self.client):
            found: list[R] = self.client.gather(self.client.map(task, *arguments, pure=False))
            return found


class ClusterBackend(Backend):
    """The workers of a Dask cluster.

    Parameters
    ----------
    client : Client
        Of the cluster.
    """

    def __init__(self, client: Any) -> None:
        super().__init__()
        self._client = client

    def map(self, task: Callable[[T], R], pieces: Any) -> Iterator[R]:
        """The results, in the order of the pieces, which are worked on here."""
        return map(task, pieces)

    def share(self, task: Callable[[T], R], pieces: Any) -> Iterator[R]:
        """The results, each from a worker, in the order of the pieces."""
        import cloudpickle

        packed = [cloudpickle.dumps((task, piece)) for piece in pieces]
        with talking(self._client):
            return iter(self._client.gather(self._client.map(_alone, packed, pure=False)))

    def __reduce__(self) -> Any:
        return SerialBackend, ()  # to whom it is sent works by itself


@contextmanager
def talking(client: Any, *, patient: bool = False) -> Iterator[None]:
    """What goes wrong between here and the scheduler, as one line.

    Raises a ClusterError if the scheduler cannot be reached, or a worker died again and again. If patient,
    lost results are no error yet.
    """
    from distributed import CancelledError, KilledWorker
    from distributed.comm.core import CommClosedError

    try:
        yield
    except KilledWorker as error:
        raise ClusterError(
            f"workers of the Dask cluster died again and again at one task ({error}): give them more memory, "
            "or cut the data into smaller partitions"
        ) from None
    except Exception as error:
        if client.status == "running":
            if patient and isinstance(error, (CancelledError, CommClosedError)):
                return
            raise
        where = getattr(getattr(client, "scheduler", None), "address", "")
        raise ClusterError(
            f"the Dask scheduler {where} cannot be reached any more ({type(error).__name__}): start it, make "
            "a client and fit again"
        ) from None


class _Here(threading.local):
    """What a thread of a worker keeps from one task to the next: room to work in."""

    def __init__(self) -> None:
        self.backend = SerialBackend()


_here = _Here()


def placed(sizes: Sequence[int], at: Sequence[Any], threads: Mapping[Any, int]) -> list[Any]:
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

    def takes(worker: Any, more: int = 0) -> float:
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


def _unpacked(packed: bytes) -> Any:
    import cloudpickle

    return cloudpickle.loads(packed)


def _alone(packed: bytes) -> Any:
    task, piece = _unpacked(packed)
    with single_threaded_libraries():
        return task(piece)


def _facts(chunk: Chunk) -> Any:
    return chunk.facts


def _fingerprint(chunk: Chunk) -> str:
    return "" if chunk.source is None else chunk.source.fingerprint


def _taken(chunk: Chunk, units: NDArray[np.int64]) -> ArraySource:
    assert chunk.source is not None
    return chunk.source.take(units)


def _sum(chunk: Chunk, task: Callable[..., S]) -> S | None:
    """The sum over the blocks of a chunk; nothing if it has no units."""
    if chunk.source is None:
        return None
    with single_threaded_libraries():
        return tree_sum(task(block, backend=_here.backend) for block in chunk.source.blocks())


def _added(sums: list[S | None]) -> S | None:
    found = [one for one in sums if one is not None]
    return tree_sum(found) if found else None
