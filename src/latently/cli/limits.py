"""Limits of filled cells: those of `--min` and `--max`, and otherwise what observed cells speak of."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from latently.cli.failure import CommandError
from latently.cli.tables.columns import Choice, listed
from latently.cli.tables.roles import has_few_values
from latently.cli.tables.table import quoted

NONE = "none"
NO_LIMITS = (-math.inf, math.inf)
FAR_FROM_ZERO = 5.0  # standard deviations from 0 to the mean, beyond which a limit there changes nothing


class Limits(NamedTuple):
    """Limits of the columns, infinite where there are none."""

    least: list[float]
    greatest: list[float]
    said: str  # those that were learned

    def clipped(self, j: int, cells: Any) -> Any:
        """Cells of a column, which the limits hold."""
        return np.clip(cells, self.least[j], self.greatest[j])


def limits_of(choice: Choice, least: str | None, greatest: str | None) -> Limits:
    """The limits of all columns: those asked for, and otherwise those that the observed cells speak of."""
    learned = {} if NONE in (least, greatest) else _learned(choice)
    ends = [
        [pair[end] for pair in (learned.get(name, NO_LIMITS) for name in choice.X.columns)] for end in (0, 1)
    ]
    asked: dict[str, str] = {}
    for option, text, end in (("--min", least, ends[0]), ("--max", greatest, ends[1])):
        if text not in (None, NONE):
            found = _asked(option, str(text), choice.X)
            asked |= dict.fromkeys(found, option)
            end[:] = [found.get(name, one) for name, one in zip(choice.X.columns, end, strict=True)]
    said = ", ".join(f"{name} {_words(*learned[name])}" for name in learned if name not in asked)
    return Limits(ends[0], ends[1], said)


def _learned(choice: Choice) -> dict[str, tuple[float, float]]:
    """Limits of columns by their observed cells.

    Grades have the least and the greatest of them, percentages 0 and 100, and what is never below 0 has 0,
    where a normal distribution would go beyond it.
    """
    found = {}
    for column, notation in zip(choice.X, choice.notations, strict=True):
        values = column.drop_nulls()
        if not len(values):
            continue
        low, high = float(values.min()), float(values.max())  # type: ignore[arg-type]
        if has_few_values(column):
            found[column.name] = (low, high)
        elif notation.behind.strip() == "%" and low >= 0 and high <= 100:
            found[column.name] = (0.0, 100.0)
        elif low >= 0 and float(values.mean()) < FAR_FROM_ZERO * float(values.std() or 0.0):  # type: ignore[arg-type]
            found[column.name] = (0.0, math.inf)
    return found


def _words(low: float, high: float) -> str:
    return f"{low:g} to {high:g}" if math.isfinite(high) else f"at least {low:g}"


def _asked(option: str, text: str, X: pl.DataFrame) -> dict[str, float]:
    """Limits of columns that were asked for."""
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
                    f"{option} {text}: write a number, or names with one, as {option} a=0,b=1.5; or none"
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
    return found


def _number(text: str) -> float | None:
    """A finite number, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
