"""Numbers as cells of a file: as many digits as their column can need, in the manner of the table."""

from __future__ import annotations

import math

import polars as pl

from latently.cli.tables.numerals import Notation

# Digits below the first of a standard deviation: what is left off is far less than is known of any cell.
DIGITS = 6
MOST_DECIMALS = 15


def written(values: pl.Series, spread: float, notation: Notation) -> pl.Series:
    """Numbers as texts, rounded by the standard deviation of their column; what is missing stays so.

    Examples
    --------
    >>> written(pl.Series([12.3456789, None, -0.0000001]), 33.0, Notation(",")).to_list()
    ['12,3457', None, '0,0000']
    """
    decimals = DIGITS - 1 - math.floor(math.log10(spread)) if spread > 0 else DIGITS

    def text(value: float) -> str:
        if decimals > MOST_DECIMALS:
            written = f"{value:.{DIGITS + 3}e}"
        else:
            written = f"{round(value, decimals) + 0.0:.{max(decimals, 0)}f}"
        return notation.written(written)

    return pl.Series(
        values.name, [None if value is None else text(value) for value in values.to_list()], pl.String
    )
