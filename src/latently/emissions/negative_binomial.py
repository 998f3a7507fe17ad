"""Counts that vary more than chance alone explains: independent negative binomial features."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, digamma, gammaln, polygamma, xlogy

from latently.core.declared import Parameter
from latently.core.spaces import Positive, Spaces
from latently.emissions.base import Array
from latently.emissions.counts import COUNTS, counts
from latently.emissions.distribution import Distribution, from_tails
from latently.emissions.newton import zero
from latently.emissions.tabulated import Histogram, Tabulated

FLOOR = 1e-10  # of a mean, in units of that of the data: a state that saw no event keeps a likelihood
LEAST, MOST = 1e-8, 1e6  # dispersions: at the least, in units of what doubles the variance of all data
LARGE = 30.0  # sizes from which gamma functions cancel, and Stirling's series has all digits


@dataclass(frozen=True)
class NegativeBinomialParams:
    """Expected counts and dispersions, shape (K, d): the variance is ``means + dispersions * means**2``."""

    means: Array
    dispersions: Array


@dataclass(frozen=True)
class NegativeBinomial(Tabulated):
    """Independent counts that vary more than Poisson counts do; NaN is a missing one.

    Its parameters are `means` and `dispersions`, shape (K, d). The variance is
    ``means + dispersions * means**2``: these are Poisson counts whose rates are gamma distributed, with the
    dispersion as squared coefficient of variation. One over it is the size of R and the n of SciPy. At
    dispersion zero counts are Poisson.

    Parameters
    ----------
    overall : array of shape (d,), optional
        Mean counts of the data, filled in by `bind`.

    Examples
    --------
    >>> import numpy as np
    >>> from latently import MixtureModel
    >>> X = np.random.default_rng(0).negative_binomial(2.0, 0.2, size=(2000, 1))
    >>> one = MixtureModel("negative-binomial", 1).fit(X)
    >>> bool(np.isclose(one.params_.emission.dispersions[0, 0], 0.5, rtol=0.1))
    True
    """

    overall: Array | None = None

    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("means", ("components", "features"), "expected counts", "positive and finite"),
        Parameter(
            "dispersions",
            ("components", "features"),
            "dispersions: the variance is mean + dispersion * mean**2",
            "positive and finite",
        ),
    )
    values: ClassVar[str] = COUNTS
    noun: ClassVar[str] = "counts"
    adjective: ClassVar[str] = "negative binomial"
    learns_spread: ClassVar[bool] = True

    def possible(self, x: Array) -> NDArray[np.bool_]:
        """Whole numbers from 0."""
        return counts(x)

    def bind(self, description: Histogram) -> Self:
        """Take the mean counts as the unit."""
        return replace(self, overall=description.mean[0])

    def start(
        self, description: Histogram, n_components: int, rng: np.random.Generator
    ) -> NegativeBinomialParams:
        """Means scattered about those of the data, each component as dispersed as these are."""
        mean = np.maximum(description.mean[0], 1.0 / (description.cells[0] + 1.0))
        spread = np.clip(_dispersion(description), 0.1 / (1 + mean), 10.0)
        away = rng.standard_normal((n_components, len(mean))) * (n_components > 1)
        return NegativeBinomialParams(mean * np.exp(away), np.tile(spread, (n_components, 1)))

    def summands(self, x: Array, params: NegativeBinomialParams) -> tuple[Array, ...]:
        """Those of a Poisson distribution, its rate turned into what the dispersion makes of it."""
        m, a = params.means, params.dispersions
        return xlogy(x, m), -gammaln(x + 1.0), log_rising(x, a), -(x + 1.0 / a) * np.log1p(a * m)

    def best(
        self, stats: Histogram, params: NegativeBinomialParams, fixed: Collection[str]
    ) -> dict[str, Array]:
        """Mean counts, whatever the dispersions are; these by Newton's method on the logarithm.

        At the mean count the likelihood has one maximum (Levin and Reeds 1977); at a mean that is held it may
        have several, and what is found must be better than what was there.
        """
        means = params.means if "means" in fixed else np.maximum(stats.mean, self._floor)
        if "dispersions" in fixed:
            return {"means": means}
        old, x = params.dispersions, stats.values[:, None, None]

        def slope(t: Array) -> tuple[Array, Array]:
            first, second = _slopes(x, means, np.exp(t))
            return (stats.counts * first).sum(axis=0), (stats.counts * second).sum(axis=0)

        found = np.exp(zero(slope, np.log(old), np.log(self._least(params)), np.log(MOST)))
        q = [
            (stats.counts * self.log_probability(x, NegativeBinomialParams(means, one))).sum(axis=0)
            for one in (old, found)
        ]
        return {"means": means, "dispersions": np.where(q[1] > q[0], found, old)}

    def gradient(self, stats: Histogram, params: NegativeBinomialParams) -> dict[str, Array]:
        """Derivatives of the sum over cells of the log probability."""
        x, m, a = stats.values[:, None, None], params.means, params.dispersions
        by_mean = (x - m) / (m * (1 + a * m))
        slopes = {"means": by_mean, "dispersions": _slopes(x, m, a)[0] / a}
        return {name: (stats.counts * one).sum(axis=0) for name, one in slopes.items()}

    def spaces(self, params: NegativeBinomialParams) -> Spaces:
        """Positive, and as near to zero as one likes."""
        unit = params.means.mean(axis=0) if self.overall is None else self.overall
        least, shape = self._least(params), params.means.shape
        return {
            "means": Positive(shape, np.sqrt(unit + FLOOR), self._floor, to_zero=True),
            "dispersions": Positive(shape, params.dispersions, least, to_zero=True, ceiling=MOST),
        }

    def sample(
        self, params: NegativeBinomialParams, labels: NDArray[np.int64], rng: np.random.Generator
    ) -> Array:
        """Draw a rate for each cell, and a count."""
        spread = params.dispersions[labels]
        return rng.poisson(rng.gamma(1.0 / spread, spread * params.means[labels])).astype(np.float64)

    def mean(self, params: NegativeBinomialParams) -> Array:
        """The means."""
        return params.means

    def deviation(self, params: NegativeBinomialParams) -> Array:
        """Roots of the variances."""
        return np.sqrt(params.means * (1 + params.dispersions * params.means))

    def distribution(self, params: NegativeBinomialParams, x: Array) -> Distribution:
        """Incomplete beta functions."""
        k, size = x[:, None, :], 1.0 / params.dispersions
        rest = params.means / (size + params.means)
        below = np.where(k == 0, 0.0, betainc(size, np.maximum(k, 1), 1 - rest))
        above = betainc(k + 1, size, rest)
        return from_tails(below, above, lambda at: self.log_probability(at, params), k)

    def embed(self, description: Histogram, x: Array) -> Array:
        """Inverse hyperbolic sines of roots, whose spread hardly hangs on the mean."""
        a = np.maximum(_dispersion(description), LEAST)
        return np.asarray(2 * np.arcsinh(np.sqrt(a * x)) / np.sqrt(a))

    def params(self, means: Array, dispersions: Array) -> NegativeBinomialParams:
        """Of means and dispersions."""
        return NegativeBinomialParams(means, dispersions)

    @property
    def _floor(self) -> Any:
        return 1e-300 if self.overall is None else FLOOR * self.overall + 1e-300

    def _least(self, params: NegativeBinomialParams) -> Any:
        """Dispersions below which counts are Poisson for all that can be seen."""
        if self.overall is None:
            return LEAST**2 / (1.0 + params.means.mean(axis=0))
        return LEAST / (1.0 + self.overall)


def _dispersion(description: Histogram) -> Array:
    """Of all data, by moments; zero where they vary as Poisson counts or less."""
    mean, variance = description.mean[0], description.variance[0]
    some = mean > 0
    return np.maximum(variance - mean, 0.0) / np.where(some, mean, 1.0) ** 2 * some


def log_rising(x: Array, a: Array) -> Array:
    """Sum of ``log(1 + a * c)`` over the whole numbers c from 0 below x.

    Examples
    --------
    >>> log_rising(np.array([0.0, 1.0, 3.0]), np.array(0.5)).round(6).tolist()
    [0.0, 0.0, 1.098612]
    """
    size = 1.0 / a
    large = size > LARGE
    r = np.where(large, 1.0, size)
    plain = gammaln(x + r) - gammaln(r) - x * np.log(r)
    r = np.where(large, size, LARGE)
    series = (x + r - 0.5) * np.log1p(x / r) - x + _stirling(x + r) - _stirling(r)
    return np.asarray(np.where(large, series, plain))


def _stirling(z: Array) -> Array:
    return np.asarray((1 / 12 - (1 / 360 - 1 / 1260 / z**2) / z**2) / z)


def _slopes(x: Array, m: Array, a: Array) -> tuple[Array, Array]:
    """First and second derivative of log probabilities by the logarithm of the dispersion."""
    size = 1.0 / a
    large = size > LARGE
    r = np.where(large, 1.0, size)
    first = digamma(x + r) - digamma(r) - np.log1p(m / r)
    second = polygamma(1, x + r) - polygamma(1, r)
    r = np.where(large, size, LARGE)
    y = x + r
    near = [(1 / 12 - (1 / 120 - 1 / 252 / z**2) / z**2) / z**2 for z in (y, r)]
    tail = [(1 / 6 - (1 / 30 - 1 / 42 / z**2) / z**2) / z**3 for z in (y, r)]
    half = x / (2 * r * y)
    first_large = np.log1p((x - m) / (r + m)) + half - (near[0] - near[1])
    second_large = -x / (r * y) - half * (1 / y + 1 / r) + tail[0] - tail[1]
    first, second = np.where(large, first_large, first), np.where(large, second_large, second)
    r = size
    by_size = first + (m - x) / (r + m)
    again = second + m / (r * (r + m)) - (m - x) / (r + m) ** 2
    return -r * by_size, r * (by_size + r * again)
