"""Counts: independent Poisson features, shape (K, d) of rates."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainc, gammaincc, gammaln, xlogy

from latently.checks.arrays import MOST_COUNT
from latently.core.declared import Parameter
from latently.core.spaces import Positive, Spaces
from latently.emissions.base import Array
from latently.emissions.counts import COUNTS, counts
from latently.emissions.distribution import Distribution, from_tails
from latently.emissions.exponential_family import CellMoments, CellSums, ExponentialFamily

FLOOR = 1e-10  # of a rate, in units of the mean count: a state that saw no event keeps a likelihood


@dataclass(frozen=True)
class PoissonParams:
    """Rates: expected counts of each component and feature, shape (K, d)."""

    lambdas: Array


@dataclass(frozen=True)
class Poisson(ExponentialFamily):
    """Independent Poisson counts; NaN is a missing one.

    Parameters
    ----------
    means : array of shape (d,), optional
        Mean counts of the data, filled in by `bind`.
    """

    means: Array | None = None

    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("lambdas", ("components", "features"), "rates: expected counts", "positive and finite"),
    )
    values: ClassVar[str] = COUNTS
    noun: ClassVar[str] = "counts"
    adjective: ClassVar[str] = "Poisson"
    centre_called: ClassVar[str] = "rate"
    reading: ClassVar[str] = "Mean count in each row; in a Poisson distribution the variance is the same."

    def possible(self, x: Array) -> NDArray[np.bool_]:
        """Whole numbers from 0."""
        return counts(x)

    def rows_needed(self, params: Any, fixed: Collection[str] = ()) -> int:
        """None: probabilities are at most one, so no maximum is spurious."""
        return 0

    def bind(self, description: CellMoments) -> Self:
        """Take the mean counts as the unit."""
        return replace(self, means=description.mean)

    def start(self, description: CellMoments, n_components: int, rng: np.random.Generator) -> PoissonParams:
        """Rates scattered about the mean as the counts are."""
        mean = description.mean
        spread = np.sqrt(np.maximum(description.variance, mean))
        rates = mean + spread * rng.standard_normal((n_components, len(mean)))
        return PoissonParams(np.maximum(rates, 0.1 * mean + 1e-3))

    def terms(self, x: Array) -> tuple[Array]:
        """The counts."""
        return (x,)

    def base(self, x: Array) -> Array:
        """Less their log factorials."""
        found: Array = -gammaln(x + 1.0)
        return found

    def natural(self, params: PoissonParams) -> tuple[Array, Array]:
        """Logarithms of the rates, and less the rates."""
        return np.log(params.lambdas)[:, None], -params.lambdas

    def best(self, stats: CellSums, params: PoissonParams, fixed: Collection[str]) -> dict[str, Array]:
        """Mean counts; none is below a tiny floor."""
        return {"lambdas": np.maximum(stats.means[:, 0], self._floor)}

    def gradient(self, stats: CellSums, params: PoissonParams) -> dict[str, Array]:
        """Counts over rates, less cells."""
        return {"lambdas": stats.terms[:, 0] / params.lambdas - stats.cells}

    def spaces(self, params: PoissonParams) -> Spaces:
        """Rates are positive, in units of the standard deviations of counts at the mean."""
        means = params.lambdas.mean(axis=0) if self.means is None else self.means
        scale, floor = np.sqrt(means + FLOOR), self._floor
        return {"lambdas": Positive(params.lambdas.shape, scale, floor, to_zero=True)}

    def sample(self, params: PoissonParams, labels: NDArray[np.int64], rng: np.random.Generator) -> Array:
        """Draw counts for each label."""
        most = float(params.lambdas.max())
        if most > MOST_COUNT:
            raise ValueError(f"there is a rate of {most:g}, and counts are at most 2**53 = {MOST_COUNT:g}")
        return rng.poisson(params.lambdas[labels]).astype(np.float64)

    def mean(self, params: PoissonParams) -> Array:
        """The rates."""
        return params.lambdas

    def deviation(self, params: PoissonParams) -> Array:
        """Square roots of the rates."""
        return np.sqrt(params.lambdas)

    def distribution(self, params: PoissonParams, x: Array) -> Distribution:
        """Incomplete gamma functions."""
        return poisson_distribution(params.lambdas, x[:, None, :])

    def embed(self, description: CellMoments, x: Array) -> Array:
        """Square roots, whose spread is the same at any rate."""
        return 2 * np.sqrt(x)

    def params(self, lambdas: Array) -> PoissonParams:
        """Of the rates."""
        return PoissonParams(lambdas)

    def check_shapes(self, params: Any, n_components: int, n_features: int) -> None:
        """Also the mean of each feature."""
        super().check_shapes(params, n_components, n_features)
        means = np.ones(n_features) if self.means is None else self.means
        if means.shape != (n_features,) or not (np.isfinite(means) & (means >= 0)).all():
            raise ValueError("the means of its features are not numbers from 0, one for each")

    @property
    def _floor(self) -> Any:
        return 1e-300 if self.means is None else FLOOR * self.means + 1e-300


def poisson_distribution(rates: Array, counts: Array) -> Distribution:
    """Where counts lie in Poisson distributions."""

    def log_probability(x: Array) -> Array:
        return np.asarray(xlogy(x, rates) - rates - gammaln(x + 1.0))

    below, above = gammaincc(counts, rates), gammainc(counts + 1.0, rates)
    return from_tails(np.where(counts == 0, 0.0, below), above, log_probability, counts)
