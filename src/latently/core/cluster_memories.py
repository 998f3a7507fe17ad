"""What is remembered of blocks that lie on the workers of a Dask cluster: it stays beside its chunks.

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
from latently.core.statistics import Nodes, S, nodes_of, tree_sum
from latently.core.workers import gathered, packed_for, tried, unpacked

if TYPE_CHECKING:
    from latently.core.blocks import Block
    from latently.core.cluster import Chunk, ClusterSource


class ClusterMemories(Memories[M]):
    """Memories of the blocks of chunks, those of a group of chunks together, where these lie."""

    source: ClusterSource

    def __init__(self, source: ClusterSource, each: list[Any]) -> None:
        super().__init__(source)
        self._each = each  # futures, one for each group, of what is kept of each of its chunks

    @classmethod
    def begun(cls, source: ClusterSource, first: Callable[[Block], M]) -> ClusterMemories[M]:
        """What is remembered to begin with."""
        return cls(source, source.spread(_begun, packed_for(first)))

    def advance(self, task: Callable[[Block, M], tuple[S, M]]) -> S:
        total: S
        total, self._each = tried(self.source.client, lambda: self._advanced(packed_for(task)))
        return total

    def _advanced(self, packed: bytes) -> tuple[Any, list[Any]]:
        client = self.source.client
        both = self.source.spread(_advanced, packed, self._each)
        sums, after = (client.map(_item, both, item=item, pure=False) for item in (0, 1))
        return self.source.total(sums, packed), after

    def sum(self, task: Callable[[Block, M], S]) -> S:
        packed, source = packed_for(task), self.source
        found: S = tried(
            source.client, lambda: source.total(source.spread(_summed, packed, self._each), packed)
        )
        return found

    def turned(self, task: Callable[[Block, M], object]) -> ClusterMemories[Any]:
        return ClusterMemories(self.source, self.source.spread(_turned, packed_for(task), self._each))

    def copied(self) -> list[list[M]]:
        found = dict[int, list[M]]()
        for group, kept in zip(
            self.source.groups, gathered(self.source.client, _now, self._each), strict=True
        ):
            found.update(zip(group.places, kept, strict=True))
        return [found[place] for place in sorted(found)]

    def put(self, copied: list[list[M]]) -> None:
        groups = [[copied[place] for place in group.places] for group in self.source.groups]
        self._each = self.source.client.map(_given, groups, pure=False)


def _blocks(chunk: Chunk) -> Iterator[Block]:
    return iter(()) if chunk.source is None else chunk.source.blocks()


Kept = tuple[list[M], list[M]]  # memories of the blocks of a chunk, and room for those of the next pass
Places = Sequence[int]


def _begun(chunks: Sequence[Chunk], places: Places, n_places: int, packed: bytes) -> list[Kept[Any]]:
    task = unpacked(packed)
    with single_threaded_libraries():
        return [([task(block) for block in _blocks(chunk)], []) for chunk in chunks]


def _advanced(
    chunks: Sequence[Chunk], places: Places, n_places: int, packed: bytes, kept: list[Kept[Any]]
) -> tuple[Nodes, list[Kept[Any]]]:
    """The sums over chunks, and what is to be remembered; what was stays, for another try."""
    task, after = unpacked(packed), []
    sums = Nodes(n_places)
    with single_threaded_libraries():
        for chunk, place, one in zip(chunks, places, kept, strict=True):
            total, left = _passed(chunk, one, task)
            sums.put(place, total)
            after.append(left)
    return sums, after


def _passed(chunk: Chunk, kept: Kept[M], task: Callable[[Block, M], tuple[S, M]]) -> tuple[S | None, Kept[M]]:
    """The same of a chunk.

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

    found = map(one, _blocks(chunk), before, room)
    return (tree_sum(found) if before else None), (after, before)


def _arrays(memory: M) -> Sequence[NDArray[Any]]:
    return (memory,) if isinstance(memory, np.ndarray) else memory.arrays


def _mapped(chunk: Chunk, kept: Kept[M], task: Callable[[Block, M], object]) -> list[Any]:
    with single_threaded_libraries():
        return [task(block, one) for block, one in zip(_blocks(chunk), kept[0], strict=True)]


def _turned(
    chunks: Sequence[Chunk], places: Places, n_places: int, packed: bytes, kept: list[Kept[Any]]
) -> list[Kept[Any]]:
    task = unpacked(packed)
    return [(_mapped(chunk, one, task), []) for chunk, one in zip(chunks, kept, strict=True)]


def _summed(
    chunks: Sequence[Chunk], places: Places, n_places: int, packed: bytes, kept: list[Kept[Any]]
) -> Nodes:
    task = unpacked(packed)
    found = (_mapped(chunk, one, task) for chunk, one in zip(chunks, kept, strict=True))
    sums = (tree_sum(some) if some else None for some in found)
    return nodes_of(zip(places, sums, strict=True), n_places)


def _item(both: tuple[object, object], item: int) -> Any:
    return both[item]


def _now(kept: list[Kept[M]]) -> list[list[M]]:
    return [memories for memories, _ in kept]


def _given(memories: list[list[M]]) -> list[Kept[M]]:
    return [(some, []) for some in memories]
