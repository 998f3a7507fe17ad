"""How numbers are written in a column of text, decided from all of its cells.

In 1,234.5 commas stand between thousands; in 1.234,5 points do; and 22,406 may be either. A column in which
both readings are possible follows the other columns of its file, unless it holds whole numbers such as 1500,
which whoever marks thousands would not write. A unit may stand before or behind: a currency, or a percent
sign; it is the same in all cells.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import polars as pl

LONG_INTEGER = r"^[+-]?\d{4,}$"
APART = r"' \x{2019}\x{a0}\x{2009}\x{202f}"  # may stand between thousands in any language
CURRENCY = (
    r"(?:[A-Z]{0,3}\p{Sc}|USD|EUR|GBP|CHF|JPY|CNY|INR|SEK|NOK|DKK|PLN|CZK|HUF|CAD|AUD|NZD|BRL|MXN|ZAR|TRY"
    r"|Fr\.|SFr\.|kr\.?|zł|Kč|Ft|Rs\.?|Mio\.?\s?€|T€|k€)"
)
MINUS = r"[-\x{2212}\x{2013}]"
UNITS = (
    rf"^({MINUS}|\()?\s*({CURRENCY})?\s*({MINUS}|\+)?\s*([\d.,{APART}]*\d[.,]?(?:[eE][+-]?\d+)?)"
    rf"\s*(%|‰|{CURRENCY})?\s*({MINUS}|\))?$"
)
ODD = r"[^\d.,eE+-]|\d-$"


@dataclass(frozen=True)
class Notation:
    """How numbers are written."""

    # what stands before the decimals, a point or a comma; the other one may stand between thousands
    decimal: str = "."
    before: str = ""  # what stands before each number, such as a currency and a blank
    behind: str = ""  # what stands behind each number, such as a percent sign
    thousands: str = ""  # what stands between thousands

    @property
    def mark(self) -> str:
        """What may stand between thousands, if it is no blank or apostrophe."""
        return "." if self.decimal == "," else ","

    def read(self, text: pl.Series) -> pl.Series:
        """Numbers without units, null where a text is none."""
        if text.str.contains(self.mark, literal=True).any():
            groups = rf"((\{self.mark}\d{{3}})+|(\{self.mark}\d{{2}})+\{self.mark}\d{{3}})"
            grouped = text.str.contains(rf"^[+-]?[1-9]\d{{0,2}}{groups}(\{self.decimal}\d*)?$")
            whole = text.str.replace_all(self.mark, "", literal=True)
            odd = text.str.contains(self.mark, literal=True)
            text = pl.select(pl.when(grouped).then(whole).when(~odd).then(text)).to_series()
        if self.decimal == ",":
            text = text.str.replace(",", ".", literal=True)
        return text.cast(pl.Float64, strict=False).fill_nan(None)

    def written(self, text: str) -> str:
        """A number with a decimal point, in this manner."""
        whole, point, rest = text.partition(".")
        if self.thousands and whole.lstrip("-").isdecimal():
            whole = f"{int(whole):,}".replace(",", self.thousands)
        minus = "-" if self.before and whole.startswith("-") else ""
        number = whole.removeprefix(minus) + point.replace(".", self.decimal) + rest
        return f"{minus}{self.before}{number}{self.behind}"


POINT = Notation()
LOOKED_AT, MOST_EXAMPLES = 10_000, 3  # cells for examples, and how many are given


@dataclass(frozen=True)
class Reading:
    """A column of text read as numbers."""

    notation: Notation  # how they are written
    values: pl.Series  # the numbers, null where there is none
    said: list[str]  # what was decided although it could be otherwise, by the example of a cell
    example: str = ""  # cells that are no plain numbers and what they are, one of each of a few shapes


def read_numbers(text: pl.Series, there: pl.Series, decimal_comma: bool) -> Reading:
    """Read a column, without blanks round its cells, in the notation that suits most that are `there`.

    Examples
    --------
    >>> cells = pl.Series(["22,406", "7,012"])
    >>> [read_numbers(cells, cells != "", comma).values.to_list() for comma in (False, True)]
    [[22406.0, 7012.0], [22.406, 7.012]]
    >>> cells = pl.Series(["$1,234.50", "-$7", "($3.00)"])
    >>> read_numbers(cells, cells != "", False).values.to_list()
    [1234.5, -7.0, -3.0]
    """
    written = text
    text, unit = without_units(text, there)
    usual, other = (replace(unit, decimal=decimal) for decimal in (",." if decimal_comma else ".,"))
    filled = text.filter(there)
    values = usual.read(text)
    wrong = int((values.is_null() & there).sum())
    said: list[str] = []
    if filled.str.contains(r"[.,]").any():
        others = other.read(text)
        wrong_otherwise = int((others.is_null() & there).sum())
        if wrong == wrong_otherwise == 0:
            marked = (there & text.str.contains(usual.mark, literal=True)).arg_true().head(1)
            if len(marked) and filled.str.contains(LONG_INTEGER).any():
                usual, values = other, others
            thousands = unit.before and bool((values == values.round()).all())  # money has no three decimals
            said = [] if thousands else [f"'{written[row]}' is {values[row]:.15g}" for row in marked]
        elif wrong_otherwise < wrong:
            usual, values, wrong = other, others, wrong_otherwise
    if not usual.thousands and filled.str.contains(usual.mark, literal=True).any():
        usual = replace(usual, thousands=usual.mark)
    example = ""
    if not (wrong or said or usual == POINT):
        odd = (there & values.is_not_null() & written.str.contains(rf"{ODD}|,")).arg_true().head(LOOKED_AT)
        shapes = written.gather(odd).str.replace_all(r"\d+", "0").rename("shape")
        rows = pl.DataFrame([odd.alias("row"), shapes]).unique("shape", keep="first", maintain_order=True)[
            "row"
        ]
        example = ", ".join(f"'{written[row]}' is {values[row]:.15g}" for row in rows.head(MOST_EXAMPLES))
    return Reading(usual, values, [] if wrong else said, example)


def without_units(text: pl.Series, there: pl.Series) -> tuple[pl.Series, Notation]:
    """Numbers without the unit that all have, or that some have of money, and how that is written."""
    odd = there & text.str.contains(ODD).fill_null(False)
    if not odd.any():
        return text, POINT
    parts = text.str.extract_groups(UNITS).struct.unnest()
    parts.columns = ["sign", "before", "minus", "number", "behind", "end"]
    parts = parts.with_columns(text=text, there=there)
    units = parts.filter(pl.col("there") & pl.col("number").is_not_null())
    unit = pl.coalesce("before", "behind")
    several = units.select(unit).to_series().drop_nulls().unique()
    if len(several) > 1 or not units.height:  # dollars and euros do not add up
        return text, POINT
    relative = len(several) and several[0] in ("%", "‰")
    if relative and units.select(unit.is_null().any()).item():
        return text, POINT
    brackets = pl.col("sign").eq("(") & pl.col("end").eq(")")
    balanced = (pl.col("sign").eq("(") == pl.col("end").eq(")")).fill_null(
        ~(pl.col("sign").eq("(").fill_null(False) | pl.col("end").eq(")").fill_null(False))
    )
    minus = pl.any_horizontal(pl.col("sign", "minus", "end").str.contains(MINUS).fill_null(False))
    number = pl.col("number")
    grouped = number.str.contains(rf"^[1-9]\d{{0,2}}([{APART}]\d{{3}})+([.,]\d*)?$")
    number = pl.when(grouped).then(number.str.replace_all(f"[{APART}]", "")).otherwise(number)
    read = pl.when(brackets.fill_null(False) | minus).then(pl.lit("-") + number).otherwise(number)
    found = parts.select(pl.when(number.is_not_null() & balanced).then(read).otherwise("text"), g=grouped)
    first = units.filter(unit.is_not_null()).head(1) if len(several) else units.head(0)
    before, behind = "", ""
    if first.height:
        cell, bare = first["text"][0], first["number"][0]
        before, _, behind = cell.strip("()-\N{MINUS SIGN}").partition(bare)
        before = before if first["before"][0] else ""
        behind = behind if first["behind"][0] else ""
    apart = parts["number"].filter(found["g"].fill_null(False)).head(1)
    thousands = apart.str.extract(f"([{APART}])")[0] if len(apart) else ""
    return found.to_series(0).alias(text.name), Notation(before=before, behind=behind, thousands=thousands)


def has_decimal_commas(columns: Iterable[tuple[pl.Series, pl.Series]]) -> bool | None:
    """Whether most columns of a file that tell have decimal commas; None if all that may are open."""
    votes, is_open = 0, False
    for text, there in columns:
        numbers = without_units(text, there)[0].filter(there)
        point, comma = (Notation(decimal).read(numbers) for decimal in ".,")
        wrong, wrong_otherwise = point.null_count(), comma.null_count()
        if min(wrong, wrong_otherwise) < len(point) / 2:
            votes += (wrong > wrong_otherwise) - (wrong < wrong_otherwise)
            is_open |= wrong == wrong_otherwise and bool((point != comma).any())
    return None if is_open and not votes else votes > 0
