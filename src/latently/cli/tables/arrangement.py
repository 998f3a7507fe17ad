"""The rows of a series in order: by time, sequence by sequence, with a row for every step of time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from latently.cli.failure import CommandError
from latently.cli.tables.axis import EVEN_WITHIN, read_times
from latently.cli.tables.columns import TEXT, as_numbers
from latently.cli.tables.roles import no_measurements
from latently.cli.tables.table import Table
from latently.wording import count

FEWEST_RISING = 5
ROWS_PER_SERIES = 3  # rows of each of several series, on average
MOST_GAPS = 0.1  # of the steps, beyond which the steps are uneven rather than some left out
MOST_PUT_IN = 0.5  # of the rows
NAMES_A_TIME = re.compile(
    r"(?i)(^|[_\W])(t|ts|time|times|zeit|epoch|step|steps|tick|date|datum|fecha|day|days|tag|week|woche|month|monat"
    r"|mois|mes|quarter|year|yr|jahr|ann[eé]e|a[nñ]o|hour|hours|stunde|minute|minutes|sec|second|seconds)($|[_\W])"
    r"|(time|date|year|stamp|zeit|datum)$"
)
DAYS_OF_MONTHS = {
    1: (28, 31),
    2: (59, 62),
    3: (89, 92),
    6: (181, 184),
    12: (365, 366),
}  # how many days they have


@dataclass(frozen=True)
class Arrangement:
    """A table whose rows are in order, and what says so."""

    table: Table
    time: str | None
    sequence: str | None
    said: list[str]  # sentences on what was done without being asked for


def arranged(table: Table, wanted: Sequence[str], time: str | None, sequence: str | None) -> Arrangement:
    """Put rows in the order of their sequences and times: those told, or else those that can be seen."""
    asked = time is not None
    spare = [name for name in table.frame.columns if name not in (*wanted, sequence)]
    if time is None:
        time = time_among(table, spare) if len(spare) > (not wanted) else None
    if time is None:
        return Arrangement(table, None, sequence or table.by_file, [])
    try:
        times, shown = read_times(table, time)
    except CommandError:
        if asked:
            raise
        return Arrangement(table, None, sequence or table.by_file, [])
    said = [] if asked else [f"Column '{time}' was taken for the time."]
    if sequence is None and not _rises(times):
        sequence = _key_among(table, [name for name in spare if name != time], times)
        if sequence is not None:
            n = table.frame[sequence].n_unique()
            said.append(
                f"Column '{sequence}' was taken to tell {n:,} series apart: each has a time of '{time}' once."
            )
    labels = np.zeros(len(times), dtype=np.int64) if sequence is None else _codes(table, sequence)
    order = np.lexsort((times, labels))
    if (order == np.arange(len(order))).all():
        return Arrangement(table, time, sequence, said)
    ties = (times[order][1:] == times[order][:-1]) & (labels[order][1:] == labels[order][:-1])
    if ties.any():
        if not asked:
            said = [f"Times in '{time}' come again, so the rows were taken in the order in which they stand."]
            return Arrangement(table, None, sequence, said)
        row = int(order[1:][ties][0])
        remedy = "mend it" if sequence else "name the column that tells sequences apart with --sequence"
        raise CommandError(
            f"{table.where(row)} of {table.name} has {time} {shown[row]} again, and time must rise from row "
            f"to row: {remedy}"
        )
    by = f"'{sequence}' and '{time}'" if sequence else f"'{time}'"
    said.append(f"The rows were sorted by {by}; the results have them as they stood.")
    return Arrangement(table.reordered(order), time, sequence, said)


def looks_like_time(table: Table, name: str) -> bool:
    """Whether a column holds dates, or numbers that are called as times are or have even steps."""
    column = as_numbers(table, name)
    if column.moments is not None or table.frame[name].dtype.is_temporal():
        return True
    if column.values is None or column.constant:
        return False
    steps = np.diff(column.values.to_numpy())
    return NAMES_A_TIME.search(name) is not None or bool(
        len(steps) and steps[0] > 0 and (steps == steps[0]).all()
    )


def time_among(table: Table, names: list[str]) -> str | None:
    """The only column that looks like a time; of several the only one of dates, or that rises."""
    if table.frame.height < FEWEST_RISING:
        return None
    found = [name for name in names if looks_like_time(table, name)]
    numbers_of_rows = no_measurements([as_numbers(table, name) for name in found], years=False)
    found = [name for name in found if name not in numbers_of_rows] or found
    dates = [name for name in found if as_numbers(table, name).moments is not None]
    upwards = [name for name in found if rising(table, name)]
    return next((some[0] for some in (found, dates, upwards) if len(some) == 1), None)


def rising(table: Table, name: str) -> bool:
    """Whether a column is times that rise from row to row."""
    try:
        return _rises(read_times(table, name)[0])
    except CommandError:
        return False


def _rises(times: NDArray[Any]) -> bool:
    return bool((times[1:] > times[:-1]).all())


def _key_among(table: Table, names: list[str], times: NDArray[Any]) -> str | None:
    """The column of fewest values that tells rows of the same time apart, if there are such rows."""
    if len(np.unique(times)) == len(times) and table.by_file is None:
        return None
    found = []
    for name in names:
        column = as_numbers(table, name)
        few = 2 <= table.frame[name].n_unique() <= len(times) / ROWS_PER_SERIES
        whole = column.values is not None and bool((column.values == column.values.round()).all())
        if not few or not (whole or column.why_not == TEXT) or looks_like_time(table, name):
            continue
        if table.missing(name).any():
            continue
        pairs = np.rec.fromarrays([_codes(table, name), times])
        if len(np.unique(pairs)) == len(times):
            found.append((table.frame[name].n_unique(), name))
    return min(found)[1] if found else None


def _codes(table: Table, name: str) -> NDArray[np.int64]:
    """A number for each value of a column, in the order in which they first appear."""
    _, first, codes = np.unique(
        table.texts(name).fill_null("").to_numpy().astype(str), return_index=True, return_inverse=True
    )
    return np.argsort(np.argsort(first))[codes]


def with_steps_left_out(
    table: Table, time: str, times: NDArray[Any], offsets: Sequence[int], sequence: str | None
) -> tuple[Table, str]:
    """The same table with an empty row for each step of time that has none, and a sentence on them.

    Nothing is put in where many steps are uneven, or more would be put in than is there.
    """
    steps = np.diff(times)
    inner = np.ones(len(steps), dtype=bool)
    inner[np.asarray(offsets[1:-1], dtype=np.int64) - 1] = False
    sizes = steps.astype(np.float64)
    if not inner.any() or (usual := float(np.median(sizes[inner]))) <= 0:
        return table, ""
    times_usual = np.where(inner, np.round(sizes / usual), 1).astype(np.int64)
    gaps = np.flatnonzero(times_usual > 1)
    even = np.abs(sizes / np.maximum(times_usual, 1) - usual) <= EVEN_WITHIN * usual
    n = int((times_usual[gaps] - 1).sum())
    if not n or len(gaps) > MOST_GAPS * inner.sum() or n > MOST_PUT_IN * len(times) or not even[gaps].all():
        return table, ""
    before = np.repeat(gaps, times_usual[gaps] - 1)
    which = np.concatenate([np.arange(1, k) for k in times_usual[gaps]])
    moments = _between(times, before, which, times_usual[before], usual)
    cells: dict[str, Any] = {time: _as_cells(table, time, moments)}
    if sequence is not None:
        cells[sequence] = table.frame[sequence][before]
    new = pl.DataFrame(cells, schema={name: table.frame.schema[name] for name in cells})
    frame = pl.concat([table.frame, new], how="diagonal")
    order = np.argsort(np.concatenate([np.arange(len(times)), before + which / (which.max() + 1)]))
    old = table.lines if table.lines is not None else range(1, len(times) + 1)
    lines = [*old, *(old[row] for row in before.tolist())]
    origin = np.arange(len(times)) if table.origin is None else table.origin
    origin = np.concatenate([origin, np.full(n, -1)])
    were = f"{count(n, 'step')} of '{time}' without a row {'was' if n == 1 else 'were'}"
    said = f"{were} put in with empty cells: {len(times):,} rows make {len(times) + n:,} steps."
    return replace(table, frame=frame, lines=lines, origin=origin).reordered(order), said


def _between(
    times: NDArray[Any], before: NDArray[Any], which: NDArray[Any], parts: NDArray[Any], usual: float
) -> NDArray[Any]:
    """The times of rows that are put in: even parts of a step, or months where steps are months."""
    if times.dtype == np.dtype("datetime64[D]"):
        months = next((m for m, (low, high) in DAYS_OF_MONTHS.items() if low <= usual <= high), None)
        if months is not None:
            start = times[before].astype("datetime64[M]")
            return (start + months * which).astype("datetime64[D]") + (times[before] - start)
    return (
        times[before] + (times[before + 1] - times[before]) * which // parts
        if times.dtype.kind == "M"
        else (times[before] + (times[before + 1] - times[before]) * which / parts)
    )


def _as_cells(table: Table, name: str, times: NDArray[Any]) -> pl.Series:
    """Times as the cells of their column are."""
    dtype = table.frame.schema[name]
    if dtype != pl.String:
        return pl.Series(name, times).cast(dtype)
    column = as_numbers(table, name)
    if column.moments is not None:
        return pl.Series(name, times.astype("datetime64[us]")).dt.strftime(column.written)
    return pl.Series(name, [column.notation.written(f"{value:.15g}") for value in times])
