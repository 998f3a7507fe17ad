"""Who does the work on the blocks: one thread here, more of them in the same way.

An executor promises nothing about when a piece is done, only that results come back in the order
of the pieces, so that sums are taken in the same tree by every executor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Executor(Protocol):
    """Applies a task to pieces of data."""

    def map(self, task: Callable[[T], R], pieces: Iterable[T]) -> Iterator[R]:
        """The results, in the order of the pieces."""
        ...


class SerialExecutor:
    """One piece after the other, in the calling thread."""

    def map(self, task: Callable[[T], R], pieces: Iterable[T]) -> Iterator[R]:
        """The results, in the order of the pieces."""
        return map(task, pieces)
