"""Gaussians whose features are correlated within a component: covariance matrices, for each or for all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latently.core.spaces import SPD
from latently.emissions.base import Array
from latently.emissions.gaussian.matrices import (
    cholesky,
    clip_to_floor,
    on_floor,
    precision_factors,
    refuse_indefinite,
    refuse_other_factors,
)
from latently.emissions.gaussian.missing import by_pattern, conditional
from latently.emissions.gaussian.moments import ComponentMoments
from latently.emissions.gaussian.params import LOG_2PI, MatrixParams
from latently.emissions.gaussian.structure import Flags, Structure


@dataclass(frozen=True)
class Correlated(Structure):
    """A covariance matrix for each component, shape (K, d, d), or one for all, shape (d, d)."""

    correlated = True

    def _whole(self, n_components: int, n_features: object) -> tuple[object, ...]:
        return (n_components, n_features, n_features)

    def params(self, means: Array, covariances: Array) -> MatrixParams:
        return MatrixParams(means, covariances)

    def log_density(self, params: MatrixParams, x: Array) -> Array:
        """By distances in the observed features of rows."""
        values = np.zeros((len(x), len(params.means)))
        for observed, rows in by_pattern(x):
            if observed.any():
                given = conditional(_factors(params), observed)
                y = given.whitened(x[rows] - params.means[:, None])
                constants = y.shape[1] * LOG_2PI + given.log_det
                values[rows] = -0.5 * (np.einsum("kin,kin->nk", y, y) + constants)
        return values

    def expected_stats(self, params: MatrixParams, x: Array, resp: Array) -> ComponentMoments:
        """Weighted sums and scatter about the current means; a row without observed cells adds nothing."""
        K, d = params.means.shape
        counts, first, second = np.zeros(K), np.zeros((K, d)), np.zeros((K, d, d))
        for observed, rows in by_pattern(x):
            if observed.any():
                given, mass = conditional(_factors(params), observed), resp[rows].sum(axis=0)
                centred = given.completed(x[rows] - params.means[:, None])
                weighted = centred * resp[rows].T[:, :, None]
                counts += mass
                first += weighted.sum(axis=1)
                second += np.swapaxes(weighted, 1, 2) @ centred + mass[:, None, None] * given.covariance
        return ComponentMoments(counts, first, self.pool(second), params.means)

    def scatter(self, stats: ComponentMoments, shift: Array) -> Array:
        half = stats.first - 0.5 * stats.counts[:, None] * shift
        moved = 0.5 * stats.second - self.pool(half[:, :, None] * shift[:, None, :])
        return np.asarray(moved + moved.swapaxes(-1, -2))

    def rows(self, counts: Array, n_features: int) -> Array:
        return self.pool(counts[:, None, None])

    def of_matrices(self, matrices: Array) -> Array:
        return matrices

    def dense(self, params: MatrixParams) -> Array:
        """The matrices, a shared one once for each component."""
        return np.ascontiguousarray(self.expand(params.covariances, params.means))

    def clip(self, params: MatrixParams, floor: Array | None) -> MatrixParams:
        if floor is not None:
            return MatrixParams.factored(params.means, *clip_to_floor(params.covariances, floor))
        cholesky(params.covariances)
        return params

    def resting(self, params: MatrixParams, floor: Array, constant: Flags | None) -> Flags:
        resting = on_floor(params.covariances.reshape(-1, *floor.shape, *floor.shape), floor, constant)
        return np.broadcast_to(resting, len(params.means))

    def log_det(self, params: MatrixParams) -> Array:
        return params.log_det + np.zeros(len(params.means)) if self.pooled else params.log_det

    def total_constant(self, stats: ComponentMoments, params: MatrixParams) -> float:
        return float(stats.counts @ (params.means.shape[1] * LOG_2PI + self.log_det(params)))

    def total_mahalanobis(self, stats: ComponentMoments, params: MatrixParams) -> float:
        """Trace of the whitened scatters about the means of `params`."""
        scatter = self.scatter(stats, params.means - stats.origin)
        return float(np.vdot(params.whiteners @ scatter, params.whiteners))

    def gradient(self, stats: ComponentMoments, params: MatrixParams) -> dict[str, Array]:
        """Half of P S P - n P for the covariances, P being the precisions and S the scatters."""
        shift = params.means - stats.origin
        precisions = params.precisions
        away = stats.first - stats.counts[:, None] * shift
        scatters = precisions @ self.scatter(stats, shift) @ precisions
        return {
            "means": np.einsum("kij,kj->ki", self.expand(precisions, params.means), away),
            "covariances": 0.5 * (scatters - self.rows(stats.counts, away.shape[1]) * precisions),
        }

    def inner_terms(self, stats: ComponentMoments, params: MatrixParams) -> float:
        """Those of each row under each component, as often as it has it."""
        return float((stats.counts * params.inner_terms).sum())

    def space(
        self, params: MatrixParams, variances: Array, floor: Array | None, constant: Flags | None
    ) -> SPD:
        deviations = np.sqrt(variances)
        return SPD(params.covariances.shape, np.outer(deviations, deviations), floor, constant)

    def refuse(self, covariances: Array, label: str) -> None:
        refuse_indefinite(covariances, label)

    def check(self, params: MatrixParams) -> None:
        refuse_other_factors(params.covariances, params.cholesky)

    def precisions_cholesky(self, params: MatrixParams) -> Array:
        return precision_factors(params.cholesky)

    def squared(self, factors: Array) -> Array:
        return factors @ np.swapaxes(factors, -1, -2)


def _factors(params: MatrixParams) -> Array:
    """Cholesky factors: of each component, or the one of all, shape (K or 1, d, d)."""
    return params.cholesky.reshape(-1, *params.cholesky.shape[-2:])
