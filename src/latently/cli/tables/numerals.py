"""How numbers are written in a column of text, decided from all of its cells.

In 1,234.5 commas stand between thousands; in 1.234,5 points do; and 22,406 may be either. A column in which
both readings are possible follows the other columns of its file, unless it holds whole numbers such as 1500,
which whoever marks thousands would not write.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

LONG_INTEGER = r"^[+-]?\d{4,}$"


@dataclass(frozen=True)
class Notation:
    """How numbers are written."""

    # what stands before the decimals, a point or a comma; the other one may stand between thousands
    decimal: str = "."
    percent: bool = False  # whether a sign of percent stands behind each number

    @property
    def mark(self) -> str:
        """What may stand between thousands."""
        return "." if self.decimal == "," else ","

    def read(self, text: pl.Series) -> pl.Series:
        """Numbers, null where a text is none."""
        if self.percent:
            text = text.str.strip_suffix("%").str.strip_chars()
        if text.str.contains(self.mark, literal=True).any():
            grouped = text.str.contains(rf"^[+-]?[1-9]\d{{0,2}}(\{self.mark}\d{{3}})+(\{self.decimal}\d*)?$")
            whole = text.str.replace_all(self.mark, "", literal=True)
            odd = text.str.contains(self.mark, literal=True)
            text = pl.select(pl.when(grouped).then(whole).when(~odd).then(text)).to_series()
        if self.decimal == ",":
            text = text.str.replace(",", ".", literal=True)
        return text.cast(pl.Float64, strict=False).fill_nan(None)

    def written(self, text: str) -> str:
        """A number with a decimal point, in this manner."""
        return text.replace(".", self.decimal) + "%" * self.percent


POINT = Notation()


@dataclass(frozen=True)
class Reading:
    """A column of text read as numbers."""

    notation: Notation  # how they are written
    values: pl.Series  # the numbers, null where there is none
    said: list[str]  # what was decided although it could be otherwise, by the example of a cell


def read_numbers(text: pl.Series, there: pl.Series, decimal_comma: bool) -> Reading:
    """Read a column, without blanks round its cells, in the notation that suits most that are `there`.

    Examples
    --------
    >>> cells = pl.Series(["22,406", "7,012"])
    >>> [read_numbers(cells, cells != "", comma).values.to_list() for comma in (False, True)]
    [[22406.0, 7012.0], [22.406, 7.012]]
    """
    filled = text.filter(there)
    percent = bool(len(filled) and filled.str.ends_with("%").all())
    usual, other = (Notation(decimal, percent) for decimal in (",." if decimal_comma else ".,"))
    values = usual.read(text)
    wrong = int((values.is_null() & there).sum())
    examples = filled.head(int(percent))
    if filled.str.contains(r"[.,]").any():
        others = other.read(text)
        wrong_otherwise = int((others.is_null() & there).sum())
        if wrong == wrong_otherwise == 0:
            marked = filled.filter(filled.str.contains(usual.mark, literal=True)).head(1)
            examples = examples if percent else marked
            if len(marked) and filled.str.contains(LONG_INTEGER).any():
                usual, values = other, others
        elif wrong_otherwise < wrong:
            usual, values, wrong = other, others, wrong_otherwise
    said = [f"'{cell}' is {number:.15g}" for cell, number in zip(examples, usual.read(examples), strict=True)]
    return Reading(usual, values, [] if wrong else said)


def has_decimal_commas(columns: Iterable[tuple[pl.Series, pl.Series]]) -> bool | None:
    """Whether most columns of a file that tell have decimal commas; None if all that may are open."""
    votes, is_open = 0, False
    for text, there in columns:
        numbers = text.filter(there).str.strip_suffix("%").str.strip_chars()
        point, comma = (Notation(decimal).read(numbers) for decimal in ".,")
        wrong, wrong_otherwise = point.null_count(), comma.null_count()
        if min(wrong, wrong_otherwise) < len(point) / 2:
            votes += (wrong > wrong_otherwise) - (wrong < wrong_otherwise)
            is_open |= wrong == wrong_otherwise and bool((point != comma).any())
    return None if is_open and not votes else votes > 0
