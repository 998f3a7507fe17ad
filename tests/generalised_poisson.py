"""A family that latently does not have, as somebody would write it: generalised Poisson counts."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import gammaln

from latently.core.spaces import Positive
from latently.emissions import Additive, Distribution, Emission, Parameter

Array = NDArray[np.float64]
WIDEST = 50.0
BEYOND = 2000  # counts more than the largest one, after which nothing is left


@dataclass(frozen=True)
class Spreads:
    means: Array  # shape (K, d)
    spreads: Array  # shape (K, d), from 1: the variance is means * spreads**2


@dataclass(frozen=True)
class Histogram(Additive):
    """How often each count stands in the cells of each component and feature, shape (K, d, most + 1)."""

    counts: Array

    def __add__(self, other: "Histogram") -> "Histogram":
        longer, shorter = sorted((self.counts, other.counts), key=lambda counts: -counts.shape[2])
        missing = longer.shape[2] - shorter.shape[2]
        return Histogram(longer + np.pad(shorter, ((0, 0), (0, 0), (0, missing))))


@dataclass(frozen=True)
class GeneralisedPoisson(Emission):
    """Each of some events begets others, and these again; NaN is a missing count."""

    accepts_missing = True
    values: ClassVar[str] = "counts are whole numbers from 0"
    noun: ClassVar[str] = "counts"
    adjective: ClassVar[str] = "generalised Poisson"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("means", ("components", "features"), "expected counts", "positive and finite"),
        Parameter(
            "spreads", ("components", "features"), "spreads: variance is m * spread**2", "positive and finite"
        ),
    )

    def possible(self, x: Array) -> NDArray[np.bool_]:
        return np.isnan(x) | ((x >= 0) & (x == np.floor(x)))

    def rows_needed(self, params: Any, fixed: Collection[str] = ()) -> int:
        return 0  # probabilities are at most one

    def describe(self, x: Array, weights: Array) -> Histogram:
        return self.expected_stats(None, x, weights[:, None])

    def start(self, description: Histogram, n_components: int, rng: np.random.Generator) -> Spreads:
        means = _means(description.counts) + 1e-3
        return Spreads(
            means * rng.gamma(2.0, 0.5, (n_components, means.shape[1])),
            np.full((n_components, means.shape[1]), 1.5),
        )

    def log_density(self, params: Spreads, x: Array) -> Array:
        return np.nansum(_log_probability(x[:, None, :], params.means, params.spreads), axis=2)

    def expected_stats(self, params: Spreads | None, x: Array, resp: Array) -> Histogram:
        most = int(np.nanmax(x, initial=0))
        counts = np.zeros((resp.shape[1], x.shape[1], most + 1))
        for j, column in enumerate(x.T):
            seen = ~np.isnan(column)
            cells = column[seen].astype(np.int64)
            counts[:, j] = [np.bincount(cells, r, most + 1) for r in resp[seen].T]
        return Histogram(counts)

    def m_step(self, stats: Histogram, params: Spreads, fixed: Collection[str] = ()) -> Spreads:
        """At the best spread the mean is the mean count; the spread by a search in one dimension."""
        means, spreads = params.means.copy(), params.spreads.copy()
        for k, j in np.argwhere(stats.counts.sum(axis=2) > 0):
            counts = stats.counts[k, j]
            if "means" not in fixed and "spreads" not in fixed:
                means[k, j] = max(_means(counts[None, None])[0, 0], 1e-10)
            if "spreads" not in fixed:
                spreads[k, j] = _best(counts, lambda s, m=means[k, j]: (m, s), (1.0, WIDEST))
            elif "means" not in fixed:
                means[k, j] = _best(counts, lambda m, s=spreads[k, j]: (m, s), (1e-10, len(counts)))
        better = replace(params, means=means, spreads=spreads)
        gained = self.expected_log_likelihood(stats, better) >= self.expected_log_likelihood(stats, params)
        return better if gained else params

    def expected_log_likelihood(self, stats: Histogram, params: Spreads) -> float:
        at = np.arange(stats.counts.shape[2])
        return float(
            (stats.counts * _log_probability(at, params.means[..., None], params.spreads[..., None])).sum()
        )

    def spaces(self, params: Spreads) -> dict[str, Positive]:
        means = Positive(params.means.shape, np.sqrt(params.means), to_zero=True)
        return {"means": means, "spreads": Positive(params.spreads.shape, params.spreads, floor=1.0)}

    def sample(self, params: Spreads, labels: NDArray[np.int64], rng: np.random.Generator) -> Array:
        events = rng.poisson(params.means[labels] / params.spreads[labels])
        total = events.copy()
        while events.any():
            events = rng.poisson(events * (1 - 1 / params.spreads[labels]))
            total += events
        return total.astype(np.float64)

    def mean(self, params: Spreads) -> Array:
        return params.means

    def params(self, means: Array, spreads: Array) -> Spreads:
        return Spreads(means, spreads)

    def distribution(self, params: Spreads, x: Array) -> Distribution:
        at = np.arange(int(np.nanmax(x, initial=0)) + BEYOND)[:, None, None]
        table = np.exp(_log_probability(at, params.means, params.spreads))
        below, above = table.cumsum(axis=0) - table, table[::-1].cumsum(axis=0)[::-1] - table
        where = np.isnan(x)[:, None, :]
        cells = np.where(np.isnan(x), 0, x).astype(np.int64)
        features = np.arange(x.shape[1])
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = [np.log(one.transpose(0, 2, 1)[cells, features]) for one in (below, above, table)]
        return Distribution(*(np.where(where, np.nan, one.transpose(0, 2, 1)) for one in logs))


def _log_probability(x: Array, means: Array, spreads: Array) -> Array:
    begotten = 1 - 1 / spreads  # by each event
    first = means / spreads
    rate = first + begotten * x
    return np.log(first) + (x - 1) * np.log(rate) - rate - gammaln(x + 1)


def _means(counts: Array) -> Array:
    cells = counts.sum(axis=2)
    return (counts @ np.arange(counts.shape[2])) / np.where(cells > 0, cells, 1.0)


def _best(counts: Array, params: Any, limits: tuple[float, float]) -> float:
    """The number between limits under which counts are likeliest."""

    def lost(log: float) -> float:
        return -counts @ _log_probability(np.arange(len(counts)), *params(np.exp(log)))

    found = minimize_scalar(lost, bounds=np.log(limits), method="bounded", options={"xatol": 1e-9})
    return float(np.exp(found.x))
