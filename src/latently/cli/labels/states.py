"""New rows of a series: their states by a hidden Markov model fitted before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from scipy.special import ndtri

from latently.cli.failure import CommandError
from latently.cli.labels.labelled import UNLIKE, Labelled, prediction_report, sizes_table, unlike
from latently.cli.labels.rows import columns_of
from latently.cli.segment import result_columns
from latently.cli.tables.columns import EMPTY, as_numbers, decided, names_of
from latently.cli.tables.observations import for_model, observations
from latently.cli.tables.series import in_order
from latently.cli.tables.table import Table
from latently.core.errors import ImpossibleObservationError
from latently.estimators.hmm import BaseHMM
from latently.report.fits import sureness
from latently.report.segmentation import SegmentationAnalysis
from latently.wording import count, share

if TYPE_CHECKING:
    from latently.cli.of_model import OfModel


def label(model: BaseHMM, table: Table, request: OfModel) -> Labelled:
    """Find the states of new rows."""
    names = names_of(model, table)
    whole, series = table, in_order(table, names, request.time, request.sequence)
    table, lengths = series.table, series.lengths
    X = _rows(model, table, names)
    axis, time_name = series.axis, series.time_name
    a = SegmentationAnalysis(model, X, table.name, names, lengths, axis, time_name, series.sequences)
    try:
        columns = {name: table.as_they_stood(cells) for name, cells in result_columns(a).items()}
    except ImpossibleObservationError as error:
        raise CommandError(
            f"{table.name} cannot come from this model ({error}): fit it to such rows, too"
        ) from None
    rows = {
        "rows on the path": [f"{size:,}" for size in a.sizes],
        "share": [share(part) for part in a.shares],
        "visits on the path": [f"{visits:,}" for visits in a.visits],
    }
    shown = sizes_table("state", a.n_components, rows)
    said: list[Any] = [*series.said, *series.notes]
    if not model._model.emission.symbolic:
        said += decided(as_numbers(table, name) for name in names)
    said.append(sureness(a.n_unsure, a.n_rows, "state"))
    if a.n_components > 1:
        said.append(
            "the states and smoothed probabilities know the rows that come later; the filtered ones use the "
            "past only"
        )
    headline = f"{count(a.n_rows, 'row')} of {table.name} in {count(a.n_components, 'state')}"
    report = prediction_report(headline, shown, table, said, unlike(_n_unlike(a), a.n_rows, "state"))
    return Labelled(whole, columns, report)


def of_report(model: BaseHMM, table: Table, request: OfModel) -> tuple[Any, dict[str, Any]]:
    """Rows as a report takes them, in order, and where sequences end."""
    names = names_of(model, table)
    series = in_order(table, names, request.time, request.sequence)
    time = pl.Series(series.time_name, series.axis)
    return _rows(model, series.table, names), {"lengths": series.lengths, "time": time}


def _rows(model: BaseHMM, table: Table, names: list[str]) -> Any:
    """The rows as the model takes them."""
    family: Any = model._model.emission
    if family.takes == "columns":
        return columns_of(family, names, table)[0]
    if not family.symbolic:
        return observations(table, names, family, new=True)
    column = as_numbers(table, names[0])
    numbers = family.alphabet.dtype.kind in "iuf"
    if numbers and column.values is None and column.why_not != EMPTY:
        raise CommandError(f"{column.not_numeric(table)}, and the symbols of the model are numbers")
    X = observations(table, names, family, new=True, as_text=not numbers)
    cells = X.to_series()
    known = {None, *family.alphabet.tolist()}
    row = next((row for row, cell in enumerate(cells.to_list()) if cell not in known), None)
    if row is not None:
        raise CommandError(
            f"{table.where(row)} of {table.name} holds '{cells[row]}' in column '{names[0]}', a symbol that "
            "the model has never seen: leave the cell empty, or fit a model to rows that have it"
        )
    return for_model(X, family)


def _n_unlike(a: SegmentationAnalysis) -> int:
    """Rows far out by what the model expected of them from the rows before."""
    if a.residuals is None:
        return 0
    return int((np.abs(np.nan_to_num(a.residuals)) > -ndtri(UNLIKE / 2)).any(axis=1).sum())
