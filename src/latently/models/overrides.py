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
from latently.emissions.categorical import Categorical
from latently.emissions.gaussian import DiagGaussian, FullGaussian, SphericalGaussian, TiedGaussian
from latently.emissions.gaussian.family import GaussianFamily
from latently.emissions.gaussian.matrices import EPS, from_lower
from latently.emissions.gaussian.moments import ComponentMoments
from latently.emissions.gaussian.params import LOG_2PI
from latently.latent.base import Expected
from latently.latent.chain import Chain
from latently.latent.independent import Counts, Independent
from latently.models.symbols import chain_of_symbols

FEW = 6  # features: with fewer, whitening each pair costs less than matrix products
MANY = 16  # features: from here on matrix products cost less than telling which pairs count

Override = Callable[[Any, Any, Block], Expected | None]
Holed = Callable[[Any, Any, Block, Callable[[Block], Expected]], Expected | None]
Whole = Callable[[Any, Any, Block, Executor], Expected | None]


def mixture_of_full(emission: FullGaussian, params: Any, block: Block) -> Expected | None:
    """E-step of a mixture of Gaussians with a covariance matrix each."""
    return _full(emission, params, block, params.emission.whiteners)


def _full(emission: GaussianFamily, params: Any, block: Block, whiteners: Array) -> Expected | None:
    from latently.kernels.full import fused_full

    means = params.emission.means
    K, d = means.shape
    counts, first, second = np.zeros(K), np.zeros((K, d)), np.zeros((K, d, d))
    log_norm, drop = _levels(emission, params)
    bound, magnitude = fused_full(
        _rows(block), block.weights, means, whiteners, log_norm, drop, counts, first, second
    )
    return _expected(params, bound, magnitude, counts, first, emission.gathered(from_lower(second)))


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
    return _full(emission, params, block, whiteners)


def mixture_of_diag(emission: DiagGaussian, params: Any, block: Block) -> Expected | None:
    """E-step of a mixture of Gaussians with independent features."""
    if params.emission.means.shape[1] >= MANY:
        from latently.models.linear_forms import linear_diag

        stats = linear_diag(params, _levels(emission, params)[0], block)
        if stats is not None:
            return stats
    scales = 1.0 / np.sqrt(params.emission.covariances)
    return _diagonal(emission, params, block, scales)


def mixture_of_spherical(emission: SphericalGaussian, params: Any, block: Block) -> Expected | None:
    """E-step of a mixture of Gaussians with one variance each."""
    theta = params.emission
    if theta.means.shape[1] >= MANY:
        from latently.models.linear_forms import linear_spherical

        stats = linear_spherical(params, _levels(emission, params)[0], block)
        if stats is not None:
            return stats
    scales = np.repeat(1.0 / np.sqrt(theta.covariances)[:, None], theta.means.shape[1], axis=1)
    return _diagonal(emission, params, block, scales)


def _diagonal(emission: GaussianFamily, params: Any, block: Block, scales: Array) -> Expected | None:
    from latently.kernels.diagonal import fused_diagonal

    means = params.emission.means
    counts, first, second = np.zeros(len(means)), np.zeros(means.shape), np.zeros(means.shape)
    log_norm, drop = _levels(emission, params)
    bound, magnitude = fused_diagonal(
        _rows(block), block.weights, means, scales, log_norm, drop, counts, first, second
    )
    return _expected(params, bound, magnitude, counts, first, emission.gathered(second), (-1, 1))


def matrices_with_holes(
    emission: GaussianFamily, params: Any, block: Block, generic: Callable[[Block], Expected]
) -> Expected | None:
    """E-step of rows with missing cells under Gaussians with covariance matrices."""
    from latently.models.holed_rows import by_marginals, one_gaussian

    if len(params.emission.means) == 1:
        return one_gaussian(emission, params, block)
    return by_marginals(OVERRIDES[Independent, type(emission)], generic, emission, params, block)


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


OVERRIDES: dict[tuple[type, type], Override] = {
    (Independent, FullGaussian): mixture_of_full,
    (Independent, TiedGaussian): mixture_of_tied,
    (Independent, DiagGaussian): mixture_of_diag,
    (Independent, SphericalGaussian): mixture_of_spherical,
}

# Those for blocks of rows that all have missing cells; they may hand some of the rows to the generic path.
OF_HOLES: dict[tuple[type, type], Holed] = {
    (Independent, FullGaussian): matrices_with_holes,
    (Independent, TiedGaussian): matrices_with_holes,
}

# Those of models whose units are sequences: they see the whole model, and may share out parts of a unit.
OF_SEQUENCES: dict[tuple[type, type], Whole] = {(Chain, Categorical): chain_of_symbols}
