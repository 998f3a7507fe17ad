"""Codes that stand for missing cells: -200, 9999, unknown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from latently.cli.tables.columns import listed, understood
from latently.cli.tables.table import Table
from latently.wording import count
from latently.wording import listed as in_words

FEWEST_OTHER_VALUES = 5
USUAL_CODES = r"-?(7{2,}|8{2,}|9{2,})|-9"  # as codes are written


def with_codes(table: Table, asked: Sequence[str]) -> Table:
    """The same table in which codes are missing cells, though they are written again as they stand.

    A code stands for all columns, as ``-200``, or for one, as ``height=-200``; several with commas between.
    """
    codes: dict[str | None, list[str]] = {}
    for one in asked:
        for code in listed(one, "--missing", "code", "-999,unknown"):
            column, equals, value = code.rpartition("=")
            if equals:
                table.must_have(column.strip())
            codes.setdefault(column.strip() if equals else None, []).append(value.strip().lower())
    unseen = [
        code
        for column, several in codes.items()
        for code in several
        if not any(table.holds(name, [code]).any() for name in ([column] if column else table.frame.columns))
    ]
    notes = [f"no cell holds {in_words(unseen, 'or')}, which --missing names"] if unseen else []
    return understood(replace(table, codes=codes).noted(*notes))


def codes_not_told(X: pl.DataFrame) -> list[str]:
    """Sentences on values that may mean missing: they lie farther from others than these lie apart.

    They come again, or are written as codes are, such as 999; -99 where all others are above 0 is one, too.
    """
    found: dict[float, list[str]] = {}
    for column in X:
        values, counts = np.unique(column.drop_nulls().to_numpy(), return_counts=True)
        if len(values) < FEWEST_OTHER_VALUES + 2:
            continue
        width = values[-2] - values[1]
        for code, n, gap, alone in (
            (values[0], counts[0], values[1] - values[0], values[1] >= 0),
            (values[-1], counts[-1], values[-1] - values[-2], False),
        ):
            usual = re.fullmatch(USUAL_CODES, f"{code:g}") is not None
            if (gap > width and (n > 1 or usual)) or (usual and alone and code < 0):
                found.setdefault(code, []).append(f"{count(n, 'cell')} of '{column.name}'")
    return [
        f"{code:g} stands in {in_words(cells)}, unlike all other values: if it means missing, add --missing "
        f"{code:g}"
        for code, cells in found.items()
    ]
