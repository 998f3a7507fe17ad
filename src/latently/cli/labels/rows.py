"""New rows of a table: their clusters by a mixture fitted before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from latently.checks.columns import as_table
from latently.cli.failure import CommandError
from latently.cli.labels.labelled import UNLIKE, Labelled, prediction_report, sizes_table, unlike
from latently.cli.tables.checks import check_not_infinite
from latently.cli.tables.columns import (
    EMPTY,
    Column,
    as_categories,
    as_numbers,
    as_yes_or_no,
    decided,
    names_of,
)
from latently.cli.tables.families import cells_named
from latently.cli.tables.table import Table
from latently.core.findings import Finding, caution
from latently.emissions.base import Emission
from latently.estimators.mixture import BaseMixture
from latently.report.fits import SURE, sureness
from latently.wording import count, share

if TYPE_CHECKING:
    from latently.cli.of_model import OfModel

N_DRAWS = 50_000


def label(model: BaseMixture, table: Table, request: OfModel) -> Labelled:
    """Find the clusters of new rows."""
    X, columns = columns_of(model._model.emission, names_of(model, table), table)
    resp = np.asarray(model.predict_proba(X))
    n, K = resp.shape
    labels, probability = resp.argmax(axis=1), resp.max(axis=1)
    sizes = np.bincount(labels, minlength=K)
    rows = {"rows": [f"{size:,}" for size in sizes], "share": [share(size, n) for size in sizes]}
    shown = sizes_table("cluster", K, rows)
    said = [*decided(columns), sureness(int((probability < SURE).sum()), n, "cluster")]
    headline = f"{count(n, 'row')} of {table.name} in {count(K, 'cluster')}"
    report = prediction_report(headline, shown, table, said, _odd(model, X))
    return Labelled(table, {"cluster": labels, "probability": probability}, report)


def of_report(model: BaseMixture, table: Table, request: OfModel) -> tuple[Any, dict[str, Any]]:
    """Rows as a report takes them."""
    return columns_of(model._model.emission, names_of(model, table), table)[0], {}


def columns_of(family: Emission, names: list[str], table: Table) -> tuple[pl.DataFrame, list[Column]]:
    """The columns of a model, by name and in its order: text where its categories are text."""
    known = {name: family.categories_of(j) or () for j, name in enumerate(family.names_of(names) or names)}
    columns = [
        as_categories(table, name)
        if any(isinstance(one, str) for one in known.get(name, ()))
        else _of_numbers(table, name, family)
        for name in names
    ]
    for column in columns:
        if column.values is None and column.why_not != EMPTY:
            raise CommandError(f"{column.not_numeric(table)}, and the model needs it")
    columns = [replace(column, values=column.cells(table.frame.height)) for column in columns]
    X = pl.DataFrame([column.values for column in columns], schema=names)
    check_not_infinite(table, X, others=False)
    if family.takes == "columns":
        with cells_named(table, names):
            family.read(as_table(X))
    return X, columns


def _of_numbers(table: Table, name: str, family: Emission) -> Column:
    """A column of numbers; of true and false, if the model was fitted to any kind of column."""
    column = as_numbers(table, name)
    return as_yes_or_no(table, column) if family.takes == "columns" else column


def _odd(model: BaseMixture, X: pl.DataFrame) -> Iterator[Finding]:
    incomplete = X.select(pl.any_horizontal(pl.all().is_null())).to_series()
    if n := int(incomplete.sum()):
        have, be, they = ("has", "is", "it has") if n == 1 else ("have", "are", "they have")
        text = f"{count(n, 'row')} {have} empty cells and {be} labelled by the cells that {they}"
        yield caution("incomplete", text, "row", incomplete=n)
    whole = X.filter(~incomplete)  # a row of fewer cells has a density of another kind
    if whole.height:
        draws, _ = model.sample(N_DRAWS, random_state=0)
        drawn: Any = {name: draws[:, j] for j, name in enumerate(X.columns)}
        drawn = drawn if draws.dtype == object else pl.DataFrame(drawn)
        usual = np.quantile(model.score_samples(drawn), UNLIKE)
        yield from unlike(int((model.score_samples(whole) < usual).sum()), X.height, "cluster")
