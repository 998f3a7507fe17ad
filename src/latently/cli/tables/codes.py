"""Codes that stand for missing cells: -200, 9999, unknown."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import replace

import polars as pl

from latently.cli.tables.table import Table

FEWEST_DISTINCT = 5


def with_codes(table: Table, asked: Sequence[str]) -> Table:
    """The same table in which codes are missing cells, though they are written again as they stand.

    Parameters
    ----------
    table : Table
        The table.
    asked : sequence of str
        Codes for all columns, as ``-200``, or for one, as ``height=-200``; several with commas between.

    Raises
    ------
    CommandError
        If a column is not there.
    """
    codes: dict[str | None, list[str]] = {}
    for one in asked:
        for code in next(csv.reader([one], skipinitialspace=True), []):
            column, equals, value = code.strip().rpartition("=")
            if equals:
                table.must_have(column.strip())
            codes.setdefault(column.strip() if equals else None, []).append(value.strip().lower())
    coded = replace(table, codes=codes)
    unseen = [
        code
        for column, listed in codes.items()
        for code in listed
        if not any(
            coded.holds(name, [code]).any() for name in (table.frame.columns if column is None else [column])
        )
    ]
    if unseen:
        coded = replace(
            coded, notes=[*coded.notes, f"no cell holds {', '.join(unseen)}, which --missing names"]
        )
    return coded


def codes_not_told(X: pl.DataFrame) -> Iterator[str]:
    """Sentences on values that may stand for missing: they repeat, farther from others than these lie apart.

    Parameters
    ----------
    X : DataFrame
        Numbers.
    """
    for column in X:
        values, counts = column.drop_nulls().value_counts().sort(column.name).get_columns()
        if len(values) < FEWEST_DISTINCT + 2:
            continue
        width = values[-2] - values[1]
        for code, n, gap in (
            (values[0], counts[0], values[1] - values[0]),
            (values[-1], counts[-1], values[-1] - values[-2]),
        ):
            if n > 1 and gap > width:
                yield (
                    f"{n:,} cells of column '{column.name}' are {code:g}, far from all others "
                    f"({values[1]:g} to {values[-2]:g}): if it stands for missing, add --missing {code:g}"
                )
