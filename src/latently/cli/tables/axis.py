"""The time of each row: numbers or dates, which must rise within a sequence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from latently.checks.arrays import LATEST, brief_times
from latently.cli.failure import CommandError
from latently.cli.tables.columns import as_numbers
from latently.cli.tables.table import Table
from latently.wording import shortened

# Steps within this share of each other are the same: months, and years with leap days, are even enough.
EVEN_WITHIN = 0.15


def time_of(table: Table, name: str, offsets: Sequence[int]) -> NDArray[Any]:
    """The times of all rows, as numbers or dates; they must rise from row to row of each sequence."""
    table.must_have(name)
    times, shown = read_times(table, name)
    rises = np.ones(len(times), dtype=bool)
    rises[1:] = times[1:] > times[:-1]
    rises[np.asarray(offsets[:-1])] = True
    if not rises.all():
        row = int(np.argmin(rises))
        how = "again" if times[row] == times[row - 1] else f"after {shown[row - 1]}"
        several = len(offsets) > 2
        remedy = (
            f"sort the rows of each sequence by '{name}'"
            if several
            else f"sort the table by '{name}', or name the column that tells sequences apart with --sequence"
        )
        raise CommandError(
            f"{table.where(row)} of {table.name} has {name} {shown[row]} {how}, and time must rise from row "
            f"to row: {remedy}"
        )
    return times


def uneven(times: NDArray[Any], offsets: Sequence[int], name: str) -> str | None:
    """A sentence if the steps between times are not all the same; the model takes them for the same."""
    steps = np.diff(times)
    inner = np.ones(len(steps), dtype=bool)
    inner[np.asarray(offsets[1:-1], dtype=np.int64) - 1] = False
    sizes = steps[inner].astype(np.float64)
    if not len(sizes):
        return None
    usual = float(np.median(sizes))
    odd = int((np.abs(sizes - usual) > EVEN_WITHIN * usual).sum())
    if not odd:
        return None
    many = "1 step" if odd == 1 else f"{odd:,} of {len(sizes):,} steps"
    be = "is" if odd == 1 else "are"
    return (
        f"{many} of {name} {be} longer or shorter than the usual one, and the model takes all rows for one "
        "step: where times were left out, put in rows with an empty cell"
    )


def read_times(table: Table, name: str) -> tuple[NDArray[Any], list[str]]:
    """Times, and how they are written."""
    cells = table.frame[name]
    _must_be_there(table, name)
    shown = [("" if cell is None else str(cell)).strip() for cell in cells.to_list()]
    column = as_numbers(table, name)
    if column.moments is not None:
        return brief_times(column.moments.to_numpy()), shown
    if cells.dtype.is_temporal():
        return brief_times(cells.cast(pl.Int64).to_numpy()), shown
    if column.values is not None:
        times = column.values.to_numpy()
        beyond = np.flatnonzero(np.abs(times) > LATEST)
        if len(beyond):
            raise CommandError(
                f"{table.where(int(beyond[0]))} of {table.name} has {shortened(shown[beyond[0]])} in column "
                f"'{name}', too far off to be a time: mend it, or leave --time out"
            )
        return times, shown
    wrong = column.example or f"{table.where(0)} holds '{shown[0]}'"
    raise CommandError(
        f"{wrong.replace(' holds ', f' of {table.name} has ')} in column '{name}', which is neither a number "
        "nor a date like 2024-03-31: write it so, or leave --time out"
    )


def _must_be_there(table: Table, name: str) -> None:
    absent = table.missing(name)
    if absent.any():
        raise CommandError(
            f"{table.where(absent.arg_true()[0])} of {table.name} has no time in column '{name}': fill it "
            "in, or leave --time out"
        )
