"""A file as a table, whatever kind it is of."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from latently.cli.failure import CommandError, must_be_there
from latently.cli.tables.codes import with_codes
from latently.cli.tables.csv_file import read_csv
from latently.cli.tables.table import Table
from latently.cli.tables.utf8 import in_utf8

PARQUET = b"PAR1"


def read_bytes(path: Path) -> bytes:
    """Read a file that the user named."""
    try:
        must_be_there(path)
        if path.is_dir():
            raise CommandError(f"'{path}' is a folder: give a file")
        return path.read_bytes()
    except OSError as error:
        raise CommandError(f"'{path}' cannot be read: {error.strerror or error}") from None


def read_table(
    path: Path, missing: Sequence[str] = (), encoding: str | None = None, content: bytes | None = None
) -> Table:
    """Read a CSV or Parquet file with at least one row; codes and encoding are as the options take them."""
    content, name = read_bytes(path) if content is None else content, path.name
    if not content.startswith(PARQUET):
        table = read_csv(content if encoding is None else in_utf8(content, encoding, name), name)
    elif encoding is None:
        table = _read_parquet(content, name)
    else:
        raise CommandError(f"{name} is a Parquet file, which says how it is encoded: leave out --encoding")
    if not table.frame.height:
        raise CommandError(f"{path.name} has a header and no rows: add rows")
    return with_codes(table, missing)


def read_rows(path: Path, missing: Sequence[str] = (), encoding: str | None = None) -> Table:
    """Read a table from which something can be learned: of two rows or more."""
    table = read_table(path, missing, encoding)
    if table.frame.height == 1:
        raise CommandError(f"{table.name} has only one row: nothing can be learned; add rows")
    return table


def _read_parquet(content: bytes, name: str) -> Table:
    try:
        return Table(name, pl.read_parquet(io.BytesIO(content)))
    except pl.exceptions.PolarsError as error:
        raise CommandError(f"{name} is a damaged Parquet file ({error}): write it again") from None
