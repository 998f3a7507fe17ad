"""Counts that vary more than chance alone explains: independent negative binomial features."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, digamma, gammaln, polygamma, xlogy

from latently.core.declared import Parameter
from latently.core.spaces import Positive, Spaces
from latently.emissions.base import Array
from latently.emissions.counts import Counts
from latently.emissions.distribution import Distribution, from_tails
from latently.emissions.newton import zero
from latently.emissions.poisson import RATE_FLOOR
from latently.emissions.tabulated import Histogram, Tabulated

LEAST, MOST = 1e-8, 1e6  # dispersions: at the least, in units of what doubles the variance of all data
FEW_ABOVE, SPARSE = 1024, 4  # whole numbers that are looked at one by one, beside so many for each value
SMALL, POWERS = 0.02, np.arange(10)
SERIES = (-1.0) ** POWERS * (POWERS + 1) / (POWERS + 2)
SERIES = np.column_stack([SERIES, np.append(SERIES[1:] * POWERS[1:], 0.0)])  # and that of its derivative
STIRLING_FROM = 30.0  # sizes from which gamma functions cancel, and Stirling's series has all digits


@dataclass(frozen=True)
class NegativeBinomialParams:
    """Expected counts and dispersions, shape (K, d): the variance is ``means + dispersions * means**2``."""

    means: Array
    dispersions: Array


@dataclass(frozen=True)
class NegativeBinomial(Counts, Tabulated):
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

    overall: Array | None = field(default=None, repr=False)

    params_type: ClassVar[type] = NegativeBinomialParams
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("means", ("components", "features"), "expected counts", "positive and finite"),
        Parameter(
            "dispersions",
            ("components", "features"),
            "dispersions: the variance is mean + dispersion * mean**2",
            "positive and finite",
        ),
    )
    adjective: ClassVar[str] = "negative binomial"
    learns_spread: ClassVar[bool] = True

    def bind(self, description: Histogram) -> Self:
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

        At the mean count the likelihood has one maximum (Levin and Reeds 1977), at zero where counts vary no
        more than Poisson counts do; the search begins where the variance says, if it was not near there. At
        a mean that is held it may have several, and what is found must be better than what was there.
        """
        means = params.means if "means" in fixed else np.maximum(stats.mean, self._floor)
        if "dispersions" in fixed:
            return {"means": means}
        old, least, of_dispersion = params.dispersions, self._least(params), _profile(stats, means)
        begin = old
        if "means" not in fixed:
            by_moments = (stats.variance / means - 1) / means
            near = (by_moments < 2 * old) & (old < 2 * by_moments)
            begin = np.where(near, old, np.maximum(by_moments, least))
        found = np.exp(zero(of_dispersion.slopes, np.log(begin), np.log(least), np.log(MOST)))
        if "means" in fixed:
            q = [of_dispersion.value(one) for one in (old, found)]
            found = np.where(q[1] > q[0], found, old)
        return {"means": means, "dispersions": found}

    def gradient(self, stats: Histogram, params: NegativeBinomialParams) -> dict[str, Array]:
        """Derivatives of the sum over cells of the log probability."""
        x, m, a = stats.values[:, None, None], params.means, params.dispersions
        by_mean = (x - m) / (m * (1 + a * m))
        slopes = {"means": by_mean, "dispersions": _slopes(x, m, a)[0] / a}
        return {name: (stats.counts * one).sum(axis=0) for name, one in slopes.items()}

    def spaces(self, params: NegativeBinomialParams) -> Spaces:
        unit = params.means.mean(axis=0) if self.overall is None else self.overall
        least, shape = self._least(params), params.means.shape
        return {
            "means": Positive(shape, np.sqrt(unit + RATE_FLOOR), floor=self._floor, to_zero=True),
            "dispersions": Positive(shape, params.dispersions, floor=least, to_zero=True, ceiling=MOST),
        }

    def sample(
        self, params: NegativeBinomialParams, labels: NDArray[np.int64], rng: np.random.Generator
    ) -> Array:
        spread = params.dispersions[labels]
        return rng.poisson(rng.gamma(1.0 / spread, spread * params.means[labels])).astype(np.float64)

    def mean(self, params: NegativeBinomialParams) -> Array:
        return params.means

    def deviation(self, params: NegativeBinomialParams) -> Array:
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

    @property
    def _floor(self) -> Array | float:
        return 1e-300 if self.overall is None else RATE_FLOOR * self.overall + 1e-300

    def _least(self, params: NegativeBinomialParams) -> Array:
        """Dispersions below which counts are Poisson for all that can be seen."""
        if self.overall is None:
            return LEAST**2 / (1.0 + params.means.mean(axis=0))
        return LEAST / (1.0 + self.overall)


def _dispersion(description: Histogram) -> Array:
    """Of all data, by moments; zero where they vary as Poisson counts or less."""
    mean, variance = description.mean[0], description.variance[0]
    some = mean > 0
    return np.maximum(variance - mean, 0.0) / np.where(some, mean, 1.0) ** 2 * some


@dataclass(frozen=True)
class _ByValue:
    """Q of each component and feature by its dispersion, from how often each value was seen."""

    stats: Histogram
    means: Array

    def value(self, a: Array) -> Array:
        """Q, but for a constant."""
        x, m = self.stats.values[:, None, None], self.means
        terms = log_rising(x, a) - (x + 1 / a) * np.log1p(a * m)
        return np.asarray((self.stats.counts * terms).sum(axis=0))

    def slopes(self, t: Array) -> tuple[Array, Array]:
        """First and second derivative by the logarithm of the dispersion."""
        found = _slopes(self.stats.values[:, None, None], self.means, np.exp(t))
        first, second = ((self.stats.counts * one).sum(axis=0) for one in found)
        return first, second


@dataclass(frozen=True)
class _ByCells:
    """The same from how many cells are above each whole number, by sums without gamma functions."""

    c: Array  # (C, 1, 1): the whole numbers from 0
    above: Array  # (C, K, d): how many cells are above each
    # (K, d): sums of counts, numbers of cells, and means
    total: Array
    cells: Array
    means: Array

    def value(self, a: Array) -> Array:
        """Q, but for a constant."""
        rising = (self.above * np.log1p(a * self.c)).sum(axis=0)
        return np.asarray(rising - (self.total + self.cells / a) * np.log1p(a * self.means))

    def slopes(self, t: Array) -> tuple[Array, Array]:
        """First and second derivative by the logarithm of the dispersion."""
        a, m = np.exp(t), self.means
        part = self.c / (1 + a * self.c)
        once = self.above * part
        rising, bent = once.sum(axis=0), (once * part).sum(axis=0)
        y = a * m
        h, slope_of_h = _lost(y)
        first = rising - self.total * m / (1 + y) + self.cells * m**2 * h
        second = -bent + self.total * (m / (1 + y)) ** 2 + self.cells * m**3 * slope_of_h
        return a * first, a * (first + a * second)


def _profile(stats: Histogram, means: Array) -> _ByValue | _ByCells:
    """Q by the dispersion; by the cells above each whole number, if these are not far more than values."""
    most = int(stats.values.max(initial=0.0))
    if most > FEW_ABOVE + SPARSE * len(stats.values):
        return _ByValue(stats, means)
    dense = np.zeros((most + 1, *means.shape))
    dense[stats.values.astype(np.int64)] = stats.counts
    above = dense[::-1].cumsum(axis=0)[::-1][1:]
    c = np.arange(most, dtype=np.float64)[:, None, None]
    return _ByCells(c, above, np.tensordot(stats.values, stats.counts, 1), stats.cells, means)


def _lost(y: Array) -> tuple[Array, Array]:
    """``(log(1 + y) - y / (1 + y)) / y**2`` and its derivative, by their series where y is small."""
    small = y < SMALL
    z = np.where(small, 1.0, y)
    h = (np.log1p(z) - z / (1 + z)) / z**2
    slope = 1 / (z * (1 + z) ** 2) - 2 * h / z
    if not small.any():
        return h, slope
    near = np.where(small, y, 0.0)[..., None] ** POWERS @ SERIES
    return np.where(small, near[..., 0], h), np.where(small, near[..., 1], slope)


def log_rising(x: Array, a: Array) -> Array:
    """Sum of ``log(1 + a * c)`` over the whole numbers c from 0 below x.

    Examples
    --------
    >>> log_rising(np.array([0.0, 1.0, 3.0]), np.array(0.5)).round(6).tolist()
    [0.0, 0.0, 1.098612]
    """
    size = 1.0 / a
    large = size > STIRLING_FROM
    r = np.where(large, 1.0, size)
    plain = gammaln(x + r) - gammaln(r) - x * np.log(r)
    r = np.where(large, size, STIRLING_FROM)
    series = (x + r - 0.5) * np.log1p(x / r) - x + _stirling(x + r) - _stirling(r)
    return np.asarray(np.where(large, series, plain))


def _stirling(z: Array) -> Array:
    return np.asarray((1 / 12 - (1 / 360 - 1 / 1260 / z**2) / z**2) / z)


def _slopes(x: Array, m: Array, a: Array) -> tuple[Array, Array]:
    """First and second derivative of log probabilities by the logarithm of the dispersion."""
    size = 1.0 / a
    large = size > STIRLING_FROM
    r = np.where(large, 1.0, size)
    first = digamma(x + r) - digamma(r) - np.log1p(m / r)
    second = polygamma(1, x + r) - polygamma(1, r)
    r = np.where(large, size, STIRLING_FROM)
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
