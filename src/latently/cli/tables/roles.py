"""Columns of numbers that are no measurements: identifiers, years, results of an earlier run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from latently.cli.tables.columns import Column

FEWEST_IDENTIFIERS = 10
FEW_VALUES = 10
ROWS_PER_VALUE = 5  # of a column of few values: how many rows there are for each on average
LIKELY_YEARS = (1700, 2200)
# Names of identifiers whatever their values are, and of those that are so if each row has its own.
NAMES_AN_IDENTIFIER = re.compile(
    r"(?i:(^|[_\W])(ids?|uid|uuid|guid|pk|zip|zip_?code|plz|post_?code|phone)$)|[a-z]I[dD]$"
)
NAMES_A_NUMBER = re.compile(
    r"(?i)(^|[_\W])(nr|no|num|number|nummer|index|idx|row|key|case|record|sample|lfd|obs)\.?$"
)
UNNAMED = re.compile(r"column \d+|Unnamed: \d+|_c\d+|index")
NAMES_A_YEAR = re.compile(r"(?i)(^|[_\W])(year|yr|jahr|baujahr|ann[eé]e|a[nñ]o|anno)s?($|[_\W])|year$")
# What earlier runs of the command added, each name with another that it never comes without.
RESULT_COLUMNS = {
    "cluster": "probability",
    "probability": "cluster",
    "state": "probability_smoothed",
    "probability_smoothed": "state",
    "probability_filtered_past_only": "state",
    "state_filtered_past_only": "state",
    "topic": "topic_0",
    "share": "topic_0",
    "words": "topic_0",
}


def no_measurements(columns: Sequence[Column], *, years: bool = True) -> dict[str, str]:
    """What the columns of numbers are that say nothing of the rows, by their names and values."""
    found = of_earlier_results([column.name for column in columns])
    for column in columns:
        if column.name not in found and column.values is not None and column.values.dtype.is_numeric():
            what = _what(column.name, column.values.drop_nulls(), len(column.values), years)
            if what:
                found[column.name] = what
    return found


def of_earlier_results(names: Sequence[str]) -> dict[str, str]:
    """The columns that an earlier run of latently added, perhaps with a number behind the name."""
    found = {}
    for name in names:
        kind = re.sub(r"_\d+$", "", name)
        other = "share" if re.fullmatch(r"topic_\d+", name) else RESULT_COLUMNS.get(kind)
        if other is not None and {other, f"{other}{name.removeprefix(kind)}"} & set(names):
            found[name] = "from an earlier run of latently"
    return found


def _what(name: str, values: pl.Series, n_rows: int, years: bool) -> str:
    if not len(values) or not (values == values.round()).all():
        return ""
    own = looks_like_identifier(values) and len(values) == n_rows
    counting = own and bool((values.diff().drop_nulls() == 1).all())
    if counting and UNNAMED.fullmatch(name):
        return "an unnamed index"
    if NAMES_AN_IDENTIFIER.search(name):
        return "an identifier, by its name"
    if own and NAMES_A_NUMBER.search(name):
        return "an identifier, by its name and values"
    if counting:
        return "counts the rows"
    return "years" if years and NAMES_A_YEAR.search(name) and values.is_between(*LIKELY_YEARS).all() else ""


def looks_like_identifier(column: pl.Series) -> bool:
    """Whether every value is a whole number that no other row has."""
    whole = bool((column == column.round()).all())
    return whole and len(column) >= FEWEST_IDENTIFIERS and column.n_unique() == len(column)


def has_few_values(column: pl.Series) -> bool:
    """Whether numbers are a few whole ones, which no normal distribution describes."""
    if not column.dtype.is_numeric():
        return False
    seen = column.drop_nulls()
    n = seen.n_unique()
    return 1 < n <= FEW_VALUES and len(seen) >= ROWS_PER_VALUE * n and bool((seen == seen.round()).all())
