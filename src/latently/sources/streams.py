"""Tables of other libraries that are computed piece by piece, and iterators of a user's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from latently.sources.base import BATCH_ROWS, Part, Scan, batch_rows
from latently.sources.files import as_table


@dataclass(frozen=True)
class LazyScan(Scan):
    """A lazy frame or relation (polars, DuckDB and others that narwhals knows), run again in every pass."""

    frame: Any

    def parts(self) -> Iterator[Part]:
        row = 0
        for table in self._batches():
            yield Part(table, f"rows from {row}")
            row += len(table)

    def _batches(self) -> Iterator[Any]:
        if hasattr(self.frame, "to_arrow_reader"):  # DuckDB
            yield from (as_table([batch]) for batch in self.frame.to_arrow_reader(BATCH_ROWS))
        elif hasattr(self.frame, "collect_batches"):  # polars
            yield from self.frame.collect_batches(chunk_size=BATCH_ROWS, maintain_order=True)
        else:
            import narwhals as nw

            whole = nw.from_native(self.frame).collect()
            for start in range(0, len(whole), BATCH_ROWS):
                yield nw.to_native(whole[start : start + BATCH_ROWS])


@dataclass(frozen=True)
class ArrowScan(Scan):
    """A dataset of pyarrow."""

    dataset: Any

    def parts(self) -> Iterator[Part]:
        for fragment in self.dataset.get_fragments():
            row, where = 0, getattr(fragment, "path", "a fragment")
            for batch in fragment.to_batches(
                schema=self.dataset.schema, batch_size=BATCH_ROWS, batch_readahead=2, fragment_readahead=1
            ):
                yield Part(as_table([batch]), f"{where}, rows from {row}")
                row += batch.num_rows


@dataclass(frozen=True)
class IterableScan(Scan):
    """Whatever can be iterated over again and again, and yields tables with the same columns."""

    tables: Iterable[Any]  # the tables. For models of sequences each is a sequence

    @property
    def sequences(self) -> bool:
        return True

    def parts(self) -> Iterator[Part]:
        for i, table in enumerate(self.tables):
            yield Part(table, f"table {i}", i)


@dataclass(frozen=True)
class SparseScan(Scan):
    """A sparse matrix of SciPy's, of which some rows at a time are written out: one sequence."""

    matrix: Any

    @property
    def sequences(self) -> bool:
        return True

    def dense(self) -> Any:
        """All of it, written out."""
        return self.matrix.toarray()

    def parts(self) -> Iterator[Part]:
        rows = self.matrix.tocsr()
        n, d = rows.shape
        step = batch_rows(rows.dtype.itemsize * n * d, n)
        for start in range(0, max(n, 1), step):
            yield Part(rows[start : start + step].toarray(), f"rows from {start}")
