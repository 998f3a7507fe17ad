"""Tables too large for memory: some rows are looked at, and all of them gone through."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latently.cli.failure import CommandError, refusals
from latently.cli.options import option

if TYPE_CHECKING:
    from latently.cli.tables.table import Table
    from latently.sources.files import FileScan

ROWS_DRAWN = 100_000  # rows that are looked at
MEMORY_PER_BYTE = 4  # times as large as its files a table may be in memory
READ_BY_PIECES = (".parquet", ".arrow", ".feather", ".csv", ".tsv", ".csv.gz", ".tsv.gz")


@dataclass(frozen=True, kw_only=True)
class OfWhole:
    """Options of jobs that take tables larger than memory."""

    memory: str | None = option(
        metavar="SIZE",
        help="What a table may take of the memory, as 500MB; a larger one is read piece by piece. Otherwise "
        "half of what is free.",
    )
    scheduler: str | None = option(
        metavar="ADDRESS",
        help="Dask cluster that does the work, as tcp://host:8786; files must be there, too.",
    )


@dataclass(frozen=True)
class Whole:
    """All rows of a table that is not in memory."""

    scan: FileScan  # the files
    job: Any  # how it is gone through

    def fit(self, model: Any, columns: list[str]) -> Any:
        """The same model, which has gone on from the rows looked at to all."""
        from copy import deepcopy

        found = deepcopy(model)
        found.set_params(warm_start=True, checkpoint=self.job.checkpoint_of("whole"))
        with self.where(columns) as table:
            found.fit(table)
        return found.set_params(warm_start=False, checkpoint=None)

    @contextmanager
    def where(self, columns: list[str]) -> Iterator[Any]:
        """The table as it is worked on: here, or on the workers of a cluster."""
        scan = self.scan.select(columns)
        if self.job.scheduler is None:
            yield scan
            return
        try:
            import dask.dataframe as dd
            from distributed import Client
        except ImportError:
            raise CommandError("--scheduler takes Dask: pip install 'latently[dask]'") from None
        try:
            client = Client(self.job.scheduler, timeout=5)
        except (OSError, ValueError) as error:
            raise CommandError(
                f"--scheduler {self.job.scheduler} cannot be reached ({error}): start one by 'dask scheduler'"
            ) from None
        read = dd.read_parquet if scan.paths[0].endswith((".parquet", ".pq")) else dd.read_csv
        with client:
            yield read([str(Path(path).resolve()) for path in scan.paths])[columns]

    def write(self, path: Path, model: Any, columns: list[str], label: str) -> None:
        """A label and its probability for each row, in the order of the files."""
        from latently.core.choices import likeliest
        from latently.sources.writing import write

        parts = (model.predict_proba(part.table) for part in self.scan.select(columns).parts())
        write(path, [label, "probability"], ((likeliest(one), one.max(axis=1)) for one in parts))


def whole_of(path: Path, job: OfWhole) -> Whole | None:
    """A table that is read piece by piece: one that would not fit into memory, or that a cluster works on."""
    scan = _scan_of(path)
    if scan is not None and (job.scheduler or MEMORY_PER_BYTE * scan.n_bytes > allowed(job.memory)):
        return Whole(scan, job)
    if job.scheduler is not None:
        raise CommandError(
            f"--scheduler is for tables that are read piece by piece ({', '.join(READ_BY_PIECES)}): leave it "
            "out"
        )
    return None


def _scan_of(path: Path) -> FileScan | None:
    """The files of a table, if they can be read piece by piece."""
    if path.is_dir():
        readable = any(one.name.lower().endswith(READ_BY_PIECES) for one in path.iterdir())
    else:
        readable = str(path).lower().endswith(READ_BY_PIECES)
    if not readable:
        return None
    from latently.core.errors import unless_refused
    from latently.sources.files import FileScan, paths_of

    try:
        return unless_refused(lambda: FileScan(paths_of(path)))
    except OSError:  # which the readers of tables in memory say better, as they do what is refused
        return None


def allowed(memory: str | None) -> int:
    """Bytes that a table may take."""
    from latently.checks.settings import bytes_of

    if memory is not None:
        with refusals(lambda _: f"--memory {memory}: write a size, such as 500MB or 2GB"):
            return int(bytes_of(memory) or 0)
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, ValueError, OSError):  # not every system says so
        return 2**31


def drawn(whole: Whole, path: Path, seed: int) -> Table:
    """Some rows at random, in their order, as the table that is looked at."""
    import numpy as np
    import polars as pl

    from latently.cli.tables.table import Table

    rng = np.random.default_rng(seed)
    kept: Any = None
    n_rows = 0
    with refusals(str):
        for part in whole.scan.parts():
            frame = pl.DataFrame(pl.from_arrow(part.table))
            frame = frame.with_columns(pl.Series("\0", rng.random(frame.height)))
            n_rows += frame.height
            if kept is not None:
                threshold = kept["\0"].max() if kept.height >= ROWS_DRAWN else 2.0
                frame = pl.concat([kept, frame.filter(pl.col("\0") < threshold)])
            if frame.height > 2 * ROWS_DRAWN:
                frame = _least(frame)
            kept = frame
    if kept is None or not n_rows:
        raise CommandError(f"{path} has no row: add rows")
    kept = _least(kept)
    from latently.cli.tables.content import stem_of

    name = stem_of(path) if path.suffix else path.name
    note = (
        f"{name} has {n_rows:,} rows, too many for the memory: shape and number of clusters were chosen by "
        f"{kept.height:,} rows drawn from them, which pictures and tables show; the model was then fitted to "
        "all rows"
    )
    return Table(name, kept.drop("\0")).noted(note)


def _least(frame: Any) -> Any:
    """The rows with the least random numbers, in their order."""
    if frame.height <= ROWS_DRAWN:
        return frame
    threshold = frame["\0"].sort()[ROWS_DRAWN]
    return frame.filter(frame["\0"] < threshold)
