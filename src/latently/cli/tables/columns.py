"""Which columns of a table go into a model, and why the others do not."""

from __future__ import annotations

import csv
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from latently.cli.failure import CommandError
from latently.cli.tables.table import Table

MISSING = ["", "na", "n/a", "nan", "null", "none", "?"]
TRUTH_VALUES = ["true", "false"]
EMPTY = "empty"
MOSTLY = 0.5
MOST_WRITTEN_OUT = 12
MOST_SYMBOLS = 200


@dataclass(frozen=True)
class Column:
    """A column read as numbers.

    Attributes
    ----------
    name : str
        Its name.
    values : Series or None
        The numbers, null where a cell is empty; None if they are no numbers.
    why_not : str
        What they are instead.
    """

    name: str
    values: pl.Series | None
    why_not: str = ""


@dataclass(frozen=True)
class Choice:
    """The columns of a model.

    Attributes
    ----------
    X : DataFrame
        Their numbers, null where a cell is empty.
    left_out : dict of str to str
        The other columns, and why.
    """

    X: pl.DataFrame
    left_out: dict[str, str]


def choose(table: Table, wanted: str | None, truth: str | None = None) -> Choice:
    """Choose the columns of a model: those asked for, or all that are numbers.

    Parameters
    ----------
    table : Table
        The table.
    wanted : str or None
        Names, separated by commas; a name that holds one in quotes.
    truth : str, optional
        A column that must stay out.

    Raises
    ------
    CommandError
        If a column asked for is not there or not numeric, or none is left.
    """
    names = table.frame.columns if wanted is None else list(dict.fromkeys(listed(wanted)))
    for name in [*names, *([] if truth is None else [truth])]:
        table.must_have(name)
    if truth is not None and wanted is not None and truth in names:
        raise CommandError(f"'{truth}' is in --columns and is the --truth: take it out of one of them")
    columns = [as_numbers(table, name) for name in names if name != truth]
    if wanted is not None:
        for column in columns:
            _must_be_numeric(table, column)
    used = [column for column in columns if column.values is not None]
    left_out = {name: "not asked for" for name in table.frame.columns if name not in names}
    left_out |= {column.name: column.why_not for column in columns if column.values is None}
    if truth is not None:
        left_out[truth] = "the truth"
    if not used:
        reasons = ", ".join(f"'{name}' ({why})" for name, why in list(left_out.items())[:MOST_WRITTEN_OUT])
        raise CommandError(f"{table.name} has no column of numbers to work with: {reasons}")
    return Choice(pl.DataFrame([column.values for column in used if column.values is not None]), left_out)


def as_numbers(table: Table, name: str) -> Column:
    """Read a column as numbers."""
    cells = table.frame[name]
    if cells.dtype == pl.Boolean:
        return Column(name, None, "true or false")
    if cells.dtype.is_numeric():
        values = cells.cast(pl.Float64).fill_nan(None)
        return Column(name, None, EMPTY) if values.is_null().all() else Column(name, values)
    if cells.dtype != pl.String:
        return Column(name, None, "dates or times" if cells.dtype.is_temporal() else "not numbers")
    text = cells.str.strip_chars()
    lower = text.str.to_lowercase()
    missing = empty(cells)
    point = text.str.replace(",", ".", literal=True) if table.decimal_comma else text
    values = point.cast(pl.Float64, strict=False).fill_nan(None)
    wrong = (values.is_null() & ~missing).arg_true()
    if missing.all():
        return Column(name, None, EMPTY)
    if not len(wrong):
        return Column(name, values)
    if (lower.is_in(TRUTH_VALUES) | missing).all():
        return Column(name, None, "true or false")
    if len(wrong) < MOSTLY * int((~missing).sum()):
        first = wrong[0]
        return Column(name, None, f"{table.where(first)} holds '{text[first]}', which is not a number")
    return Column(name, None, "text")


def empty_cells(table: Table, name: str) -> int:
    """How many cells of a column are empty."""
    cells = table.frame[name]
    return int(empty(cells).sum() if cells.dtype == pl.String else cells.null_count())


def empty(cells: pl.Series) -> pl.Series:
    """Which cells of a column of text are empty, or say that they are."""
    return cells.str.strip_chars().str.to_lowercase().is_in(MISSING).fill_null(True)


def option(names: Sequence[str]) -> str:
    """The option that asks for these columns, ready to be typed."""
    if len(names) > MOST_WRITTEN_OUT:
        return f"--columns with the names of the other {len(names)}"
    cells = [f'"{name}"' if "," in name else name for name in names]
    return f"--columns {shlex.quote(','.join(cells))}"


def listed(names: str) -> list[str]:
    """The names in a list separated by commas.

    Raises
    ------
    CommandError
        If there is none.
    """
    found = [name.strip() for name in next(csv.reader([names], skipinitialspace=True), []) if name.strip()]
    if not found:
        raise CommandError("--columns names no column: write --columns a,b")
    return found


def _must_be_numeric(table: Table, column: Column) -> None:
    if column.why_not == EMPTY:
        raise CommandError(
            f"column '{column.name}' of {table.name} has no number in it, only empty cells: take it out of "
            "--columns"
        )
    if column.values is None:
        raise CommandError(
            f"column '{column.name}' of {table.name} is not numeric ({column.why_not}): mend it or take it "
            "out of --columns"
        )
