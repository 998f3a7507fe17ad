"""A single variance for each component, shape (K,)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latently.core.parameters import Positive, Space
from latently.emissions.base import Array
from latently.emissions.gaussian.family import GaussianFamily
from latently.emissions.gaussian.moments import ComponentMoments
from latently.emissions.gaussian.params import LOG_2PI, GaussianParams
from latently.emissions.gaussian.prior import Prior
from latently.emissions.gaussian.variances import above, refuse_zero


@dataclass(frozen=True)
class SphericalGaussian(GaussianFamily):
    """Gaussians with one variance each, the same in every direction."""

    @property
    def holds_constants(self) -> bool:
        """No: a constant feature takes part in the variance of all."""
        return False

    def params(self, means: Array, covariances: Array) -> GaussianParams:
        """Put means and variances together."""
        return GaussianParams(means, covariances)

    def log_density(self, params: GaussianParams, x: Array) -> Array:
        """Squared distances in the observed features over the variances, and their constants."""
        values = np.empty((len(x), len(params.means)))
        missing = np.isnan(x)
        for k, mean in enumerate(params.means):
            centred = x - mean
            centred[missing] = 0.0
            values[:, k] = np.einsum("nd,nd->n", centred, centred)
        values /= params.covariances
        n_observed = x.shape[1] - missing.sum(axis=1)
        return -0.5 * (values + n_observed[:, None] * (LOG_2PI + np.log(params.covariances)))

    def expected_stats(self, params: GaussianParams, x: Array, resp: Array) -> ComponentMoments:
        """Weighted counts, sums and squared distances of the observed cells, about the current means."""
        first, second = np.empty_like(params.means), np.empty(len(params.means))
        missing = np.isnan(x)
        for k, mean in enumerate(params.means):
            centred = x - mean
            centred[missing] = 0.0
            first[k] = resp[:, k] @ centred
            second[k] = resp[:, k] @ np.einsum("nd,nd->n", centred, centred)
        counts = resp.T @ ~missing if missing.any() else resp.sum(axis=0)[:, None]
        return ComponentMoments(counts, first, second, params.means)

    def covariances(
        self,
        stats: ComponentMoments,
        counts: Array,
        shift: Array,
        kept: NDArray[np.bool_],
        params: GaussianParams,
    ) -> Array:
        """Mean over the features of squares over count, less the square of the shift."""
        n_cells = np.broadcast_to(np.where(kept, counts, 0.0), shift.shape).sum(axis=1)
        moved = np.maximum(_about(stats, shift) / np.where(n_cells > 0, n_cells, 1.0), 0.0)
        return np.where(n_cells > 0, moved, params.covariances)

    def with_prior(self, covariances: Array, counts: Array, prior: Prior, pulls: Array) -> Array:
        """The prior's rows beside those of each component, all features together."""
        d = pulls.shape[1]
        n_cells = np.broadcast_to(counts, pulls.shape[:2]).sum(axis=1)
        total = n_cells * covariances + np.trace(prior.diagonal) + np.einsum("kii->k", pulls)
        return np.asarray(total / (n_cells + d * (prior.rows + prior.rows_per_mean)))

    def gathered(self, second: Array) -> Array:
        """Their sums over the features."""
        return np.asarray(second.sum(axis=1))

    def held(self, params: GaussianParams) -> GaussianParams:
        """Raise the variances that are below the floor."""
        if self.floor is None:
            refuse_zero(params.covariances[:, None])
            return params
        return self.params(params.means, np.maximum(params.covariances, self.floor.max()))

    def resting(self, params: GaussianParams, floor: Array) -> NDArray[np.bool_]:
        """Those with their variance on the floor."""
        return ~above(params.covariances, floor.max())

    def rows_of_scatter(self, params: GaussianParams) -> int:
        """One: it lies off the mean."""
        return 1

    def log_det(self, params: GaussianParams) -> Array:
        """Number of features times the log variance."""
        return np.asarray(params.means.shape[1] * np.log(params.covariances))

    def total_constant(self, stats: ComponentMoments, params: GaussianParams) -> float:
        """Number of observed cells, by responsibility, times ``log 2 pi + log variance``."""
        return float(_cells(stats) @ (LOG_2PI + np.log(params.covariances)))

    def total_mahalanobis(self, stats: ComponentMoments, params: GaussianParams) -> float:
        """Squared distances about the means of `params`, over the variances."""
        return float((_about(stats, params.means - stats.origin) / params.covariances).sum())

    def gradient(self, stats: ComponentMoments, params: GaussianParams) -> dict[str, Array]:
        """Half of S / v^2 - n d / v for the variances v, S being the squared distances from the means."""
        shift = params.means - stats.origin
        v = params.covariances
        n_squares = _cells(stats)
        return {
            "means": (stats.first - stats.counts * shift) / v[:, None],
            "covariances": 0.5 * (_about(stats, shift) / v - n_squares) / v,
        }

    def dense(self, params: GaussianParams) -> Array:
        """Multiples of the identity."""
        return params.covariances[:, None, None] * np.eye(params.means.shape[1])

    def covariance_shape(self, n_components: int, n_features: int | str) -> tuple[int | str, ...]:
        """Shape (n_components,)."""
        return (n_components,)

    def from_dense(self, matrices: Array) -> Array:
        """The means of the diagonals."""
        return np.einsum("kii->k", matrices) / matrices.shape[1]

    def covariance_space(self, params: GaussianParams, variances: Array) -> Space:
        """Positive numbers."""
        floor = 0.0 if self.floor is None else float(self.floor.max())
        return Positive(params.covariances.shape, variances.mean(), floor)

    def precisions_cholesky(self, params: GaussianParams) -> Array:
        """One over the standard deviations, shape (K,)."""
        return 1.0 / np.sqrt(params.covariances)


def _about(stats: ComponentMoments, shift: Array) -> Array:
    """Squared distances about ``origin + shift``."""
    moved = stats.counts * shift * shift - 2 * stats.first * shift
    return np.asarray(stats.second + moved.sum(axis=1))


def _cells(stats: ComponentMoments) -> Array:
    """Number of observed cells of each component, by responsibility, shape (K,)."""
    return np.asarray(np.broadcast_to(stats.counts, stats.first.shape).sum(axis=1))
