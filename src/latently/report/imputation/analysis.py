"""What a report on an imputation speaks of: what was filled in, and the checks of it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from latently.checks.arrays import Array
from latently.core.errors import UndeterminedWarning, unless_refused
from latently.estimators.gaussian_imputer import GaussianImputer
from latently.estimators.imputation.diagnosis import (
    DispersedStarts,
    MCARTest,
    MissingPatterns,
    Overimputation,
    dispersed_starts,
    little_mcar_test,
    missing_patterns,
    overimpute,
)
from latently.estimators.imputation.filling import expected
from latently.report.analysis import Analysis
from latently.report.imputation.replay import imputation_replay
from latently.report.interactive import Replay

if TYPE_CHECKING:
    from latently.report.report import Report

Found = TypeVar("Found")


@dataclass(frozen=True)
class FilledTable(Analysis):
    """An imputer of any kind, with parameter draws, and how it came about."""

    level: float = 0.95  # probability of the intervals
    seed: int = 0  # of the draws, and of the cells that are hidden for the check
    drawn: str = ""  # where the drawn tables were written to; empty if they were not
    # columns that are not in the model and lack cells, and how many
    still_empty: Mapping[str, int] = field(default_factory=dict)

    @property
    def n_tables(self) -> int:
        """How many tables are drawn."""
        return len(self.model.parameter_draws_)

    @cached_property
    def incomplete(self) -> NDArray[np.int64]:
        """Columns that lack cells, those that lack most first."""
        counts = self.missing.sum(axis=0)
        order = np.argsort(-counts, kind="stable")
        return np.asarray(order[counts[order] > 0])


@dataclass(frozen=True)
class ImputationAnalysis(FilledTable):
    """A `GaussianImputer` and how it came about; see `FilledTable`."""

    def report(self) -> Report:
        """All that is said of the imputation."""
        from latently.report.imputation.report import imputation_report  # which is made of analyses

        return imputation_report(self)

    def replay(self) -> Replay | None:
        """How the cells came to be filled in."""
        kept = self.model._observed_features
        names = [name for name, keep in zip(self.names, kept, strict=True) if keep]

        def fill(imputer: GaussianImputer, x: Array) -> Array:
            return expected(imputer.mixture_._predictive(x), x)

        return imputation_replay(self.model, names, self.rows[:, kept], fill)

    @cached_property
    def completed(self) -> Array:
        """The rows with missing cells at their expectation."""
        return np.asarray(self.model.transform(self.X), dtype=np.float64)

    @cached_property
    def limits(self) -> tuple[Array, Array]:
        """Intervals of the missing cells, with the uncertainty of the parameters; NaN elsewhere."""
        return self.model.interval(self.X, self.level, parameter_uncertainty=True)

    @cached_property
    def tables(self) -> list[Array]:
        """The drawn tables."""
        return self.model.draw_imputations(self.X, self.n_tables, random_state=self.seed)

    @cached_property
    def least(self) -> Array:
        """The least observed value of each column."""
        return np.asarray(np.nanmin(self.rows, axis=0))

    @cached_property
    def greatest(self) -> Array:
        """The greatest observed value of each column."""
        return np.asarray(np.nanmax(self.rows, axis=0))

    @cached_property
    def outside(self) -> NDArray[np.bool_]:
        """Which filled cells lie outside the observed range of their column."""
        beyond = (self.completed < self.least) | (self.completed > self.greatest)
        return np.asarray(self.missing & beyond)

    @cached_property
    def drawn_outside(self) -> Array:
        """Share of the drawn cells of each column below its least and above its greatest observed value.

        Of shape (2, n_features).
        """
        tables = np.array(self.tables)
        below, above = tables < self.least, tables > self.greatest
        cells = np.array([(self.missing & beyond).sum(axis=(0, 1)) for beyond in (below, above)])
        return np.asarray(cells / np.maximum(self.missing.sum(axis=0) * len(tables), 1))

    @cached_property
    def deviations(self) -> Array:
        return np.asarray(np.sqrt(np.diagonal(self.model.covariance_)))

    @cached_property
    def explained(self) -> Array:
        """Share of the variance of each column that all others together explain, by the model."""
        if len(self.names) == 1:
            return np.zeros(1)
        precision = np.linalg.inv(self.model.covariance_ / np.outer(self.deviations, self.deviations))
        return np.asarray(np.clip(1.0 - 1.0 / np.diagonal(precision), 0.0, 1.0))

    @cached_property
    def patterns(self) -> MissingPatterns:
        """Which cells are missing together."""
        return missing_patterns(self.X)

    @cached_property
    def test(self) -> MCARTest | None:
        """Little's test; None if it cannot be made."""
        found = _if_it_can_be_made(lambda: little_mcar_test(self.X))
        return None if found is None or np.isnan(found.p_value) else found

    @cached_property
    def overimputation(self) -> Overimputation | None:
        """Observed cells that were hidden and predicted; None if too few are left to fit to."""
        how: dict[str, Any] = {"level": self.level, "random_state": self.seed}
        return _if_it_can_be_made(lambda: overimpute(self.model, self.X, **how))

    @cached_property
    def starts(self) -> DispersedStarts | None:
        """Fits of one Gaussian from starts far apart; None for a mixture, which restarts by itself."""
        if self.model.n_components > 1:
            return None
        return _if_it_can_be_made(lambda: dispersed_starts(self.model, self.X, random_state=self.seed))


def _if_it_can_be_made(find: Callable[[], Found]) -> Found | None:
    """What a check finds; None if the table is too small or too degenerate for it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", UndeterminedWarning)
        return unless_refused(find)
