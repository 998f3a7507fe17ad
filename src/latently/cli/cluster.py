"""The job `cluster`: from a table to clusters."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from latently.cli.job import Fit
from latently.cli.options import OfSearch, argument, option

if TYPE_CHECKING:
    from latently.cli.folder import ResultFolder
    from latently.cli.tables.columns import Choice
    from latently.cli.tables.table import Table
    from latently.cli.terminal import Told
    from latently.report import Report
    from latently.report.mixture import MixtureAnalysis, Truth


class Rows(NamedTuple):
    """What clusters are looked for in."""

    table: Table
    choice: Choice
    truth: Truth | None
    tried: list[int]


@dataclass(frozen=True, kw_only=True)
class Cluster(OfSearch, Fit["Rows", "MixtureAnalysis"]):
    """Find clusters in a table of numbers with Gaussian mixtures; BIC chooses how many.

    Writes to ./latently-cluster-TABLE/ unless told otherwise: the page index.html, the table with a cluster
    and its probability for each row (result.csv), the model (model.latently), summary.json and pictures.

    Example: latently cluster faithful.csv -k 1:5
    """

    table: Path = argument("TABLE", "A CSV or Parquet file; its first line names the columns.")
    components: str = option(
        "-k", "--components", default="1:9", help="How many clusters: 3, or from 1 to 9 as 1:9."
    )
    covariance: Literal["full", "tied", "diag", "spherical", "all"] = option(
        default="all",
        help="Shape of the clusters: full (each its own), tied (all the same), diag (no correlation), "
        "spherical (round), or all: BIC chooses.",
    )
    columns: str | None = option(help="Columns to use, as a,b,c. Otherwise all that are numbers.")
    truth: str | None = option(
        metavar="COLUMN",
        help="A column of true labels. It is kept out of the model, and compared with the clusters: "
        "adjusted Rand index and silhouette.",
    )

    def read(self) -> Rows:
        """The columns of the table that are numbers, and the truth."""
        from latently.cli.numbers import numbers_of

        tried = numbers_of(self.components)  # refused before anything that takes long is imported

        from latently.cli.tables.checks import check_not_infinite
        from latently.cli.tables.columns import choose, truth_of
        from latently.cli.tables.read import read_rows

        table = read_rows(self.table, self.missing, self.encoding)
        choice = choose(table, self.columns, self.truth)
        check_not_infinite(table, choice.X, others=True)
        return Rows(table, choice, None if self.truth is None else truth_of(table, self.truth), tried)

    def analyse(self, data: Rows, told: Told) -> MixtureAnalysis:
        """Fit mixtures of all numbers and shapes asked for."""
        from latently.cli.tables.notes import notes
        from latently.emissions.gaussian import STRUCTURES
        from latently.estimators import GaussianMixture
        from latently.report.fits import in_words
        from latently.report.mixture import MixtureAnalysis
        from latently.selection import select

        X = data.choice.X
        families = [self.covariance] if self.covariance != "all" else list(STRUCTURES)
        if X.width == 1 and self.covariance == "all":
            families = ["full", "tied"]  # without a second column the others are the same as full
        selection = select(
            GaussianMixture(random_state=self.seed),
            X,
            {"covariance_type": families, "n_components": data.tried},
            search=self.search,
            progress=lambda i, n, params: told(i, n, in_words(params)),
        )
        return MixtureAnalysis(
            selection.best_,
            X,
            data.table.name,
            data.truth,
            selection=selection,
            left_out=data.choice.left_out,
            notes=notes(data.table, data.choice, "clusters"),
            settings=self.settings,
        )

    def report(self, analysis: MixtureAnalysis) -> Report:
        """What was found."""
        from latently.report.mixture import mixture_report

        return mixture_report(analysis)

    def write(self, folder: ResultFolder, data: Rows, analysis: MixtureAnalysis) -> str:
        """The model, and the table with a cluster for each row."""
        analysis.model.save(folder.file("model.latently"))
        columns = {"cluster": analysis.labels, "probability": analysis.probability}
        added = data.table.write(folder.file("result.csv"), columns)
        return f"result.csv has the columns {' and '.join(added)}"
