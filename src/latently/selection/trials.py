"""The fits of a search: what each adds to the table, and which is the best."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from numbers import Real
from types import MappingProxyType
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from latently.checks.settings import Such, check_setting
from latently.core.convergence import ROUNDING
from latently.core.errors import (
    ObjectiveFellError,
    ObjectiveFellWarning,
    SpuriousMaximumWarning,
    WeightWarning,
)
from latently.core.findings import Finding, grave
from latently.core.journal import Journal
from latently.estimators.likelihood.in_a_search import InASearch, ToBeat, hope
from latently.estimators.likelihood.penalties import PENALTIES
from latently.estimators.progress import Bar
from latently.selection.criteria import Measure, criterion_of
from latently.selection.order import Scale, contenders, sequential
from latently.selection.rows import Parts
from latently.selection.table import ALWAYS, HIGHER

FIGURE = Such(lambda value: isinstance(value, Real), "a number")
OUTCOME = ("log_likelihood", "n_parameters", "converged")
LOUD = (ObjectiveFellWarning, WeightWarning)
Progress = Callable[[int, int, dict[str, Any]], Any]


class Trials:
    """Fits of an estimator with combinations of settings.

    Parameters
    ----------
    estimator : estimator
        What to fit; it is cloned.
    combinations : sequence of dict
        Settings.
    measure : Measure
        What decides.
    progress : callable, optional
        Called before each fit.
    bar : bool
        Whether a progress bar is shown.
    journal : Journal, optional
        In which the runs of all fits are noted.
    rivals : sequence of dict
        Rows of the table of an earlier search, of another kind of model: fits to beat.

    Attributes
    ----------
    rows : list of dict
        The table.
    loud : dict
        Warnings that are to be shown, and their categories.
    cause : ValueError or None
        What the first fit that failed ended with.
    """

    def __init__(
        self,
        estimator: object,
        combinations: Sequence[Mapping[str, object]],
        measure: Measure,
        progress: Progress | None,
        bar: bool,
        journal: Journal | None = None,
        rivals: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self._estimator = estimator
        self._combinations = combinations
        self._measure = measure
        self._progress = progress
        self._bar, self._journal, self._rivals = bar, journal, rivals
        names = dict.fromkeys((*ALWAYS, measure.name, *OUTCOME, "failure", "skipped", "sample"))
        blank = {**names, "diagnostics": (), "warnings": (), "seconds": 0.0}
        self.rows: list[dict[str, Any]] = [{**params, **blank} for params in combinations]
        self._left_open: dict[int, list[float]] = {}  # log-likelihoods of all rows that batches ended at
        self.loud: dict[str, type[Warning]] = {}
        self.cause: ValueError | None = None

    def every(self, parts: Parts) -> Iterator[tuple[int, Any]]:
        """Fit all combinations, one after the other, and yield each fit with its place."""
        yield from self._fits([(i, None) for i in range(len(self.rows))], parts)

    def sequential(self, parts: Parts) -> Iterator[tuple[int, Any]]:
        """Fit combinations until more would not help, briefly; then those at length that may be the best."""
        scale = Scale(self._measure.name, parts.excess)
        order = sequential(self._combinations, self.rows, scale, self._rivals)

        def part_of(i: int) -> InASearch:
            return InASearch(self._to_beat(i) if parts.n_sampled is None else None, brief=True)

        yield from self._fits(order, parts, part_of)
        yield from self._at_length(parts)

    def _at_length(self, parts: Parts) -> Iterator[tuple[int, Any]]:
        """Fit again what was left open and may be the best, if it was fitted to all rows."""
        yield from self._fits(self._in_turn(), parts, self._going_on, n=len(self._in_reach()))

    def _in_turn(self) -> Iterator[tuple[int, None]]:
        """Of what was left open the best, as long as there is something that may yet be the best of all."""
        scale = Scale(self._measure.name)
        while within := self._in_reach():
            best = min(within, key=lambda i: (scale.expected(self.rows[i]), scale.hoped(self.rows[i], 0.0)))
            yield best, None
            del self._left_open[best]

    def _in_reach(self) -> list[int]:
        """Fits to all rows that were left open and may be the best."""
        scale = Scale(self._measure.name)
        hoped = {i: scale.hoped(self.rows[i], hope(heights)) for i, heights in self._left_open.items()}
        return [
            i
            for i, value in hoped.items()
            if self.rows[i]["sample"] is None and all(value <= scale.expected(row) for row in self._others(i))
        ]

    def _going_on(self, i: int) -> InASearch:
        return InASearch(self._to_beat(i), known=len(self._left_open[i]))

    def _to_beat(self, i: int) -> ToBeat | None:
        """The best sound fit but for one."""
        name = self._measure.name
        best = min((Scale(name).expected(row) for row in self._others(i)), default=np.inf)
        return ToBeat(name, best) if np.isfinite(best) else None

    def _others(self, i: int) -> list[Mapping[str, Any]]:
        return [*(row for j, row in enumerate(self.rows) if j != i), *self._rivals]

    def contenders(self, fits: Mapping[int, object], excess: float) -> dict[int, Any]:
        """Those of some fits to a sample that may yet be the best."""
        scale = Scale(self._measure.name, excess)
        return {i: fits[i] for i in contenders(self.rows, fits, scale)}

    def go_on(self, earlier: Mapping[int, object], parts: Parts) -> Iterator[tuple[int, Any]]:
        """Fit again what has been fitted to fewer rows, from where it was left."""
        yield from self._fits([(i, None) for i in earlier], parts, earlier=earlier, n=len(earlier))
        yield from self._at_length(parts)

    def _fits(
        self,
        order: Iterable[tuple[int, str | None]],
        parts: Parts,
        part_of: Callable[[int], InASearch] = lambda _: InASearch(),
        *,
        earlier: Mapping[int, Any] = MappingProxyType({}),
        n: int | None = None,
    ) -> Iterator[tuple[int, Any]]:
        n = len(self.rows) if n is None else n
        for position, (i, skipped) in enumerate(
            Bar(order, desc="select", unit=" fits", total=n, disable=not self._bar)
        ):
            if skipped is not None:
                self.rows[i]["skipped"] = skipped
                continue
            params, before = dict(self._combinations[i]), self.rows[i]
            if self._progress is not None:
                self._progress(position, n, params)
            candidate = clone(self._estimator).set_params(**params)
            asked = candidate.get_params(deep=False)
            if i in earlier and before["failure"] is None:
                candidate = earlier[i].set_params(warm_start=True)
            if self._journal is not None:
                candidate._journal, asked["checkpoint"] = self._journal, None
            if "on_interrupt" in asked:  # Ctrl-C ends the search, not one fit of it
                candidate.set_params(on_interrupt="raise")
            if parts.tol and asked["tol"]:
                candidate.set_params(tol=max(parts.tol, asked["tol"]))
            candidate._in_a_search = part_of(i)
            row = self._fit(candidate, parts)
            candidate._in_a_search = None
            heights = getattr(getattr(candidate, "restarts_", None), "_left_open", None)
            if heights is not None and row["failure"] is None:
                self._left_open[i] = [(1 + parts.excess) * height for height in heights]
            if before[self._measure.name] is not None and before["sample"] == row["sample"]:
                row["seconds"] += before["seconds"]
                if self._rank(row) > self._rank(before):  # without a seed other starts were drawn
                    before["seconds"] = row["seconds"]
                    continue
            before |= row
            yield i, candidate.set_params(**asked)

    def best(self, fits: Iterable[tuple[int, object]]) -> tuple[Any, int]:
        """The best of some fits and its place; None if all failed. Of equals it is the first."""
        best, best_index, best_rank = None, -1, (True, np.inf)
        for i, candidate in fits:
            if self.rows[i]["failure"] is not None:
                continue
            rank = self._rank(self.rows[i])
            slack = _rounding(candidate, rank[1])
            nearly = (rank[0], rank[1] + slack if i > best_index else rank[1] - slack)
            if best is None or nearly < best_rank:
                best, best_index, best_rank = candidate, i, rank
        return best, best_index

    def _rank(self, row: Mapping[str, Any]) -> tuple[bool, float]:
        """The lower the better: what is to be trusted first."""
        if row["failure"] is not None:
            return True, np.inf
        sign = -1.0 if self._measure.name in HIGHER else 1.0
        return bool(grave(row["diagnostics"])), sign * row[self._measure.name]

    def _fit(self, estimator: Any, parts: Parts) -> dict[str, Any]:
        """What a fit adds to its row."""
        names = (*ALWAYS, self._measure.name, *OUTCOME)
        row: dict[str, Any] = dict.fromkeys(names)
        failure = None
        diagnostics: tuple[Finding, ...] = ()
        began = time.perf_counter()
        with warnings.catch_warnings(record=True) as caught:
            for category in (ConvergenceWarning, SpuriousMaximumWarning, *LOUD):
                warnings.simplefilter("always", category)
            try:
                estimator.fit(parts.fitted, **parts.fit_params)
                row |= self._figures(estimator, parts)
                value = row[self._measure.name]
                check_setting("what criterion returned", value, FIGURE)
                if not value > -np.inf:
                    raise ValueError(
                        f"{self._measure.name} is {'not a number' if np.isnan(value) else value}"
                    )
            except ValueError as error:
                failure, self.cause = str(error), self.cause or error
                row = dict.fromkeys(names)
                if isinstance(error, ObjectiveFellError):
                    self.loud[failure] = ObjectiveFellWarning
            else:
                diagnostics = getattr(estimator, "diagnostics_", ())
        self.loud.update({str(w.message): w.category for w in caught if issubclass(w.category, LOUD)})
        return {
            **row,
            "diagnostics": diagnostics,
            "warnings": tuple(str(warning.message) for warning in caught),
            "seconds": time.perf_counter() - began,
            "failure": failure,
            "sample": parts.n_sampled,
        }

    def _figures(self, estimator: Any, parts: Parts) -> dict[str, Any]:
        """Criteria of a fit and what they come from: of the rows fitted, or of all with their parameters."""
        found: dict[str, Any] = {name: getattr(estimator, f"{name}_", None) for name in OUTCOME}
        if parts.n_sampled is None:
            value = self._measure.of(estimator, parts.measured)
            found |= {name: getattr(estimator, name)() for name in ALWAYS if hasattr(estimator, name)}
            return {**found, self._measure.name: value}
        given = {name: value for name, value in parts.all_params.items() if name != "y"}
        counting = dict.fromkeys(name for name in (*ALWAYS, self._measure.name) if name in PENALTIES)
        found |= estimator._criteria(counting, parts.measured, **given)
        if self._measure.name not in counting:
            found[self._measure.name] = criterion_of(estimator, self._measure.name, parts.measured, **given)
        found["log_likelihood"] = found["n_parameters"] - found["aic"] / 2
        return found


def _rounding(estimator: object, value: float) -> float:
    """By how much a criterion, minus twice a log-likelihood and a penalty, may differ from rounding alone."""
    restarts = getattr(estimator, "restarts_", None)
    return ROUNDING * abs(value) + 2 * getattr(restarts, "rounding", 0.0)
