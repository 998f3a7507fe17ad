"""A table as a series: which column is followed through time, what tells the time, where sequences begin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from shlex import quote
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latently.cli.failure import CommandError
from latently.cli.tables.arrangement import arranged, with_steps_left_out
from latently.cli.tables.axis import time_of, uneven
from latently.cli.tables.columns import (
    MOST_NAMES_SHOWN,
    MOST_SYMBOLS,
    TEXT,
    TRUE_OR_FALSE,
    Column,
    as_numbers,
    listed,
)
from latently.cli.tables.roles import no_measurements
from latently.cli.tables.table import Table, quoted
from latently.wording import listed as in_words

MOST_TOGETHER = 6  # columns that are followed together unasked


@dataclass(frozen=True)
class Series:
    """The columns of a series."""

    table: Table  # its rows in order
    names: list[str]  # what is followed through time
    offsets: list[int]  # where sequences begin and end
    sequences: list[str] | None  # what the sequences are called, if a column tells
    time: NDArray[Any] | None  # the time of each row
    time_column: str | None  # where it stands
    sequence_column: str | None  # what tells sequences apart
    left_out: dict[str, str]  # the other columns, and why
    said: list[str]  # sentences on what was chosen without being asked for
    notes: list[str]  # what to be careful about

    @property
    def time_name(self) -> str:
        """What the time is called."""
        return self.time_column or "row"

    @property
    def axis(self) -> NDArray[Any]:
        """The time of each row, or else its number, counted from 1 in each sequence."""
        if self.time is not None:
            return self.time
        return np.concatenate([np.arange(1, n + 1) for n in np.diff(self.offsets)])

    @property
    def lengths(self) -> list[int] | None:
        """Lengths of the sequences; None if there is one."""
        return np.diff(self.offsets).tolist() if len(self.offsets) > 2 else None


def series_of(
    table: Table, wanted: Sequence[str], time: str | None, sequence: str | None, given: tuple[str, ...] = ()
) -> Series:
    """Choose the columns of a series: those asked for, or the only one that can be; none that is `given`."""
    names = [name for name in _asked(table, wanted) if name not in given]
    for other in given:
        table.must_have(other)
    roles = {"--time": time, "--sequence": sequence}
    for option, name in roles.items():
        if name is not None:
            table.must_have(name)
            if name in names:
                raise CommandError(f"'{name}' is in --column and is the {option}: take it out of one of them")
    if time is not None and time == sequence:
        raise CommandError(f"'{time}' is the --time and the --sequence: it can be one of them only")
    series = in_order(table, [*names, *given], time, sequence)
    table, said = series.table, list(series.said)
    time, sequence = series.time_column, series.sequence_column
    left_out: dict[str, str] = {}
    if not names:
        spare = [name for name in table.frame.columns if name not in (time, sequence, *given)]
        names, left_out = _guessed(table, spare)
        said.append(
            f"Column '{names[0]}' was followed, the only one that can be."
            if len(names) == 1
            else f"Columns {in_words(names)} were followed together; --column with one name follows it alone."
        )
    elif len(names) > 1:
        constant = {name: column.unused for name in names if (column := as_numbers(table, name)).constant}
        if len(constant) < len(names):
            names, left_out = [name for name in names if name not in constant], constant
    for name in table.frame.columns:
        if name not in names:
            left_out.setdefault(name, "not asked for")
    left_out |= dict.fromkeys(given, "the exposure")
    left_out |= {name: role for role, name in (("the time", time), ("the sequence", sequence)) if name}
    return replace(series, names=names, left_out=left_out, said=said)


def in_order(table: Table, names: list[str], time: str | None, sequence: str | None) -> Series:
    """The rows in the order of their sequences and times, with a row for every step."""
    for name in (time, sequence):
        if name is not None:
            table.must_have(name)
    order = arranged(table, names, time, sequence)
    table, time, sequence, said, notes = order.table, order.time, order.sequence, list(order.said), []
    offsets, sequences = runs(table, sequence)
    times = None
    if time is not None:
        times = time_of(table, time, offsets)
        table, put_in = with_steps_left_out(table, time, times, offsets, sequence)
        if put_in:
            said.append(put_in)
            offsets, sequences = runs(table, sequence)
            times = time_of(table, time, offsets)
        odd = uneven(times, offsets, time)
        notes = [odd] if odd else []
    return Series(table, names, offsets, sequences, times, time, sequence, {}, said, notes)


def runs(table: Table, name: str | None) -> tuple[list[int], list[str] | None]:
    """Where sequences begin and end, and what they are called: runs of rows with the same cell."""
    if name is None:
        return [0, table.frame.height], None
    table.must_have(name)
    cells = table.texts(name)
    empty = cells.is_null() | (cells == "").fill_null(True)
    if empty.any():
        row = empty.arg_true()[0]
        raise CommandError(
            f"{table.where(row)} of {table.name} is empty in column '{name}', which tells sequences apart: "
            "fill it in"
        )
    labels = cells.to_numpy()
    begins = np.concatenate([[0], np.flatnonzero(labels[1:] != labels[:-1]) + 1])
    seen: dict[str, int] = {}
    for row in begins.tolist():
        label = str(labels[row])
        if label in seen:
            raise CommandError(
                f"{table.where(row)} of {table.name} begins sequence '{label}' again, which had begun at "
                f"{table.where(seen[label])} and ended: sort the table by '{name}', so that its rows stand "
                "together, or give the second one a name of its own"
            )
        seen[label] = row
    return [*begins.tolist(), len(labels)], list(seen)


def _asked(table: Table, wanted: Sequence[str]) -> list[str]:
    """Names that were asked for: each a column, or a list of columns."""
    names: list[str] = []
    for one in wanted:
        names += [one] if one in table.frame.columns else listed(one)
    for name in names:
        table.must_have(name)
    return list(dict.fromkeys(names))


def _guessed(table: Table, names: list[str]) -> tuple[list[str], dict[str, str]]:
    """The columns of numbers if they are few, or else the only one of symbols; and why not the others."""
    columns = [as_numbers(table, name) for name in names]
    odd = no_measurements(columns)
    columns = [column for column in columns if column.name not in odd] if len(odd) < len(columns) else columns
    numeric = [column.name for column in columns if not column.unused]
    why_not = {column.name: column.unused for column in columns if column.unused} | odd
    if 0 < len(numeric) <= MOST_TOGETHER:
        return numeric, why_not
    if numeric:
        first = numeric[0]
        raise CommandError(
            f"{table.name} has {len(numeric)} columns of numbers ({quoted(numeric)}): say which to follow, "
            f"for example --column {quote(first)}, or --column {quote(first)} --column {quote(numeric[1])} "
            "for both together"
        )
    nearly = [column for column in columns if column.why_not.endswith("is not a number")]
    symbols = [column.name for column in columns if _holds_symbols(table, column)]
    if len(symbols) == 1 and not nearly:
        return symbols, {name: why for name, why in why_not.items() if name != symbols[0]}
    if len(symbols) > 1:
        raise CommandError(
            f"{table.name} has {len(symbols)} columns of symbols ({quoted(symbols)}): say which to follow, "
            f"for example --column {quote(symbols[0])}"
        )
    reasons = ", ".join(f"'{name}' ({why})" for name, why in list(why_not.items())[:MOST_NAMES_SHOWN])
    raise CommandError(
        f"{table.name} has no column of numbers or symbols to follow: {reasons or 'none at all'}; "
        "mend its cells, or name a --column"
    )


def _holds_symbols(table: Table, column: Column) -> bool:
    """Whether texts come again and again, as symbols do."""
    if column.why_not not in (TEXT, TRUE_OR_FALSE):
        return False
    n = int((~table.missing(column.name)).sum())
    return table.frame[column.name].n_unique() <= min(MOST_SYMBOLS, max(2, n // 2))
