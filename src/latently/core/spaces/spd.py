"""Covariance matrices."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from latently.checks.arrays import Array
from latently.core.convergence import EPS
from latently.core.spaces.base import (
    FEASIBLE_TOL,
    ON_FLOOR,
    ON_ITS_FLOOR,
    Chart,
    Fixed,
    by_a_factor,
    free_numbers,
)

SYMMETRY = 1e-6  # of matrices that were worked out in single precision


@dataclass(frozen=True)
class SPD:
    """Symmetric positive definite matrices along the last two axes.

    Parameters
    ----------
    shape : tuple of int
        Shape of the parameter.
    scale : array of shape (d, d)
        What counts as a change of one: products of the features' standard deviations.
    floor : array of shape (d,), optional
        Diagonal of the matrix they are not below.
    fixed : array of bool of shape (d,), optional
        Features whose rows and columns stay as they are, zero but for the diagonal: they are not free.
    """

    shape: tuple[int, ...]
    scale: Array
    floor: Array | None = None
    fixed: Fixed = None

    @property
    def dimension(self) -> int:
        """Number of free numbers: each symmetric pair once."""
        d = len(self._free)
        return prod(self.shape[:-2]) * (d * (d + 1) // 2)

    @property
    def _free(self) -> NDArray[np.int64]:
        return np.flatnonzero(free_numbers(self.shape[-1:], self.fixed))

    def feasible(self, value: Array) -> bool:
        """Whether all matrices are symmetric and have a Cholesky factor, less the floor if there is one."""
        standard = value / self.scale
        if not (np.isfinite(standard).all() and symmetric(standard)):
            return False
        above = standard - self._lowest
        if self.floor is not None:  # entries are rounded relative to themselves, however low the floor
            variances = np.einsum("...ii->...i", standard)
            np.einsum("...ii->...i", above)[...] += len(self.floor) * EPS * variances
        try:
            np.linalg.cholesky(above)
        except np.linalg.LinAlgError:
            return False
        return True

    @cached_property
    def _lowest(self) -> Array | float:
        """The floor of the features that are free, with room for rounding, in units of the scale."""
        if self.floor is None:
            return 0.0
        return (
            np.diag((1 - FEASIBLE_TOL) * self.floor * free_numbers(self.shape[-1:], self.fixed)) / self.scale
        )

    def _above_floor(self, value: Array) -> Array:
        """The smallest eigenvalue of each matrix in units of the floor."""
        unit = np.sqrt(np.asarray(self.floor))
        free = self._free
        standard = (value / np.outer(unit, unit))[..., free[:, None], free]
        return np.asarray(np.linalg.eigvalsh(standard).min(axis=-1, initial=np.inf))

    def projected(self, value: Array) -> Array:
        """The value: a sum of symmetric matrices is symmetric to the last bit."""
        return value

    def inside(self, value: Array, other: Array) -> Array:
        """The value: at no end of the space is anything impossible."""
        return value

    def chart(self, value: Array) -> Chart:
        """Differences of the whitened matrix, each symmetric pair once; none of a matrix on its floor."""
        d, free = self.shape[-1], self._free
        pairs = [(i, j) for i in free for j in free if j <= i]
        if self.floor is None:
            resting = np.zeros(self.shape[:-2], dtype=bool)
        else:
            resting = np.asarray(self._above_floor(value) <= 1 + ON_FLOOR)
        blocks = []
        for matrix, rests in zip(value.reshape(-1, d, d), resting.ravel(), strict=True):
            columns = np.zeros((d * d, 0 if rests else len(pairs)))
            root = np.linalg.cholesky(matrix)
            for column, (i, j) in enumerate(pairs if not rests else []):
                outer = np.outer(root[:, i], root[:, j])
                columns[:, column] = ((outer + outer.T) / (2 if i == j else 1)).ravel()
            blocks.append(sparse.csr_array(columns))
        both = free_numbers(self.shape[-1:], self.fixed)
        moving = np.broadcast_to(both[:, None] & both, self.shape)
        return Chart(value, sparse.block_diag(blocks, format="csr"), moving, resting, ON_ITS_FLOOR)

    def interval(self, value: Array, error: Array, reach: float) -> tuple[Array, Array]:
        """Limits of variances by the same factor below and above, and symmetric ones of covariances."""
        diagonal = np.eye(self.shape[-1], dtype=bool)
        variances = by_a_factor(np.where(diagonal, value, 1.0), error, reach)
        low, high = value - reach * error, value + reach * error
        return np.where(diagonal, variances[0], low), np.where(diagonal, variances[1], high)

    def tangent(self, value: Array, rng: np.random.Generator) -> Array:
        """Normal differences of the whitened matrices."""
        root = np.linalg.cholesky(value)
        noise = rng.standard_normal(self.shape)
        moved = root @ ((noise + np.swapaxes(noise, -1, -2)) / 2) @ np.swapaxes(root, -1, -2)
        free = free_numbers(self.shape[-1:], self.fixed)
        moved = moved * (free[:, None] & free)
        if self.floor is None:
            return np.asarray(moved)
        return np.asarray(moved * (self._above_floor(value) > 1 + ON_FLOOR)[..., None, None])


def symmetric(matrices: Array) -> bool:
    """Whether matrices are symmetric up to rounding, in units of their diagonals."""
    other = matrices.swapaxes(-1, -2)
    if (matrices == other).all():
        return True
    unit = np.sqrt(np.abs(np.diagonal(matrices, axis1=-2, axis2=-1)))
    return bool((np.abs(matrices - other) <= SYMMETRY * unit[..., :, None] * unit[..., None, :]).all())
