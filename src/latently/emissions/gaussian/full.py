"""A covariance matrix for each component, shape (K, d, d)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latently.core.parameters import SPD, Space
from latently.emissions.base import Array
from latently.emissions.gaussian.family import GaussianFamily
from latently.emissions.gaussian.matrices import (
    cholesky,
    hold_above,
    inverse_factor,
    on_floor,
    precision_factors,
)
from latently.emissions.gaussian.missing import by_pattern, conditional
from latently.emissions.gaussian.moments import ComponentMoments
from latently.emissions.gaussian.params import LOG_2PI, MatrixParams
from latently.emissions.gaussian.prior import Prior


@dataclass(frozen=True)
class FullGaussian(GaussianFamily):
    """Gaussians with a covariance matrix each."""

    correlated = True

    def params(self, means: Array, covariances: Array) -> MatrixParams:
        """Put means and covariances together."""
        return MatrixParams(means, covariances)

    def log_density(self, params: MatrixParams, x: Array) -> Array:
        """Through a triangular solve with the Cholesky factor of each component's observed features."""
        values = np.zeros((len(x), len(params.means)))
        for observed, rows in by_pattern(x):
            if not observed.any():
                continue
            for k, (mean, factor) in enumerate(zip(params.means, params.cholesky, strict=True)):
                given = conditional(factor, observed)
                y = given.whitened(x[rows] - mean)
                constant = len(y) * LOG_2PI + given.log_det
                values[rows, k] = -0.5 * (np.einsum("in,in->n", y, y) + constant)
        return values

    def expected_stats(self, params: MatrixParams, x: Array, resp: Array) -> ComponentMoments:
        """Weighted sums and scatter about the current means; a row without observed cells adds nothing."""
        K, d = params.means.shape
        counts, first, second = np.zeros(K), np.zeros((K, d)), np.zeros((K, d, d))
        for observed, rows in by_pattern(x):
            if not observed.any():
                continue
            r = resp[rows]
            counts += r.sum(axis=0)
            for k, (mean, factor) in enumerate(zip(params.means, params.cholesky, strict=True)):
                given = conditional(factor, observed)
                centred = given.completed(x[rows] - mean)
                weighted = centred * r[:, k : k + 1]
                first[k] += weighted.sum(axis=0)
                second[k] += weighted.T @ centred + r[:, k].sum() * given.covariance
        return ComponentMoments(counts, first, second, params.means)

    def covariances(
        self,
        stats: ComponentMoments,
        counts: Array,
        shift: Array,
        kept: NDArray[np.bool_],
        params: MatrixParams,
    ) -> Array:
        """Scatter over count, less the outer product of the shift."""
        moved = _about(stats, shift) / counts[:, None, None]
        moved = (moved + np.swapaxes(moved, 1, 2)) / 2
        return np.where(kept[:, None, None], moved, params.covariances)

    def with_prior(self, covariances: Array, counts: Array, prior: Prior, pulls: Array) -> Array:
        """The prior's rows beside those of each component."""
        n = counts[:, None, None]
        total = n * covariances + prior.diagonal + pulls
        return np.asarray(total / (n + prior.rows + prior.rows_per_mean))

    def gathered(self, second: Array) -> Array:
        """The matrices themselves."""
        return second

    def held(self, params: MatrixParams) -> MatrixParams:
        """Clip the eigenvalues that are below the floor."""
        if self.floor is not None:
            return MatrixParams.factored(params.means, *hold_above(params.covariances, self.floor))
        cholesky(params.covariances)
        return params

    def resting(self, params: MatrixParams, floor: Array) -> NDArray[np.bool_]:
        """Those with an eigenvalue on the floor."""
        return on_floor(params.covariances, floor, self.constant)

    def rows_of_scatter(self, params: MatrixParams) -> int:
        """As many as there are features that vary."""
        d = params.means.shape[1]
        return d if self.constant is None else d - int(self.constant.sum())

    def log_det(self, params: MatrixParams) -> Array:
        """From the Cholesky factors."""
        return params.log_det

    def total_mahalanobis(self, stats: ComponentMoments, params: MatrixParams) -> float:
        """Trace of the whitened scatters about the means of `params`."""
        scatters = _about(stats, params.means - stats.origin)
        total = 0.0
        for factor, scatter in zip(params.cholesky, scatters, strict=True):
            inverse = inverse_factor(factor)
            total += float(np.vdot(inverse @ scatter, inverse))
        return total

    def gradient(self, stats: ComponentMoments, params: MatrixParams) -> dict[str, Array]:
        """Half of P S P - n P for the covariances, P being the precisions and S the scatters."""
        shift = params.means - stats.origin
        precisions = np.swapaxes(params.whiteners, 1, 2) @ params.whiteners
        away = stats.first - stats.counts[:, None] * shift
        scatters = precisions @ _about(stats, shift) @ precisions
        return {
            "means": np.einsum("kij,kj->ki", precisions, away),
            "covariances": 0.5 * (scatters - stats.counts[:, None, None] * precisions),
        }

    def dense(self, params: MatrixParams) -> Array:
        """The covariances themselves."""
        return params.covariances

    def covariance_shape(self, n_components: int, n_features: int | str) -> tuple[int | str, ...]:
        """Shape (n_components, n_features, n_features)."""
        return (n_components, n_features, n_features)

    def from_dense(self, matrices: Array) -> Array:
        """The matrices themselves."""
        return matrices

    def permute(self, params: MatrixParams, order: NDArray[np.int64]) -> MatrixParams:
        """Relabel means, covariances and factors."""
        return MatrixParams.factored(params.means[order], params.covariances[order], params.cholesky[order])

    def covariance_space(self, params: MatrixParams, variances: Array) -> Space:
        """Symmetric positive definite matrices."""
        deviations = np.sqrt(variances)
        return SPD(params.covariances.shape, np.outer(deviations, deviations), self.floor, self.constant)

    def precisions_cholesky(self, params: MatrixParams) -> Array:
        """Upper factors, shape (K, d, d)."""
        return precision_factors(params.cholesky)


def _about(stats: ComponentMoments, shift: Array) -> Array:
    """Scatter about ``origin + shift``."""
    cross = stats.first[:, :, None] * shift[:, None, :]
    square = stats.counts[:, None, None] * shift[:, :, None] * shift[:, None, :]
    return np.asarray(stats.second - cross - np.swapaxes(cross, 1, 2) + square)
