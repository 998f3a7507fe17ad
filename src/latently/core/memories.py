"""What is remembered of each block of some data, from one pass over them to the next."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from latently.core.statistics import S, tree_sum

if TYPE_CHECKING:
    from latently.core.backends import Backend
    from latently.core.blocks import Block, BlockSource

M = TypeVar("M", bound=Any)  # something with a `copy`


class Memories(ABC, Generic[M]):
    """One memory for each block of a source, kept where the block is."""

    def __init__(self, source: BlockSource) -> None:
        self.source = source

    @abstractmethod
    def advance(self, task: Callable[[Block, M], tuple[S, M]]) -> S:
        """The sum of what a task finds in each block; what it leaves to be remembered takes its place.

        The task may overwrite the memory it is given: nobody else has it.
        """

    @abstractmethod
    def sum(self, task: Callable[[Block, M], S]) -> S:
        """The sum of what a task finds in each block and its memory."""

    @abstractmethod
    def turned(self, task: Callable[[Block, M], object]) -> Memories[Any]:
        """What a task makes of each block and its memory, to be remembered instead."""

    @abstractmethod
    def copied(self) -> list[Any]:
        """All that is remembered now, here and in memory of its own."""

    @abstractmethod
    def put(self, copied: list[Any]) -> None:
        """Go on with what was copied."""


class LocalMemories(Memories[M]):
    """Memories of blocks that are worked on in this process, in their order."""

    def __init__(self, source: BlockSource, each: list[M], workers: Backend) -> None:
        super().__init__(source)
        self.each, self._workers = each, workers

    def advance(self, task: Callable[[Block, M], tuple[S, M]]) -> S:

        def one(piece: tuple[int, Block]) -> S:
            place, block = piece
            found, self.each[place] = task(block, self.each[place])
            return found

        return tree_sum(self._workers.map(one, enumerate(self.source.blocks())))

    def sum(self, task: Callable[[Block, M], S]) -> S:
        found: S = tree_sum(self._mapped(task))
        return found

    def turned(self, task: Callable[[Block, M], object]) -> LocalMemories[Any]:
        return LocalMemories(self.source, list(self._mapped(task)), self._workers)

    def copied(self) -> list[M]:
        return [memory.copy() for memory in self.each]

    def put(self, copied: list[M]) -> None:
        self.each = list(copied)

    def _mapped(self, task: Callable[[Block, M], object]) -> Any:
        pieces = zip(self.source.blocks(), self.each, strict=True)
        return self._workers.map(lambda piece: task(*piece), pieces)
