"""Counts: independent Poisson features, shape (K, d) of rates."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainc, gammaincc, gammaln, xlogy

from latently.checks.arrays import MOST_COUNT
from latently.core.declared import Parameter
from latently.core.spaces import Positive, Spaces
from latently.emissions.base import Array
from latently.emissions.counts import Counts
from latently.emissions.distribution import Distribution, from_tails
from latently.emissions.exponential_family import CellMoments, CellSums
from latently.emissions.exposed import Exposed

RATE_FLOOR = 1e-10  # of a rate, in units of the mean count: a state that saw no event keeps a likelihood


@dataclass(frozen=True)
class PoissonParams:
    """Rates: expected counts of each component and feature, for one unit of exposure, shape (K, d)."""

    lambdas: Array


@dataclass(frozen=True)
class Poisson(Counts, Exposed):
    """Independent Poisson counts; NaN is a missing one.

    Parameters
    ----------
    exposure : str or int, optional
        The column that says of how much each row is a count, such as people or hours: by its name, or its
        position in a table without names. It is read with the counts and not modelled, and rates are for one
        unit of it.
    usual_exposure : float
        The mean exposure, at which counts are drawn and pictured; filled in by `learned`.
    place : int, optional
        Where exposures stand among the columns, filled in by `learned`.
    means : array of shape (d,), optional
        Mean rates of the data, filled in by `bind`.

    Examples
    --------
    >>> from latently import MixtureModel
    >>> from latently.emissions import Poisson
    >>> wards = {"falls": [2, 1, 30, 4, 33, 7], "days": [210, 90, 305, 415, 330, 690]}
    >>> mixture = MixtureModel(Poisson(exposure="days"), 2, random_state=0).fit(wards)
    >>> mixture.params_.emission.lambdas.round(3).ravel().tolist()
    [0.01, 0.099]
    """

    means: Array | None = field(default=None, repr=False)

    params_type: ClassVar[type] = PoissonParams
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("lambdas", ("components", "features"), "rates: expected counts", "positive and finite"),
    )
    in_brackets: ClassVar[str] = "exposure"
    adjective: ClassVar[str] = "Poisson"
    centre_called: ClassVar[str] = "rate"

    @property
    def reading(self) -> str:  # type: ignore[override]
        """What rates are of."""
        if self.exposure is not None:
            return f"Mean count for one unit of {self.exposure}."
        return "Mean count in each row; in a Poisson distribution the variance is the same."

    def bind(self, description: CellMoments) -> Self:
        return replace(self, means=description.mean)

    def start(self, description: CellMoments, n_components: int, rng: np.random.Generator) -> PoissonParams:
        mean, usual = description.mean, self.usual_exposure
        spread = np.sqrt(np.maximum(description.variance, mean / usual))
        rates = mean + spread * rng.standard_normal((n_components, len(mean)))
        return PoissonParams(np.maximum(rates, 0.1 * mean + 1e-3 / usual))

    def terms(self, x: Array) -> tuple[Array]:
        return (x,)

    def base(self, x: Array) -> Array:
        found: Array = -gammaln(x + 1.0)
        return found

    def natural(self, params: PoissonParams) -> tuple[Array, Array]:
        return np.log(params.lambdas)[:, None], -params.lambdas

    def best(self, stats: CellSums, params: PoissonParams, fixed: Collection[str]) -> dict[str, Array]:
        """Mean counts; none is below a tiny floor."""
        return {"lambdas": np.maximum(stats.means[:, 0], self._floor)}

    def _base(self, values: Array, seen: Array) -> Array | None:
        """With exposures, also counts times their logarithms."""
        base = super()._base(values, seen)
        if self.exposure is None or base is None:
            return base
        return np.asarray(base + values * np.log(np.where(seen == 0, 1.0, seen)))

    def gradient(self, stats: CellSums, params: PoissonParams) -> dict[str, Array]:
        return {"lambdas": stats.terms[:, 0] / params.lambdas - stats.cells}

    def spaces(self, params: PoissonParams) -> Spaces:
        """Rates are positive, in units of the standard deviations of counts at the mean."""
        means = params.lambdas.mean(axis=0) if self.means is None else self.means
        scale, floor = np.sqrt(means * self.usual_exposure + RATE_FLOOR) / self.usual_exposure, self._floor
        return {"lambdas": Positive(params.lambdas.shape, scale, floor=floor, to_zero=True)}

    def sample(self, params: PoissonParams, labels: NDArray[np.int64], rng: np.random.Generator) -> Array:
        width = params.lambdas.shape[1] + len(self.conditioned_on)
        return self.sample_given(params, labels, self.blank(len(labels), width), rng)

    def sample_given(
        self, params: PoissonParams, labels: NDArray[np.int64], others: Array, rng: np.random.Generator
    ) -> Array:
        """Draw counts for each label at the exposures of other rows; none where these are missing."""
        exposures = self.split_off(others)[1]
        rates = params.lambdas[labels] * np.nan_to_num(exposures)
        most = float(rates.max(initial=0.0))
        if most > MOST_COUNT:
            raise ValueError(f"there is a rate of {most:g}, and counts are at most 2**53 = {MOST_COUNT:g}")
        counts = np.where(np.isnan(exposures), np.nan, rng.poisson(rates))
        return self.beside(counts, others)

    def mean(self, params: PoissonParams) -> Array:
        return params.lambdas

    def deviation(self, params: PoissonParams) -> Array:
        """Square roots of the rates; of rates as they are seen at the usual exposure."""
        return np.sqrt(params.lambdas / self.usual_exposure)

    def distribution(self, params: PoissonParams, x: Array) -> Distribution:
        """Incomplete gamma functions."""
        counts, exposures = self.split_off(x)
        rates = params.lambdas * np.expand_dims(exposures, -1)
        return poisson_distribution(rates, counts[:, None, :])

    def embed(self, description: CellMoments, x: Array) -> Array:
        """Square roots, whose spread is the same at any rate."""
        return 2 * np.sqrt(self.pictured(x))

    def check_shapes(self, params: PoissonParams, n_components: int, n_features: int) -> None:
        """Also the mean of each feature."""
        super().check_shapes(params, n_components, n_features)
        means = np.ones(params.lambdas.shape[1]) if self.means is None else self.means
        if means.shape != params.lambdas.shape[1:] or not (np.isfinite(means) & (means >= 0)).all():
            raise ValueError("the means of its features are not numbers from 0, one for each")

    @property
    def _floor(self) -> Array | float:
        return 1e-300 if self.means is None else RATE_FLOOR * self.means + 1e-300


def poisson_distribution(rates: Array, counts: Array) -> Distribution:
    """Where counts lie in Poisson distributions."""

    def log_probability(x: Array) -> Array:
        return np.asarray(xlogy(x, rates) - rates - gammaln(x + 1.0))

    below, above = gammaincc(counts, rates), gammainc(counts + 1.0, rates)
    return from_tails(np.where(counts == 0, 0.0, below), above, log_probability, counts)
