"""One covariance matrix for all components, shape (d, d)."""

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
class TiedGaussian(GaussianFamily):
    """Gaussians that share one covariance matrix."""

    correlated = True

    def params(self, means: Array, covariances: Array) -> MatrixParams:
        """Put means and the covariance together."""
        return MatrixParams(means, covariances)

    def log_density(self, params: MatrixParams, x: Array) -> Array:
        """Whiten the observed features of rows and means about the middle of the means; then distances."""
        middle = params.means.mean(axis=0)
        values = np.zeros((len(x), len(params.means)))
        for observed, rows in by_pattern(x):
            if not observed.any():
                continue
            given = conditional(params.cholesky, observed)
            y = given.whitened(x[rows] - middle)
            centres = given.whitened(params.means - middle)
            constant = len(y) * LOG_2PI + given.log_det
            for k in range(len(params.means)):
                away = y - centres[:, k : k + 1]
                values[rows, k] = -0.5 * (np.einsum("in,in->n", away, away) + constant)
        return values

    def expected_stats(self, params: MatrixParams, x: Array, resp: Array) -> ComponentMoments:
        """Weighted sums about the current means, and one scatter; a row without cells adds nothing."""
        K, d = params.means.shape
        counts, first, second = np.zeros(K), np.zeros((K, d)), np.zeros((d, d))
        for observed, rows in by_pattern(x):
            if not observed.any():
                continue
            r = resp[rows]
            counts += r.sum(axis=0)
            given = conditional(params.cholesky, observed)
            second += r.sum() * given.covariance
            for k, mean in enumerate(params.means):
                centred = given.completed(x[rows] - mean)
                weighted = centred * r[:, k : k + 1]
                first[k] += weighted.sum(axis=0)
                second += weighted.T @ centred
        return ComponentMoments(counts, first, second, params.means)

    def covariances(
        self,
        stats: ComponentMoments,
        counts: Array,
        shift: Array,
        kept: NDArray[np.bool_],
        params: MatrixParams,
    ) -> Array:
        """Scatter within components over the total count."""
        moved = _about(stats, shift) / stats.counts.sum()
        return np.asarray((moved + moved.T) / 2)

    @property
    def covariance_each(self) -> bool:
        """One for all."""
        return False

    def with_prior(self, covariances: Array, counts: Array, prior: Prior, pulls: Array) -> Array:
        """The prior's rows beside those of all components."""
        n = counts.sum()
        total = n * covariances + prior.diagonal + pulls.sum(axis=0)
        return np.asarray(total / (n + prior.rows + len(pulls) * prior.rows_per_mean))

    def gathered(self, second: Array) -> Array:
        """Their sum."""
        return np.asarray(second.sum(axis=0))

    def held(self, params: MatrixParams) -> MatrixParams:
        """Clip the eigenvalues that are below the floor."""
        if self.floor is not None:
            return MatrixParams.factored(params.means, *hold_above(params.covariances, self.floor))
        cholesky(params.covariances)
        return params

    def resting(self, params: MatrixParams, floor: Array) -> NDArray[np.bool_]:
        """All components or none."""
        return np.repeat(on_floor(params.covariances[None], floor, self.constant), len(params.means))

    def rows_of_scatter(self, params: MatrixParams) -> int:
        """None: the covariance is learned from all rows together."""
        return 0

    def log_det(self, params: MatrixParams) -> Array:
        """The same for each component."""
        return np.repeat(params.log_det, len(params.means))

    def total_mahalanobis(self, stats: ComponentMoments, params: MatrixParams) -> float:
        """Trace of the whitened scatter about the means of `params`."""
        inverse = inverse_factor(params.cholesky)
        scatter = _about(stats, params.means - stats.origin)
        return float(np.vdot(inverse @ scatter, inverse))

    def gradient(self, stats: ComponentMoments, params: MatrixParams) -> dict[str, Array]:
        """Half of P S P - n P for the covariance, P being the precision and S the scatter."""
        shift = params.means - stats.origin
        precision = params.whiteners.T @ params.whiteners
        away = stats.first - stats.counts[:, None] * shift
        scatter = precision @ _about(stats, shift) @ precision
        return {
            "means": away @ precision,
            "covariances": 0.5 * (scatter - stats.counts.sum() * precision),
        }

    def dense(self, params: MatrixParams) -> Array:
        """The matrix, once for each component."""
        return np.repeat(params.covariances[None], len(params.means), axis=0)

    def covariance_shape(self, n_components: int, n_features: int | str) -> tuple[int | str, ...]:
        """Shape (n_features, n_features)."""
        return (n_features, n_features)

    def from_dense(self, matrices: Array) -> Array:
        """The mean of the matrices."""
        return np.asarray(matrices.mean(axis=0))

    def permute(self, params: MatrixParams, order: NDArray[np.int64]) -> MatrixParams:
        """Relabel the means; the covariance has no label."""
        return params.with_means(params.means[order])

    def covariance_space(self, params: MatrixParams, variances: Array) -> Space:
        """A symmetric positive definite matrix."""
        deviations = np.sqrt(variances)
        return SPD(params.covariances.shape, np.outer(deviations, deviations), self.floor, self.constant)

    def precisions_cholesky(self, params: MatrixParams) -> Array:
        """One upper factor, shape (d, d)."""
        return precision_factors(params.cholesky)


def _about(stats: ComponentMoments, shift: Array) -> Array:
    """Scatter about ``origin + shift``, all components together."""
    cross = stats.first.T @ shift
    square = (stats.counts[:, None] * shift).T @ shift
    return np.asarray(stats.second - cross - cross.T + square)
