"""Positive numbers whose logarithms are normal: independent features, shape (K, d)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr

from latently.core.declared import Parameter
from latently.core.spaces import Positive, Real, Spaces
from latently.emissions.base import Array
from latently.emissions.dispersed import Dispersed, known, unit_of
from latently.emissions.distribution import Distribution
from latently.emissions.exponential_family import CellMoments, CellSums
from latently.emissions.gaussian.params import LOG_2PI


@dataclass(frozen=True)
class LogNormalParams:
    """Means and variances of the logarithms of each component and feature, shape (K, d)."""

    log_means: Array
    log_variances: Array


@dataclass(frozen=True)
class LogNormal(Dispersed):
    """Independent features whose logarithms are normal; NaN is a missing cell.

    Parameters
    ----------
    min_dispersion : float
        Floor of the variances of the logarithms, relative to those of the data.
    centres, dispersions : array of shape (d,), optional
        Means and variances of the logarithms of the data, filled in by `bind`.

    Examples
    --------
    >>> import numpy as np
    >>> from latently import MixtureModel
    >>> incomes = np.random.default_rng(0).lognormal(8.0, 0.5, (2000, 1))
    >>> one = MixtureModel("log-normal", 1).fit(incomes).params_.emission
    >>> np.round([one.log_means[0, 0], one.log_variances[0, 0]], 1)
    array([8. , 0.3])
    """

    centres: Array | None = field(default=None, repr=False)

    params_type: ClassVar[type] = LogNormalParams
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("log_means", ("components", "features"), "means of the logarithms"),
        Parameter(
            "log_variances", ("components", "features"), "variances of the logarithms", "positive and finite"
        ),
    )
    values: ClassVar[str] = "log-normal numbers are above 0 ('exponential' allows 0, 'gaussian' any number)"
    noun: ClassVar[str] = "positive numbers"
    adjective: ClassVar[str] = "log-normal"

    def possible(self, x: Array) -> NDArray[np.bool_]:
        return np.asarray(np.isnan(x) | ((x > 0) & (x < np.inf)))

    def describe(self, x: Array, weights: Array) -> CellMoments:
        return super().describe(x, weights) if self.centres is None else LogNormal().describe(x, weights)

    def bind(self, description: CellMoments) -> Self:
        """Take the means of the logarithms of the data as their origin, and their variances as unit."""
        centres, variances = _of_logarithms(description)
        return replace(self, centres=centres, dispersions=known(variances))

    def start(self, description: CellMoments, n_components: int, rng: np.random.Generator) -> LogNormalParams:
        """Means drawn from the normal distribution of all logarithms, and their variance for each."""
        centres, variances = _of_logarithms(description)
        variances = np.maximum(unit_of(known(variances)), self._floor)
        away = rng.standard_normal((n_components, len(centres))) * (n_components > 1)
        return LogNormalParams(
            centres + np.sqrt(variances) * away, np.repeat(variances[None], n_components, axis=0)
        )

    def terms(self, x: Array) -> tuple[Array, Array]:
        """Logarithms about those of the data, and their squares."""
        away = np.log(x) - self._centres
        return away, away * away

    def natural(self, params: LogNormalParams) -> tuple[Array, Array]:
        """Those of the normal distribution, less the logarithm itself for its derivative."""
        mean, v = params.log_means - self._centres, params.log_variances
        constants = -0.5 * (mean * mean / v + np.log(v) + LOG_2PI) - self._centres
        return np.stack([mean / v - 1.0, -0.5 / v], axis=1), constants

    def best(self, stats: CellSums, params: LogNormalParams, fixed: Collection[str]) -> dict[str, Array]:
        """Weighted means of the logarithms, and of their squares about these, clipped to the floor."""
        first, second = stats.means[:, 0], stats.means[:, 1]
        mean = params.log_means - self._centres if "log_means" in fixed else first
        squares = np.maximum(second - first * first, 0.0) + (first - mean) ** 2
        return {"log_means": self._centres + mean, "log_variances": np.maximum(squares, self._floor)}

    def gradient(self, stats: CellSums, params: LogNormalParams) -> dict[str, Array]:
        mean, v = params.log_means - self._centres, params.log_variances
        first, second = stats.terms[:, 0], stats.terms[:, 1]
        squares = second - 2 * mean * first + stats.cells * mean**2
        return {
            "log_means": (first - stats.cells * mean) / v,
            "log_variances": 0.5 * (squares / v - stats.cells) / v,
        }

    def spaces(self, params: LogNormalParams) -> Spaces:
        """Means are real, variances positive, in units of those of the data."""
        unit, fixed = self._unit, self._constant
        return {
            "log_means": Real(params.log_means.shape, np.sqrt(unit), fixed),
            "log_variances": Positive(params.log_variances.shape, unit, self._floor, fixed),
        }

    def dispersion(self, params: LogNormalParams) -> Array:
        return params.log_variances

    def sample(self, params: LogNormalParams, labels: NDArray[np.int64], rng: np.random.Generator) -> Array:
        return np.asarray(rng.lognormal(params.log_means[labels], np.sqrt(params.log_variances[labels])))

    def mean(self, params: LogNormalParams) -> Array:
        return np.exp(params.log_means + params.log_variances / 2)

    def deviation(self, params: LogNormalParams) -> Array:
        return self.mean(params) * np.sqrt(np.expm1(params.log_variances))

    def distribution(self, params: LogNormalParams, x: Array) -> Distribution:
        """Normal distribution functions of the logarithms."""
        with np.errstate(divide="ignore"):
            away = (np.log(x)[:, None, :] - params.log_means) / np.sqrt(params.log_variances)
        return Distribution(log_ndtr(away), log_ndtr(-away))

    def embed(self, description: CellMoments, x: Array) -> Array:
        centres, variances = _of_logarithms(description)
        return np.asarray((np.log(x) - centres) / np.sqrt(unit_of(known(variances))))

    def fill(self, description: CellMoments, x: Array) -> Array:
        """Missing cells at the mean of the logarithms."""
        return np.where(np.isnan(x), np.exp(_of_logarithms(description)[0]), x)

    @property
    def _centres(self) -> Array | float:
        return 0.0 if self.centres is None else self.centres


def _of_logarithms(description: CellMoments) -> tuple[Array, Array]:
    mean, square = description.terms / description.divisors
    return mean, np.maximum(square - mean * mean, 0.0)
