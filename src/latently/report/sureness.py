"""How sure a fit is: of the labels of rows, and of its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from latently.checks.arrays import Array, Labels
from latently.core.array_source import ArraySource
from latently.estimators.likelihood import LikelihoodEstimator
from latently.report.table import Table
from latently.wording import EN_DASH, decimals, number, percent, share

INTERVAL_LEVEL = 0.95
MOST_WORK = 1_000_000  # rows and parameters, times parameters: what errors of these take is hardly noticed
MOST_LINES = 60
MOST_ACROSS = 12
SURENESS_STEPS = (0.99, 0.9, 0.7, 0.5)
QUIET: dict[str, Any] = {"spoken": False, "sure": True}  # of tables


def certainty(probability: Array, labels: Labels, n_labels: int, label: str) -> Table:
    """How many rows are how likely to be where they are put."""
    inside = np.digitize(probability, SURENESS_STEPS[::-1])  # the surest have the highest number
    names = [f"over {percent(SURENESS_STEPS[0])}"]
    names += [f"{percent(low)} to {percent(high)}" for high, low in pairwise(SURENESS_STEPS)]
    names.append(f"below {percent(SURENESS_STEPS[-1])}")
    rows = []
    for i, name in enumerate(names):
        here = inside == len(SURENESS_STEPS) - i
        counts = np.bincount(labels[here], minlength=n_labels)
        each = [f"{n:,}" for n in counts] if n_labels <= MOST_ACROSS else []
        rows.append([name, f"{int(here.sum()):,}", share(int(here.sum()), len(labels)), *each])
    heads = [f"in {label} {k}" for k in range(n_labels)] if n_labels <= MOST_ACROSS else []
    text = f"Rows by the probability (responsibility) of the {label} they are counted in."
    return Table(f"How sure the {label}s of rows are", ["", "rows", "share", *heads], rows, text, **QUIET)


def intervals(
    model: LikelihoodEstimator, source: ArraySource, names: Sequence[str], label: str
) -> Table | None:
    """Estimates with intervals from their standard errors; None if that takes long, or there are none.

    Parameters
    ----------
    model : LikelihoodEstimator
        Fitted.
    source : ArraySource
        The rows it was fitted to.
    names : sequence of str
        Names of the columns.
    label : str
        What a component is called.
    """
    K = int(model.n_components)
    p = model.n_parameters_
    if (len(source.row_weights) + p) * p > MOST_WORK or K > MOST_ACROSS:
        return None
    quantities = model._quantities(names)
    found, reasons = model._with_errors(quantities, source, INTERVAL_LEVEL)
    rows = []
    for one, numbers in zip(quantities, found, strict=True):
        if one.column or K > 1:
            equals = " = " if one.likely else ": "
            name = f"{one.column}{equals}{one.name}" if one.column else one.name
            limits = numbers["lower"], numbers["upper"]
            rows.append([name, *_cells(one.value, limits, one.likely)])
    if all(EN_DASH in cell for line in rows for cell in line[1:]):
        return None
    text = (
        f"Estimates, and in brackets {percent(INTERVAL_LEVEL)} intervals from standard errors (the curvature "
        f"of the likelihood at its maximum): they hold if the model is true and {label}s are well apart."
    )
    if reasons:
        text += f" {EN_DASH}: no interval, {'; '.join(reasons)}."
    if len(rows) > MOST_LINES:
        text += f" The first {MOST_LINES} of {len(rows)} lines; `summary` has all."
    heads = ["", *(f"{label} {k}" for k in range(K))]
    return Table("Parameters and their intervals", heads, rows[:MOST_LINES], text, **QUIET)


def _cells(value: Array, limits: tuple[Array, Array], probabilities: bool = False) -> list[str]:
    """Numbers with their intervals, to two digits of how wide these are."""
    low, high = limits
    wide = high - low
    known = wide[np.isfinite(wide) & (wide > 0)]
    digits = decimals(known / 4) if len(known) else decimals(np.abs(value[value != 0]) / 100)
    if probabilities:
        digits = min(max(digits - 2, 0), 1)

    def shown(x: float) -> str:
        return f"{100 * x:.{digits}f}%" if probabilities else number(x, digits)

    return [
        f"{shown(x)} ({shown(a)} to {shown(b)})"
        if np.isfinite(a) and np.isfinite(b)
        else f"{shown(x)} ({EN_DASH})"
        for x, a, b in zip(value, low, high, strict=True)
    ]
