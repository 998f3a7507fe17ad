"""A file as a table, whatever kind it is of."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from glob import glob, has_magic
from pathlib import Path

import polars as pl

from latently.cli.failure import CommandError
from latently.cli.tables.codes import with_codes
from latently.cli.tables.content import STDIN, decoded, ending_of, name_of, read_bytes, stem_of
from latently.cli.tables.delimited import read_delimited
from latently.cli.tables.json_lines import is_json, read_json
from latently.cli.tables.table import Table, quoted
from latently.cli.tables.workbook import is_workbook, read_workbook
from latently.wording import shortened

PARQUET = b"PAR1"
TABLE_ENDINGS = (
    ".csv",
    ".tsv",
    ".tab",
    ".txt",
    ".dat",
    ".jsonl",
    ".ndjson",
    ".json",
    ".parquet",
    ".xlsx",
    ".xls",
)
FILE_COLUMN = "file"
MOST_NAMED = 4


def read_table(
    path: Path, missing: Sequence[str] = (), encoding: str | None = None, content: bytes | None = None
) -> Table:
    """Read a table with at least one row; codes and encoding are as the options take them.

    CSV and its like, JSON, Parquet and workbooks are told apart by what is in them; the tables of a folder
    stand below each other.
    """
    if path != STDIN and (path.is_dir() or (has_magic(str(path)) and not path.exists())):
        table = _of_folder(path, encoding)
    else:
        table = table_of(read_bytes(path) if content is None else content, name_of(path), encoding)
    if not table.frame.height:
        raise CommandError(f"{table.name} has a header and no rows: add rows")
    return with_codes(table, missing)


def read_rows(path: Path, missing: Sequence[str] = (), encoding: str | None = None) -> Table:
    """Read a table from which something can be learned: of two rows or more."""
    table = read_table(path, missing, encoding)
    if table.frame.height == 1:
        raise CommandError(f"{table.name} has only one row: nothing can be learned; add rows")
    return table


def table_of(content: bytes, name: str, encoding: str | None = None) -> Table:
    """Content of a file as a table."""
    kind = "a Parquet file" if content.startswith(PARQUET) else "a workbook" if is_workbook(content) else ""
    if kind and encoding is not None:
        raise CommandError(f"{name} is {kind}, which says how it is encoded: leave out --encoding")
    if content.startswith(PARQUET):
        return _read_parquet(content, name)
    if is_workbook(content):
        return read_workbook(content, name)
    text, notes = decoded(content, name, encoding)
    table = read_json(text, name) if is_json(text) else read_delimited(text, name)
    return table.noted(*notes)


def _of_folder(path: Path, encoding: str | None) -> Table:
    """The tables of a folder below each other, with a column that says of which file each row is."""
    among = path.iterdir() if path.is_dir() else map(Path, glob(str(path), recursive=True))
    files = [file for file in sorted(among) if file.is_file() and ending_of(file) in TABLE_ENDINGS]
    if not files:
        raise CommandError(
            f"'{path}' is a folder without tables ({', '.join(TABLE_ENDINGS)}): give a file, or a folder of "
            "them"
        )
    tables = [table_of(read_bytes(file), file.name, encoding) for file in files]
    first = tables[0]
    for one in tables[1:]:
        if set(one.frame.columns) != set(first.frame.columns):
            odd = sorted(set(one.frame.columns) ^ set(first.frame.columns))
            texts = all(file.suffix == ".txt" for file in files)
            raise CommandError(
                f"{one.name} and {first.name} of folder '{path}' differ in "
                f"{quoted([shortened(name) for name in odd], MOST_NAMED)}: give tables of the same columns"
                + (", or, if they are texts, see what they are about by latently topics" if texts else "")
            )
    name = FILE_COLUMN if FILE_COLUMN not in first.frame.columns else f"{FILE_COLUMN} name"
    frames = [
        one.frame.select(first.frame.columns).with_columns(pl.lit(file.name).alias(name))
        for one, file in zip(tables, files, strict=True)
    ]
    lines: list[str] = []
    for one in tables:
        rows = range(1, one.frame.height + 1)
        lines += [f"{number} of {one.name}" for number in (one.lines or rows)]
    try:
        frame = pl.concat(frames)
    except pl.exceptions.PolarsError as error:
        raise CommandError(f"the tables of folder '{path}' are of different types ({error})") from None
    notes = [note for one in tables for note in one.notes]
    return replace(
        first,
        name=stem_of(path.absolute()) if not path.is_dir() else path.resolve().name,
        frame=frame,
        lines=lines,
        notes=notes,
        by_file=name,
    )


def _read_parquet(content: bytes, name: str) -> Table:
    try:
        return Table(name, pl.read_parquet(io.BytesIO(content)))
    except pl.exceptions.PolarsError as error:
        raise CommandError(f"{name} is a damaged Parquet file ({error}): write it again") from None
