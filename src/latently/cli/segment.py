"""The job `segment`: from a series to its hidden states."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from latently.checks.refusals import meant
from latently.cli.failure import CommandError
from latently.cli.job import Fit
from latently.cli.options import OfLongRuns, OfSearch, argument, family_name, family_names, option

if TYPE_CHECKING:
    import polars as pl

    from latently.cli.folder import ResultFolder
    from latently.cli.progress import ShowProgress
    from latently.cli.tables.kinds import Kind
    from latently.cli.tables.series import Series
    from latently.cli.tables.table import Table
    from latently.emissions.base import Emission
    from latently.report import Report
    from latently.report.segmentation import SegmentationAnalysis
    from latently.selection.table import Selection

COVARIANCES = {"auto": ("diag", "full"), "all": ("diag", "full", "tied", "spherical")}
# Of long series less is asked of the end of each fit: what is still to be gained tells no model from another.
LONG_SERIES = 20_000
ROWS_TO_CHOOSE_BY = 2_000  # rows that tell counts from measurements
SETTINGS_OF_LONG = {"tol": 1e-7, "max_iter": 300}


class Steps(NamedTuple):
    """What states are looked for in."""

    table: Table  # as it was read
    series: Series
    kind: Kind
    rows: pl.DataFrame
    tried: list[int]

    @property
    def X(self) -> Any:
        """The rows as the model has them."""
        from latently.cli.tables.observations import for_model

        return for_model(self.rows, self.kind.family)


@dataclass(frozen=True, kw_only=True)
class Segment(OfSearch, OfLongRuns, Fit["Steps", "SegmentationAnalysis"]):
    """Find the hidden states of a series with hidden Markov models; BIC chooses how many.

    Writes to ./latently-segment-SERIES/ unless told otherwise: the page index.html, the table with a state
    and its probabilities for each row (result.csv), the visits to states (segments.csv), the model
    (model.latently), summary.json and pictures.

    Example: latently segment earthquakes.csv --column count --time year
    """

    table: Path = argument("SERIES", "A table, as CSV or Excel, a row for each time; or a folder of them.")
    columns: list[str] = option(
        "--column",
        "--columns",
        default=(),
        help="Column to follow; several as a,b or by repeating it. Not needed if only one can be.",
    )
    time: str | None = option(
        metavar="COLUMN",
        help="Column of times, which must rise: numbers or dates. It is the axis of the pictures.",
    )
    sequence: str | None = option(
        metavar="COLUMN",
        help="Column that tells sequences apart: rows that stand together with the same cell are one.",
    )
    components: str = option(
        "-k", "--components", default="1:5", help="How many states: 3, or from 1 to 5 as 1:5."
    )
    emission: str = option(
        default="auto",
        metavar="FAMILY",
        parser=family_name,
        autocompletion=family_names,
        help="What is seen in a state: gaussian (numbers), poisson (counts), categorical (symbols), or "
        "another family by its name; auto guesses, and says why.",
    )
    covariance: Literal["auto", "full", "tied", "diag", "spherical", "all"] = option(
        "--covariance",
        "--covariance-type",
        default="auto",
        help="For several columns of numbers: full, tied, diag, spherical, or all of them; auto tries "
        "diag and full.",
    )
    start: Literal["stationary", "free", "uniform"] = option(
        default="stationary",
        help="What the first state follows: stationary (the series is cut out of something longer), free "
        "(sequences have a beginning of their own) or uniform.",
    )

    def read(self) -> Steps:
        """The columns that are followed, and what they are taken for."""
        from latently.cli.numbers import numbers_of

        tried = numbers_of(self.components, "state")  # refused before anything that takes long is imported

        from latently.cli.tables.kinds import kind_of
        from latently.cli.tables.observations import observations
        from latently.cli.tables.read import read_rows
        from latently.cli.tables.series import series_of
        from latently.emissions.registry import family_of

        table = read_rows(self.table, self.missing, self.encoding)
        given = () if self.emission == "auto" else family_of(self.emission).conditioned_on
        series = series_of(table, self.columns, self.time, self.sequence, given)
        whole, table = table, series.table
        kind = kind_of(table, series.names, self.emission)
        X = observations(table, [*series.names, *given], kind.family)
        if kind.family.takes == "columns" and not given:
            kind = self._by_column(table, X)
        elif self.covariance != "auto" and kind.name != "gaussian":
            raise CommandError(
                f"--covariance {self.covariance} is for numbers, and '{series.names[0]}' is taken for "
                f"{kind.words}: leave it out, or add --emission gaussian"
            )
        _check_rows(table, X, tried)
        return Steps(whole, series, kind, X, tried)

    def _by_column(self, table: Table, X: pl.DataFrame) -> Kind:
        """Each column is taken for what its cells are; measurements may vary together."""
        from latently.cli.tables.families import families_of
        from latently.cli.tables.kinds import Kind
        from latently.emissions import Columns
        from latently.wording import listed

        families = families_of(table, {}, "diag" if self.covariance == "auto" else self.covariance, X)
        called: dict[str, list[str]] = {}
        for names, family in families.items():
            called.setdefault(family.called, []).extend([names] if isinstance(names, str) else names)
        return Kind(Columns(families), "; ".join(f"{listed(names)} {one}" for one, names in called.items()))

    def analyse(self, data: Steps, show: ShowProgress) -> SegmentationAnalysis:
        """Fit hidden Markov models of all numbers of states asked for."""
        import numpy as np

        from latently.cli.tables.codes import codes_not_told
        from latently.cli.tables.columns import as_numbers, decided
        from latently.cli.tables.notes import of_file
        from latently.report.segmentation import SegmentationAnalysis

        series, X = data.series, data.rows
        table = series.table
        kind, selection = self._best(data, show)
        model: Any = selection.best_
        if not hasattr(model, "feature_names_in_"):  # symbols are no frame, and new tables need the name
            model.feature_names_in_ = np.array(series.names, dtype=object)
        notes = list(series.notes)
        taken = [*series.said, *([_taken(X, kind)] if kind.why else [])]
        read = [] if series.time_column is None else [series.time_column]
        if not kind.family.symbolic:
            notes += codes_not_told(X)
            read += series.names
        notes += decided(as_numbers(table, name) for name in read)
        times = series.lengths, series.axis, series.time_name, series.sequences
        return SegmentationAnalysis(
            *(model, data.X, table.name, series.names, *times),
            selection=selection,
            left_out=series.left_out,
            notes=[*notes, *of_file(table)],
            settings=self.settings | table.read_as | ({"Taken as": " ".join(taken)} if taken else {}),
            reading=self.reading + "lengths = data.series.lengths\n" * (series.lengths is not None),
        )

    def _best(self, data: Steps, show: ShowProgress) -> tuple[Kind, Selection]:
        """The family, by BIC where it could be one of several, and the search over its numbers of states.

        A density becomes a probability when it is multiplied by how far whole numbers lie apart.
        """
        import numpy as np

        from latently.archive import ModelFileError
        from latently.cli.tables.kinds import step_of
        from latently.wording import listed, number

        _, series, kind, X, _ = data
        if not kind.rivals:
            return kind, self._searched(data, kind, X, series.lengths, show)
        part, offsets = X.head(ROWS_TO_CHOOSE_BY), np.minimum(series.offsets, ROWS_TO_CHOOSE_BY)
        lengths = [n for n in np.diff(offsets).tolist() if n]
        found, bic = {}, {}
        for name in kind.rivals:
            try:
                one = found[name] = self._searched(data, replace(kind, name=name), part, lengths, show)
            except ModelFileError:  # a checkpoint of something else
                raise
            except ValueError as error:  # it cannot describe them at all
                if not meant(error) or (name == kind.rivals[-1] and not found):
                    raise
                continue
            cells = part.to_numpy().astype(float)
            per_cell = [np.log(step_of(column)) * np.isfinite(column).sum() for column in cells.T]
            bic[name] = one.best_.bic() - (2 * sum(per_cell) if name == "gaussian" else 0)
        best = min(bic, key=bic.__getitem__)
        others = listed(
            f"{number(bic[one], 1)} as {replace(kind, name=one).words}" for one in bic if one != best
        )
        of_part = f" of the first {ROWS_TO_CHOOSE_BY:,} rows" if part.height < X.height else ""
        why = f"BIC{of_part} is {number(bic[best], 1)}, and {others}"
        whose = "its" if X.width == 1 else "their"
        chosen = replace(
            kind, name=best, why=f"{kind.why.replace(' that vary as counts do', '')}, and {whose} {why}"
        )
        if part.height == X.height:
            return chosen, found[best]
        return chosen, self._searched(data, chosen, X, series.lengths, show)

    def _searched(
        self, data: Steps, kind: Kind, X: pl.DataFrame, lengths: list[int] | None, show: ShowProgress
    ) -> Selection:
        """Hidden Markov models of a family with all numbers of states asked for."""
        from latently.cli.tables.observations import for_model
        from latently.estimators.of_family import hmm_of
        from latently.report.fits import in_words
        from latently.selection.search import select

        quick = SETTINGS_OF_LONG if X.height > LONG_SERIES else {}
        file = self.checkpoint_of(f"{kind.name}-{X.height}" if kind.rivals else "")
        how = {"startprob": self.start, "random_state": self.seed, "checkpoint": file}
        estimator = hmm_of(kind.name, **how, **quick)
        grid: dict[str, Any] = {"n_components": data.tried}
        if X.width > 1 and "covariance_type" in estimator.get_params():
            grid = {"covariance_type": COVARIANCES.get(self.covariance, [self.covariance]), **grid}
        elif kind.family.takes != "columns" and self.covariance not in (*COVARIANCES, "diag"):
            grid = {"covariance_type": [self.covariance], **grid}
        return select(
            estimator,
            for_model(X, kind.family),
            grid,
            search=self.search,
            progress=lambda i, n, params: show(i, n, in_words(params, "state")),
            lengths=lengths,
        )

    def report(self, analysis: SegmentationAnalysis) -> Report:
        from latently.report.segmentation import segmentation_report

        return segmentation_report(analysis)

    def write(self, folder: ResultFolder, data: Steps, analysis: SegmentationAnalysis) -> str:
        """The model, and the table with a state for each row."""
        import polars as pl

        from latently.cli.fed import save
        from latently.wording import listed

        series = data.series
        save(
            analysis.model,
            folder.file("model.latently"),
            missing=self.missing,
            time=series.time_column,
            sequence=series.sequence_column,
        )
        columns = {
            name: data.series.table.as_they_stood(cells) for name, cells in result_columns(analysis).items()
        }
        added = data.table.write(folder.file("result.csv"), columns)
        visits = pl.DataFrame(list(analysis.segments)).with_columns(pl.col("probability").round(6))
        if series.sequences is not None:
            visits = visits.with_columns(pl.Series("sequence", series.sequences)[visits["sequence"]])
        replace(data.table, frame=visits).write(folder.file("segments.csv"), {})
        return (
            f"result.csv has the columns {listed(added)}; segments.csv has a line for each visit to a state"
        )


def _check_rows(table: Table, X: pl.DataFrame, tried: list[int]) -> None:
    """More states than observations say nothing."""
    from latently.cli.numbers import observed, too_many
    from latently.wording import count

    seen = observed(X)
    if seen < 2:
        raise CommandError(f"{table.name} has only {count(seen, 'row')} with an observation: add rows")
    if tried[-1] > seen:
        remedy = f"-k {tried[0]}:{seen}" if tried[0] < seen else f"-k {seen}"
        raise too_many(f"-k {tried[-1]}", table.name, seen, "state", remedy)


def _taken(X: pl.DataFrame, kind: Kind) -> str:
    """What columns were taken for, why, and how to have it otherwise."""
    from latently.cli.tables.kinds import GUESSED_FAMILIES
    from latently.emissions.registry import family_of

    who = f"Column '{X.columns[0]}' was" if X.width == 1 else "The columns were"
    by_itself = kind.family.takes == "columns"
    said = "Each column was taken for what it holds" if by_itself else f"{who} taken for {kind.words}"
    families = {name: family_of(name) for name in GUESSED_FAMILIES if name != kind.name}
    others = [
        name
        for name, family in families.items()
        if (X.width == 1 if family.symbolic else _possible(X, family))
    ]
    otherwise = f" --emission {' or '.join(others)} has it otherwise." if others else ""
    return f"{said}: {kind.why}.{otherwise}"


def _possible(X: pl.DataFrame, family: Emission) -> bool:
    """Whether all cells can be observations of a family of numbers."""
    return all(column.dtype.is_numeric() and family.possible(column.to_numpy()).all() for column in X)


def result_columns(a: SegmentationAnalysis) -> dict[str, Any]:
    """What is added to the table: the state, and what is known of it with hindsight and without."""
    return {
        "state": a.path,
        "probability_smoothed": a.probability,
        "probability_filtered_past_only": a.past_probability,
        "state_filtered_past_only": a.past_state,
    }
