"""The job `impute`: from a table with empty cells to completed tables, intervals and a page."""

from __future__ import annotations

import shlex
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from latently.cli.failure import CommandError
from latently.cli.folder import DRAWS, ResultFolder
from latently.cli.limits import read_limits
from latently.cli.tables.checks import check_not_infinite, check_rows
from latently.cli.tables.columns import Choice, choose
from latently.cli.tables.digits import written
from latently.cli.tables.oddities import oddities
from latently.cli.tables.read import read_table
from latently.cli.tables.table import Table, quoted
from latently.cli.terminal import progress, say_report, terminal

if TYPE_CHECKING:
    from latently.estimators import GaussianImputer
    from latently.report import Report
    from latently.report.imputation import ImputationAnalysis

MOST_TABLES = 999


@dataclass(frozen=True)
class Request:
    """What was asked for, as it was typed."""

    table: Path
    columns: str | None
    n_tables: int
    components: int
    prior: str | None
    least: str | None
    greatest: str | None
    level: float
    missing: Sequence[str]
    out: Path
    seed: int
    force: bool

    def command(self) -> str:
        """The command that does the same again."""
        words = ["latently", "impute", self.table.name, "-m", str(self.n_tables)]
        words += ["--components", str(self.components)]
        given = (("--columns", self.columns), ("--prior", self.prior))
        for option, value in (*given, ("--min", self.least), ("--max", self.greatest)):
            words += [] if value is None else [option, value]
        words += [word for one in self.missing for word in ("--missing", one)]
        return shlex.join([*words, "--level", f"{self.level:g}", "--seed", str(self.seed)])


def run(request: Request) -> None:
    """Fill in what is missing, write the results and tell about them.

    Raises
    ------
    CommandError
        If something is wrong with what was asked.
    """
    from latently.report.imputation import imputation_report

    _check(request)
    table = read_table(request.table, request.missing)
    check_rows(table)
    choice = choose(table, request.columns)
    _check_table(request, table, choice)
    with ResultFolder(request.out, request.force) as folder:
        analysis = _analyse(request, table, choice)
        report = imputation_report(analysis)
        _write(folder, table, choice, analysis, report)
    say_report(
        terminal(),
        report,
        f"Wrote {request.out}/: open index.html for the pictures; completed.csv, intervals.csv, and "
        f"{request.n_tables} tables in {DRAWS}/.",
    )


def _check(request: Request) -> None:
    if not 0 < request.level < 1:
        raise CommandError(f"--level {request.level:g}: write a share between 0 and 1, such as --level 0.95")
    if not 2 <= request.n_tables <= MOST_TABLES:
        raise CommandError(
            f"-m {request.n_tables}: write a number from 2 to {MOST_TABLES}; by how much two tables or more "
            "differ shows what is not known"
        )
    if request.components < 1:
        raise CommandError(f"--components {request.components}: there is at least 1; write --components 1")


def _check_table(request: Request, table: Table, choice: Choice) -> None:
    X = choice.X
    check_not_infinite(table, X, others=True)
    if not X.null_count().sum_horizontal().item():
        elsewhere = [name for name in choice.left_out if table.missing(name).any()]
        where = f"; columns that are not used have some: {quoted(elsewhere)}" if elsewhere else ""
        raise CommandError(
            f"{table.name} has no empty cell in the columns used ({quoted(X.columns)}): there is nothing to "
            f"fill in{where}"
        )
    seen = int((~X.select(pl.all_horizontal(pl.all().is_null())).to_series()).sum())
    if request.prior is None and seen <= X.width:
        raise CommandError(
            f"{table.name} has {seen} rows with a number for {X.width} columns, too few to tell how columns "
            "go together: name fewer --columns, or add --prior ridge"
        )


def _analyse(request: Request, table: Table, choice: Choice) -> ImputationAnalysis:
    from latently.estimators import GaussianImputer
    from latently.report.imputation import ImputationAnalysis

    imputer = GaussianImputer(
        request.components,
        prior=request.prior,
        min_value=read_limits("--min", request.least, choice.X),
        max_value=read_limits("--max", request.greatest, choice.X),
        n_parameter_draws=request.n_tables,
        random_state=request.seed,
    )
    still_empty = {name: int(table.missing(name).sum()) for name in choice.left_out}
    a = ImputationAnalysis(
        imputer,
        choice.X,
        table.name,
        request.level,
        request.seed,
        f"{DRAWS}/",
        {name: n for name, n in still_empty.items() if n},
        left_out=choice.left_out,
        notes=oddities(table, choice, "the other columns"),
        settings={"Command": request.command(), "Seed": str(request.seed)},
    )
    steps = {
        "fitting, and drawing parameters": lambda: _fit(imputer, choice.X),
        "testing whether cells are missing completely at random": lambda: a.test,
        "hiding observed cells and predicting them": lambda: a.overimputation,
        "starting far away": lambda: a.starts,
        "filling in": lambda: (a.completed, a.limits, a.tables),
    }
    with progress(str) as told:
        for i, (what, do) in enumerate(steps.items()):
            told(i, len(steps), what)
            do()
    return a


def _fit(imputer: GaussianImputer, X: pl.DataFrame) -> None:
    """Fit; where that cannot be, name what can be typed instead."""
    from sklearn.exceptions import ConvergenceWarning

    from latently.core.errors import UndeterminedWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the page says so
        warnings.simplefilter("ignore", UndeterminedWarning)
        try:
            imputer.fit(X)
        except ValueError as error:
            raise CommandError(str(error).replace("set prior='ridge'", "add --prior ridge")) from None


def _write(folder: ResultFolder, table: Table, choice: Choice, a: ImputationAnalysis, report: Report) -> None:
    a.model.save(folder.file("model.latently"))
    _filled(table, choice, a, a.completed).write(folder.file("completed.csv"), {})
    _intervals(table, choice, a).write(folder.file("intervals.csv"), {})
    digits = max(2, len(str(a.n_tables)))
    for i, drawn in enumerate(a.tables, start=1):
        _filled(table, choice, a, drawn).write(folder.file(f"{DRAWS}/{i:0{digits}}.csv"), {})
    report.write(folder.file)


def _filled(table: Table, choice: Choice, a: ImputationAnalysis, values: np.ndarray) -> Table:
    """The table with missing cells filled in, and every other cell as it was."""
    cells = {}
    for j in a.incomplete:
        numbers = np.where(a.missing[:, j], values[:, j], np.nan)
        cells[a.names[j]] = written(
            pl.Series(a.names[j], numbers).fill_nan(None), a.deviations[j], choice.notations[j]
        )
    return table.filled(cells)


def _intervals(table: Table, choice: Choice, a: ImputationAnalysis) -> Table:
    """A line for each filled cell, in the order of the table."""
    i, j = np.nonzero(a.missing)
    columns = {"row": pl.Series(i + 1), "column": pl.Series([a.names[k] for k in j])}
    for name, values in (("value", a.completed), ("lower", a.limits[0]), ("upper", a.limits[1])):
        cells = np.empty(len(i), dtype=object)
        for k in a.incomplete:
            of_column = pl.Series(values[i[j == k], k])
            cells[j == k] = written(of_column, a.deviations[k], choice.notations[k]).to_list()
        columns[name] = pl.Series(cells.tolist(), dtype=pl.String)
    frame = pl.DataFrame(columns)
    return Table("intervals.csv", frame, separator=table.separator, decimal_comma=table.decimal_comma)
