"""Dates and times as people write them, read column by column."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product

import polars as pl

# Day or month first is decided by all cells; where both can be, slashes have the month first.
DAY_FORMATS = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y", "%d.%m.%y", "%m/%d/%Y", "%d/%m/%Y", "%m/%d/%y"),
    *("%d/%m/%y", "%d-%m-%Y", "%m-%d-%Y", "%d %b %Y", "%d %B %Y", "%d. %B %Y", "%d-%b-%Y", "%d-%b-%y"),
    *("%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%Y%m%d"),
)
TIME_FORMATS = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S%.f", " %I:%M %p", " %I:%M:%S %p")
MONTH_FORMATS = ("%Y-%m", "%Y/%m", "%m/%Y", "%b %Y", "%B %Y", "%b-%Y", "%b-%y", "%YM%m")
LIKE_A_DATE = re.compile(r"(?!\d*[.,]?\d*$)\d|\d{8}$|[^\W\d]{3,9}\.?[ -]\d")
DAY_FIRST = {"%m/%d/%Y": "%d/%m/%Y", "%m/%d/%y": "%d/%m/%y", "%d-%m-%Y": "%m-%d-%Y"}
CELLS_LOOKED_AT = 40
LIKELY_YEARS = (1500, 2200)


@dataclass(frozen=True)
class Dates:
    """A column of text read as dates."""

    values: pl.Series  # dates and times, null where there is none
    said: list[str]  # what was decided although it could be otherwise
    example: str = ""  # a cell that is not written as 2024-03-31, and what it is
    written: str = "%Y-%m-%d %H:%M:%S"  # how most are written


def read_dates(text: pl.Series, there: pl.Series) -> Dates | None:
    """Read a column, without blanks round its cells; None if any that is `there` is no date.

    Examples
    --------
    >>> cells = pl.Series(["31.3.2024", "1.4.2024"])
    >>> read_dates(cells, cells != "").values.to_list()
    [datetime.datetime(2024, 3, 31, 0, 0), datetime.datetime(2024, 4, 1, 0, 0)]
    """
    filled = text.filter(there)
    if not len(filled) or not LIKE_A_DATE.match(filled[0]):
        return None
    text = text.str.replace(r"^(\d{4}-\d\d-\d\d)T", "${1} ").str.replace(r"( ?Z|\+00:?00)$", "")
    head = text.filter(there).head(CELLS_LOOKED_AT)
    fitting = []
    for day, time in [*product(DAY_FORMATS, TIME_FORMATS), *((month, "") for month in MONTH_FORMATS)]:
        if (values := _parsed(head, day, time)) is not None and (
            values := _parsed(text, day, time, there)
        ) is not None:
            fitting.append((day, time, values))
            if day not in DAY_FIRST:
                break
    if not fitting:
        return _of_iso(text, there)
    day, time, values = fitting[0]
    said, row = [], int(there.arg_max() or 0)
    other = next((one for name, _, one in fitting[1:] if name == DAY_FIRST.get(day)), None)
    if other is not None and not (values == other).fill_null(True).all():
        row = int((values != other).fill_null(False).arg_max() or 0)
        rises = _rises(values)
        if _rises(other) and not rises:
            day, values = DAY_FIRST[day], other
        if _rises(other) == rises:  # otherwise the one that rises is meant
            said = [f"'{text[row]}' is {_shown(values[row])}"]
    example = "" if day == "%Y-%m-%d" or said else f"'{text[row]}' is {_shown(values[row])}"
    return Dates(values.alias(text.name), said, example, day + time)


def _parsed(text: pl.Series, day: str, time: str, there: pl.Series | None = None) -> pl.Series | None:
    """Dates if all that are there have this format."""
    if day in MONTH_FORMATS:
        text, day = "1 " + text, f"%d {day}"
    cells = text if time else text + " 00:00"
    if day == "%Y%m%d":
        cells = pl.select(pl.when(text.str.contains(r"^\d{8}\b")).then(cells)).to_series()
    values = cells.str.to_datetime(f"{day}{time or ' %H:%M'}", strict=False, time_unit="us")
    wrong = values.is_null() if there is None else values.is_null() & there
    if wrong.any():
        return None
    years = values.dt.year().drop_nulls()
    return values if len(years) and years.is_between(*LIKELY_YEARS).all() else None


def _of_iso(text: pl.Series, there: pl.Series) -> Dates | None:
    """Dates of ISO 8601 in different forms, or with time zones, which are taken to UTC."""
    found = [_moment(cell) if wanted else None for cell, wanted in zip(text, there, strict=True)]
    values = pl.Series(text.name, found, pl.Datetime("us"))
    return None if (values.is_null() & there).any() else Dates(values, [])


def _moment(cell: str) -> datetime | None:
    for written in (cell, f"{cell}-01"):  # a month has no day
        try:
            moment = datetime.fromisoformat(written)
            return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
        except (ValueError, OverflowError):
            continue
    return None


def _rises(values: pl.Series) -> bool:
    return values.drop_nulls().is_sorted()


def _shown(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}" + (f", {moment:%H:%M}" if moment.hour or moment.minute else "")
