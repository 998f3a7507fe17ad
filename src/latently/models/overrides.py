"""Fused kernels in place of the generic E-step, all in one dictionary.

The generic path in plain NumPy always exists and is the oracle; `tests/agreement/` holds each override to
it. An override gives back None for what it is not made for, and the generic path takes over: so
it does where a form that would lose digits is met, or a number that is not finite, which the
generic path then names.

Numba takes a third of a second to import, so a kernel is imported by the first E-step that needs it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from latently.core.blocks import Block
from latently.emissions.base import Array
from latently.emissions.gaussian import DiagGaussian, FullGaussian, SphericalGaussian, TiedGaussian
from latently.emissions.gaussian.family import LOG_2PI, GaussianFamily
from latently.emissions.gaussian.matrices import EPS
from latently.emissions.gaussian.moments import ComponentMoments
from latently.latent.base import Expected
from latently.latent.independent import Counts, Independent

# Whitened distances beyond this, squared, would cost the tied form more than six digits.
FAR = 1e6

Override = Callable[[Any, Any, Block], Expected | None]


def mixture_of_full(emission: FullGaussian, params: Any, block: Block) -> Expected | None:
    """E-step of a mixture of Gaussians with a covariance matrix each."""
    from latently.kernels.full import fused_full

    theta = params.emission
    K, d = theta.means.shape
    counts, first, second = np.zeros(K), np.zeros((K, d)), np.zeros((K, d, d))
    log_norm, drop = _levels(emission, params)
    bound, magnitude = fused_full(
        _rows(block), block.weights, theta.means, theta.whiteners, log_norm, drop, counts, first, second
    )
    return _expected(params, bound, magnitude, counts, first, _symmetric(second))


def mixture_of_tied(emission: TiedGaussian, params: Any, block: Block) -> Expected | None:
    """E-step of a mixture of Gaussians that share a covariance matrix.

    The rows are whitened once, about the middle of the means; the scatter within components is that of
    all rows less that of the means. With few features it is cheaper to take each component on its own.
    """
    from latently.kernels.diagonal import fused_diagonal
    from latently.kernels.full import FEW, fused_full

    theta, weights = params.emission, block.weights
    K, d = theta.means.shape
    counts, first = np.zeros(K), np.zeros((K, d))
    log_norm, drop = _levels(emission, params)
    if d < FEW:
        whiteners = np.repeat(theta.whiteners[None], K, axis=0)
        seconds = np.zeros((K, d, d))
        bound, magnitude = fused_full(
            _rows(block), weights, theta.means, whiteners, log_norm, drop, counts, first, seconds
        )
        return _expected(params, bound, magnitude, counts, first, _symmetric(seconds.sum(axis=0)))

    middle = theta.means.mean(axis=0)
    centres = (theta.means - middle) @ theta.whiteners.T
    if np.einsum("kd,kd->k", centres, centres).max() > FAR:
        return None
    y = (_rows(block) - middle) @ theta.whiteners.T
    ones, unused = np.ones((K, d)), np.zeros((K, d))
    bound, magnitude = fused_diagonal(y, weights, centres, ones, log_norm, drop, counts, first, unused)
    sums = first + counts[:, None] * centres
    cross = sums.T @ centres
    scatter = (y.T * weights) @ y - cross - cross.T + (counts[:, None] * centres).T @ centres
    second = theta.cholesky @ scatter @ theta.cholesky.T
    return _expected(params, bound, magnitude, counts, first @ theta.cholesky.T, (second + second.T) / 2)


def mixture_of_diag(emission: DiagGaussian, params: Any, block: Block) -> Expected | None:
    """E-step of a mixture of Gaussians with independent features."""
    scales = 1.0 / np.sqrt(params.emission.covariances)
    return _diagonal(emission, params, block, scales, lambda second: second)


def mixture_of_spherical(emission: SphericalGaussian, params: Any, block: Block) -> Expected | None:
    """E-step of a mixture of Gaussians with one variance each."""
    theta = params.emission
    scales = np.repeat(1.0 / np.sqrt(theta.covariances)[:, None], theta.means.shape[1], axis=1)
    return _diagonal(emission, params, block, scales, lambda second: second.sum(axis=1))


def _diagonal(
    emission: GaussianFamily, params: Any, block: Block, scales: Array, shape: Callable[[Array], Array]
) -> Expected | None:
    from latently.kernels.diagonal import fused_diagonal

    means = params.emission.means
    counts, first, second = np.zeros(len(means)), np.zeros(means.shape), np.zeros(means.shape)
    log_norm, drop = _levels(emission, params)
    bound, magnitude = fused_diagonal(
        _rows(block), block.weights, means, scales, log_norm, drop, counts, first, second
    )
    return _expected(params, bound, magnitude, counts, first, shape(second))


def _rows(block: Block) -> Array:
    """The rows as the kernels are compiled for, so that there is one compilation of each."""
    return np.ascontiguousarray(block.x, dtype=np.float64)


def _levels(emission: GaussianFamily, params: Any) -> tuple[Array, Array]:
    """Log density of each component at its mean, and the log of what counts in its sums.

    A pair below rounding of the share that one row has in the sums of its component does not count: all
    such pairs together are below rounding of the sums.
    """
    log_weights = params.latent.log
    theta = params.emission
    log_norm = log_weights - 0.5 * (theta.means.shape[1] * LOG_2PI + emission.log_det(theta))
    return log_norm, log_weights + np.log(EPS)


def _symmetric(lower: Array) -> Array:
    """Full matrices from their lower triangles."""
    strict = np.tril(lower, -1)
    return np.tril(lower) + np.swapaxes(strict, -1, -2)


def _expected(
    params: Any, bound: float, magnitude: float, counts: Array, first: Array, second: Array
) -> Expected | None:
    if not np.isfinite(bound):
        return None
    moments = ComponentMoments(counts, first, second, params.emission.means)
    return Expected(Counts(counts), moments, bound, magnitude)


OVERRIDES: dict[tuple[type, type], Override] = {
    (Independent, FullGaussian): mixture_of_full,
    (Independent, TiedGaussian): mixture_of_tied,
    (Independent, DiagGaussian): mixture_of_diag,
    (Independent, SphericalGaussian): mixture_of_spherical,
}
