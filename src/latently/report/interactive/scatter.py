"""Rows as points: coloured by their responsibilities, or with the cells that are filled in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import Array
from latently.emissions.base import Emission
from latently.plots.skew import logarithmic
from latently.report.analysis import Analysis
from latently.report.interactive.encoding import cells, packed, shares
from latently.wording import share

MOST_COLUMNS = 8
MOST_POINTS = 1_500
MOST_BYTES = 250_000  # of responsibilities, and of cells that are filled in
MOST_LINES = 24
MOST_CATEGORIES = 30


def chosen_rows(first: NDArray[np.bool_], most: int) -> NDArray[np.intp]:
    """Positions of the rows that are drawn: the first ones, and of the rest what there is room for."""
    rng = np.random.default_rng(0)
    order = np.concatenate([rng.permutation(np.flatnonzero(first)), rng.permutation(np.flatnonzero(~first))])
    return np.sort(order[:most]).astype(np.intp)


def columns_of(
    x: Array, names: Sequence[str], family: Emission, chosen: Sequence[int]
) -> list[dict[str, Any]]:
    """The columns by name, with what their codes stand for, and whether a logarithm shows more of them."""
    found: list[dict[str, Any]] = []
    for j in chosen:
        categories = family.categories_of(j)
        column: dict[str, Any] = {"name": names[j]}
        if categories is not None:
            column["categories"] = [str(one) for one in categories[:MOST_CATEGORIES]]
        elif logarithmic(x[:, j]):
            column["log"] = True
        found.append(column)
    return found


def points_of(
    x: Array,
    drawn: NDArray[np.intp],
    rows: NDArray[np.intp],
    chosen: Sequence[int],
    others: Sequence[Array] = (),
) -> dict[str, Any]:
    """Cells of the rows that are drawn, and the ends of the columns, those of other tables included."""
    low = np.min([np.nanmin(each[:, chosen], axis=0) for each in (x, *others)], axis=0)
    high = np.max([np.nanmax(each[:, chosen], axis=0) for each in (x, *others)], axis=0)
    return {
        "rows": packed(rows[drawn] + 1, "<u4"),
        "low": low.tolist(),
        "high": high.tolist(),
        "points": cells(x[np.ix_(drawn, np.array(chosen))], low, high),
    }


def shapes_of(moments: Sequence[Any], chosen: Sequence[int]) -> dict[str, Any]:
    """Weights of the components at each step, and means and covariances if they have any."""
    found: dict[str, Any] = {"weights": packed([each.weights_ for each in moments])}
    family = moments[0]._model.emission
    params = [each.params_.emission for each in moments]
    if family.mean(params[0]) is None or any(family.categories_of(j) is not None for j in chosen):
        return found
    found["means"] = packed([family.mean(each)[:, chosen] for each in params])
    if family.covariance(params[0]) is not None and family.learns_spread:
        several = np.ix_(range(len(moments[0].weights_)), chosen, chosen)
        found["covariances"] = packed([family.covariance(each)[several] for each in params])
    return found


def lines_of(
    moments: Sequence[Any],
    weights: Sequence[Array],
    names: Sequence[str],
    n_rows: int,
    label: str,
    ranked: Sequence[int],
) -> dict[str, Any]:
    """What the components look like at each step, as lines of a table; of many those that tell most."""
    tables = []
    for each, weight in zip(moments, weights, strict=True):
        family = each._model.emission
        shown = family.describe_components(each.params_.emission, list(names), weight * n_rows, label)
        tables.append([["share", *(share(one) for one in weight)], *shown.lines])
    named = [line[0] for line in tables[0]]
    kept, n = list(range(len(named))), len(named) - 1
    if n > MOST_LINES:
        place = {names[j]: i for i, j in enumerate(ranked)}
        of = [max((one for one in names if one in line), key=len, default="") for line in named[1:]]
        kept = [0, *sorted(range(1, n + 1), key=lambda i: place.get(of[i - 1], n))[:MOST_LINES]]
    cells = [[table[i][1:] for i in kept] for table in tables]
    return {"names": [named[i] for i in kept], "cells": cells, "n": n}


def mixture_view(
    a: Analysis,
    moments: Sequence[Any],
    resp: Sequence[Array],
    x: Array,
    rows: NDArray[np.intp],
    ranked: Sequence[int],
) -> dict[str, Any]:
    """A mixture: its rows as points, their responsibilities, and the shapes of the components.

    `moments` is the mixture at each step, with the responsibilities of some rows: x as numbers, at the
    positions `rows` among all. Columns are ranked, those that tell most first.
    """
    room = MOST_BYTES // (len(moments) * a.n_components)
    drawn = chosen_rows(np.zeros(len(x), dtype=bool), min(MOST_POINTS, room))
    chosen = [j for j in ranked if not np.isnan(x[:, j]).all()][:MOST_COLUMNS]
    chosen = [*sorted(chosen[:2]), *chosen[2:]]  # which is across and which is up: as in the picture
    weights = [each.weights_ for each in moments]
    return {
        "n_rows": a.n_rows,
        "n_columns": len(a.names),
        "columns": columns_of(x, a.names, a.family, chosen),
        **points_of(x, drawn, rows, chosen),
        "resp": shares([one[drawn] for one in resp]),
        **shapes_of(moments, chosen),
        "lines": lines_of(moments, weights, a.names, a.n_rows, "cluster", ranked),
    }


def cells_view(
    names: Sequence[str],
    n_rows: int,
    x: Array,
    rows: NDArray[np.intp],
    filled: Sequence[Array],
    moments: Sequence[Any],
    ranked: Sequence[int],
) -> dict[str, Any]:
    """A table with holes: its rows as points, and where the cells that are filled in come to lie.

    Of `n_rows` rows some are given: x as numbers, NaN where a cell is missing, at the positions `rows`, and
    filled in at each step. `moments` is the mixture at each step; columns are ranked, those that lack most
    first.
    """
    chosen = list(ranked[:MOST_COLUMNS])
    hole = np.isnan(x[:, chosen])
    room = MOST_BYTES / (2 * len(filled) * max(hole.sum() / max(hole.any(axis=1).sum(), 1), 1))
    drawn = chosen_rows(np.asarray(hole.any(axis=1)), min(MOST_POINTS, max(int(room), 50)))
    i, j = np.nonzero(hole[drawn])
    points = points_of(x, drawn, rows, chosen, filled)
    low, high = np.array(points["low"])[j], np.array(points["high"])[j]
    return {
        "n_rows": n_rows,
        "n_columns": len(names),
        "columns": columns_of(x, names, moments[0]._model.emission, chosen),
        **points,
        "holes": packed(i * len(chosen) + j, "<u4"),
        "filled": cells(np.array([each[drawn][:, chosen][i, j] for each in filled]), low, high),
        **shapes_of(moments, chosen),
    }
