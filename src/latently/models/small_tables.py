"""The E-step of a Gaussian mixture on a small table: plain NumPy, and as fast there as a kernel.

Log joint densities are linear in the cells of a row and their products (docs/formulas.md, "Small tables"),
which stay the same from step to step: they are kept with the block, and two products of matrices are left. A
kernel takes seconds to compile, so a first answer need not wait for one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import isfinite
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from latently.core.blocks import Block
from latently.emissions.base import Array
from latently.emissions.gaussian import Gaussian
from latently.emissions.gaussian.moments import ComponentMoments
from latently.emissions.gaussian.params import LOG_2PI
from latently.latent.base import Expected
from latently.latent.independent import Counts

MOST = 2**17  # numbers kept of a table that is small, and written in each step
TINY = 2**13  # rows times features times components: for no more, no kernel is compiled whatever it costs
LOSSY = 1e3  # how much larger than their sum terms may be, for their rounding not to matter


class Features(NamedTuple):
    """One, the cells of each row and their products (or squares only), about the mean of the table.

    Attributes
    ----------
    values : array of shape (f, n)
        A column for each row.
    origin : array of shape (d,)
        Mean of the rows.
    correlated : bool
        Whether there are products.
    finite : bool
        Whether all of these are finite.
    """

    values: Array
    origin: Array
    correlated: bool
    finite: bool


class Packing(NamedTuple):
    """How the upper triangle of a matrix is held in one vector.

    Attributes
    ----------
    row, column : arrays of shape (d (d + 1) / 2,)
        Where each of its entries stands.
    flat : array of this shape
        Where it stands in a matrix that is read as one vector.
    factor : array of this shape
        What it counts for in minus half of a quadratic form.
    place : array of shape (d * d,)
        Where each entry of the matrix is held.
    """

    row: NDArray[np.int64]
    column: NDArray[np.int64]
    flat: NDArray[np.int64]
    factor: Array
    place: NDArray[np.int64]


@cache
def packing(d: int) -> Packing:
    """That of matrices of shape (d, d)."""
    row, column = np.triu_indices(d)
    place = np.empty((d, d), dtype=np.int64)
    place[row, column] = place[column, row] = np.arange(len(row))
    return Packing(row, column, row * d + column, np.where(row == column, -0.5, -1.0), place.ravel())


def fits(block: Block, n_components: int, correlated: bool) -> bool:
    """Whether a block is small enough: by its shape only, so that nothing hangs on what is compiled."""
    n, d = block.x.shape
    return 0 < n * (1 + d + (d * (d + 1) // 2 if correlated else d) + n_components) <= MOST


def small_e_step(
    emission: Gaussian, params: Any, log_norm: Array, block: Block, resp: Array | None = None
) -> Expected | None:
    """Statistics of the complete rows of a small block; None if a kernel should, or a number is not finite.

    Where `resp` is there, responsibilities are written to it, weights applied.
    """
    theta, features = params.emission, _features(block, emission.correlated)
    directions = _directions(emission, theta, log_norm, features)
    if directions is None and block.n_units * theta.means.size > TINY:
        return None
    if directions is None:
        columns = block.x.T - theta.means[:, :, None]
        joint = log_norm[:, None] - 0.5 * _norms(emission, theta, columns)
    else:
        joint = directions @ features.values
    log_likelihood = _normalise(joint, block.weights)
    if log_likelihood is None:
        return None
    bound = float(block.weights @ log_likelihood)
    if resp is not None:
        resp[:] = joint.T
    if directions is None:
        sums = _sums_of_pairs(joint, columns, emission.correlated)
    else:
        sums = _sums_of_features(joint, theta.means, features)
    moments = _moments(emission, theta, *sums)
    return Expected(Counts(sums[0]), moments, bound, float(block.weights @ np.abs(log_likelihood)))


@dataclass(frozen=True)
class Table:
    """Complete rows of a small block under Gaussians, for a latent structure that comes between the two."""

    emission: Gaussian
    params: Any
    features: Features
    directions: Array  # (K, f): coefficients of the features in the log densities

    def log_density(self) -> Array:
        """Log density of each row under each component."""
        return np.asarray(self.features.values.T @ self.directions.T)

    def expected_stats(self, resp: Array) -> ComponentMoments:
        """Statistics of the rows with given responsibilities, weights applied."""
        sums = _sums_of_features(resp.T, self.params.means, self.features)
        return _moments(self.emission, self.params, *sums)


def of_rows(emission: Gaussian, theta: Any, block: Block) -> Table | None:
    """The complete rows of a small block; None if their features would cost digits."""
    features = _features(block, emission.correlated)
    if not features.finite:
        return None
    log_norm = -0.5 * (theta.means.shape[1] * LOG_2PI + emission.log_det(theta))
    directions = _directions(emission, theta, log_norm, features)
    return None if directions is None else Table(emission, theta, features, directions)


def are_few(theta: Any, x: Array) -> bool:
    """Whether all components may look at complete rows at once."""
    return x.size * len(theta.means) <= MOST


def log_density(emission: Gaussian, theta: Any, x: Array) -> Array:
    """Log density of each of few complete rows under each component."""
    norms = _norms(emission, theta, x.T - theta.means[:, :, None])
    return -0.5 * (norms.T + (x.shape[1] * LOG_2PI + emission.log_det(theta)))


def expected_stats(emission: Gaussian, theta: Any, x: Array, resp: Array) -> ComponentMoments:
    """Statistics of few complete rows with given responsibilities, weights applied."""
    sums = _sums_of_pairs(resp.T, x.T - theta.means[:, :, None], emission.correlated)
    return _moments(emission, theta, *sums)


def _moments(emission: Gaussian, theta: Any, counts: Array, first: Array, second: Array) -> ComponentMoments:
    columns = counts if emission.correlated else counts[:, None]
    return ComponentMoments(columns, first, emission.structure.pool(second), theta.means)


def _directions(emission: Gaussian, theta: Any, log_norm: Array, features: Features) -> Array | None:
    """Coefficients of the features in the log joint densities; None if their terms would cost digits."""
    (K, d), away = theta.means.shape, theta.means - features.origin
    if features.correlated:
        affine = np.empty((K, d, d + 1))  # whitens rows that have a one before their cells
        affine[:, :, 1:] = theta.whiteners
        np.matmul(affine[:, :, 1:], -away[:, :, None], out=affine[:, :, :1])
        products, packed = affine.swapaxes(1, 2) @ affine, packing(d + 1)
        directions = products.reshape(K, -1).take(packed.flat, axis=1) * packed.factor
        # With v the root mean square of rows about the origin, |v'| |P| |v| is at most this.
        squares = theta.covariances.diagonal(axis1=-2, axis2=-1) + away * away
        terms = np.sqrt(products.diagonal(axis1=1, axis2=2)[:, 1:] * squares)
        most = np.maximum.reduce(np.add.reduce(terms, axis=1)) ** 2
    else:
        precisions = 1.0 / emission.structure.expand(theta.covariances, theta.means)
        linear = precisions * away
        squares = np.add.reduce(linear * away, axis=1)
        directions = np.empty((K, 1 + 2 * d))
        directions[:, 0], directions[:, 1 : 1 + d] = -0.5 * squares, linear
        np.multiply(precisions, -0.5, out=directions[:, 1 + d :])
        most = d + np.maximum.reduce(squares)
    directions[:, 0] += log_norm
    return directions if most <= LOSSY else None


def _sums_of_features(joint: Array, means: Array, features: Features) -> tuple[Array, Array, Array]:
    """Counts, sums and products about the means, from sums of the features."""
    K, d = means.shape
    away, sums = means - features.origin, joint @ features.values.T
    counts, first, second = sums[:, 0], sums[:, 1 : 1 + d], sums[:, 1 + d :]
    moved = counts[:, None] * away
    if not features.correlated:
        return counts, first - moved, second - (2 * first - moved) * away
    crossed = (first - 0.5 * moved)[:, :, None] * away[:, None, :]
    half = 0.5 * second.take(packing(d).place, axis=1).reshape(K, d, d) - crossed
    return counts, first - moved, half + half.swapaxes(1, 2)


def _norms(emission: Gaussian, theta: Any, columns: Array) -> Array:
    """Squared norms of whitened rows, held (K, d, n), under each component."""
    if emission.correlated:
        whitened = theta.whiteners @ columns
    else:
        whitened = columns / np.sqrt(emission.structure.expand(theta.covariances, theta.means))[:, :, None]
    return np.asarray(np.einsum("kdn,kdn->kn", whitened, whitened))


def _sums_of_pairs(joint: Array, columns: Array, correlated: bool) -> tuple[Array, Array, Array]:
    """Counts, sums and products about the means, row by row."""
    weighted = joint[:, None, :] * columns
    second = weighted @ columns.swapaxes(1, 2) if correlated else np.einsum("kdn,kdn->kd", weighted, columns)
    return joint.sum(axis=1), weighted.sum(axis=2), second


def _features(block: Block, correlated: bool) -> Features:
    """Those of a block, made once."""
    found: Features = block.remembered(correlated, lambda: _made(block, correlated))
    return found


def _made(block: Block, correlated: bool) -> Features:
    """Those of the rows of a block; one without weight may hold anything, and counts as the mean."""
    used = block.row_weights > 0
    x = np.where(used[:, None], block.x, 0.0)
    origin = x.sum(axis=0) / max(used.sum(), 1)
    centred = np.ascontiguousarray((x - origin).T)
    centred[:, ~used] = 0.0
    pairs = packing(len(origin)) if correlated else None
    with np.errstate(over="ignore", invalid="ignore"):  # other paths name what is out of range
        products = centred[pairs.row] * centred[pairs.column] if pairs else centred * centred
        values = np.vstack([np.ones((1, len(x))), centred, products])
        return Features(values, origin, correlated, isfinite(np.add.reduce(values, axis=None)))


def _normalise(joint: Array, weights: Array) -> Array | None:
    """Turn log joint densities (K, n) into responsibilities times weights; return the log-likelihoods.

    None if one is not finite.
    """
    top = np.maximum.reduce(joint, axis=0)
    if not isfinite(np.add.reduce(top)):
        return None
    joint -= top
    np.exp(joint, out=joint)
    total = np.add.reduce(joint, axis=0)
    joint *= weights / total
    top += np.log(total)
    return top
