"""What a report speaks of where columns of any kind were filled in, and what it says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from latently.checks.arrays import Array
from latently.checks.columns import as_table
from latently.core.errors import unless_refused
from latently.core.findings import Finding, caution, note
from latently.estimators.imputation.diagnosis import missing_patterns
from latently.report import fits
from latently.report.figure import Figure
from latently.report.imputation.analysis import FilledTable
from latently.report.imputation.figures import densities, patterns
from latently.report.imputation.filled import (
    counts,
    draws,
    going_on,
    headline,
    how_much,
    lead,
    mostly_missing,
    numbers,
    spurious,
    still_empty,
)
from latently.report.imputation.replay import imputation_replay
from latently.report.interactive import Replay
from latently.report.report import Report
from latently.report.same import same_in_python
from latently.report.table import Table
from latently.wording import EN_DASH, count, decimals, listed, number, percent, sentence, share

HIDDEN_SHARE = 0.1  # of the observed cells
FEWEST_ROWS = 20  # rows, to hide cells of
ASKED = """\
model.transform(X)               # the best guess of each missing cell
model.category_probabilities(X)  # how likely each category is there
model.interval(X)                # between what limits numbers lie
model.draw_imputations(X, {n})      # tables for tests and standard errors: see latently.pool
latently.report(model, X, "report.html")
"""
POOLED = """\
import glob, latently, pandas

tables = [pandas.read_csv(path) for path in sorted(glob.glob("draws/*.csv"))]
shares = [(table["smoker"] == "yes").mean() for table in tables]
pooled = latently.pool(shares, [p * (1 - p) / len(table) for p, table in zip(shares, tables)])
pooled.estimate, pooled.standard_error, pooled.interval(0.95)
"""


@dataclass(frozen=True)
class Check:
    """Observed cells that were hidden and predicted."""

    # numbers that lie in their intervals, of so many
    inside: int
    numbers: int
    # categories that were guessed right, those that the most frequent category of the column is right for, of
    # so many
    right: int
    usual: int
    cells: int


@dataclass(frozen=True)
class MixedAnalysis(FilledTable):
    """A `MixedImputer` and how it came about; see `FilledTable`. X is a frame."""

    @cached_property
    def missing(self) -> NDArray[np.bool_]:
        return np.column_stack([column.missing for column in as_table(self.X)])

    @cached_property
    def observed(self) -> NDArray[Any]:
        """The cells as objects."""
        return np.asarray(self.X, dtype=object)

    @cached_property
    def numeric(self) -> NDArray[np.bool_]:
        """Which columns are numbers."""
        return np.array([column.numeric for column in as_table(self.X)])

    @cached_property
    def completed(self) -> NDArray[Any]:
        """The cells with the best guess of each missing one."""
        return np.asarray(self.model.transform(self.X), dtype=object)

    @cached_property
    def limits(self) -> tuple[Array, Array]:
        """Intervals of the missing numbers; NaN elsewhere."""
        lower, upper = (np.asarray(end, dtype=np.float64) for end in self.model.interval(self.X, self.level))
        return lower, upper

    @cached_property
    def tables(self) -> list[NDArray[Any]]:
        """The drawn tables."""
        drawn = self.model.draw_imputations(self.X, self.n_tables, random_state=self.seed)
        return [np.asarray(table, dtype=object) for table in drawn]

    @cached_property
    def deviations(self) -> Array:
        """Standard deviations of the observed numbers; one for categories."""
        spread = np.ones(len(self.names))
        for j in np.flatnonzero(self.numeric):
            spread[j] = np.std(self.observed[~self.missing[:, j], j].astype(np.float64))
        return spread

    @cached_property
    def check(self) -> Check | None:
        """Observed cells that are hidden and predicted; None if there are too few rows for that."""
        if self.n_rows < FEWEST_ROWS:
            return None
        rng = np.random.default_rng(self.seed)
        hidden = ~self.missing & (rng.random(self.missing.shape) < HIDDEN_SHARE)
        shown = np.where(hidden, np.nan, self.observed)
        columns = dict(zip(self.names, shown.T, strict=True))
        imputer = clone(self.model).set_params(n_components=self.model.n_components_, n_init=4)
        imputer.set_params(n_parameter_draws=0, unknown="missing", checkpoint=None)

        def guessed() -> tuple[Any, Any]:
            imputer.fit(columns)
            return imputer.transform(columns), imputer.interval(columns, self.level)

        again = unless_refused(guessed)
        if again is None:  # as where a column is left without cells
            return None
        guesses, ends = again
        found = np.zeros(5, dtype=np.int64)
        for j, name in enumerate(self.names):
            mine, cells = hidden[:, j], self.observed[hidden[:, j], j]
            low = ends[0][name][mine]
            if not mine.any():
                continue
            if not np.isnan(low).all():
                values = cells.astype(np.float64)
                found[:2] += ((low <= values) & (values <= ends[1][name][mine])).sum(), len(values)
                continue
            kinds, counts = np.unique(self.observed[~self.missing[:, j] & ~mine, j], return_counts=True)
            usual = kinds[counts.argmax()]
            found[2:] += (guesses[name][mine] == cells).sum(), (cells == usual).sum(), len(cells)
        return Check(*map(int, found))

    def report(self) -> Report:
        """All that is said of the imputation."""
        n = self.model.n_components_
        return Report(
            "imputation",
            headline(self),
            list(self._findings()),
            list(self._cautions()),
            self._facts(),
            {"columns": self._columns(), **self._numbers_of_components()},
            list(self._figures()),
            fits.how(
                self,
                f"Mixture of {count(n, 'component')} within which columns are independent, fitted by "
                "expectation maximisation to all observed cells, by maximum likelihood",
                {
                    "Intervals": f"{percent(self.level)}, each number given the observed cells of its row, "
                    "the fitted parameters taken for the true ones"
                },
            ),
            self._summary(),
            going_on(self, "A share, for example, with its uncertainty:", POOLED),
            same_in_python(self.model, self.reading, ASKED.format(n=len(self.tables))),
            sure=[] if self.check is None else [sentence(str(one)) for one in self._checked(self.check)],
            lead=lead(self, [f"{one}." for one in self._checked(self.check)] if self.check else []),
            replay=self.replay,
        )

    def _figures(self) -> Iterator[Figure]:
        found = missing_patterns(np.where(self.missing, np.nan, 0.0))
        yield patterns(replace(found, feature_names=tuple(self.names)))
        numbers = np.flatnonzero(self.numeric)
        names = [self.names[j] for j in numbers]
        lacking = [names.index(self.names[j]) for j in self.incomplete if self.numeric[j]]

        def tables() -> list[Array]:
            return [table[:, numbers].astype(np.float64) for table in self.tables]

        if lacking:
            yield from densities(self.X[names], tables, lacking)
        yield from fits.climb(self.model)

    def replay(self) -> Replay | None:
        """How the cells came to be filled in."""
        read = self.model._read(self.X)
        names = self.model.mixture_._model.emission.names
        return imputation_replay(
            self.model, names, read.x, lambda imputer, x: imputer._by_parts(x, imputer._guessed)
        )

    def _findings(self) -> Iterator[Finding]:
        yield from how_much(self)
        kinds: dict[str, list[str]] = {}
        for name, family in self.model.families_.items():
            kinds.setdefault(family, []).append(name)
        text = "; ".join(f"{family}: {listed(names)}" for family, names in kinds.items())
        n = self.model.n_components_
        by = f"BIC chose {count(n, 'component')}" if self.model.bic_ else f"There are {count(n, 'component')}"
        yield note("families", f"{by}. Columns are modelled as {text}", components=n)
        if self.check is not None:
            yield from self._checked(self.check)
        yield draws(self)

    @staticmethod
    def _checked(check: Check) -> Iterator[Finding]:
        said = []
        if check.numbers:
            inside = share(check.inside, check.numbers)
            lie = "lies in its" if check.numbers == 1 else "lie in their"
            said.append(f"{inside} of {count(check.numbers, 'number')} {lie} interval")
        if check.cells:
            said.append(
                f"{share(check.right, check.cells)} of {count(check.cells, 'category', 'categories')} "
                f"{'is' if check.cells == 1 else 'are'} guessed right, where "
                f"the most frequent one is right for {share(check.usual, check.cells)}"
            )
        if said:
            text = f"As a check, observed cells were hidden and predicted: {listed(said)}"
            yield note("check", text, **vars(check))

    def _cautions(self) -> Iterator[Finding]:
        yield from (caution("input", text) for text in self.notes)
        yield from fits.converged(self.model)
        yield from spurious(self)
        yield from mostly_missing(self)
        check = self.check
        if check is not None and check.cells and check.right <= check.usual:
            text = (
                "hidden categories are guessed no better than by the most frequent one of their column: the "
                "other columns tell little of them"
            )
            yield caution("unexplained", text)
        yield from still_empty(self)

    def _facts(self) -> list[tuple[str, str]]:
        found = [*counts(self), ("components", f"{self.model.n_components_}")]
        if self.check is not None and self.check.cells:
            found.append(("hidden categories guessed right", share(self.check.right, self.check.cells)))
        if self.check is not None and self.check.numbers:
            of = f"of hidden numbers in {percent(self.level)} intervals"
            found.append((of, share(self.check.inside, self.check.numbers)))
        return found

    def _columns(self) -> Table:
        rows = []
        for j, name in enumerate(self.names):
            n = int(self.missing[:, j].sum())
            rows.append(
                [
                    name,
                    f"{n:,} ({share(n, self.n_rows)})" if n else "none",
                    self.model.families_[name],
                    self._cells(j, self.observed[~self.missing[:, j], j]),
                    self._cells(j, self.completed[self.missing[:, j], j]) if n else EN_DASH,
                ]
            )
        return Table(
            "Columns",
            ["", "missing", "modelled as", "observed", "filled in"],
            rows,
            "Mean and range of numbers, in the units of the data; of categories the most frequent ones.",
        )

    def _cells(self, j: int, cells: NDArray[Any]) -> str:
        """Some cells of a column in words."""
        if self.numeric[j]:
            values = cells.astype(np.float64)
            digits = decimals([self.deviations[j] or 1.0])
            mean, *ends = (number(float(x), digits) for x in (values.mean(), values.min(), values.max()))
            return f"{mean} ({' to '.join(ends)})"
        kinds, counts = np.unique(cells.astype(str), return_counts=True)
        order = np.argsort(-counts, kind="stable")[:3]
        return ", ".join(f"{kinds[i]} {share(counts[i], len(cells))}" for i in order)

    def _numbers_of_components(self) -> dict[str, Table]:
        if not self.model.bic_:
            return {}
        tried = self.model.bic_
        best = list(tried).index(self.model.n_components_)
        cells = ["BIC", *(number(value, 1) if np.isfinite(value) else EN_DASH for value in tried.values())]
        text = f"Lower is better; the best is marked. {EN_DASH}: a maximum that is not to be trusted."
        heads = ["components", *map(str, tried)]
        return {"bic": Table("BIC", heads, [cells], text, frozenset({(0, 1 + best)}))}

    def _summary(self) -> dict[str, object]:
        model = self.model
        return {
            **fits.about(self),
            **numbers(self),
            "n_components": model.n_components_,
            "bic_by_n_components": {str(k): value for k, value in model.bic_.items()},
            "families": model.families_,
            "check": None if self.check is None else dict(vars(self.check)),
            **fits.ended(model),
        }
