"""Which columns of a table go into a model, and why the others do not."""

from __future__ import annotations

import csv
import io
import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from latently.cli.failure import CommandError
from latently.cli.tables.dates import read_dates
from latently.cli.tables.numerals import POINT, Notation, read_numbers
from latently.cli.tables.roles import no_measurements
from latently.cli.tables.table import AMONG_NUMBERS, Table, quoted
from latently.wording import shortened

if TYPE_CHECKING:
    from latently.report.analysis import Truth

TRUTH_VALUES = ["true", "false"]
EMPTY, TEXT, TRUE_OR_FALSE, DATES = "empty", "text", "true or false", "dates or times"
MOST_WORDS_SHOWN = 6
MOSTLY_NUMBERS = 0.5
MOST_NAMES_SHOWN = 12
MOST_SYMBOLS = 200
MOST_CATEGORIES = 30  # of a column of text that is taken for categories unasked
ROWS_PER_CATEGORY = 4  # and how many rows there have to be for each of them
MOST_COLUMNS = 5_000  # a covariance matrix of more takes 200 MB


@dataclass(frozen=True)
class Column:
    """A column read as numbers."""

    name: str  # its name
    values: pl.Series | None  # the numbers, null where a cell is empty; None if they are no numbers
    why_not: str = ""  # what they are instead
    example: str = ""  # the first cell that is no number, and where it stands
    notation: Notation = POINT  # how its numbers are written
    said: Sequence[str] = ()  # what was decided of that although it could be otherwise
    converted: str = ""  # cells that are no plain numbers, and what they are
    moments: pl.Series | None = None  # dates and times, if it holds such
    written: str = ""  # how these are written

    @property
    def why(self) -> str:
        """What it is instead of numbers, with an example."""
        return self.why_not + (f": {self.example}" if self.why_not == TEXT else "")

    def not_numeric(self, table: Table) -> str:
        """The half of a sentence that refuses it where numbers are needed."""
        return f"column '{self.name}' of {table.name} is not numeric ({self.why})"

    def cells(self, height: int) -> pl.Series:
        """What it holds; of an empty column nulls."""
        if self.values is not None:
            return self.values
        return pl.repeat(None, height, dtype=pl.Float64, eager=True).alias(self.name)

    @property
    def unused(self) -> str:
        """Why no model can learn from it: it is no numbers, or one number only; otherwise nothing."""
        if self.values is None or not self.constant:
            return self.why_not
        return f"constant, every value is {self.values.drop_nulls()[0]:g}"

    @property
    def constant(self) -> bool:
        """Whether all its numbers are the same; infinite ones are another matter."""
        if self.values is None or self.values.dtype == pl.String:
            return False
        least: Any = self.values.min()
        return bool(least == self.values.max() and np.isfinite(float(least)))


@dataclass(frozen=True)
class Choice:
    """The columns of a model."""

    X: pl.DataFrame  # their numbers, or what else they hold, null where a cell is empty
    left_out: dict[str, str]  # the other columns, and why
    notations: list[Notation]  # how the numbers of the columns are written
    said: list[str]  # what was decided of that although it could be otherwise
    categories: dict[str, pl.Series] = field(default_factory=dict)  # columns left out that a model could take

    @property
    def numeric(self) -> bool:
        """Whether all are numbers."""
        return all(dtype.is_numeric() for dtype in self.X.dtypes)


def choose(
    table: Table,
    wanted: str | None,
    truth: str | None = None,
    categories_of: Callable[[Table, Sequence[Column]], dict[str, pl.Series]] = lambda table, columns: {},
    *,
    mixed: bool = False,
    exclude: str | None = None,
    years: bool = True,
) -> Choice:
    """Choose the columns of a model: those asked for, or all that are measured; none that is constant.

    Those of `mixed` tables may also hold categories, yes and no. Otherwise columns of categories may be asked
    for where the model could take them.
    """
    asked = None if wanted is None else list(dict.fromkeys(listed(wanted)))
    spared = [] if exclude is None else listed(exclude, "--exclude")
    for name in [*(asked or ()), *spared, *([] if truth is None else [truth])]:
        table.must_have(name)
    for called, others in (("is the --truth", [truth]), ("in --exclude", spared)):
        for name in set(asked or ()) & set(others):
            raise CommandError(f"'{name}' is in --columns and {called}: take it out of one of them")
    left_out = dict.fromkeys(spared, "excluded")
    if truth is not None:
        left_out[truth] = "the truth"
    if asked is not None:
        left_out = {name: "not asked for" for name in table.frame.columns if name not in asked} | left_out
    columns = [as_numbers(table, name) for name in asked or table.frame.columns if name not in left_out]
    odd = {} if asked is not None else no_measurements(columns, years=years)
    if table.by_file is not None and asked is None:
        odd.setdefault(table.by_file, "the file of each row")
    left_out = odd | left_out
    columns = [column for column in columns if column.name not in odd]
    categories = categories_of(table, columns)
    if mixed:
        columns = [as_any(table, column, asked=wanted is not None) for column in columns]
    if wanted is not None:
        for column in columns:
            if column.name not in categories:
                _must_be_numeric(table, column)
    used = [column for column in columns if not column.unused]
    left_out |= {column.name: column.unused for column in columns if column.unused}
    if not used and not categories:
        reasons = ", ".join(f"'{name}' ({why})" for name, why in list(left_out.items())[:MOST_NAMES_SHOWN])
        of = "numbers or categories" if mixed else "numbers"
        remedy = "; name some with --columns" if odd else ""
        raise CommandError(f"{table.name} has no column of {of} to work with: {reasons}{remedy}")
    if len(used) > MOST_COLUMNS:
        raise CommandError(
            f"{table.name} has {len(used):,} columns of numbers, and at most {MOST_COLUMNS:,} go into one "
            "model: name the ones that matter with --columns"
        )
    X = pl.DataFrame([column.values for column in used if column.values is not None])
    return Choice(X, left_out, [column.notation for column in used], decided(used), categories)


def as_yes_or_no(table: Table, column: Column) -> Column:
    """A column of true and false as such."""
    if column.why_not != TRUE_OR_FALSE:
        return column
    yes = (table.texts(column.name).str.to_lowercase() == "true").alias(column.name)
    return replace(column, values=without(yes, table.missing(column.name)), why_not="")


def as_categories(table: Table, name: str) -> Column:
    """A column of any text."""
    return Column(name, without(table.texts(name), table.missing(name)))


def as_any(table: Table, column: Column, *, asked: bool) -> Column:
    """A column of a mixed table: if it holds no numbers as categories, if it has few, or is asked for."""
    if column.why_not != TEXT:
        return as_yes_or_no(table, column)
    values = as_categories(table, column.name).values
    assert values is not None
    seen = values.drop_nulls()
    n = seen.n_unique()
    if n == 1:
        return replace(column, why_not=f"constant, every value is '{seen[0]}'")
    if not asked and (n > MOST_CATEGORIES or n * ROWS_PER_CATEGORY > len(seen)):
        return replace(column, why_not=f"text, {n:,} different ones in {len(seen):,} rows")
    return replace(column, values=values, why_not="")


def truth_of(table: Table, column: str) -> Truth:
    """A column of true labels."""
    from latently.report.analysis import Truth

    labels = table.texts(column).fill_null("").to_list()
    if not any(labels):
        raise CommandError(f"column '{column}' of {table.name} is empty: there is no truth to compare with")
    return Truth(column, labels)


def decided(columns: Iterable[Column]) -> list[str]:
    """Sentences on what was decided of how numbers are written although it could be otherwise."""
    return [
        f"column '{column.name}' can be read in two ways, of which one was taken: {' and '.join(column.said)}"
        for column in columns
        if column.said
    ]


def names_of(model: object, table: Table) -> list[str]:
    """The columns that a model was fitted to."""
    names = [str(name) for name in getattr(model, "feature_names_in_", ())]
    if not names:
        raise CommandError("the model was fitted to an array without names of columns: fit it to a table")
    missing = [name for name in names if name not in table.frame.columns]
    if len(missing) == 1:
        table.must_have(missing[0])
    if missing:
        raise CommandError(f"{table.name} lacks columns of the model: {quoted(missing)}")
    return names


def as_numbers(table: Table, name: str) -> Column:
    """Read a column as numbers; what else it is stands in its `why_not`."""
    if name not in table.known:
        table.known[name] = _read(table, name, table.missing(name))
    return table.known[name]


def _read(table: Table, name: str, missing: pl.Series) -> Column:
    cells = table.frame[name]
    if missing.all():
        return Column(name, None, EMPTY)
    if cells.dtype == pl.Boolean:
        return Column(name, None, TRUE_OR_FALSE)
    if cells.dtype.is_numeric():
        return Column(name, without(cells.cast(pl.Float64), missing))
    if cells.dtype.is_temporal():
        moments = cells.cast(pl.Datetime("us")) if cells.dtype in (pl.Date, pl.Datetime) else None
        return Column(name, None, DATES, moments=moments)
    if cells.dtype != pl.String:
        return Column(name, None, "not numbers")
    if not table.decimal_comma and not missing.any():
        plain = cells.cast(pl.Float64, strict=False)  # tells most columns at once
        if not plain.null_count() and not np.isnan(plain.to_numpy()).any():
            return Column(name, plain)
    text = cells.str.strip_chars()
    reading = read_numbers(text, ~missing, table.decimal_comma)
    wrong = (reading.values.is_null() & ~missing).arg_true()
    if not len(wrong):
        values = without(reading.values, missing)
        return Column(name, values, notation=reading.notation, said=reading.said, converted=reading.example)
    if (text.str.to_lowercase().is_in(TRUTH_VALUES) | missing).all():
        return Column(name, None, TRUE_OR_FALSE)
    dates = read_dates(text, ~missing)
    if dates is not None:
        seen: dict[str, Any] = {"said": dates.said, "converted": dates.example, "written": dates.written}
        return Column(name, None, DATES, moments=dates.values, **seen)
    example = f"{table.where(wrong[0])} holds '{shortened(text[wrong[0]])}'"
    mostly = len(wrong) < MOSTLY_NUMBERS * int((~missing).sum())
    return Column(name, None, f"{example}, which is not a number" if mostly else TEXT, example)


def understood(table: Table) -> Table:
    """The same table, in which words such as unknown are missing cells where all others are numbers or dates.

    What was converted is said.
    """
    codes = {name: list(several) for name, several in table.codes.items()}
    counted, converted = [], []
    known = {}
    for name in table.frame.columns:
        column = as_numbers(table, name)
        if column.values is None and column.moments is None and (unsaid := _among_numbers(table, name)):
            missing = table.missing(name) | table.holds(name, unsaid)
            again = _read(table, name, missing)
            if again.values is not None or again.moments is not None:
                codes.setdefault(name, []).extend(unsaid)
                column = again
        known[name] = column
        if column.converted:
            converted.append(f"{name} ({column.converted})")
    found = replace(table, codes=codes)
    for name in table.frame.columns:
        if seen := _words_for_missing(found, name):
            words = ", ".join(f"'{word}'" for word in list(seen)[:MOST_WORDS_SHOWN])
            counted.append(f"{sum(seen.values()):,} of {name} ({words})")
    said = {"Numbers and dates": ", ".join(converted), "Words for missing cells": ", ".join(counted)}
    said = {title: text for title, text in said.items() if text}
    found = replace(found, read_as=found.read_as | said)
    found.known.update(known)
    return found


def _among_numbers(table: Table, name: str) -> list[str]:
    """The words of a column that stand for a missing cell if all other cells are numbers."""
    cells = table.frame[name]
    if cells.dtype != pl.String:
        return []
    words = cells.str.strip_chars().str.to_lowercase()
    return words.filter(words.is_in(AMONG_NUMBERS)).unique(maintain_order=True).to_list()


def _words_for_missing(table: Table, name: str) -> dict[str, int]:
    """What stands in missing cells of a column that are not empty, and in how many."""
    cells = table.frame[name]
    if cells.dtype != pl.String:
        return {}
    words = cells.str.strip_chars().filter(table.missing(name)).drop_nulls()
    words = words.filter(words != "")
    return dict(words.value_counts(sort=True).iter_rows()) if len(words) else {}


def without(values: pl.Series, missing: pl.Series) -> pl.Series:
    """The same cells, null where they are missing."""
    if not missing.any():
        return values
    return pl.select(pl.when(~missing).then(values)).to_series().alias(values.name)


def option(names: Sequence[str]) -> str:
    """The option that asks for these columns, ready to be typed."""
    if len(names) > MOST_NAMES_SHOWN:
        return f"--columns with the names of the other {len(names)}"
    cells = [f'"{name}"' if "," in name else name for name in names]
    return f"--columns {shlex.quote(','.join(cells))}"


def listed(text: str, option: str = "--columns", what: str = "column", such_as: str = "a,b") -> list[str]:
    """What stands between commas; a name that holds one stands in quotes."""
    lines = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True)
    found = [cell.strip() for line in lines for cell in line if cell.strip()]
    if not found:
        raise CommandError(f"{option} names no {what}: write {option} {such_as}")
    return found


def _must_be_numeric(table: Table, column: Column) -> None:
    if column.why_not == EMPTY:
        raise CommandError(
            f"column '{column.name}' of {table.name} has no number in it, only empty cells: take it out of "
            "--columns"
        )
    if column.values is None:
        raise CommandError(f"{column.not_numeric(table)}: mend it or take it out of --columns")
