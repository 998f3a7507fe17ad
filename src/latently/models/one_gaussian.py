"""The E-step of one Gaussian with a covariance matrix: no responsibilities, and one sum of squared norms.

That sum is a trace, ``sum |y|^2 = tr(inv(L) scatter inv(L)')``, so of complete rows only their mean and their
scatter are needed, which stay the same from step to step and are kept with their block.

Formulas: docs/formulas.md, "Missing cells".
"""

from __future__ import annotations

from typing import Any

import numpy as np

from latently.core.blocks import Block
from latently.emissions.base import Array
from latently.emissions.gaussian.family import Gaussian
from latently.emissions.gaussian.matrices import from_lower
from latently.emissions.gaussian.moments import ComponentMoments
from latently.emissions.gaussian.params import LOG_2PI
from latently.latent.base import Expected
from latently.latent.independent import Counts
from latently.models.conditional_moments import conditional_moments
from latently.models.scatter import scatter_of

LOSSY = 1e4  # how much larger than their sum the terms of the squared norms may be before rows are whitened


def complete_rows(emission: Gaussian, params: Any, block: Block) -> Expected | None:
    """Statistics of complete rows from their mean and scatter; None where a trace would lose digits."""
    theta = params.emission
    d = theta.means.shape[1]
    whitener = theta.whiteners.reshape(d, d)
    if _terms(whitener, theta.covariances.reshape(d, d)) > LOSSY * d:
        return None
    with np.errstate(over="ignore", invalid="ignore"):  # a row that is not finite is named elsewhere
        rows = scatter_of(block)
        first, second = rows.sums_about(theta.means[0]), rows.about(theta.means[0])
    constant = rows.weight * float(d * LOG_2PI + emission.log_det(theta)[0])
    bound = -0.5 * (float(np.vdot(whitener @ second, whitener)) + constant)
    if not np.isfinite(bound):
        return None
    rounding_scale = 0.5 * (_terms(whitener, second) + abs(constant))
    return _expected(emission, params, rows.weight, first, second, bound, rounding_scale)


def incomplete_rows(emission: Gaussian, params: Any, block: Block) -> Expected | None:
    """Statistics of rows with missing cells; None where a trace or precisions would lose digits."""
    from latently.kernels.missing import add_moments_of_one

    theta = params.emission
    completed = conditional_moments(emission, theta)
    if completed is None:
        return None
    whitener, precision = completed.whiteners[0], completed.precisions[0]
    d = len(whitener)
    if _terms(whitener, theta.covariances.reshape(d, d)) > LOSSY * d:
        return None
    first, second, spread = np.zeros(d), np.zeros((d, d)), np.zeros((d, d))
    x, weights = np.ascontiguousarray(block.rows(slice(None))), block.weights
    log_det = float(emission.log_det(theta)[0])
    mass, constants, rounding_scale = add_moments_of_one(
        x, weights, theta.means[0], precision, log_det, first, second, spread
    )
    second = from_lower(second)
    bound = -0.5 * float(np.vdot(whitener @ second, whitener)) - constants
    if not np.isfinite(bound):
        return None
    rounding_scale += 0.5 * _terms(whitener, second)
    both = second + from_lower(spread)
    return _expected(emission, params, mass, first, both, bound, rounding_scale, total=weights.sum())


def _expected(
    emission: Gaussian,
    params: Any,
    mass: float,
    first: Array,
    second: Array,
    bound: float,
    rounding_scale: float,
    total: float | None = None,
) -> Expected:
    """Statistics of rows that weigh `mass`, or with those that have no observed cell `total`."""
    means = params.emission.means
    pooled = emission.structure.pool(second[None])
    moments = ComponentMoments(np.array([mass]), first[None], pooled, means)
    return Expected(Counts(np.array([mass if total is None else total])), moments, bound, rounding_scale)


def _terms(whitener: Array, scatter: Array) -> float:
    """Sum of the absolute terms of ``tr(whitener scatter whitener')``."""
    return float(np.vdot(np.abs(whitener) @ np.abs(scatter), np.abs(whitener)))
