"""A CSV file as it stands: every cell as text, every line with as many cells as the header.

Readers of tables forgive: they fill up short lines, rename columns, guess at bytes. Here nothing is forgiven
and everything is named, so that no row is silently something else than what stands in the file; and cells
come out again as they went in.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import accumulate, chain, islice, takewhile

import polars as pl

from latently.cli.failure import CommandError
from latently.cli.tables.numerals import has_decimal_commas
from latently.cli.tables.table import Table
from latently.wording import count, listed, shortened

SEPARATORS = (",", ";", "\t", "|")
BLANK = " "
SIGNS = ("#", "%")  # that comments begin with
LINES_LOOKED_AT = 1_000  # lines
MOST_TITLES = 10  # lines above the header, at most
LINES_AT_ONCE = 20_000

NUMBER = re.compile(r"\s*[+-]?[\d.,]+\s*")

Line = tuple[int, list[str]]


def read_delimited(text: str, name: str) -> Table:
    """Read a table of text; commas, semicolons, tabs, bars and blanks are recognised as separators.

    Lines that begin with ``#`` are comments, but for one that names the columns; so are those that begin with
    ``%`` if some above the table do. A title above the header is none.
    """
    if not text.strip():
        raise CommandError(f"{name} is empty: give a table with a header and rows")
    text, skipped = _without_comments(text)
    text, title = _without_title(text)
    separator = _separator(text)
    lines = _lines(text, separator, name)
    header = next(lines)[1]
    if separator == BLANK and (first := next(lines, None)) is not None:
        lines = chain([first], lines)
        header = [""] * (len(first[1]) - len(header)) + header  # names of rows have no name, as R has it
    return as_table(header, lines, name, separator).skipping(*skipped, *above(title))


def as_table(header: list[str], lines: Iterator[Line], name: str, separator: str) -> Table:
    """A table of cells, each line with its number in the file; what is empty at the edges is left out."""
    names = _column_names(header, name)
    numbers: list[int] = []
    frames = [_frame(names, [])]
    while some := list(islice(_full(lines, names, separator, name), LINES_AT_ONCE)):
        numbers += [number for number, _ in some]
        frames.append(_frame(names, [cells for _, cells in some]))
    written = "\t" if separator == BLANK else separator
    return _manner_of_numbers(_without_blank_edges(Table(name, pl.concat(frames), numbers, written)))


def _frame(names: list[str], rows: Sequence[Sequence[str]]) -> pl.DataFrame:
    columns = zip(*rows, strict=True) if rows else [[]] * len(names)
    return pl.DataFrame(
        [pl.Series(name, cells, pl.String) for name, cells in zip(names, columns, strict=True)]
    )


def _without_comments(text: str) -> tuple[str, list[str]]:
    """The text with its comments made blank, and what is said of them; one may name the columns."""
    if not any(sign in text for sign in SIGNS):
        return text, []
    lines = text.split("\n")
    signs = _signs(lines)
    quotes = accumulate((line.count('"') for line in lines[:-1]), initial=0)
    marked = [i for i, n in enumerate(quotes) if lines[i].startswith(signs) and n % 2 == 0]
    rest = [line for line in lines[:LINES_LOOKED_AT] if line.strip() and not line.startswith(signs)]
    if not marked or not rest:
        return text, []
    separator = _separator("\n".join(rest))
    split = partial(_cells, separator=separator)
    first = next(i for i, line in enumerate(lines) if line.strip() and not line.startswith(signs))
    top = [i for i in marked if i < first]
    if top and _names_columns(lines[top[-1]], rest[0], split):
        lines[top[-1]] = _unmarked(lines[top[-1]])
        marked.remove(top.pop())
    width = len(split(rest[0]))
    comments = [i for i in marked if i < first or separator == BLANK or len(split(lines[i])) != width]
    if not comments:
        return "\n".join(lines), []
    begun, begin = listed(sorted({lines[i][0] for i in comments}), "or"), "begin" + "s" * (len(comments) == 1)
    for i in comments:
        lines[i] = ""
    return "\n".join(lines), [f"{count(len(comments), 'line')} that {begin} with {begun}"]


def _signs(lines: Sequence[str]) -> tuple[str, ...]:
    """The signs of comments: a percent sign only where lines above the table begin with it.

    One such line between commas or the like may be the header, whose first name begins so.
    """
    some = [line for line in lines[:LINES_LOOKED_AT] if line.strip()]
    top = list(takewhile(lambda line: line.startswith(SIGNS), some))
    begun = [line for line in top if line.startswith("%")]
    rest = [line for line in some if not line.startswith(SIGNS)]
    lone = len(begun) == 1 and top[-1] is begun[0] and rest
    return SIGNS[:1] if not begun or (lone and _is_header(begun[0], rest)) else SIGNS


def _is_header(line: str, rest: Sequence[str]) -> bool:
    """Whether a line stands above the others as their header: with as many cells, and no header below it."""
    separator = _separator("\n".join(rest))
    rows = [_cells(one, separator) for one in (line, *rest[:2])]
    numbers = [any(NUMBER.fullmatch(cell.strip().removesuffix("%")) for cell in row) for row in rows[1:]]
    return separator != BLANK and len(rows[0]) == len(rows[1]) and numbers != [False, True]


def above(title: Sequence[str]) -> list[str]:
    """What is said of lines above the header."""
    return [f"{count(len(title), 'line')} above the header ('{shortened(title[0])}')"] if title else []


def lines_above(rows: Sequence[Sequence[str]]) -> int:
    """How many rows, such as a title, stand above the header.

    They have at most half as many full cells as the header, which holds no number; the row below it has one.

    Examples
    --------
    >>> lines_above([["Stores in 2024", "", ""], ["name", "staff", "area"], ["A", "12", "300"]])
    1
    """
    full = [sum(bool(cell.strip()) for cell in row) for row in rows[: 2 * MOST_TITLES]]
    header = next((i for i, n in enumerate(full) if 2 * n > max(full)), 0)
    if not 0 < header < min(MOST_TITLES, len(rows) - 1):
        return 0
    numbers = [any(map(NUMBER.fullmatch, rows[i])) for i in (header, header + 1)]
    return header if numbers == [False, True] else 0


def _without_title(text: str) -> tuple[str, list[str]]:
    """The text with lines above its header made blank, and these lines."""
    lines = text[: 1 << 20].split("\n")[:LINES_LOOKED_AT]
    full = [i for i, line in enumerate(lines) if line.strip()][: 2 * MOST_TITLES]
    for first in full[1:MOST_TITLES]:
        separator = _separator("\n".join(lines[first:]))
        rows = [_cells(lines[i], separator) for i in full]
        top = lines_above(rows)
        if top and full[top] == first and separator != BLANK and len({*map(len, rows[top:])}) == 1:
            rest = text.split("\n")
            return "\n".join([*[""] * first, *rest[first:]]), [lines[i].strip() for i in full[:top]]
    return text, []


def _names_columns(comment: str, row: str, split: Callable[[str], list[str]]) -> bool:
    """Whether a comment above a row names its columns: it has as many words, and the row has a number."""
    names, cells = split(_unmarked(comment)), split(row)
    return len(names) == len(cells) > 1 and any(map(NUMBER.fullmatch, cells))


def _unmarked(comment: str) -> str:
    return comment.lstrip(comment[0])


def _cells(line: str, separator: str) -> list[str]:
    return next(csv.reader([line.strip()], delimiter=separator, skipinitialspace=separator == BLANK), [])


def _separator(text: str) -> str:
    """The separator that the header has most of, outside of quotes; or blanks, if all lines have as many."""
    header = next(line for line in text.splitlines() if line.strip())
    bare = re.sub(r'"[^"]*"', "", header)
    best = max(SEPARATORS, key=bare.count)
    if bare.count(best):
        return best
    rows = [line for line in text[: 1 << 16].splitlines()[:LINES_LOOKED_AT] if line.strip()]
    widths = {len(_cells(line, BLANK)) for line in rows[1:-1] or rows[1:]}
    width = len(_cells(header, BLANK))
    return BLANK if width > 1 and len(widths) == 1 and widths <= {width, width + 1} else best


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
    return replace(table, frame=table.frame.head(height).drop(names)).skipping(*left_out)


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
    if separator == BLANK:
        text = re.sub(r"[ \t]+$|^[ \t]+", "", text, flags=re.MULTILINE)
    source = io.StringIO(text, newline="")
    reader = csv.reader(source, delimiter=separator, strict=True, skipinitialspace=separator == BLANK)
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
            raise CommandError(
                f"line {number} of {name} has {count(len(cells), 'cell')} and the header {len(names)}: add "
                f"or take away a '{separator}', or put quotes round a cell that holds one"
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
