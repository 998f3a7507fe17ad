"""The E-step of a Gaussian mixture whose log joint densities are linear in features of the row.

Fast, but the terms are larger than what they add up to. Each form gives back None where that would cost
more digits than rounding errors may, and a form that does not lose them takes over. Formulas:
docs/formulas.md, "Linear form". Where `resp` is there, responsibilities are written to it, and no sums
are taken.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from latently.core.blocks import Block
from latently.emissions.base import Array
from latently.emissions.gaussian import Gaussian
from latently.emissions.gaussian.moments import ComponentMoments
from latently.kernels.linear import SQUARED_NORM, SQUARES, Apart, LinearSums, linear_sums
from latently.latent.base import Expected
from latently.latent.independent import Counts
from latently.models.scatter import scatter_of

FAR = 1e4  # squared whitened distance between components beyond which their means hide their widths
UNLIKELY = 1e6  # log-likelihood of a row that is as far from all components
MOST_APART = 4  # one component in so many may be too far away: a maximum often has one on next to no rows
LOSSY = 1e4  # how much larger than their sum terms may be before rows are whitened
HARMLESS = 1e3  # how much larger they may be for their rounding not to matter
FEW = 6  # features: with fewer, whitening each row once costs next to nothing


def linear_shared(
    emission: Gaussian, params: Any, log_norm: Array, block: Block, resp: Array | None = None
) -> Expected | None:
    """One covariance matrix: features are the row, whitened where the matrix is ill-conditioned.

    The scatter within components is that of all rows less that of the means.
    """
    theta = params.emission
    origin = theta.means.mean(axis=0)
    away = theta.means - origin
    centres = away @ theta.whiteners.T
    norms = np.einsum("kd,kd->k", centres, centres)
    directions = centres @ theta.whiteners
    if norms.max() > FAR:
        return None
    whiten = (np.abs(directions) @ np.sqrt(np.diagonal(theta.covariances))).max() > LOSSY
    base, weights = log_norm - 0.5 * norms, block.weights
    half = 0.0
    if whiten:
        z = (block.x - origin) @ theta.whiteners.T
        sums = linear_sums(z, weights, np.zeros_like(origin), centres, base, resp=resp)
        if _lossy(sums):
            return None
        products = (z.T * weights) @ z
        half = 0.5 * float(np.trace(products))
        first = sums.sums @ theta.cholesky.T
        scatter = theta.cholesky @ products @ theta.cholesky.T
    else:
        few = len(origin) < FEW
        common = theta.whiteners if few else None
        sums = linear_sums(block.x, weights, origin, directions, base, resp=resp, common=common)
        if _lossy(sums):
            return None
        scatter = scatter_of(block).about(origin)
        if not few:
            half = 0.5 * float(np.vdot(theta.whiteners @ scatter, theta.whiteners))
        first = sums.sums
    cross = first.T @ away
    second = scatter - cross - cross.T + (sums.counts[:, None] * away).T @ away
    return _expected(params, sums, norms, half, _moved(first, sums.counts, away), (second + second.T) / 2)


def linear_variances(
    emission: Gaussian, params: Any, log_norm: Array, block: Block, resp: Array | None = None
) -> Expected | None:
    """Variances of components and features: features are the row and its squares."""
    theta = params.emission
    d = theta.means.shape[1]
    origin = theta.means.mean(axis=0)
    away = theta.means - origin
    variances = emission.structure.expand(theta.covariances, theta.means)
    norms, apart = _set_apart((away * away / variances).sum(axis=1), theta.means, 1.0 / np.sqrt(variances))
    if norms is None:
        return None
    directions = np.hstack([away / variances, -0.5 / variances])
    base = log_norm - 0.5 * norms
    sums = linear_sums(block.x, block.weights, origin, directions, base, SQUARES, apart, resp)
    if _lossy(sums):
        return None
    first, second, counts = sums.sums[:, :d], sums.sums[:, d:], sums.counts[:, None]
    first, second = _moved(first, sums.counts, away), second - 2 * first * away + counts * away * away
    if apart:
        first[apart.which], second[apart.which] = apart.first, apart.second
    return _expected(params, sums, norms, 0.0, first, emission.structure.pool(second), (-1, 1))


def linear_spherical(
    emission: Gaussian, params: Any, log_norm: Array, block: Block, resp: Array | None = None
) -> Expected | None:
    """One variance for each component: features are the row and its squared norm."""
    theta = params.emission
    origin = theta.means.mean(axis=0)
    away = theta.means - origin
    distances = np.einsum("kd,kd->k", away, away)
    variances = theta.covariances
    every = emission.structure.expand(variances, theta.means)
    norms, apart = _set_apart(distances / variances, theta.means, 1.0 / np.sqrt(every))
    if norms is None:
        return None
    directions = np.hstack([away, np.full((len(away), 1), -0.5)]) / variances[:, None]
    base = log_norm - 0.5 * norms
    sums = linear_sums(block.x, block.weights, origin, directions, base, SQUARED_NORM, apart, resp)
    if _lossy(sums):
        return None
    first, second = sums.sums[:, :-1], sums.sums[:, -1]
    second = second - 2 * np.einsum("kd,kd->k", first, away) + sums.counts * distances
    first = _moved(first, sums.counts, away)
    if apart:
        first[apart.which], second[apart.which] = apart.first, apart.second.sum(axis=1)
    return _expected(params, sums, norms, 0.0, first, second, (-1, 1))


def _set_apart(norms: Array, means: Array, scales: Array) -> tuple[Array | None, Apart | None]:
    """Norms, and the components that are too far away for their widths, if these are few."""
    far = np.flatnonzero(norms > FAR)
    if not len(far):
        return norms, None
    if len(far) > len(norms) // MOST_APART:
        return None, None
    return np.where(norms > FAR, 0.0, norms), Apart.of(far, means[far], scales[far])


def _lossy(sums: LinearSums) -> bool:
    """Whether digits were lost."""
    return not (np.isfinite(sums.bound) and sums.largest <= UNLIKELY)


def _moved(first: Array, counts: Array, away: Array) -> Array:
    """Sums about the means in place of the origin."""
    return np.asarray(first - counts[:, None] * away)


def _expected(
    params: Any,
    sums: LinearSums,
    norms: Array,
    half: float,
    first: Array,
    second: Array,
    shape: tuple[int, ...] = (-1,),
) -> Expected:
    """The statistics; `half` is common to all components, `shape` that of counts."""
    moments = ComponentMoments(sums.counts.reshape(shape), first, second, params.emission.means)
    terms = half + (float(sums.counts @ norms) if norms.max() > HARMLESS else 0.0)
    return Expected(Counts(sums.counts), moments, sums.bound - half, sums.rounding_scale + terms)
