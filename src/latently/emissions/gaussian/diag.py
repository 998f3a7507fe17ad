"""A variance for each component and feature, shape (K, d)."""

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
class DiagGaussian(GaussianFamily):
    """Gaussians with independent features."""

    def params(self, means: Array, covariances: Array) -> GaussianParams:
        """Put means and variances together."""
        return GaussianParams(means, covariances)

    def log_density(self, params: GaussianParams, x: Array) -> Array:
        """Sum over the observed cells of squared standardised differences and their constants."""
        values = np.empty((len(x), len(params.means)))
        constants = np.log(params.covariances) + LOG_2PI
        deviations = np.sqrt(params.covariances)
        missing = np.isnan(x)
        holed = bool(missing.any())
        for k, mean in enumerate(params.means):
            y = (x - mean) / deviations[k]
            if holed:
                y[missing] = 0.0
            values[:, k] = np.einsum("nd,nd->n", y, y)
            values[:, k] += (~missing) @ constants[k] if holed else constants[k].sum()
        return -0.5 * values

    def expected_stats(self, params: GaussianParams, x: Array, resp: Array) -> ComponentMoments:
        """Weighted counts, sums and squares of the observed cells, about the current means."""
        first, second = np.empty_like(params.means), np.empty_like(params.means)
        missing = np.isnan(x)
        holed = bool(missing.any())
        for k, mean in enumerate(params.means):
            centred = x - mean
            if holed:
                centred[missing] = 0.0
            first[k] = resp[:, k] @ centred
            second[k] = resp[:, k] @ (centred * centred)
        counts = resp.T @ ~missing if holed else resp.sum(axis=0)[:, None]
        return ComponentMoments(counts, first, second, params.means)

    def covariances(
        self,
        stats: ComponentMoments,
        counts: Array,
        shift: Array,
        kept: NDArray[np.bool_],
        params: GaussianParams,
    ) -> Array:
        """Squares over count, less the square of the shift."""
        moved = np.maximum(_about(stats, shift) / counts, 0.0)
        return np.where(kept, moved, params.covariances)

    def with_prior(self, covariances: Array, counts: Array, prior: Prior, pulls: Array) -> Array:
        """The prior's rows beside those of each component, feature by feature."""
        total = counts * covariances + np.diagonal(prior.diagonal) + np.einsum("kii->ki", pulls)
        return np.asarray(total / (counts + prior.rows + prior.rows_per_mean))

    def gathered(self, second: Array) -> Array:
        """The squares themselves."""
        return second

    def held(self, params: GaussianParams) -> GaussianParams:
        """Raise the variances that are below the floor."""
        if self.floor is None:
            refuse_zero(params.covariances)
            return params
        return self.params(params.means, np.maximum(params.covariances, self.floor))

    def resting(self, params: GaussianParams, floor: Array) -> NDArray[np.bool_]:
        """Those with a variance on the floor."""
        resting = ~above(params.covariances, floor)
        return np.asarray((resting if self.constant is None else resting & ~self.constant).any(axis=1))

    def rows_of_scatter(self, params: GaussianParams) -> int:
        """One: it lies off the mean in every feature."""
        return 1

    def log_det(self, params: GaussianParams) -> Array:
        """Sum of the log variances."""
        return np.asarray(np.log(params.covariances).sum(axis=1))

    def total_constant(self, stats: ComponentMoments, params: GaussianParams) -> float:
        """Sum over the observed cells of responsibility times ``log 2 pi + log variance``."""
        return float((stats.counts * (LOG_2PI + np.log(params.covariances))).sum())

    def total_mahalanobis(self, stats: ComponentMoments, params: GaussianParams) -> float:
        """Squares about the means of `params`, over the variances."""
        return float((_about(stats, params.means - stats.origin) / params.covariances).sum())

    def gradient(self, stats: ComponentMoments, params: GaussianParams) -> dict[str, Array]:
        """Half of S / v^2 - n / v for the variances v, S being the squares about the means."""
        shift = params.means - stats.origin
        v, counts = params.covariances, stats.counts
        return {
            "means": (stats.first - counts * shift) / v,
            "covariances": 0.5 * (_about(stats, shift) / v - counts) / v,
        }

    def dense(self, params: GaussianParams) -> Array:
        """Diagonal matrices."""
        return params.covariances[:, :, None] * np.eye(params.means.shape[1])

    def covariance_shape(self, n_components: int, n_features: int | str) -> tuple[int | str, ...]:
        """Shape (n_components, n_features)."""
        return (n_components, n_features)

    def from_dense(self, matrices: Array) -> Array:
        """The diagonals."""
        return np.einsum("kii->ki", matrices).copy()

    def covariance_space(self, params: GaussianParams, variances: Array) -> Space:
        """Positive numbers."""
        floor = 0.0 if self.floor is None else self.floor
        return Positive(params.covariances.shape, variances, floor, self.constant)

    def precisions_cholesky(self, params: GaussianParams) -> Array:
        """One over the standard deviations, shape (K, d)."""
        return 1.0 / np.sqrt(params.covariances)


def _about(stats: ComponentMoments, shift: Array) -> Array:
    """Squares about ``origin + shift``."""
    return np.asarray(stats.second - 2 * stats.first * shift + stats.counts * shift * shift)
