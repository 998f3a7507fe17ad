"""Positive numbers that scatter in proportion to their mean: independent gamma features, shape (K, d).

Parameters are means and shapes, not rates and shapes: a mean is in the units of the data and easy to
read, and the shape (one over the squared coefficient of variation) has no unit. The likelihood parts the two:
whatever the shape is, the mean of the cells is the best mean, and the errors of both are not correlated.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainc, gammaincc, gammaln, polygamma, psi

from latently.core.declared import Parameter
from latently.core.spaces import Positive, Spaces
from latently.emissions.base import Array
from latently.emissions.dispersed import Dispersed, known, unit_of
from latently.emissions.distribution import Distribution
from latently.emissions.exponential_family import CellMoments, CellSums
from latently.emissions.newton import zero

SMALLEST_NORMAL = float(np.finfo(np.float64).tiny)
LEAST_LOG_SHAPE = -20.0  # logarithm of a shape: what double precision holds can scatter no more


@dataclass(frozen=True)
class GammaParams:
    """Means and shapes of each component and feature, shape (K, d): the variance is ``means**2 / shapes``."""

    means: Array
    shapes: Array


@dataclass(frozen=True)
class Gamma(Dispersed):
    """Independent gamma features, numbers above 0; NaN is a missing cell.

    Parameters
    ----------
    min_dispersion : float
        Floor of one over the shapes, relative to the dispersion of the data.
    dispersions : array of shape (d,), optional
        Twice the difference of the logarithm of the mean and the mean of the logarithms of the data, which is
        near the squared coefficient of variation. Filled in by `bind`.

    Examples
    --------
    >>> import numpy as np
    >>> from latently import MixtureModel
    >>> costs = np.random.default_rng(0).gamma(4.0, 25.0, (2000, 1))
    >>> one = MixtureModel("gamma", 1).fit(costs).params_.emission
    >>> np.round([one.means[0, 0], one.shapes[0, 0]])
    array([100.,   4.])
    """

    params_type: ClassVar[type] = GammaParams
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("means", ("components", "features"), "means", "positive and finite"),
        Parameter(
            "shapes",
            ("components", "features"),
            "shapes: one over the squared coefficient of variation",
            "positive and finite",
        ),
    )
    values: ClassVar[str] = "gamma numbers are above 0 ('exponential' allows 0, 'gaussian' any number)"
    noun: ClassVar[str] = "positive numbers"
    adjective: ClassVar[str] = "gamma"

    def possible(self, x: Array) -> NDArray[np.bool_]:
        return np.asarray(np.isnan(x) | ((x > 0) & (x < np.inf)))

    def bind(self, description: CellMoments) -> Self:
        return replace(self, dispersions=_dispersion(description))

    def start(self, description: CellMoments, n_components: int, rng: np.random.Generator) -> GammaParams:
        """Means that scatter as the data do, each component with the shape of all data."""
        unit = unit_of(_dispersion(description))
        away = rng.standard_normal((n_components, len(unit))) * (n_components > 1)
        shapes = np.minimum(1.0 / unit, self._most) + np.zeros(away.shape)
        return GammaParams(_positive(description.mean) * np.exp(np.sqrt(unit) * away), shapes)

    def terms(self, x: Array) -> tuple[Array, Array]:
        """The numbers and their logarithms."""
        return x, np.log(x)

    def natural(self, params: GammaParams) -> tuple[Array, Array]:
        a, rates = params.shapes, params.shapes / params.means
        return np.stack([-rates, a - 1.0], axis=1), a * np.log(rates) - gammaln(a)

    def best(self, stats: CellSums, params: GammaParams, fixed: Collection[str]) -> dict[str, Array]:
        """Weighted means; shapes by Newton's method on the logarithm, clipped to the floor.

        With `gap` the mean of ``x / mean - 1 - log(x / mean)``, a shape is best where its logarithm less its
        digamma function is the gap, for any mean.
        """
        first, log_mean = stats.means[:, 0], stats.means[:, 1]
        means = params.means if "means" in fixed else np.where(stats.some, first, 1.0)
        if "shapes" in fixed:
            return {"means": means}
        ratio = np.where(stats.some, first / means, 1.0)
        gap = np.maximum(ratio - 1.0 - np.where(stats.some, log_mean - np.log(means), 0.0), SMALLEST_NORMAL)

        def slope(t: Array) -> tuple[Array, Array]:
            a = np.exp(t)
            return t - psi(a) - gap, 1.0 - a * polygamma(1, a)

        near = (3.0 - gap + np.sqrt((gap - 3.0) ** 2 + 24.0 * gap)) / (12.0 * gap)
        return {
            "means": means,
            "shapes": np.exp(zero(slope, np.log(near), LEAST_LOG_SHAPE, np.log(self._most))),
        }

    def gradient(self, stats: CellSums, params: GammaParams) -> dict[str, Array]:
        """Derivatives of the sum over cells of the log density."""
        m, a = params.means, params.shapes
        first, logs = stats.terms[:, 0], stats.terms[:, 1]
        by_shape = stats.cells * (np.log(a / m) + 1.0 - psi(a)) + logs - first / m
        return {"means": a * (first / m - stats.cells) / m, "shapes": by_shape}

    def spaces(self, params: GammaParams) -> Spaces:
        """Positive, means in units of the scatter of the data, shapes in units of that of all data."""
        unit, fixed = self._unit, self._constant
        scale = params.means.mean(axis=0) * np.sqrt(unit)
        return {
            "means": Positive(params.means.shape, scale, fixed=fixed),
            "shapes": Positive(params.shapes.shape, 1.0 / unit, fixed=fixed, ceiling=self._most),
        }

    def dispersion(self, params: GammaParams) -> Array:
        return 1.0 / params.shapes

    def sample(self, params: GammaParams, labels: NDArray[np.int64], rng: np.random.Generator) -> Array:
        a, m = params.shapes[labels], params.means[labels]
        return np.maximum(rng.gamma(a, m / a), SMALLEST_NORMAL)

    def mean(self, params: GammaParams) -> Array:
        return params.means

    def deviation(self, params: GammaParams) -> Array:
        return params.means / np.sqrt(params.shapes)

    def distribution(self, params: GammaParams, x: Array) -> Distribution:
        """Incomplete gamma functions; where they underflow, the first terms of their expansions."""
        a = params.shapes
        z = a * (x[:, None, :] / params.means)
        with np.errstate(divide="ignore", invalid="ignore"):
            below, above = np.log(gammainc(a, z)), np.log(gammaincc(a, z))
            first = a * np.log(z) - z - gammaln(a)
            low, high = first - np.log(a) - np.log1p(-z / (a + 1.0)), first - np.log(z - a + 1.0)
        return Distribution(
            np.where(np.isneginf(below) & (z > 0), low, below), np.where(np.isneginf(above), high, above)
        )

    def embed(self, description: CellMoments, x: Array) -> Array:
        """Logarithms, whose spread is the same at any mean, in units of that spread."""
        unit = unit_of(_dispersion(description))
        return np.asarray(np.log(x / _positive(description.mean)) / np.sqrt(unit))


def _positive(means: Array) -> Array:
    """Means of the data, one where there are no cells."""
    return np.where(means > 0, means, 1.0)


def _dispersion(description: CellMoments) -> Array:
    """Of the data, by the mean and the mean logarithm."""
    logs = description.terms[1] / description.divisors
    return known(2.0 * (np.log(_positive(description.mean)) - logs))
