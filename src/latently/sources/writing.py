"""Results that are written piece by piece, as large as the data they are of."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from latently.sources.files import arrow


def write(path: Any, names: Sequence[str], pieces: Iterable[Any]) -> Path:
    """Write arrays as one table, whole or not at all.

    The file ends in .parquet, .arrow, .feather or .csv, and takes the place of one that is there. Pieces are
    arrays of rows, or tuples of columns.
    """
    target = Path(os.fspath(path))
    if target.suffix.lower() not in WRITERS:
        raise ValueError(f"{target}: should end in {', '.join(WRITERS)}")
    partial = target.with_name(f".{target.name}.{os.getpid()}.part")
    pa, writer = arrow(), None
    try:
        for piece in pieces:
            columns = piece if isinstance(piece, tuple) else np.atleast_2d(np.asarray(piece).T)
            table = pa.table(dict(zip(names, map(pa.array, columns), strict=True)))
            writer = writer or WRITERS[target.suffix.lower()](str(partial), table.schema)
            writer.write_table(table)
        if writer is None:
            raise ValueError("there is no row to write")
        writer.close()
        writer = None
        os.replace(partial, target)
    finally:
        if writer is not None:
            writer.close()
        partial.unlink(missing_ok=True)
    return target


def _parquet(path: str, schema: object) -> Any:
    from pyarrow.parquet import ParquetWriter

    return ParquetWriter(path, schema)


def _arrow(path: str, schema: object) -> Any:
    return arrow().ipc.new_file(path, schema)


def _csv(path: str, schema: object) -> Any:
    from pyarrow import csv

    return csv.CSVWriter(path, schema)


WRITERS: dict[str, Callable[[str, Any], Any]] = {
    ".parquet": _parquet,
    ".arrow": _arrow,
    ".feather": _arrow,
    ".csv": _csv,
}
