"""A family that latently does not have, as somebody would write it: independent negative binomial counts."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import betainc, gammaln, xlogy

from latently.core.spaces import Positive
from latently.emissions import Additive, Distribution, Emission, Parameter

Array = NDArray[np.float64]
SMALLEST, LARGEST = 1e-2, 1e4  # sizes; beyond the last it is all but a Poisson distribution


@dataclass(frozen=True)
class Sizes:
    means: Array  # shape (K, d)
    sizes: Array  # shape (K, d): the variance is means + means**2 / sizes


@dataclass(frozen=True)
class Histogram(Additive):
    """How often each count stands in the cells of each component and feature, shape (K, d, most + 1)."""

    counts: Array

    def __add__(self, other: "Histogram") -> "Histogram":
        longer, shorter = sorted((self.counts, other.counts), key=lambda counts: -counts.shape[2])
        missing = longer.shape[2] - shorter.shape[2]
        return Histogram(longer + np.pad(shorter, ((0, 0), (0, 0), (0, missing))))


@dataclass(frozen=True)
class NegativeBinomial(Emission):
    """Counts that vary more than Poisson counts do; NaN is a missing one."""

    accepts_missing = True
    values: ClassVar[str] = "counts are whole numbers from 0"
    noun: ClassVar[str] = "counts"
    adjective: ClassVar[str] = "negative binomial"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("means", ("components", "features"), "expected counts", "positive and finite"),
        Parameter(
            "sizes", ("components", "features"), "sizes: variance is m + m**2 / size", "positive and finite"
        ),
    )

    def possible(self, x: Array) -> NDArray[np.bool_]:
        return np.isnan(x) | ((x >= 0) & (x == np.floor(x)))

    def rows_needed(self, params: Any, fixed: Collection[str] = ()) -> int:
        return 0  # probabilities are at most one

    def describe(self, x: Array, weights: Array) -> Histogram:
        return self.expected_stats(None, x, weights[:, None])

    def start(self, description: Histogram, n_components: int, rng: np.random.Generator) -> Sizes:
        means = _means(description.counts) + 1e-3
        return Sizes(
            means * rng.gamma(2.0, 0.5, (n_components, means.shape[1])),
            np.full((n_components, means.shape[1]), 2.0),
        )

    def log_density(self, params: Sizes, x: Array) -> Array:
        return np.nansum(_log_probability(x[:, None, :], params), axis=2)

    def expected_stats(self, params: Sizes | None, x: Array, resp: Array) -> Histogram:
        most = int(np.nanmax(x, initial=0))
        counts = np.zeros((resp.shape[1], x.shape[1], most + 1))
        for j, column in enumerate(x.T):
            seen = ~np.isnan(column)
            cells = column[seen].astype(np.int64)
            counts[:, j] = [np.bincount(cells, r, most + 1) for r in resp[seen].T]
        return Histogram(counts)

    def m_step(self, stats: Histogram, params: Sizes, fixed: Collection[str] = ()) -> Sizes:
        """The mean is the mean whatever the size is; the size by a search in one dimension."""
        some = stats.counts.sum(axis=2) > 0
        means = np.where(some, np.maximum(_means(stats.counts), 1e-10), params.means)
        params = params if "means" in fixed else replace(params, means=means)
        if "sizes" in fixed:
            return params
        sizes = params.sizes.copy()
        for k, j in np.argwhere(some):
            sizes[k, j] = _best_size(stats.counts[k, j], params.means[k, j], sizes[k, j])
        return replace(params, sizes=sizes)

    def expected_log_likelihood(self, stats: Histogram, params: Sizes) -> float:
        every = _log_probability(
            np.arange(stats.counts.shape[2]), Sizes(params.means[..., None], params.sizes[..., None])
        )
        return float((stats.counts * every).sum())

    def spaces(self, params: Sizes) -> dict[str, Positive]:
        means = Positive(params.means.shape, np.sqrt(params.means), to_zero=True)
        return {"means": means, "sizes": Positive(params.sizes.shape, params.sizes)}

    def sample(self, params: Sizes, labels: NDArray[np.int64], rng: np.random.Generator) -> Array:
        means, sizes = params.means[labels], params.sizes[labels]
        return rng.negative_binomial(sizes, sizes / (sizes + means)).astype(np.float64)

    def mean(self, params: Sizes) -> Array:
        return params.means

    def params(self, means: Array, sizes: Array) -> Sizes:
        return Sizes(means, sizes)

    def distribution(self, params: Sizes, x: Array) -> Distribution:
        counts, rest = x[:, None, :], params.means / (params.sizes + params.means)
        with np.errstate(divide="ignore", invalid="ignore"):
            below = np.log(
                np.where(counts == 0, 0.0, betainc(params.sizes, np.where(counts == 0, 1, counts), 1 - rest))
            )
            above = np.log(betainc(counts + 1, params.sizes, rest))
        return Distribution(
            np.where(np.isnan(counts), np.nan, below), above, _log_probability(counts, params)
        )


def _log_probability(x: Array, params: Sizes) -> Array:
    m, r = params.means, params.sizes
    binomial = gammaln(x + r) - gammaln(r) - gammaln(x + 1)
    return binomial - r * np.log1p(m / r) + xlogy(x, m) - x * np.log(m + r)


def _means(counts: Array) -> Array:
    cells = counts.sum(axis=2)
    return (counts @ np.arange(counts.shape[2])) / np.where(cells > 0, cells, 1.0)


def _best_size(counts: Array, mean: float, size: float) -> float:
    """The size under which counts of a mean are likeliest; the old one if none is better."""

    def lost(log_size: float) -> float:
        params = Sizes(mean, np.exp(log_size))
        return -counts @ _log_probability(np.arange(len(counts)), params)

    limits = np.log([SMALLEST, LARGEST])
    found = minimize_scalar(lost, bounds=limits, method="bounded", options={"xatol": 1e-9})
    return np.exp(found.x) if found.fun < lost(np.log(size)) else size
