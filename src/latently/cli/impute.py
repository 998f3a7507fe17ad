"""The job `impute`: from a table with empty cells to completed tables and intervals."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from latently.cli.failure import CommandError, refusals
from latently.cli.folder import DRAWS
from latently.cli.job import Fit
from latently.cli.options import OfColumns, OfLongRuns, argument, option
from latently.wording import count

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from latently.cli.folder import ResultFolder
    from latently.cli.limits import Limits
    from latently.cli.progress import ShowProgress
    from latently.cli.tables.columns import Choice
    from latently.cli.tables.table import Table
    from latently.report import Report
    from latently.report.imputation import ImputationAnalysis, MixedAnalysis

MOST_TABLES = 999


class Cells(NamedTuple):
    """What is filled in."""

    table: Table
    choice: Choice
    limits: Limits
    mixed: bool  # whether categories are modelled, too

    @property
    def said(self) -> dict[str, str]:
        """What limits were learned."""
        said = self.limits.said
        return {"Limits": f"{said}, by their observed cells; --min none has none"} if said else {}

    @property
    def X(self) -> Any:
        """The rows as the model has them."""
        if not self.mixed:
            return self.choice.X
        whole = self.choice.X.with_columns(self.choice.categories.values())
        return whole.select(name for name in self.table.frame.columns if name in whole.columns)


@dataclass(frozen=True, kw_only=True)
class Impute(OfLongRuns, OfColumns, Fit["Cells", "ImputationAnalysis | MixedAnalysis"]):
    """Fill in the missing cells of a table, and say how far off they may be.

    Writes to ./latently-impute-TABLE/ unless told otherwise: the page index.html, the table with the best
    guess of each missing cell (completed.csv), their intervals (intervals.csv), complete tables for standard
    errors (draws/01.csv and so on), the model (model.latently), summary.json and pictures.

    Example: latently impute airquality.csv -m 20
    """

    table: Path = argument("TABLE", "A table, as CSV or Excel; empty cells, NA and the like are missing.")
    columns: str | None = option(
        help="Columns to fill in and to learn from, as a,b,c. Otherwise all that are numbers, and "
        "categories that lack cells or tell of others."
    )
    tables: int = option(
        "-m", "--tables", default=20, help="How many complete tables to draw, for standard errors."
    )
    components: int = option(
        "--components",
        "-k",
        default=1,
        help="How many Gaussians: 1 for lines, more for clusters or bends. With "
        "categories 1 lets BIC choose.",
    )
    prior: Literal["auto", "ridge", "inverse-wishart", "normal-inverse-wishart", "none"] = option(
        default="auto",
        help="For collinear columns, or few rows: ridge is the usual one; auto takes it where the likelihood "
        "has no maximum, and says so; none never does.",
    )
    min: str | None = option(
        help="Least value of filled cells: 0, or for some columns a=0,b=1.5. Otherwise what observed cells "
        "speak of, as 0 for ages; none for no limits."
    )
    max: str | None = option(help="Greatest value of filled cells.")
    level: float = option(default=0.95, help="Probability of the intervals.")

    def read(self) -> Cells:
        """The columns of the table that are numbers, and the others if they matter."""
        from latently.cli.limits import limits_of
        from latently.cli.tables.categories import categories_of, predict_holes
        from latently.cli.tables.checks import check_not_infinite
        from latently.cli.tables.columns import choose
        from latently.cli.tables.read import read_rows

        self._check()
        table = read_rows(self.table, self.missing, self.encoding)
        choice = choose(table, self.columns, categories_of=categories_of, exclude=self.exclude, years=False)
        check_not_infinite(table, choice.X, others=True)
        mixed = bool(choice.categories) and (
            self.columns is not None or predict_holes(choice.categories, choice.X)
        )
        if mixed:
            self._refuse_for_categories(list(choice.categories))
            left_out = {name: why for name, why in choice.left_out.items() if name not in choice.categories}
            choice = replace(choice, left_out=left_out)
        self._check_table(table, choice, mixed)
        return Cells(table, choice, limits_of(choice, self.min, self.max), mixed)

    def _refuse_for_categories(self, names: list[str]) -> None:
        """Options that a mixture for columns of any kind has not."""
        from latently.cli.tables.table import quoted

        prior = None if self.prior == "auto" else self.prior
        asked = {"--min": self.min, "--max": self.max, "--prior": prior}
        for name, value in asked.items():
            if value is not None:
                raise CommandError(
                    f"{name} {value} is for tables of numbers, and {quoted(names)} are categories: leave it "
                    "out, or name the numbers with --columns"
                )

    def _check(self) -> None:
        if not 0 < self.level < 1:
            raise CommandError(f"--level {self.level:g}: write a share between 0 and 1, such as --level 0.95")
        if not 2 <= self.tables <= MOST_TABLES:
            raise CommandError(
                f"-m {self.tables}: write a number from 2 to {MOST_TABLES}; by how much two tables or more "
                "differ shows what is not known"
            )
        if self.components < 1:
            raise CommandError(f"--components {self.components}: there is at least 1; write --components 1")

    def _check_table(self, table: Table, choice: Choice, mixed: bool) -> None:
        from latently.cli.numbers import observed, too_many
        from latently.cli.tables.codes import codes_not_told
        from latently.cli.tables.table import quoted

        X = choice.X
        if mixed:
            X = X.with_columns(choice.categories.values())
        if not X.null_count().sum_horizontal().item():
            elsewhere = [name for name in choice.left_out if table.missing(name).any()]
            where = f"; columns that are not used have some: {quoted(elsewhere)}" if elsewhere else ""
            where += "".join(f"; {code}" for code in codes_not_told(choice.X))
            raise CommandError(
                f"{table.name} has no empty cell in the columns used ({quoted(X.columns)}): there is nothing "
                f"to fill in{where}"
            )
        seen = observed(X)
        if self.components > seen:
            asked = f"--components {self.components}"
            raise too_many(asked, table.name, seen, "component", f"--components {seen}")
        if not mixed and self.prior == "none" and seen <= X.width:
            raise CommandError(
                f"{table.name} has {count(seen, 'row')} with a number for {count(X.width, 'column')}, too "
                "few to tell how columns go together: name fewer --columns, or add --prior ridge"
            )

    def analyse(self, data: Cells, show: ShowProgress) -> ImputationAnalysis | MixedAnalysis:
        from sklearn.exceptions import ConvergenceWarning

        from latently.cli.hints import hints
        from latently.cli.tables.notes import notes
        from latently.core.errors import ConstantColumnWarning, SpuriousMaximumWarning, UndeterminedWarning
        from latently.estimators.gaussian_imputer import GaussianImputer
        from latently.estimators.mixed_imputer import MixedImputer
        from latently.report.imputation import ImputationAnalysis, MixedAnalysis

        table, choice, limits, mixed = data
        still_empty = {name: int(table.missing(name).sum()) for name in choice.left_out}
        more = [] if mixed else hints(data, self.components, self.seed)
        how: dict[str, Any] = {
            "X": data.X,
            "source": table.name,
            "level": self.level,
            "seed": self.seed,
            "drawn": f"{DRAWS}/",
            "still_empty": {name: n for name, n in still_empty.items() if n},
            "left_out": choice.left_out,
            "notes": [*notes(table, choice, "the other columns"), *more],
            "settings": self.settings | table.read_as | data.said,
            "reading": self.reading,
        }
        asked: dict[str, Any] = {
            "n_parameter_draws": self.tables,
            "random_state": self.seed,
            "checkpoint": self.checkpoint,
        }
        a: Any
        if mixed:
            K: Any = "bic" if self.components == 1 else self.components
            a = MixedAnalysis(MixedImputer(K, **asked), **how)
            checks = {"hiding observed cells and predicting them": lambda: a.check}
        else:
            prior = None if self.prior == "none" else self.prior
            asked |= {"prior": prior, "min_value": limits.least, "max_value": limits.greatest}
            a = ImputationAnalysis(GaussianImputer(self.components, **asked), **how)
            checks = {
                "testing whether cells are missing completely at random": lambda: a.test,
                "hiding observed cells and predicting them": lambda: a.overimputation,
                "starting far away": lambda: a.starts,
            }
        steps = {
            "fitting, and drawing parameters": lambda: _fit(a),
            **checks,
            "filling in": lambda: (a.completed, a.limits, a.tables),
        }
        with warnings.catch_warnings():  # the page says all of them
            degenerate = UndeterminedWarning, ConstantColumnWarning, SpuriousMaximumWarning
            for category in (ConvergenceWarning, *degenerate):
                warnings.simplefilter("ignore", category)
            for i, (what, do) in enumerate(steps.items()):
                show(i, len(steps), what)
                do()
        return a

    def report(self, analysis: ImputationAnalysis | MixedAnalysis) -> Report:
        return analysis.report()

    def write(self, folder: ResultFolder, data: Cells, analysis: ImputationAnalysis | MixedAnalysis) -> str:
        """The model, the table with its best guesses, their intervals, and the tables drawn."""
        from latently.cli.fed import save

        save(analysis.model, folder.file("model.latently"), missing=self.missing, level=self.level)
        digits = max(2, len(str(self.tables)))
        drawn = {f"{DRAWS}/{i:0{digits}}.csv": one for i, one in enumerate(analysis.tables, start=1)}
        for name, values in {"completed.csv": analysis.completed, **drawn}.items():
            _filled(data, analysis, values).write(folder.file(name), {})
        _intervals(data, analysis).write(folder.file("intervals.csv"), {})
        return f"completed.csv, intervals.csv, and {count(self.tables, 'table')} in {DRAWS}/"


def _fit(a: ImputationAnalysis) -> None:
    """Fit; where that cannot be, name what can be typed instead."""
    with refusals(lambda error: str(error).replace("set prior='ridge'", "add --prior ridge")):
        a.model.fit(a.X)


def _written(
    data: Cells, a: ImputationAnalysis | MixedAnalysis, j: int, values: np.ndarray, *, bound: bool = False
) -> pl.Series:
    """Cells of a column in the manner of the table, with the decimals it has; bounds may have more."""
    import polars as pl

    from latently.cli.tables.digits import MOST_DECIMALS, decimals_of, written

    name = a.names[j]
    if data.mixed and name in data.choice.categories:
        return pl.Series(name, [cell if isinstance(cell, str) else None for cell in values], dtype=pl.String)
    place = data.choice.X.columns.index(name)
    cells = pl.Series(name, data.limits.clipped(place, values.astype(float))).fill_nan(None)
    most = MOST_DECIMALS if bound else decimals_of(data.choice.X[name])
    if data.mixed and (cells.drop_nulls() == cells.drop_nulls().round()).all():
        most = 0
    return written(cells, a.deviations[j], data.choice.notations[place], most)


def _filled(data: Cells, a: ImputationAnalysis | MixedAnalysis, values: np.ndarray) -> Table:
    """The table with missing cells filled in, and every other cell as it was."""
    import numpy as np

    holes = np.where(a.missing, values, np.nan)
    return data.table.filled({a.names[j]: _written(data, a, j, holes[:, j]) for j in a.incomplete})


def _intervals(data: Cells, a: ImputationAnalysis | MixedAnalysis) -> Table:
    """A line for each filled cell, in the order of the table."""
    import numpy as np
    import polars as pl

    i, j = np.nonzero(a.missing)
    columns = {"row": pl.Series(i + 1), "column": pl.Series([a.names[k] for k in j])}
    for name, values in (("value", a.completed), ("lower", a.limits[0]), ("upper", a.limits[1])):
        cells = np.empty(len(i), dtype=object)
        for k in a.incomplete:
            of_column = values[i[j == k], k]
            cells[j == k] = _written(data, a, k, of_column, bound=name != "value").to_list()
        columns[name] = pl.Series(cells.tolist(), dtype=pl.String)
    return replace(data.table, name="intervals.csv", frame=pl.DataFrame(columns))
