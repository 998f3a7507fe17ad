"""What is remembered of blocks that lie on the workers of a Dask cluster: it stays beside its chunk.

What a pass leaves follows from what the pass before it left, so Dask can make again what a dead worker had,
from the beginning, by all the passes over its chunks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from latently.core.libraries import single_threaded_libraries
from latently.core.memories import M, Memories
from latently.core.statistics import S, tree_sum
from latently.core.workers import added_up, gathered, sent, tried

if TYPE_CHECKING:
    from latently.core.blocks import Block
    from latently.core.cluster import Chunk, ClusterSource


class ClusterMemories(Memories[M]):
    """Memories of the blocks of chunks, each list of which lies where its chunk does."""

    source: ClusterSource

    def __init__(self, source: ClusterSource, each: list[Any]) -> None:
        super().__init__(source)
        self._each = each  # futures of lists, one for each chunk

    @classmethod
    def begun(cls, source: ClusterSource, first: Callable[[Block], M]) -> ClusterMemories[M]:
        """What is remembered to begin with."""
        return cls(source, _mapped(source, _begun, first))

    def advance(self, task: Callable[[Block, M], tuple[S, M]]) -> S:
        total, self._each = tried(self.source.client, lambda: self._advanced(task))
        return total

    def _advanced(self, task: Callable[[Block, M], tuple[S, M]]) -> tuple[S, list[Any]]:
        client = self.source.client
        both = _mapped(self.source, _advanced, task, self._each)
        after = client.map(_item, both, item=1, pure=False)
        return added_up(client, client.map(_item, both, item=0, pure=False)), after

    def sum(self, task: Callable[[Block, M], S]) -> S:
        client = self.source.client
        found: S = tried(client, lambda: added_up(client, _mapped(self.source, _summed, task, self._each)))
        return found

    def turned(self, task: Callable[[Block, M], object]) -> ClusterMemories[Any]:
        return ClusterMemories(self.source, _mapped(self.source, _turned, task, self._each))

    def copied(self) -> list[list[M]]:
        return gathered(self.source.client, _now, self._each)

    def put(self, copied: list[list[M]]) -> None:
        self._each = self.source.client.map(_given, copied, pure=False)


def _mapped(
    source: ClusterSource, work: Callable[..., object], task: Callable[..., object], *each: Any
) -> list[Any]:
    """The futures of what some work makes of each chunk, with a task that is sent once to each worker."""
    client = source.client
    found: list[Any] = client.map(work, source.chunks, *each, task=sent(client, task), pure=False)
    return found


def _blocks(chunk: Chunk) -> Iterator[Block]:
    return iter(()) if chunk.source is None else chunk.source.blocks()


Kept = tuple[list[M], list[M]]  # memories of the blocks of a chunk, and room for those of the next pass


def _begun(chunk: Chunk, task: Callable[[Block], M]) -> Kept[M]:
    with single_threaded_libraries():
        return [task(block) for block in _blocks(chunk)], []


def _advanced(
    chunk: Chunk, kept: Kept[M], task: Callable[[Block, M], tuple[S, M]]
) -> tuple[S | None, Kept[M]]:
    """The sum over the blocks of a chunk, and what is to be remembered; what was stays, for another try.

    Two rooms take turns: memory that is asked for anew in each pass costs more than the pass.
    """
    before, room = kept
    room = room or [memory.copy() for memory in before]
    after: list[M] = []

    def one(block: Block, memory: M, copy: M) -> S:
        for old, new in zip(_arrays(memory), _arrays(copy), strict=True):
            np.copyto(new, old)
        stats, left = task(block, copy)
        after.append(left)
        return stats

    with single_threaded_libraries():
        found = map(one, _blocks(chunk), before, room)
        return (tree_sum(found) if before else None), (after, before)


def _arrays(memory: M) -> Sequence[NDArray[Any]]:
    return (memory,) if isinstance(memory, np.ndarray) else memory.arrays


def _mapped_here(chunk: Chunk, kept: Kept[M], task: Callable[[Block, M], object]) -> list[Any]:
    with single_threaded_libraries():
        return [task(block, one) for block, one in zip(_blocks(chunk), kept[0], strict=True)]


def _turned(chunk: Chunk, kept: Kept[M], task: Callable[[Block, M], object]) -> Kept[Any]:
    return _mapped_here(chunk, kept, task), []


def _summed(chunk: Chunk, kept: Kept[M], task: Callable[[Block, M], S]) -> S | None:
    found = _mapped_here(chunk, kept, task)
    return tree_sum(found) if found else None


def _item(both: tuple[object, object], item: int) -> Any:
    return both[item]


def _now(kept: Kept[M]) -> list[M]:
    return kept[0]


def _given(memories: list[M]) -> Kept[M]:
    return memories, []
