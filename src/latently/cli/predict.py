"""The job `predict`: new rows labelled by a model fitted before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from latently.cli.failure import CommandError
from latently.cli.folder import ResultFolder
from latently.cli.tables.checks import check_not_infinite
from latently.cli.tables.columns import EMPTY, as_numbers, decided, names_of
from latently.cli.tables.read import must_be_there, read_bytes, read_table
from latently.cli.tables.table import Table
from latently.cli.terminal import say_bullets, say_heading, say_table, terminal
from latently.report import Table as Shown
from latently.wording import count, sentence, share

SURE = 0.9
# Rows less likely than this share of what the model itself draws are unlike what it has learned from.
UNLIKE = 0.001
MANY_UNLIKE = 0.01
N_DRAWS = 50_000


@dataclass(frozen=True)
class Request:
    """What was asked for, as it was typed."""

    model: Path
    table: Path
    time: str | None
    sequence: str | None
    text_column: str | None
    vocabulary: Path | None
    files: str | None
    encoding: str | None
    missing: Sequence[str]
    out: Path
    force: bool


def run(request: Request) -> None:
    """Label the rows, write them and tell about them.

    Raises
    ------
    CommandError
        If something is wrong with what was asked.
    """
    for path in (request.model, request.table):
        must_be_there(path)

    from latently.cli.assign import assign
    from latently.cli.corpora import read_documents
    from latently.cli.follow import follow
    from latently.estimators import GaussianImputer, LatentDirichletAllocation
    from latently.estimators.hmm import BaseHMM
    from latently.files import load

    read_bytes(request.model)
    model: Any = load(request.model)
    if isinstance(model, GaussianImputer):
        raise CommandError(
            f"{request.model.name} fills in cells and labels no rows: latently.load it in Python and call "
            "its transform with the new rows"
        )
    series = {"--time": request.time, "--sequence": request.sequence}
    texts = {
        "--text-column": request.text_column,
        "--vocabulary": request.vocabulary,
        "--files": request.files,
        "--encoding": request.encoding,
    }
    if isinstance(model, LatentDirichletAllocation):
        _must_not(series, "models of series", request, model)
        documents = read_documents(
            request.table,
            request.text_column,
            request.vocabulary,
            files=request.files,
            encoding=request.encoding,
            missing=request.missing,
        )
        assign(model, request.model.name, documents, request.out, request.force)
        return
    _must_not(texts, "topic models", request, model)
    table = read_table(request.table, request.missing)
    if isinstance(model, BaseHMM):
        follow(model, table, request.time, request.sequence, request.out, request.force)
        return
    _must_not(series, "models of series", request, model)
    X, notes = columns_of(model, table)
    with ResultFolder(request.out, request.force) as folder:
        resp = np.asarray(model.predict_proba(X))
        labels, probability = resp.argmax(axis=1), resp.max(axis=1)
        added = table.write(
            folder.file("result.csv"), {"cluster": pl.Series(labels), "probability": pl.Series(probability)}
        )
    console = terminal()
    say_heading(
        console, f"{count(table.frame.height, 'row')} of {table.name} in {count(resp.shape[1], 'cluster')}"
    )
    sizes = np.bincount(labels, minlength=resp.shape[1])
    heads = ["", *(f"cluster {k}" for k in range(len(sizes)))]
    shares = [share(size, len(labels)) for size in sizes]
    say_table(
        console, Shown("Sizes", heads, [["rows", *(f"{size:,}" for size in sizes)], ["share", *shares]])
    )
    console.print()
    say_bullets(console, [*notes, *_doubts(model, X, probability)], style="yellow")
    console.print(f"Wrote {request.out}/result.csv, with the columns {' and '.join(added)}.", soft_wrap=True)


def _must_not(options: Mapping[str, Any], what: str, request: Request, model: Any) -> None:
    """Refuse options that are for models of another kind."""
    for option, value in options.items():
        if value is not None:
            raise CommandError(
                f"{option} {value} is for {what}, and {request.model.name} is a {type(model).__name__}: "
                "leave it out"
            )


def columns_of(model: Any, table: Table) -> tuple[pl.DataFrame, list[str]]:
    """The columns of a model, by name and in its order, and what was decided when they were read.

    Raises
    ------
    CommandError
        If one is not there or not numeric, or has infinite cells.
    """
    names = names_of(model, table)
    columns = [as_numbers(table, name) for name in names]
    for column in columns:
        if column.values is None and column.why_not != EMPTY:
            raise CommandError(
                f"column '{column.name}' of {table.name} is not numeric ({column.why}), and the model "
                "needs it"
            )
    nothing = pl.repeat(None, table.frame.height, dtype=pl.Float64, eager=True)
    values = [nothing if column.values is None else column.values for column in columns]
    X = pl.DataFrame(values, schema=names)
    check_not_infinite(table, X, others=False)
    return X, [sentence(one) for one in (*table.notes, *decided(columns))]


def _doubts(model: Any, X: pl.DataFrame, probability: Any) -> list[str]:
    doubts = []
    unsure = int((probability < SURE).sum())
    n = len(probability)
    if unsure:
        be, their = ("is", "its") if unsure == 1 else ("are", "their")
        doubts.append(
            f"{count(unsure, 'row')} ({share(unsure, n)}) {be} less than 90% sure to be in {their} cluster."
        )
    holed = X.select(pl.any_horizontal(pl.all().is_null())).to_series()
    if holed.any():
        have, be, they = ("has", "is", "it has") if holed.sum() == 1 else ("have", "are", "they have")
        doubts.append(
            f"{count(int(holed.sum()), 'row')} {have} empty cells and {be} labelled by the cells that {they}."
        )
    whole = X.filter(~holed)  # a row of fewer cells has a density of another kind
    if whole.height:
        draws, _ = model.sample(N_DRAWS, random_state=0)
        usual = np.quantile(model.score_samples(pl.DataFrame(draws, schema=X.columns)), UNLIKE)
        unlike = int((model.score_samples(whole) < usual).sum())
        if unlike > max(1, MANY_UNLIKE * n):
            doubts.append(
                f"{count(unlike, 'row')} ({share(unlike, n)}) lie where the model expects 1 in "
                f"{1 / UNLIKE:,.0f}: these rows are unlike those it was fitted to, and so are their clusters."
            )
    return doubts
