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
from latently.core.executors import Executor
from latently.emissions.base import Array
from latently.emissions.categorical import Categorical, CategoricalCounts
from latently.emissions.gaussian import DiagGaussian, FullGaussian, SphericalGaussian, TiedGaussian
from latently.emissions.gaussian.family import LOG_2PI, GaussianFamily
from latently.emissions.gaussian.matrices import EPS
from latently.emissions.gaussian.moments import ComponentMoments
from latently.latent.base import Expected
from latently.latent.chain import Chain, block_offsets, padded_width
from latently.latent.independent import Counts, Independent

FEW = 6  # features: with fewer, whitening each pair costs less than matrix products
MANY = 16  # features: from here on matrix products cost less than telling which pairs count

Override = Callable[[Any, Any, Block], Expected | None]
Whole = Callable[[Any, Any, Block, Executor], Expected | None]


def mixture_of_full(emission: FullGaussian, params: Any, block: Block) -> Expected | None:
    """E-step of a mixture of Gaussians with a covariance matrix each."""
    return _full(emission, params, block, params.emission.whiteners, lambda second: second)


def _full(
    emission: GaussianFamily, params: Any, block: Block, whiteners: Array, shape: Callable[[Array], Array]
) -> Expected | None:
    from latently.kernels.full import fused_full

    means = params.emission.means
    K, d = means.shape
    counts, first, second = np.zeros(K), np.zeros((K, d)), np.zeros((K, d, d))
    log_norm, drop = _levels(emission, params)
    bound, magnitude = fused_full(
        _rows(block), block.weights, means, whiteners, log_norm, drop, counts, first, second
    )
    return _expected(params, bound, magnitude, counts, first, shape(_symmetric(second)))


def mixture_of_tied(emission: TiedGaussian, params: Any, block: Block) -> Expected | None:
    """E-step of a mixture of Gaussians that share a covariance matrix.

    With few features, or where the linear form would lose digits, as if each had one of its own.
    """
    theta = params.emission
    K, d = theta.means.shape
    if d >= FEW:
        from latently.models.linear_forms import linear_tied

        stats = linear_tied(params, _levels(emission, params)[0], block)
        if stats is not None:
            return stats
    whiteners = np.repeat(theta.whiteners[None], K, axis=0)
    return _full(emission, params, block, whiteners, lambda second: second.sum(axis=0))


def mixture_of_diag(emission: DiagGaussian, params: Any, block: Block) -> Expected | None:
    """E-step of a mixture of Gaussians with independent features."""
    if params.emission.means.shape[1] >= MANY:
        from latently.models.linear_forms import linear_diag

        stats = linear_diag(params, _levels(emission, params)[0], block)
        if stats is not None:
            return stats
    scales = 1.0 / np.sqrt(params.emission.covariances)
    return _diagonal(emission, params, block, scales, lambda second: second)


def mixture_of_spherical(emission: SphericalGaussian, params: Any, block: Block) -> Expected | None:
    """E-step of a mixture of Gaussians with one variance each."""
    theta = params.emission
    if theta.means.shape[1] >= MANY:
        from latently.models.linear_forms import linear_spherical

        stats = linear_spherical(params, _levels(emission, params)[0], block)
        if stats is not None:
            return stats
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
    return _expected(params, bound, magnitude, counts, first, shape(second), (-1, 1))


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
    params: Any,
    bound: float,
    magnitude: float,
    counts: Array,
    first: Array,
    second: Array,
    shape: tuple[int, ...] = (-1,),
) -> Expected | None:
    if not np.isfinite(bound):
        return None
    moments = ComponentMoments(counts.reshape(shape), first, second, params.emission.means)
    return Expected(Counts(counts), moments, bound, magnitude)


def chain_of_symbols(model: Any, params: Any, block: Block, executor: Executor) -> Expected | None:
    """E-step of a hidden Markov model of symbols: their densities are looked up, and tallied in passing."""
    latent, emission = model.latent, model.emission
    K = model.n_components
    logs = emission.table(params.emission)
    top = logs.max(axis=1)
    table = np.zeros((len(logs), padded_width(K)))
    table[:, :K] = np.exp(logs - np.where(np.isneginf(top), 0.0, top)[:, None])
    tallies = np.zeros_like(table)
    symbols = np.ascontiguousarray(block.x[:, 0])
    passed = latent.pass_through(params.latent, table, symbols, lambda: logs, block, executor, tallies)
    lengths = np.diff(block_offsets(block))
    seen = tallies.sum(axis=1)
    used = seen > 0
    tops, absolute = float(seen[used] @ top[used]), float(seen[used] @ np.abs(top[used]))
    return Expected(
        passed.counts,
        CategoricalCounts(np.ascontiguousarray(tallies[:-1, :K].T)),
        float(block.weights @ passed.scales) + (tops if passed.shifted else 0.0),
        float(block.weights @ (np.abs(passed.scales) + lengths)) + absolute,
    )


OVERRIDES: dict[tuple[type, type], Override] = {
    (Independent, FullGaussian): mixture_of_full,
    (Independent, TiedGaussian): mixture_of_tied,
    (Independent, DiagGaussian): mixture_of_diag,
    (Independent, SphericalGaussian): mixture_of_spherical,
}

# Those of models whose units are sequences: they see the whole model, and may share out parts of a unit.
OF_SEQUENCES: dict[tuple[type, type], Whole] = {(Chain, Categorical): chain_of_symbols}
