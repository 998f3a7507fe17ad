"""Gaussians whose features are independent within a component: variances, for each feature or for all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latently.core.declared import refuse_entries
from latently.core.spaces import Positive
from latently.emissions.base import Array
from latently.emissions.gaussian.matrices import EPS
from latently.emissions.gaussian.moments import ComponentMoments
from latently.emissions.gaussian.params import LOG_2PI, GaussianParams
from latently.emissions.gaussian.structure import Flags, Structure
from latently.emissions.gaussian.variances import above, refuse_zero


@dataclass(frozen=True)
class Uncorrelated(Structure):
    """A variance for each component and feature, shape (K, d), pooled or not."""

    correlated = False

    def _whole(self, n_components: int, n_features: object) -> tuple[object, ...]:
        return (n_components, n_features)

    def params(self, means: Array, covariances: Array) -> GaussianParams:
        return GaussianParams(means, covariances)

    def variances(self, params: GaussianParams) -> Array:
        """The variance of each component and feature, shape (K, d)."""
        return self.expand(params.covariances, params.means)

    def log_density(self, params: GaussianParams, x: Array) -> Array:
        """Sum over the observed cells of squared standardised differences and their constants."""
        values = np.empty((len(x), len(params.means)))
        variances = self.variances(params)
        constants, deviations = np.log(variances) + LOG_2PI, np.sqrt(variances)
        missing = np.isnan(x)
        incomplete = bool(missing.any())
        for k, mean in enumerate(params.means):
            y = (x - mean) / deviations[k]
            if incomplete:
                y[missing] = 0.0
            values[:, k] = np.einsum("nd,nd->n", y, y)
            values[:, k] += (~missing) @ constants[k] if incomplete else constants[k].sum()
        return -0.5 * values

    def expected_stats(self, params: GaussianParams, x: Array, resp: Array) -> ComponentMoments:
        """Weighted counts, sums and squares of the observed cells, about the current means."""
        first, second = np.empty_like(params.means), np.empty_like(params.means)
        missing = np.isnan(x)
        incomplete = bool(missing.any())
        for k, mean in enumerate(params.means):
            centred = x - mean
            if incomplete:
                centred[missing] = 0.0
            first[k] = resp[:, k] @ centred
            second[k] = resp[:, k] @ (centred * centred)
        counts = resp.T @ ~missing if incomplete else resp.sum(axis=0)[:, None]
        return ComponentMoments(counts, first, self.pool(second), params.means)

    def scatter(self, stats: ComponentMoments, shift: Array) -> Array:
        moved = stats.second + self.pool(stats.counts * shift * shift - 2 * stats.first * shift)
        return np.maximum(moved, 0.0)

    def rows(self, counts: Array, n_features: int) -> Array:
        return self.pool(counts + np.zeros(n_features))

    def of_matrices(self, matrices: Array) -> Array:
        return np.einsum("kii->ki", matrices)

    def dense(self, params: GaussianParams) -> Array:
        return self.variances(params)[:, :, None] * np.eye(params.means.shape[1])

    def clip(self, params: GaussianParams, floor: Array | None) -> GaussianParams:
        if floor is None:
            refuse_zero(self.variances(params))
            return params
        lowest = self._floor(params, floor) if self.pooled else floor
        return self.params(params.means, np.maximum(params.covariances, lowest))

    def _floor(self, params: GaussianParams, floor: Array) -> Array:
        """The highest floor of those who share a variance."""
        return np.asarray(np.maximum.reduce(floor + np.zeros(params.means.shape), axis=self.pooled))

    def resting(self, params: GaussianParams, floor: Array, constant: Flags | None) -> Flags:
        resting = ~above(self.variances(params), self.expand(self._floor(params, floor), params.means))
        return np.asarray((resting if constant is None else resting & ~constant).any(axis=1))

    def log_det(self, params: GaussianParams) -> Array:
        return np.asarray(np.add.reduce(np.log(self.variances(params)), axis=1))

    def total_constant(self, stats: ComponentMoments, params: GaussianParams) -> float:
        """Sum over the observed cells of responsibility times ``log 2 pi + log variance``."""
        return float((stats.counts * (LOG_2PI + np.log(self.variances(params)))).sum())

    def total_mahalanobis(self, stats: ComponentMoments, params: GaussianParams) -> float:
        """Squares about the means of `params`, over the variances."""
        return float((self.scatter(stats, params.means - stats.origin) / params.covariances).sum())

    def gradient(self, stats: ComponentMoments, params: GaussianParams) -> dict[str, Array]:
        """Half of S / v^2 - n / v for the variances v, S being the squares about the means."""
        shift, v = params.means - stats.origin, params.covariances
        rows = self.rows(stats.counts, params.means.shape[1])
        return {
            "means": (stats.first - stats.counts * shift) / self.variances(params),
            "covariances": 0.5 * (self.scatter(stats, shift) / v - rows) / v,
        }

    def inner_terms(self, stats: ComponentMoments, params: GaussianParams) -> float:
        """Those of each cell under each component, as often as it has it.

        Twice the constant: a squared distance that cancels it is as large. And what rounding of the mean
        itself costs, which is a square, in units of rounding.
        """
        variances = self.variances(params)
        terms = LOG_2PI + np.abs(np.log(variances)) + 0.5 * EPS * params.means**2 / variances
        return float((stats.counts * terms).sum())

    def space(
        self, params: GaussianParams, variances: Array, floor: Array | None, constant: Flags | None
    ) -> Positive:
        scale = np.broadcast_to(variances, params.means.shape).mean(axis=self.pooled)
        lowest = 0.0 if floor is None else self._floor(params, floor)
        return Positive(params.covariances.shape, scale, lowest, constant)

    def refuse(self, covariances: Array, label: str) -> None:
        refuse_entries(covariances <= 0, covariances, label, "positive")

    def check(self, params: GaussianParams) -> None:
        """Variances stand alone."""

    def precisions_cholesky(self, params: GaussianParams) -> Array:
        return 1.0 / np.sqrt(params.covariances)

    def squared(self, factors: Array) -> Array:
        return factors**2
