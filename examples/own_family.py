"""A family of one's own: independent exponentials, in which NaN is a missing cell."""

from dataclasses import dataclass

import numpy as np

from latently import MixtureModel
from latently.emissions import Additive, Emission, Positive


@dataclass(frozen=True)
class Rates:
    rates: np.ndarray  # shape (K, d): one over the mean of each component and feature


@dataclass(frozen=True)
class Observed(Additive):
    counts: np.ndarray  # shape (K, d): how many cells were observed, by responsibility
    totals: np.ndarray  # shape (K, d): their sum


class Exponential(Emission):
    accepts_missing = True

    def describe(self, x, weights):
        return self.expected_stats(None, x, weights[:, None])

    def start(self, description, n_components, rng):
        pooled = description.counts / description.totals
        return Rates(pooled * rng.gamma(2.0, 0.5, (n_components, pooled.size)))

    def log_density(self, params, x):
        log_density = ~np.isnan(x) @ np.log(params.rates).T - np.nan_to_num(x) @ params.rates.T
        return np.where((x < 0).any(axis=1, keepdims=True), -np.inf, log_density)

    def expected_stats(self, params, x, resp):
        return Observed(resp.T @ ~np.isnan(x), resp.T @ np.nan_to_num(x))

    def m_step(self, stats, params, fixed=()):
        moved = (stats.totals > 0) & ("rates" not in fixed)
        return Rates(np.divide(stats.counts, stats.totals, out=params.rates.copy(), where=moved))

    def expected_log_likelihood(self, stats, params):
        return (stats.counts * np.log(params.rates) - stats.totals * params.rates).sum()

    def spaces(self, params):
        return {"rates": Positive(params.rates.shape, params.rates)}


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    rates = np.array([[1.0, 0.2, 3.0], [0.1, 2.0, 0.5]])
    x = rng.exponential(1 / rates[rng.choice(2, size=2000, p=[0.6, 0.4])])
    x[rng.random(x.shape) < 0.2] = np.nan
    mixture = MixtureModel(Exponential(), n_components=2, random_state=0).fit(x)
    for k, fitted in enumerate(mixture.params_.emission.rates):
        print(f"component {k}: true rates {rates[k]}, fitted {fitted.round(2)}")
