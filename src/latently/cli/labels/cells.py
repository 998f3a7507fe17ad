"""New rows of a table: their missing cells filled in by an imputer fitted before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from latently.cli.failure import refusals
from latently.cli.labels.labelled import Labelled, prediction_report
from latently.cli.labels.rows import columns_of
from latently.cli.tables.columns import decided, names_of
from latently.cli.tables.digits import in_manner
from latently.cli.tables.table import Table
from latently.estimators.gaussian_imputer import GaussianImputer
from latently.estimators.mixed_imputer import MixedImputer
from latently.report import Table as Shown
from latently.wording import count

if TYPE_CHECKING:
    from latently.cli.of_model import OfModel


def label(model: GaussianImputer | MixedImputer, table: Table, request: OfModel) -> Labelled:
    """Fill in the missing cells of new rows."""
    X, columns = columns_of(model.mixture_._model.emission, names_of(model, table), table)
    with refusals(lambda error: f"{table.name} cannot be filled in by {request.model.name}: {error}"):
        found = np.asarray(model.transform(X), dtype=object)
    filled, holes = {}, {}
    for j, column in enumerate(columns):
        missing = X[:, j].is_null().to_numpy()
        if missing.any():
            holes[column.name] = int(missing.sum())
            cells = [cell if hole else None for cell, hole in zip(found[:, j], missing, strict=True)]
            filled[column.name] = in_manner(column, cells)
    n = sum(holes.values())
    shown = Shown("Filled in", ["column", "cells"], [[name, f"{k:,}"] for name, k in holes.items()])
    headline = f"{count(n, 'missing cell')} of {table.name} filled in"
    report = prediction_report(headline, shown, table, decided(columns), [])
    whole = table.filled(filled)
    return Labelled(whole, {}, report, "completed.csv")


def of_report(
    model: GaussianImputer | MixedImputer, table: Table, request: OfModel
) -> tuple[Any, dict[str, Any]]:
    """Rows as a report takes them."""
    return columns_of(model.mixture_._model.emission, names_of(model, table), table)[0], {}
