"""Dask's arrays and frames, on the workers of a cluster if there is one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

from latently.core.cluster import Chunk, ClusterSource, chunk_of
from latently.core.streamed import Piece, StreamedSource
from latently.sources.base import Part, R, Scan, located

RETRIES = 1  # of a partition that could not be read


@dataclass(frozen=True)
class DaskScan(Scan):
    """A collection of Dask's, partition by partition."""

    collection: Any  # dask.array.Array or dask.dataframe.DataFrame: the collection

    @cached_property
    def client(self) -> Any:
        """The current client of a cluster; None if there is none."""
        try:
            from distributed import default_client
        except ImportError:
            return None
        try:
            return default_client()
        except ValueError:
            return None

    @cached_property
    def partitions(self) -> list[Any]:
        """The partitions, each as something to be computed."""
        found = self.collection
        if hasattr(found, "rechunk") and found.ndim > 1:
            found = found.rechunk(dict.fromkeys(range(1, found.ndim), -1))
        delayed = found.to_delayed()
        return list(delayed.ravel()) if hasattr(delayed, "ravel") else list(delayed)

    def head(self) -> Any:
        """A table with its columns; of what has none, its first item."""
        found = self.collection
        if hasattr(found, "take"):  # a bag
            return list(found.take(1, warn=False))
        return np.empty((0, *found.shape[1:]), found.dtype) if hasattr(found, "chunks") else found.head(0)

    @property
    def on_workers(self) -> DaskScan | None:
        """Itself if there is a cluster."""
        return None if self.client is None else self

    def computed(self) -> Any:
        """All of it, computed."""
        return self.collection.compute()

    def parts(self) -> Iterator[Part]:
        for i, partition in enumerate(self.partitions):
            yield part_of(partition.compute(), i)

    def each(self, task: Callable[[Part], R]) -> Iterator[R]:
        if self.client is None:
            return super().each(task)
        return iter(self.client.gather(self.submitted(task)))

    def submitted(self, task: Callable[[Part], R]) -> list[Any]:
        """The futures of what a task makes of each partition, on the cluster."""
        client = self.client
        tables = client.compute(self.partitions)
        numbers = range(len(tables))
        found: list[Any] = client.map(
            partial(_of_part, task=task), tables, numbers, retries=RETRIES, pure=False
        )
        return found

    def source(
        self, read: Callable[[Part], Piece], block_rows: int, several: bool, n_different: int
    ) -> StreamedSource | ClusterSource:
        """Read once, on the workers of the cluster, and there from then on."""
        if self.client is None:
            return super().source(read, block_rows, several, n_different)
        chunk = partial(_chunk, read=read, block_rows=block_rows, n_different=n_different)
        return ClusterSource(self.client, self.submitted(chunk), block_rows, n_different).evenly()

    def lazily(self, say: Callable[[Any], object], like: Any) -> Any:
        """An array of Dask's, to be computed when it is asked for."""
        import dask.array as da
        from dask import delayed

        sizes: Any = [float("nan")] * len(self.partitions)
        if hasattr(self.collection, "chunks"):
            sizes = self.collection.chunks[0]
        parts = [
            da.from_delayed(delayed(say, pure=False)(one), (n, *like.shape[1:]), dtype=like.dtype)
            for one, n in zip(self.partitions, sizes, strict=True)
        ]
        return da.concatenate(parts, allow_unknown_chunksizes=True)


def _chunk(part: Part, read: Callable[[Part], Piece], block_rows: int, n_different: int) -> Chunk:
    piece = read(part)
    with located(part):
        return chunk_of(piece, block_rows, n_different)


def part_of(table: object, number: int) -> Part:
    """A partition."""
    return Part(table, f"partition {number}", number)


def _of_part(table: object, number: int, task: Callable[[Part], R]) -> R:
    return task(part_of(table, number))
