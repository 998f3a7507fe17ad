"""Successes among trials: what Bernoulli and binomial families have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, expit, gammaln, logit, xlog1py, xlogy

from latently.core.declared import Parameter
from latently.core.spaces import Spaces, UnitInterval
from latently.emissions.base import Array
from latently.emissions.distribution import Distribution, from_tails
from latently.emissions.exponential_family import CellMoments, CellSums, ExponentialFamily

MOST_LOOKED_UP = 100


@dataclass(frozen=True)
class TrialsParams:
    """TrialsParams of success of each component and feature, shape (K, d)."""

    probabilities: Array


class Trials(ExponentialFamily):
    """Independent features, each a number of successes among so many trials; NaN is missing."""

    discrete: ClassVar[bool] = True
    certain: ClassVar[bool] = True
    params_type: ClassVar[type] = TrialsParams
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("probabilities", ("components", "features"), "probabilities of success", "between 0 and 1"),
    )

    @property
    @abstractmethod
    def trials(self) -> Array:
        """Numbers of trials, shape (d,) or ()."""

    def possible(self, x: Array) -> NDArray[np.bool_]:
        """Whole numbers from 0 to the number of trials."""
        return np.asarray(np.isnan(x) | ((x >= 0) & (x <= self.trials) & (x == np.floor(x))))

    def start(self, description: CellMoments, n_components: int, rng: np.random.Generator) -> TrialsParams:
        successes, failures = description.terms
        logits = logit((successes + 1.0) / (successes + failures + 2.0))
        return TrialsParams(expit(logits + rng.standard_normal((n_components, len(logits)))))

    def n_values(self, params: TrialsParams) -> Array | None:
        """One more than the trials, if these are few."""
        if (self.trials > MOST_LOOKED_UP).any():
            return None
        return np.broadcast_to(self.trials + 1, params.probabilities.shape[1:])

    def terms(self, x: Array) -> tuple[Array, Array]:
        return x, self.trials - x

    def natural(self, params: TrialsParams) -> tuple[Array, Array]:
        """Logarithms of both probabilities; no constants."""
        p = params.probabilities
        with np.errstate(divide="ignore"):
            return np.stack([np.log(p), np.log1p(-p)], axis=1), np.zeros(p.shape)

    def best(self, stats: CellSums, params: TrialsParams, fixed: Collection[str]) -> dict[str, Array]:
        """Shares of successes, which may be none or all."""
        successes, failures = np.moveaxis(stats.terms, 1, 0)
        return {"probabilities": successes / np.where(stats.some, successes + failures, 1.0)}

    def gradient(self, stats: CellSums, params: TrialsParams) -> dict[str, Array]:
        """Successes over probabilities, less failures over what these lack to one; zero at either end."""
        p = params.probabilities
        inside = (p > 0) & (p < 1)
        q = np.where(inside, p, 0.5)
        slope = stats.terms[:, 0] / q - stats.terms[:, 1] / (1 - q)
        return {"probabilities": np.where(inside, slope, 0.0)}

    def spaces(self, params: TrialsParams) -> Spaces:
        """TrialsParams have no unit."""
        return {"probabilities": UnitInterval(params.probabilities.shape, np.ones(()))}

    def sample(self, params: TrialsParams, labels: NDArray[np.int64], rng: np.random.Generator) -> Array:
        return rng.binomial(self.trials.astype(np.int64), params.probabilities[labels]).astype(np.float64)

    def mean(self, params: TrialsParams) -> Array:
        return self.trials * params.probabilities

    def deviation(self, params: TrialsParams) -> Array:
        return np.sqrt(self.mean(params) * (1 - params.probabilities))

    def distribution(self, params: TrialsParams, x: Array) -> Distribution:
        """Incomplete beta functions."""
        p, n = params.probabilities, self.trials

        def log_probability(k: Array) -> Array:
            return np.asarray(xlogy(k, p) + xlog1py(n - k, -p) + log_choose(n, k))

        k = x[:, None, :]
        below = np.where(k == 0, 0.0, betainc(n - k + 1, np.maximum(k, 1), 1 - p))
        above = np.where(k == n, 0.0, betainc(k + 1, np.maximum(n - k, 1), p))
        return from_tails(below, above, log_probability, k)

    def embed(self, description: CellMoments, x: Array) -> Array:
        """Arc sines of the roots of shares, whose spread hardly hangs on the probability."""
        return np.asarray(2 * np.sqrt(self.trials) * np.arcsin(np.sqrt(x / self.trials)))


def log_choose(n: Array, k: Array) -> Array:
    """Logarithms of binomial coefficients."""
    return np.asarray(gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0))
