"""The job `cluster`: from a table to clusters, files and a page."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from latently.cli.failure import CommandError
from latently.cli.folder import ResultFolder
from latently.cli.tables.checks import check_not_infinite, check_rows
from latently.cli.tables.columns import Choice, choose
from latently.cli.tables.oddities import oddities
from latently.cli.tables.read import read_table
from latently.cli.tables.table import Table, shortened
from latently.cli.terminal import progress, say_report, terminal

if TYPE_CHECKING:
    from latently.report import Report
    from latently.report.mixture import MixtureAnalysis, Truth


MOST_DIGITS = 5


@dataclass(frozen=True)
class Request:
    """What was asked for, as it was typed."""

    table: Path
    components: str
    covariance: str
    columns: str | None
    truth: str | None
    missing: Sequence[str]
    out: Path
    seed: int
    force: bool

    def command(self) -> str:
        """The command that does the same again."""
        words = [
            "latently",
            "cluster",
            self.table.name,
            "-k",
            self.components,
            "--covariance",
            self.covariance,
        ]
        for option, value in (("--columns", self.columns), ("--truth", self.truth)):
            words += [] if value is None else [option, value]
        words += [word for one in self.missing for word in ("--missing", one)]
        return shlex.join([*words, "--seed", str(self.seed)])


def run(request: Request) -> None:
    """Find clusters, write the results and tell about them.

    Raises
    ------
    CommandError
        If something is wrong with what was asked.
    """
    from latently.report.mixture import mixture_report

    tried = numbers_of_components(request.components)
    table = read_table(request.table, request.missing)
    check_rows(table)
    choice = choose(table, request.columns, request.truth)
    check_not_infinite(table, choice.X, others=True)
    truth = None if request.truth is None else _truth(table, request.truth)
    with ResultFolder(request.out, request.force) as folder:
        analysis = _analyse(request, tried, table, choice, truth)
        report = mixture_report(analysis)
        added = _write(folder, table, analysis, report)
    say_report(
        terminal(),
        report,
        f"Wrote {request.out}/: open index.html for the pictures; result.csv has the columns "
        f"{' and '.join(added)}.",
    )


def numbers_of_components(text: str, what: str = "component") -> list[int]:
    """The numbers that `-k` asks for: one, or from one to another, both ends included.

    Parameters
    ----------
    text : str
        What was typed.
    what : str
        What they count.

    Raises
    ------
    CommandError
        If it is neither a number nor a range of numbers from 1 on.

    Examples
    --------
    >>> numbers_of_components("3"), numbers_of_components("2:4")
    ([3], [2, 3, 4])
    """
    first, colon, last = (part.strip() for part in text.partition(":"))
    if not (first.isdecimal() and (last.isdecimal() if colon else True)):
        raise CommandError(f"-k {shortened(text)}: write a number, as in -k 3, or a range, as in -k 1:9")
    if max(len(first), len(last)) > MOST_DIGITS:
        raise CommandError(f"-k {shortened(text)}: no table has rows for so many; write a smaller number")
    low, high = int(first), int(last if colon else first)
    if low < 1:
        raise CommandError(f"-k {text}: there is at least 1 {what}; write -k 1 or more")
    if high < low:
        raise CommandError(f"-k {text} runs backwards: write -k {high}:{low}")
    return list(range(low, high + 1))


def _truth(table: Table, column: str) -> Truth:
    from latently.report.mixture import Truth

    labels = table.texts(column).fill_null("").to_list()
    if not any(labels):
        raise CommandError(f"column '{column}' of {table.name} is empty: there is no truth to compare with")
    return Truth(column, labels)


def _analyse(
    request: Request, tried: list[int], table: Table, choice: Choice, truth: Truth | None
) -> MixtureAnalysis:
    from latently.emissions.gaussian import STRUCTURES
    from latently.estimators import GaussianMixture
    from latently.report.fits import in_words
    from latently.report.mixture import MixtureAnalysis
    from latently.selection import select

    families = [request.covariance] if request.covariance != "all" else list(STRUCTURES)
    if choice.X.width == 1 and request.covariance == "all":
        families = ["full", "tied"]  # without a second column the others are the same as full
    grid = {"covariance_type": families, "n_components": tried}
    with progress(in_words) as told:
        selection = select(GaussianMixture(random_state=request.seed), choice.X, grid, progress=told)
    settings = {"Command": request.command(), "Seed": str(request.seed)}
    return MixtureAnalysis(
        selection.best_,
        choice.X,
        table.name,
        truth,
        selection=selection,
        left_out=choice.left_out,
        notes=oddities(table, choice, "clusters"),
        settings=settings,
    )


def _write(folder: ResultFolder, table: Table, a: MixtureAnalysis, report: Report) -> list[str]:
    a.model.save(folder.file("model.latently"))
    added = table.write(
        folder.file("result.csv"),
        {"cluster": pl.Series(a.labels), "probability": pl.Series(a.probability)},
    )
    report.write(folder.file)
    return added
