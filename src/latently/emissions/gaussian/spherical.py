"""A single variance for each component, shape (K,)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latently.core.parameters import Positive, Space
from latently.emissions.base import Array
from latently.emissions.gaussian.family import LOG_2PI, GaussianFamily
from latently.emissions.gaussian.matrices import positive_from_precision
from latently.emissions.gaussian.moments import ComponentMoments
from latently.emissions.gaussian.params import GaussianParams
from latently.emissions.gaussian.variances import above, refuse_zero


@dataclass(frozen=True)
class SphericalGaussian(GaussianFamily):
    """Gaussians with one variance each, the same in every direction."""

    def params(self, means: Array, covariances: Array) -> GaussianParams:
        """Put means and variances together."""
        return GaussianParams(means, covariances)

    def log_density(self, params: GaussianParams, x: Array) -> Array:
        """Squared distances over the variances."""
        norms = np.empty((len(x), len(params.means)))
        for k, mean in enumerate(params.means):
            centred = x - mean
            norms[:, k] = np.einsum("nd,nd->n", centred, centred)
        norms /= params.covariances
        return -0.5 * (norms + (x.shape[1] * LOG_2PI + self.log_det(params)))

    def expected_stats(self, params: GaussianParams, x: Array, resp: Array) -> ComponentMoments:
        """Weighted sums and squared distances about the current means."""
        first, second = np.empty_like(params.means), np.empty(len(params.means))
        for k, mean in enumerate(params.means):
            centred = x - mean
            first[k] = resp[:, k] @ centred
            second[k] = resp[:, k] @ np.einsum("nd,nd->n", centred, centred)
        return ComponentMoments(resp.sum(axis=0), first, second, params.means)

    def covariances(
        self,
        stats: ComponentMoments,
        counts: Array,
        shift: Array,
        kept: NDArray[np.bool_],
        params: GaussianParams,
    ) -> Array:
        """Mean over the features of squares over count, less the square of the shift."""
        moved = np.maximum(_about(stats, shift) / (counts * shift.shape[1]), 0.0)
        return np.where(kept, moved, params.covariances)

    def held(self, params: GaussianParams) -> GaussianParams:
        """Raise the variances that are below the floor."""
        if self.floor is None:
            refuse_zero(params.covariances[:, None])
            return params
        return self.params(params.means, np.maximum(params.covariances, self.floor.max()))

    def floor_active(self, params: GaussianParams) -> NDArray[np.bool_] | None:
        """Which components have their variance on the floor."""
        return None if self.floor is None else ~above(params.covariances, self.floor.max())

    def log_det(self, params: GaussianParams) -> Array:
        """Number of features times the log variance."""
        return np.asarray(params.means.shape[1] * np.log(params.covariances))

    def total_mahalanobis(self, stats: ComponentMoments, params: GaussianParams) -> float:
        """Squared distances about the means of `params`, over the variances."""
        return float((_about(stats, params.means - stats.origin) / params.covariances).sum())

    def gradient(self, stats: ComponentMoments, params: GaussianParams) -> dict[str, Array]:
        """Half of S / v^2 - n d / v for the variances v, S being the squared distances from the means."""
        shift = params.means - stats.origin
        v = params.covariances
        n_squares = stats.counts * params.means.shape[1]
        return {
            "means": (stats.first - stats.counts[:, None] * shift) / v[:, None],
            "covariances": 0.5 * (_about(stats, shift) / v - n_squares) / v,
        }

    def dense(self, params: GaussianParams) -> Array:
        """Multiples of the identity."""
        return params.covariances[:, None, None] * np.eye(params.means.shape[1])

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

    def from_precisions(self, precisions: Array, n_components: int, n_features: int) -> Array:
        """Invert each number."""
        return positive_from_precision(precisions, (n_components,))


def _about(stats: ComponentMoments, shift: Array) -> Array:
    """Squared distances about ``origin + shift``."""
    cross = np.einsum("kd,kd->k", stats.first, shift)
    return stats.second - 2 * cross + stats.counts * np.einsum("kd,kd->k", shift, shift)
