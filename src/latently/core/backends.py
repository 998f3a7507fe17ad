"""Who does the work on the blocks: the calling thread, or several.

A backend promises nothing about when a piece is done, only that results come back in the order
of the pieces, so that sums are taken in the same tree by every backend, and have the same bits.
"""

from __future__ import annotations

import os
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain, islice
from math import prod
from numbers import Integral
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from latently.core.blocks import Blocks, Here
from latently.core.statistics import S

if TYPE_CHECKING:
    from latently.core.journal import Journal


class BufferPool:
    """Arrays to work in, which are free again afterwards and last as long as this object."""

    def __init__(self) -> None:
        self._free: list[NDArray[np.float64]] = []
        self._lock = threading.Lock()

    @contextmanager
    def buffer(self, shape: tuple[int, ...]) -> Iterator[NDArray[np.float64]]:
        """Yield an array of float64 with anything in it, for the time of the context."""
        size = prod(shape)
        with self._lock:
            fitting = [room for room in self._free if room.size >= size]
            chosen = min(fitting or self._free, key=len, default=None)
            if chosen is not None:
                self._free = [room for room in self._free if room is not chosen]
        if chosen is None or chosen.size < size:
            chosen = None  # one too small goes before there is a larger one
            chosen = np.empty(size)
        try:
            yield chosen[:size].reshape(shape)
        finally:
            with self._lock:
                self._free.append(chosen)


T = TypeVar("T")
R = TypeVar("R")

_inside = threading.local()


class Backend(ABC):
    """Applies a task to pieces of data."""

    journal: Journal | None = None  # what the runs of the fit have come to, if anybody asked for it

    def __init__(self) -> None:
        self.buffers = BufferPool()  # room to work in, for as long as there is this backend

    @abstractmethod
    def map(self, task: Callable[[T], R], pieces: Iterable[T]) -> Iterator[R]:
        """The results, in the order of the pieces."""

    def share(self, task: Callable[[T], R], pieces: Iterable[T]) -> Iterator[R]:
        """The same, of work that takes long beside what is sent, and may be done elsewhere."""
        return self.map(task, pieces)

    def fold(self, task: Callable[..., S], source: Blocks) -> S:
        """The sum of what a task finds in each block of a source, or of some of its blocks."""
        return source.fold(task, self)


class SerialBackend(Backend):
    """One piece after the other, in the calling thread."""

    def map(self, task: Callable[[T], R], pieces: Iterable[T]) -> Iterator[R]:
        return map(task, pieces)


class ThreadBackend(Backend):
    """Several pieces at a time, each in one thread; few enough at once that memory stays small.

    A task that itself asks for work to be shared out gets it done in its own thread: waiting for a free
    one could wait for ever.
    """

    def __init__(self, pool: ThreadPoolExecutor, n_threads: int) -> None:
        super().__init__()
        self._pool = pool
        self._ahead = n_threads + 1

    def map(self, task: Callable[[T], R], pieces: Iterable[T]) -> Iterator[R]:
        if getattr(_inside, "worker", False):
            return map(task, pieces)
        return self._shared_out(task, pieces)

    def _shared_out(self, task: Callable[[T], R], pieces: Iterable[T]) -> Iterator[R]:
        remaining = iter(pieces)
        some = list(islice(remaining, 2))
        if len(some) == 1:  # nothing to share out: it stays free to share out its own parts
            yield task(some[0])
            return
        remaining = chain(some, remaining)
        pending: deque[Future[R]] = deque()
        try:
            for piece in islice(remaining, self._ahead):
                pending.append(self._pool.submit(_work, task, piece))
            while pending:
                result = pending.popleft().result()
                for piece in islice(remaining, 1):
                    pending.append(self._pool.submit(_work, task, piece))
                yield result
        finally:
            for future in pending:
                future.cancel()


def _work(task: Callable[[Any], R], piece: object) -> R:
    _inside.worker = True
    return task(piece)


@contextmanager
def backend(n_threads: int, source: Here | None = None) -> Iterator[Backend]:
    """Yield a backend with so many threads, which end with the context.

    No thread outlives the fit it was made for, so a process may fork between fits. Data that lie elsewhere
    bring the backend that works where they are, and a few rows one without threads.
    """
    own = None if source is None else source.backend()
    if own is not None:
        yield own
        return
    if n_threads == 1:
        yield SerialBackend()
        return
    with ThreadPoolExecutor(n_threads, thread_name_prefix="latently") as pool:
        yield ThreadBackend(pool, n_threads)


def count_threads(n_jobs: int | None) -> int:
    """Threads that `n_jobs` asks for: None or -1 means all cores this process may use, -2 all but one.

    Raises a ValueError if it is zero or not an integer.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if n_jobs is None:
        return cores
    if not isinstance(n_jobs, Integral) or isinstance(n_jobs, bool) or n_jobs == 0:
        raise ValueError(f"n_jobs={n_jobs!r}: should be None or an integer other than 0")
    n = int(n_jobs)
    return n if n > 0 else max(cores + 1 + n, 1)
