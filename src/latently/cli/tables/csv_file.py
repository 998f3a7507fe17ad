"""A CSV file as it stands: every cell as text, every line with as many cells as the header.

Readers of tables forgive: they fill up short lines, rename columns, guess at bytes. Here nothing is forgiven
and everything is named, so that no row is silently something else than what stands in the file; and cells
come out again as they went in.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

import polars as pl

from latently.cli.failure import CommandError
from latently.cli.tables.numerals import has_decimal_commas
from latently.cli.tables.table import Table
from latently.cli.tables.utf8 import OTHERWISE, decoded
from latently.wording import count, shortened

SEPARATORS = (",", ";", "\t", "|")
AT_ONCE = 20_000

Line = tuple[int, list[str]]


def read_csv(content: bytes, name: str) -> Table:
    """Read a CSV file; commas, semicolons, tabs and bars are recognised as separators."""
    text = decoded(content, name, OTHERWISE)
    if not text.strip():
        raise CommandError(f"{name} is empty: give a table with a header and rows")
    separator = _separator(text)
    lines = _lines(text, separator, name)
    names = _column_names(next(lines)[1], name)
    numbers: list[int] = []
    frames = [_frame(names, [])]
    while some := list(islice(_full(lines, names, separator, name), AT_ONCE)):
        numbers += [number for number, _ in some]
        frames.append(_frame(names, [cells for _, cells in some]))
    return _manner_of_numbers(_without_blank_edges(Table(name, pl.concat(frames), numbers, separator)))


def _frame(names: list[str], rows: Sequence[Sequence[str]]) -> pl.DataFrame:
    columns = zip(*rows, strict=True) if rows else [[]] * len(names)
    return pl.DataFrame(
        [pl.Series(name, cells, pl.String) for name, cells in zip(names, columns, strict=True)]
    )


def _separator(text: str) -> str:
    """The separator that the header has most of, outside of quotes."""
    header = next(line for line in text.splitlines() if line.strip())
    return max(SEPARATORS, key=re.sub(r'"[^"]*"', "", header).count)


def _without_blank_edges(table: Table) -> Table:
    """Without what programs leave at the edges: nameless columns and last rows in which nothing stands."""
    blank = table.frame.select(pl.all().str.strip_chars() == "")
    full = blank.select(~pl.all_horizontal(pl.all())).to_series().arg_true()
    if blank.width == 1 or not len(full):
        return table
    height = int(full[-1]) + 1
    names = [
        name for j, name in enumerate(blank.columns, start=1) if name == _unnamed(j) and blank[name].all()
    ]
    left_out = [count(len(names), "empty nameless column")] if names else []
    if height < blank.height:
        left_out.append(f"{count(blank.height - height, 'empty row')} at the end")
    notes = [f"{table.name} has {' and '.join(left_out)}, which were left out"] if left_out else []
    return replace(table, frame=table.frame.head(height).drop(names), notes=notes)


def _manner_of_numbers(table: Table) -> Table:
    """The same table, and whether its numbers have decimal commas."""
    if not any(table.frame.select(pl.all().str.contains(",", literal=True).any()).row(0)):
        return table
    cells = ((column.str.strip_chars(), ~table.missing(column.name)) for column in table.frame)
    commas = has_decimal_commas(cells)
    if commas is not None:
        return replace(table, decimal_comma=commas)
    if table.separator != ";":
        return table
    note = "cells stand between semicolons, so commas were taken for decimal ones: 1,234 is 1.234"
    return replace(table, decimal_comma=True, notes=[*table.notes, note])


def _lines(text: str, separator: str, name: str) -> Iterator[Line]:
    """The cells of each line that is not blank, with the number of the line in the file.

    In a table of one column a blank line between others is an empty cell: rows do not move up to close a gap.
    """
    csv.field_size_limit(2**31 - 1)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    width = 0
    blank: list[Line] = []
    try:
        for cells in reader:
            if len(cells) > 1 or (cells and cells[0].strip()):
                width = width or len(cells)
                yield from blank
                blank = []
                yield reader.line_num, cells
            elif width == 1:
                blank.append((reader.line_num, [""]))
    except csv.Error as error:
        raise CommandError(
            f"line {reader.line_num} of {name} cannot be read ({error}): look for a quote that is not closed"
        ) from None


def _full(lines: Iterator[Line], names: list[str], separator: str, name: str) -> Iterator[Line]:
    """The same lines, each of which must have a cell for each column."""
    for number, cells in lines:
        if len(cells) != len(names):
            n = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
            raise CommandError(
                f"line {number} of {name} has {n} and the header {len(names)}: add or take away a "
                f"'{separator}', or put quotes round a cell that holds one"
            )
        yield number, cells


def _column_names(cells: list[str], name: str) -> list[str]:
    names = [cell.strip() or _unnamed(position) for position, cell in enumerate(cells, start=1)]
    first: dict[str, int] = {}
    for position, one in enumerate(names, start=1):
        if first.setdefault(one, position) != position:
            raise CommandError(
                f"two columns of {name} are called '{shortened(one)}' (columns {first[one]} and "
                f"{position}): rename one of them"
            )
    return names


def _unnamed(position: int) -> str:
    return f"column {position}"
