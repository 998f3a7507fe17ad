"""Which family suits a column, by its type and its values."""

from __future__ import annotations

import re

import numpy as np

from latently.checks.arrays import shown
from latently.checks.columns import Column
from latently.emissions.base import Emission
from latently.emissions.registry import FAMILIES

MOST_COUNTED = 1000  # beyond it whole numbers are measured rather than counted
FEW_CODES = 10  # different whole numbers that may be codes of categories
DATE = re.compile(
    r"(\d{4}([-/.])\d{1,2}\2\d{1,2}|\d{1,2}([-/.])\d{1,2}\3(\d{4}|\d{2}))([T ]\d{1,2}:\d{2}.*)?"
)


def family_for(column: Column, codes: int | None = None) -> Emission:
    """The family that suits a column.

    Text and categories are categorical, but not dates, nor names that no two rows share. Yes and no, or 0 and
    1, are Bernoulli. Whole numbers from 0 up to a thousand are counts, which may vary more than Poisson
    counts do; a few different whole numbers without 0 are codes or grades, so categorical. All others are
    measured, so normal. Whole numbers of at most `codes` different values are codes, 0 or not; so are yes and
    no. Refuses a column without an observed cell, of dates, or of another text in each row.

    Examples
    --------
    >>> from latently.checks.columns import as_table
    >>> table = as_table({"town": ["A", "B", "A"], "age": [31.5, 42.0, 27.2], "visits": [0, 3, 1]})
    >>> [family_for(column).called for column in table]
    ['categorical', 'normal', 'negative binomial']
    """
    return FAMILIES[_name(column, codes)]()


def _refuse_text(column: Column) -> None:
    """Refuse dates, which are no categories however few, and names of rows: no two cells are the same."""
    cells = column.cells[~column.missing]
    who = f"column '{column.name}'"
    if all(isinstance(cell, str) and DATE.fullmatch(cell.strip()) for cell in cells):
        raise ValueError(
            f"{who} holds dates as text, such as {shown(cells[0])}: turn them into numbers first, such as "
            "days since the first, leave them out, or take the column for 'categorical'"
        )
    if column.categories is None and len(cells) > FEW_CODES and len(set(cells.tolist())) == len(cells):
        raise ValueError(
            f"{who} holds another text in each of {len(cells)} rows, such as {shown(cells[0])}, as names of "
            "rows do: leave it out, or take it for 'categorical'"
        )


def _name(column: Column, codes: int | None) -> str:
    if column.missing.all():
        raise ValueError(f"column '{column.name}' has no observed value: leave it out")
    if column.boolean:
        return "bernoulli" if codes is None else "categorical"
    if not column.numeric:
        _refuse_text(column)
        return "categorical"
    values = column.distinct
    if not np.array_equal(values, np.floor(values)):
        return "gaussian"
    if codes is not None and len(values) <= codes:
        return "categorical"
    if np.isin(values, (0, 1)).all():
        return "bernoulli"
    if values[0] == 0 and values[-1] <= MOST_COUNTED:
        return "negative-binomial"
    return "categorical" if len(values) <= FEW_CODES and values[0] >= 0 else "gaussian"
