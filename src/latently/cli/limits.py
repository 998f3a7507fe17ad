"""What `--min` and `--max` take: a number for all columns, or one for each column named."""

from __future__ import annotations

import math

import polars as pl

from latently.cli.failure import CommandError
from latently.cli.tables.columns import listed
from latently.cli.tables.table import quoted


def read_limits(option: str, text: str | None, X: pl.DataFrame) -> list[float] | None:
    """Limits of the columns, infinite where there are none; None if none was asked for."""
    if text is None:
        return None
    least = option == "--min"
    everywhere = _number(text)
    if everywhere is not None:
        found = dict.fromkeys(X.columns, everywhere)
    else:
        found = {}
        for part in listed(text, option, "limit", "0 or a=0,b=1.5"):
            name, _, value = part.rpartition("=")
            number = _number(value)
            if number is None:
                raise CommandError(
                    f"{option} {text}: write a number, or names with one, as {option} a=0,b=1.5"
                )
            if name not in X.columns:
                raise CommandError(f"{option} names '{name}', and the columns used are {quoted(X.columns)}")
            found[name] = number
    for name, limit in found.items():
        cell = X[name].min() if least else X[name].max()
        if isinstance(cell, float) and (cell < limit if least else cell > limit):
            raise CommandError(
                f"{option} {limit:g}: column '{name}' holds {cell:g}; name the columns that have this limit, "
                f"as {option} a={limit:g}"
            )
    return [found.get(name, -math.inf if least else math.inf) for name in X.columns]


def _number(text: str) -> float | None:
    """A finite number, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
