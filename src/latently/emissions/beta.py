"""Shares: independent beta features, shape (K, d).

Parameters are means and concentrations, ``a + b`` of the usual ``a = mean * concentration`` and ``b``: a mean
is easy to read, and how far cells scatter about it has a floor of its own.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaln, expit, logit, polygamma, psi

from latently.core.declared import Parameter
from latently.core.spaces import Positive, Spaces, UnitInterval
from latently.emissions.base import Array
from latently.emissions.dispersed import Dispersed, known, unit_of
from latently.emissions.distribution import Distribution
from latently.emissions.exponential_family import CellMoments, CellSums
from latently.emissions.newton import zero

LEAST_LOG_CONCENTRATION = -20.0  # logarithm of a concentration
FARTHEST = 30.0  # logit of a mean, which 1 less it still knows
INSIDE = float(np.finfo(np.float64).tiny), 1.0 - 2.0**-53


@dataclass(frozen=True)
class BetaParams:
    """Means and concentrations of each component and feature, shape (K, d)."""

    means: Array
    concentrations: Array


@dataclass(frozen=True)
class Beta(Dispersed):
    """Independent beta features, numbers between 0 and 1; NaN is a missing cell.

    Parameters
    ----------
    min_dispersion : float
        Floor of one over the concentrations, relative to the dispersion of the data.
    dispersions : array of shape (d,), optional
        Variances of the data over ``mean * (1 - mean)``, filled in by `bind`.

    Examples
    --------
    >>> import numpy as np
    >>> from latently import MixtureModel
    >>> shares = np.random.default_rng(0).beta(2.0, 6.0, (2000, 1))
    >>> one = MixtureModel("beta", 1).fit(shares).params_.emission
    >>> np.round([one.means[0, 0], one.concentrations[0, 0]], 2)
    array([0.25, 7.94])
    """

    params_type: ClassVar[type] = BetaParams
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("means", ("components", "features"), "means", "between 0 and 1"),
        Parameter(
            "concentrations", ("components", "features"), "concentrations, a + b", "positive and finite"
        ),
    )
    values: ClassVar[str] = (
        "beta numbers are above 0 and below 1 (percentages are divided by 100; 'gaussian' allows any number)"
    )
    usual: ClassVar[float] = 0.5
    noun: ClassVar[str] = "shares"
    adjective: ClassVar[str] = "beta"

    def possible(self, x: Array) -> NDArray[np.bool_]:
        return np.asarray(np.isnan(x) | ((x > 0) & (x < 1)))

    def bind(self, description: CellMoments) -> Self:
        return replace(self, dispersions=_moments(description)[1])

    def start(self, description: CellMoments, n_components: int, rng: np.random.Generator) -> BetaParams:
        """Means that scatter as the data do, each component with the concentration of all data."""
        mean, found = _moments(description)
        unit = unit_of(found)
        away = rng.standard_normal((n_components, len(mean))) * (n_components > 1)
        means = expit(np.clip(logit(mean) + _spread(mean, unit) * away, -FARTHEST, FARTHEST))
        return BetaParams(means, np.minimum(1.0 / unit, self._most) + np.zeros(away.shape))

    def terms(self, x: Array) -> tuple[Array, Array]:
        """Logarithms of the numbers and of what they lack to one."""
        return np.log(x), np.log1p(-x)

    def natural(self, params: BetaParams) -> tuple[Array, Array]:
        a, b = _shapes(params.means, params.concentrations)
        return np.stack([a - 1.0, b - 1.0], axis=1), -betaln(a, b)

    def best(self, stats: CellSums, params: BetaParams, fixed: Collection[str]) -> dict[str, Array]:
        """By Newton's method: on the logarithm of the concentration, the best mean found for each.

        Q is concave in the two shapes, so there is one maximum, and it has one slope at each concentration.
        """
        here = stats.some
        first, second = (np.where(here, stats.means[:, i], np.log(0.5)) for i in (0, 1))

        def mean_of(phi: Array, m: Array) -> Array:
            def slope(t: Array) -> tuple[Array, Array]:
                m, rest = expit(t), expit(-t)
                bend = phi * (polygamma(1, m * phi) + polygamma(1, rest * phi))
                return first - second - psi(m * phi) + psi(rest * phi), -bend * m * rest

            return expit(zero(slope, np.clip(logit(m), -FARTHEST, FARTHEST), -FARTHEST, FARTHEST))

        if "concentrations" in fixed:
            return {"means": mean_of(params.concentrations, params.means)}
        held, means = "means" in fixed, params.means

        def slope(t: Array) -> tuple[Array, Array]:
            nonlocal means
            phi = np.exp(t)
            means = means if held else mean_of(phi, means)
            m, rest = means, 1.0 - means
            a, b = polygamma(1, m * phi), polygamma(1, rest * phi)
            value = m * (first - psi(m * phi)) + rest * (second - psi(rest * phi)) + psi(phi)
            bend = polygamma(1, phi) - m * m * a - rest * rest * b
            if not held:  # along the best means
                bend = bend + (m * a - rest * b) ** 2 / (a + b)
            return value, phi * bend

        phi = np.exp(zero(slope, np.log(params.concentrations), LEAST_LOG_CONCENTRATION, np.log(self._most)))
        return {"means": means if held else mean_of(phi, means), "concentrations": phi}

    def gradient(self, stats: CellSums, params: BetaParams) -> dict[str, Array]:
        m, phi = params.means, params.concentrations
        a, b = _shapes(m, phi)
        by_a, by_b = (stats.terms[:, i] - stats.cells * (psi(one) - psi(phi)) for i, one in ((0, a), (1, b)))
        return {"means": phi * (by_a - by_b), "concentrations": m * by_a + (1.0 - m) * by_b}

    def spaces(self, params: BetaParams) -> Spaces:
        """Means are between 0 and 1, concentrations positive, in units of that of the data."""
        unit, fixed = self._unit, self._constant
        shape = params.means.shape
        return {
            "means": UnitInterval(shape, np.sqrt(unit) + np.zeros(shape[1]), with_zero=False),
            "concentrations": Positive(shape, 1.0 / unit, fixed=fixed, ceiling=self._most),
        }

    def dispersion(self, params: BetaParams) -> Array:
        return 1.0 / params.concentrations

    def sample(self, params: BetaParams, labels: NDArray[np.int64], rng: np.random.Generator) -> Array:
        a, b = _shapes(params.means[labels], params.concentrations[labels])
        return np.clip(rng.beta(a, b), *INSIDE)

    def mean(self, params: BetaParams) -> Array:
        return params.means

    def deviation(self, params: BetaParams) -> Array:
        return np.sqrt(params.means * (1.0 - params.means) / (1.0 + params.concentrations))

    def distribution(self, params: BetaParams, x: Array) -> Distribution:
        """Incomplete beta functions; where they underflow, the first terms of their expansions."""
        a, b = _shapes(params.means, params.concentrations)
        cells = x[:, None, :]
        below, above = _log_below(a, b, cells, 1.0 - cells), _log_below(b, a, 1.0 - cells, cells)
        return Distribution(below, np.where(below < above, np.log1p(-np.exp(np.minimum(below, -0.5))), above))

    def embed(self, description: CellMoments, x: Array) -> Array:
        mean, found = _moments(description)
        return np.asarray((logit(x) - logit(mean)) / _spread(mean, unit_of(found)))


def _shapes(means: Array, concentrations: Array) -> tuple[Array, Array]:
    return means * concentrations, (1.0 - means) * concentrations


def _moments(description: CellMoments) -> tuple[Array, Array]:
    """Means of the data, a half where there are no cells, and dispersions."""
    mean = np.where(description.cells > 0, description.mean, 0.5)
    return mean, known(description.variance / (mean * (1.0 - mean)))


def _spread(mean: Array, unit: Array) -> Array:
    """About that of the logits of the data."""
    return np.sqrt(unit / (mean * (1.0 - mean)))


def _log_below(a: Array, b: Array, x: Array, rest: Array) -> Array:
    """Log probability of less than x, which rest makes one."""
    with np.errstate(divide="ignore", invalid="ignore"):
        below = np.log(betainc(a, b, x))
        first = a * np.log(x) + b * np.log(rest) - np.log(a) - betaln(a, b)
        return np.where(np.isneginf(below) & (x > 0), first - np.log1p(-x * (a + b) / (a + 1.0)), below)
