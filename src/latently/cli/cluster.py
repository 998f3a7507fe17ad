"""The job `cluster`: from a table to clusters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from latently.cli.job import Fit
from latently.cli.options import OfColumns, OfLongRuns, OfSearch, argument, option
from latently.cli.whole import OfWhole, Whole, drawn, whole_of

if TYPE_CHECKING:
    import polars as pl

    from latently.cli.folder import ResultFolder
    from latently.cli.progress import ShowProgress
    from latently.cli.tables.columns import Choice
    from latently.cli.tables.table import Table
    from latently.report import Report
    from latently.report.mixture import MixtureAnalysis, Truth

NORMAL = "normal"  # what that family is called


class Rows(NamedTuple):
    """What clusters are looked for in."""

    table: Table
    choice: Choice
    truth: Truth | None
    tried: list[int]
    families: dict[str, str]
    mixed: bool  # whether each column has a family of its own
    whole: Whole | None = None  # all rows, if those of the table were drawn from them

    @property
    def X(self) -> Any:
        """The rows as the model has them."""
        return self.choice.X


@dataclass(frozen=True, kw_only=True)
class Cluster(OfSearch, OfLongRuns, OfColumns, OfWhole, Fit["Rows", "MixtureAnalysis"]):
    """Find clusters in a table; BIC chooses how many.

    Tables of numbers are taken for Gaussian mixtures. If there are columns of text, or of yes and no, each
    column gets a family of its own: see --columns.

    Writes to ./latently-cluster-TABLE/ unless told otherwise: the page index.html, the table with a cluster
    and its probability for each row (result.csv), the model (model.latently), summary.json and pictures.

    Example: latently cluster faithful.csv -k 1:5
    """

    table: Path = argument(
        "TABLE",
        "A table: CSV, Excel, JSON lines, Parquet, packed or not; a folder of them, or a pattern such as "
        "'parts/*.parquet'; or - for standard input.",
    )
    components: str = option(
        "-k", "--components", default="1:9", help="How many clusters: 3, or from 1 to 9 as 1:9."
    )
    covariance: Literal["full", "tied", "diag", "spherical", "all"] = option(
        default="all",
        help="Shape of the clusters: full (each its own), tied (all the same), diag (no correlation), "
        "spherical (round), or all: BIC chooses. In mixed tables that of the numbers, and all means diag.",
    )
    columns: str | None = option(
        help="Columns to use, as a,b,c, or with the family of each, as age:gaussian,visits:poisson. "
        "Otherwise all that hold numbers or categories."
    )
    truth: str | None = option(
        metavar="COLUMN",
        help="A column of true labels. It is kept out of the model, and compared with the clusters: "
        "adjusted Rand index and silhouette.",
    )

    def read(self) -> Rows:
        from latently.cli.numbers import numbers_of

        tried = numbers_of(self.components)  # refused before anything that takes long is imported

        from latently.cli.tables.checks import check_not_infinite
        from latently.cli.tables.columns import choose, truth_of
        from latently.cli.tables.families import columns_and_families
        from latently.cli.tables.read import read_rows
        from latently.cli.tables.roles import has_few_values

        whole = whole_of(self.table, self)
        table = (
            read_rows(self.table, self.missing, self.encoding)
            if whole is None
            else drawn(whole, self.table, self.seed)
        )
        wanted, families = columns_and_families(table, self.columns) if self.columns else (None, {})
        choice = choose(table, wanted, self.truth, mixed=True, exclude=self.exclude)
        check_not_infinite(table, choice.X, others=True)
        self._check_rows(table, choice.X, tried)
        truth = None if self.truth is None else truth_of(table, self.truth)
        few = self.covariance == "all" and any(map(has_few_values, choice.X))
        mixed = bool(families) or not choice.numeric or few
        return Rows(table, choice, truth, tried, families, mixed, whole)

    def _check_rows(self, table: Table, X: pl.DataFrame, tried: list[int]) -> None:
        """More clusters than rows cannot be; of a range the rest is tried."""
        from latently.cli.numbers import observed, too_many

        seen = max(observed(X), 1)
        if tried[0] > seen:
            raise too_many(f"-k {self.components}", table.name, seen, "cluster", f"-k {seen}")

    def analyse(self, data: Rows, show: ShowProgress) -> MixtureAnalysis:
        from latently.cli.tables.notes import notes
        from latently.report.fits import in_words
        from latently.report.mixture import MixtureAnalysis
        from latently.selection.search import select
        from latently.wording import number

        X = data.choice.X
        searched: list[tuple[str, Any]] = []
        models = self._models(data)

        def search(name: str, tried: list[int]) -> Any:
            estimator, grid = models[name]
            again = name in [one for one, _ in searched]
            file = self.checkpoint_of(f"{name}-again" if again else name if len(models) > 1 else "")
            return select(
                estimator.set_params(checkpoint=file),
                X,
                {**grid, "n_components": tried},
                search=self.search,
                to_beat=min((one for _, one in searched), key=lambda one: one.best_.bic(), default=None),
                progress=lambda i, n, params: show(i, n, in_words(params)),
            )

        few = data.tried
        for name in models:
            searched.append((name, search(name, few)))
            n = searched[-1][1].best_.n_components
            if n == few[-1] < data.tried[-1]:
                searched[-1] = name, search(name, data.tried)
            if self.search == "sequential":  # what bends more needs no more clusters
                few = [k for k in data.tried if k <= n + 1]
        name, selection = min(searched, key=lambda one: one[1].best_.bic())
        compared = ", ".join(f"{one}: {number(found.best_.bic(), 1)}" for one, found in searched)
        settings = self.settings | data.table.read_as
        if len(searched) > 1:
            settings["Numbers"] = f"{name}, by BIC ({compared})"
        best = selection.best_
        if data.whole is not None:
            show(0, None, "going through all rows")
            best = data.whole.fit(best, X.columns)
        return MixtureAnalysis(
            best,
            X,
            data.table.name,
            data.truth,
            selection=selection,
            left_out=data.choice.left_out,
            notes=[*notes(data.table, data.choice, "clusters"), *self._series(data)],
            settings=settings,
            reading=self.reading,
        )

    def _series(self, data: Rows) -> Iterator[str]:
        """Whether rows follow each other in time, which clusters do not know."""
        from latently.cli.hints import resembling

        numbers = [name for name, dtype in data.X.schema.items() if dtype.is_numeric()]
        for found in islice(resembling(data.table, data.X, numbers), 1):
            yield f"{found}, which clusters do not use: latently segment {self.table} finds states that last"

    def _models(self, data: Rows) -> dict[str, tuple[Any, dict[str, Any]]]:
        """What is fitted, each with what is tried of it."""
        from latently.cli.tables.families import families_of, skewed_among
        from latently.emissions.gaussian import STRUCTURES
        from latently.estimators.gaussian_mixture import GaussianMixture
        from latently.estimators.latent_class_analysis import LatentClassAnalysis

        if data.mixed:
            shapes = ["diag", "full"] if self.covariance == "all" else [self.covariance]
            found = {shape: families_of(data.table, data.families, shape, data.choice.X) for shape in shapes}
            normal = [
                name
                for name, family in found[shapes[0]].items()
                if family.called == NORMAL and name not in data.families
            ]
            skewed = skewed_among(normal, data.choice.X) if self.covariance == "all" else []
            if skewed:
                found["log-normal"] = found[shapes[0]] | dict.fromkeys(skewed, "log-normal")
            return {
                name: (LatentClassAnalysis(families=families, random_state=self.seed), {})
                for name, families in found.items()
                if name == shapes[0] or families != found[shapes[0]]
            }
        shapes = [self.covariance] if self.covariance != "all" else list(STRUCTURES)
        if data.choice.X.width == 1 and self.covariance == "all":
            shapes = ["full", "tied"]  # without a second column the others are the same as full
        models: dict[str, tuple[Any, dict[str, Any]]] = {
            "normal": (GaussianMixture(random_state=self.seed), {"covariance_type": shapes})
        }
        names = data.choice.X.columns
        skewed = skewed_among(names, data.choice.X) if self.covariance == "all" else []
        if skewed:
            families = dict.fromkeys(names, "gaussian") | dict.fromkeys(skewed, "log-normal")
            models["log-normal"] = LatentClassAnalysis(families=families, random_state=self.seed), {}
        return models

    def report(self, analysis: MixtureAnalysis) -> Report:
        from latently.report.mixture import mixture_report

        return mixture_report(analysis)

    def write(self, folder: ResultFolder, data: Rows, analysis: MixtureAnalysis) -> str:
        """The model, and the table with a cluster for each row."""
        from latently.cli.fed import save

        save(analysis.model, folder.file("model.latently"), missing=self.missing)
        if data.whole is not None:
            data.whole.write(folder.file("result.parquet"), analysis.model, data.X.columns, "cluster")
            return "result.parquet has the columns cluster and probability, for all rows in their order"
        columns = {"cluster": analysis.labels, "probability": analysis.probability}
        added = data.table.write(folder.file("result.csv"), columns)
        return f"result.csv has the columns {' and '.join(added)}"
