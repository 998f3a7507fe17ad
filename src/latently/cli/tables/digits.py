"""Numbers as cells of a file: as many digits as their column can need, in the manner of the table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from latently.cli.tables.columns import Column
from latently.cli.tables.numerals import Notation

# Digits below the first of a standard deviation: what is left off is far less than is known of any cell.
DIGITS_OF_SPREAD = 6
MOST_DECIMALS = 15


def decimals_of(values: pl.Series) -> int:
    """With how many decimals numbers are given.

    Examples
    --------
    >>> decimals_of(pl.Series([1.0, 3.0])), decimals_of(pl.Series([0.1, 2.25, None]))
    (0, 2)
    """
    seen = values.drop_nulls().to_numpy()
    tiny = 4 * np.finfo(np.float64).eps * np.abs(seen).max(initial=0.0)
    return next(
        (d for d in range(MOST_DECIMALS) if (np.abs(seen - seen.round(d)) <= tiny).all()), MOST_DECIMALS
    )


def in_manner(column: Column, cells: Sequence[Any]) -> pl.Series:
    """New cells of a column, None where there is none, with the digits and in the manner of the old ones."""
    values = column.values
    if values is None or not values.dtype.is_numeric():
        shown = [
            None if cell is None else str(cell).lower() if isinstance(cell, bool) else str(cell)
            for cell in cells
        ]
        return pl.Series(column.name, shown, pl.String)
    numbers = pl.Series(column.name, [None if cell is None else float(cell) for cell in cells], pl.Float64)
    spread: Any = values.std() or 0.0
    return written(numbers.fill_nan(None), spread, column.notation, decimals_of(values))


def written(values: pl.Series, spread: float, notation: Notation, most: int = MOST_DECIMALS) -> pl.Series:
    """Numbers as texts, rounded by the standard deviation of their column and to at `most` so many decimals.

    What is missing stays so.

    Examples
    --------
    >>> written(pl.Series([12.3456789, None, -0.0000001]), 33.0, Notation(",")).to_list()
    ['12,3457', None, '0,0000']
    """
    decimals = DIGITS_OF_SPREAD - 1 - math.floor(math.log10(spread)) if spread > 0 else DIGITS_OF_SPREAD

    def text(value: float) -> str:
        if decimals > MOST_DECIMALS and most == MOST_DECIMALS:
            written = f"{value:.{DIGITS_OF_SPREAD + 3}e}"
        else:
            digits = min(decimals, most)
            written = f"{round(value, digits) + 0.0:.{max(digits, 0)}f}"
        return notation.written(written)

    return pl.Series(
        values.name, [None if value is None else text(value) for value in values.to_list()], pl.String
    )
