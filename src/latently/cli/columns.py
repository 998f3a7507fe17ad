"""Which columns of a table go into a model, and what is wrong with those that cannot."""

from __future__ import annotations

import csv
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from latently.cli.failure import CommandError
from latently.cli.table import Table, quoted

MISSING = ["", "na", "n/a", "nan", "null", "none", "?"]
TRUTH_VALUES = ["true", "false"]
MOSTLY = 0.5
FEWEST_IDENTIFIERS = 10
MOST_WRITTEN_OUT = 12


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
        Their numbers, all finite.
    left_out : dict of str to str
        The other columns, and why.
    notes : list of str
        What to be careful about.
    """

    X: pl.DataFrame
    left_out: dict[str, str]
    notes: list[str]


def choose(table: Table, wanted: str | None, truth: str | None) -> Choice:
    """Choose the columns of a model: those asked for, or all that are numbers.

    Parameters
    ----------
    table : Table
        The table.
    wanted : str or None
        Names, separated by commas; a name that holds one in quotes.
    truth : str or None
        A column that must stay out.

    Raises
    ------
    CommandError
        If a column asked for is not there or not numeric, none is left, or one has empty cells, infinities,
        or one value only.
    """
    names = table.frame.columns if wanted is None else list(dict.fromkeys(_listed(wanted)))
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
    X = pl.DataFrame([column.values for column in used if column.values is not None])
    check_finite(table, X, others=True)
    _check_varied(table, X)
    return Choice(X, left_out, _notes(table, X, left_out))


def as_numbers(table: Table, name: str) -> Column:
    """Read a column as numbers."""
    cells = table.frame[name]
    if cells.dtype == pl.Boolean:
        return Column(name, None, "true or false")
    if cells.dtype.is_numeric():
        return Column(name, cells.cast(pl.Float64).fill_nan(None))
    if cells.dtype != pl.String:
        return Column(name, None, "dates or times" if cells.dtype.is_temporal() else "not numbers")
    text = cells.str.strip_chars()
    lower = text.str.to_lowercase()
    empty = lower.is_in(MISSING).fill_null(True)
    point = text.str.replace(",", ".", literal=True) if table.decimal_comma else text
    values = point.cast(pl.Float64, strict=False).fill_nan(None)
    wrong = (values.is_null() & ~empty).arg_true()
    if empty.all():
        return Column(name, None, "empty")
    if not len(wrong):
        return Column(name, values)
    if (lower.is_in(TRUTH_VALUES) | empty).all():
        return Column(name, None, "true or false")
    if len(wrong) < MOSTLY * int((~empty).sum()):
        first = wrong[0]
        return Column(name, None, f"{table.where(first)} holds '{text[first]}', which is not a number")
    return Column(name, None, "text")


def check_finite(table: Table, X: pl.DataFrame, *, others: bool) -> None:
    """Refuse empty cells and infinities.

    Parameters
    ----------
    table : Table
        Where the numbers come from.
    X : DataFrame
        The numbers.
    others : bool
        Whether the columns could be left out, which then is among the remedies.

    Raises
    ------
    CommandError
        Naming the first such cell and the number of such cells.
    """
    for what, remedy, wrong in (
        ("empty", "fill or drop", X.select(pl.all().is_null())),
        ("infinite", "replace or drop", X.select(pl.all().is_infinite())),
    ):
        counts = {column.name: int(column.sum()) for column in wrong if column.any()}
        if not counts:
            continue
        name = next(iter(counts))
        row = wrong[name].arg_true()[0]
        cells = (
            "the only such cell" if sum(counts.values()) == 1 else f"one of {sum(counts.values())} such cells"
        )
        where = "" if len(counts) == 1 else f" in columns {quoted(list(counts))}"
        instead = [column for column in X.columns if column not in counts]
        leave = f", or leave the column out: {option(instead)}" if others and instead else ""
        raise CommandError(
            f"{table.where(row)} of {table.name} is {what} in column '{name}' ({cells}{where}): {remedy} "
            f"such rows{leave}"
        )


def option(names: Sequence[str]) -> str:
    """The option that asks for these columns, ready to be typed."""
    if len(names) > MOST_WRITTEN_OUT:
        return f"--columns with the names of the other {len(names)}"
    cells = [f'"{name}"' if "," in name else name for name in names]
    return f"--columns {shlex.quote(','.join(cells))}"


def _listed(names: str) -> list[str]:
    listed = [name.strip() for name in next(csv.reader([names], skipinitialspace=True), []) if name.strip()]
    if not listed:
        raise CommandError("--columns names no column: write --columns a,b")
    return listed


def _must_be_numeric(table: Table, column: Column) -> None:
    if column.values is None:
        raise CommandError(
            f"column '{column.name}' of {table.name} is not numeric ({column.why_not}): mend it or take it "
            "out of --columns"
        )


def _check_varied(table: Table, X: pl.DataFrame) -> None:
    if X.height == 1:
        raise CommandError(f"{table.name} has only one row: nothing can be told apart; add rows")
    constant = [column.name for column in X if column.min() == column.max()]
    if constant:
        instead = [name for name in X.columns if name not in constant]
        remedy = f"leave it out: {option(instead)}" if instead else "and there is no other to work with"
        value = X[constant[0]][0]
        raise CommandError(
            f"column '{constant[0]}' of {table.name} is constant (every value is {value:g}) and tells "
            f"nothing apart: {remedy}"
        )


def _notes(table: Table, X: pl.DataFrame, left_out: dict[str, str]) -> list[str]:
    notes = []
    for column in X:
        if looks_like_identifier(column):
            instead = [name for name in X.columns if name != column.name]
            leave = f"leave it out: {option(instead)}" if instead else "it says nothing about clusters"
            notes.append(
                f"column '{column.name}' has a whole number of its own in every row and looks like an "
                f"identifier: if it is one, {leave}"
            )
    for name, why in left_out.items():
        if why.endswith("is not a number"):
            notes.append(f"column '{name}' was left out although most of it is numbers: {why}")
    if all(re.fullmatch(r"[+-]?[\d.]+", name) for name in table.frame.columns):
        notes.append(
            f"the first line of {table.name} was read as names of columns and is all numbers: if it is a "
            "row, put a line of names above it"
        )
    return notes


def looks_like_identifier(column: pl.Series) -> bool:
    """Whether every value is a whole number that no other row has."""
    whole = bool((column == column.round()).all())
    return whole and len(column) >= FEWEST_IDENTIFIERS and column.n_unique() == len(column)
