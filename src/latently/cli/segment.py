"""The job `segment`: from a series to its hidden states, files and a page."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from latently.cli.cluster import numbers_of_components
from latently.cli.failure import CommandError
from latently.cli.folder import ResultFolder
from latently.cli.tables.checks import check_rows
from latently.cli.tables.codes import codes_not_told
from latently.cli.tables.columns import as_numbers, decided
from latently.cli.tables.kinds import Kind, kind_of
from latently.cli.tables.observations import for_model, observations
from latently.cli.tables.oddities import of_file
from latently.cli.tables.read import read_table
from latently.cli.tables.series import Series, series_of
from latently.cli.tables.table import Table
from latently.cli.terminal import progress, say_report, terminal
from latently.emissions.registry import FAMILIES
from latently.wording import listed

if TYPE_CHECKING:
    from latently.report import Report
    from latently.report.segmentation import SegmentationAnalysis

COVARIANCES = {"auto": ("diag", "full"), "all": ("diag", "full", "tied", "spherical")}
# Of long series less is asked of the end of each fit: what is still to be gained tells no model from another.
LONG = 20_000
OF_LONG = {"tol": 1e-7, "max_iter": 300}


@dataclass(frozen=True)
class Request:
    """What was asked for, as it was typed."""

    table: Path
    columns: Sequence[str]
    time: str | None
    sequence: str | None
    components: str
    emission: str
    covariance: str
    start: str
    missing: Sequence[str]
    out: Path
    seed: int
    force: bool

    def command(self) -> str:
        """The command that does the same again."""
        words = ["latently", "segment", self.table.name]
        words += [word for name in self.columns for word in ("--column", name)]
        for option, value in (("--time", self.time), ("--sequence", self.sequence)):
            words += [] if value is None else [option, value]
        words += ["-k", self.components, "--emission", self.emission]
        words += [] if self.covariance == "auto" else ["--covariance", self.covariance]
        words += [word for one in self.missing for word in ("--missing", one)]
        return shlex.join([*words, "--start", self.start, "--seed", str(self.seed)])


def run(request: Request) -> None:
    """Find the states, write the results and tell about them.

    Raises
    ------
    CommandError
        If something is wrong with what was asked.
    """
    from latently.report.segmentation import segmentation_report

    tried = numbers_of_components(request.components, "state")
    table = read_table(request.table, request.missing)
    check_rows(table)
    series = series_of(table, request.columns, request.time, request.sequence)
    kind = kind_of(table, series.names, request.emission)
    X = observations(table, series.names, kind.family)
    _check_covariance(request, kind, series)
    _check_rows(table, X, tried)
    with ResultFolder(request.out, request.force) as folder:
        analysis = _analyse(request, tried, table, series, kind, X)
        report = segmentation_report(analysis)
        added = _write(folder, table, analysis, report)
    say_report(
        terminal(),
        report,
        f"Wrote {request.out}/: open index.html for the pictures; result.csv has the columns "
        f"{listed(added)}.",
    )


def _check_covariance(request: Request, kind: Kind, series: Series) -> None:
    if request.covariance != "auto" and kind.name != "gaussian":
        raise CommandError(
            f"--covariance {request.covariance} is for numbers, and '{series.names[0]}' is taken for "
            f"{kind.words}: leave it out, or add --emission gaussian"
        )


def _check_rows(table: Table, X: pl.DataFrame, tried: list[int]) -> None:
    """More states than observations say nothing."""
    seen = X.height - int(X.select(pl.all_horizontal(pl.all().is_null())).to_series().sum())
    if seen < 2:
        raise CommandError(f"{table.name} has only {seen} row with an observation: add rows")
    if tried[-1] > seen:
        remedy = f"-k {tried[0]}:{seen}" if tried[0] < seen else f"-k {seen}"
        raise CommandError(
            f"-k {tried[-1]}: {table.name} has {seen} rows with an observation, fewer than states; write at "
            f"most {remedy}"
        )


def _estimator(request: Request, kind: Kind, n_rows: int) -> Any:
    from latently.estimators.of_family import hmm_of

    settings: dict[str, Any] = {"startprob": request.start, "random_state": request.seed}
    if n_rows > LONG:
        settings |= OF_LONG
    return hmm_of(kind.name, **settings)


def _analyse(
    request: Request, tried: list[int], table: Table, series: Series, kind: Kind, X: pl.DataFrame
) -> SegmentationAnalysis:
    from latently.report.fits import in_words
    from latently.report.segmentation import SegmentationAnalysis
    from latently.selection import select

    grid: dict[str, Any] = {"n_components": tried}
    estimator = _estimator(request, kind, X.height)
    if "covariance_type" in estimator.get_params() and len(series.names) > 1:
        grid = {"covariance_type": COVARIANCES.get(request.covariance, [request.covariance]), **grid}
    elif request.covariance in ("tied", "full", "spherical"):
        grid = {"covariance_type": [request.covariance], **grid}
    rows = for_model(X, kind.family)
    with progress(lambda params: in_words(params, "state")) as told:
        selection = select(estimator, rows, grid, progress=told, lengths=series.lengths)
    model: Any = selection.best_
    if not hasattr(model, "feature_names_in_"):  # symbols are no frame, and new tables need the name
        model.feature_names_in_ = np.array(series.names, dtype=object)
    said = list(series.said)
    notes: list[str] = []
    if not kind.family.symbolic:
        notes = [*codes_not_told(X), *decided(as_numbers(table, name) for name in series.names)]
    if kind.why:
        said.append(_taken(series.names, kind))
    return SegmentationAnalysis(
        model,
        rows,
        table.name,
        series.names,
        series.lengths,
        series.time,
        series.time_name,
        series.sequences,
        said,
        selection=selection,
        left_out=series.left_out,
        notes=[*series.notes, *notes, *of_file(table)],
        settings={"Command": request.command(), "Seed": str(request.seed)},
    )


def _taken(names: list[str], kind: Kind) -> str:
    """What columns were taken for, why, and how to have it otherwise."""
    others = " or ".join(
        other
        for other, family in FAMILIES.items()
        if other != kind.name and (len(names) == 1 or not family.symbolic)
    )
    who = f"Column '{names[0]}' was" if len(names) == 1 else "The columns were"
    return f"{who} taken for {kind.words}: {kind.why}. --emission {others} has it otherwise."


def result_columns(a: SegmentationAnalysis) -> dict[str, pl.Series]:
    """What is added to the table: the state, and what is known of it with hindsight and without."""
    return {
        "state": pl.Series(a.path),
        "probability_smoothed": pl.Series(a.probability),
        "probability_filtered_past_only": pl.Series(a.past_probability),
        "state_filtered_past_only": pl.Series(a.past_state),
    }


def _write(folder: ResultFolder, table: Table, a: SegmentationAnalysis, report: Report) -> list[str]:
    a.model.save(folder.file("model.latently"))
    added = table.write(folder.file("result.csv"), result_columns(a))
    report.write(folder.file)
    return added
