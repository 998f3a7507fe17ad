"""Parameters of a bank of Gaussians, and the factors of their covariances."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from latently.emissions.base import Array
from latently.emissions.gaussian.matrices import EPS, cholesky, inverse_factors

LOG_2PI = float(np.log(2 * np.pi))


@dataclass(frozen=True)
class GaussianParams:
    """Parameters of a bank of Gaussians."""

    means: Array  # (K, d): means
    covariances: Array  # covariances, in the shape of the family

    def with_means(self, means: Array) -> Self:
        """The same covariances about other means."""
        return type(self)(means, self.covariances)

    def permuted(self, order: NDArray[np.int64]) -> Self:
        """Means and covariances in another order of the components."""
        return type(self)(self.means[order], self.covariances[order])


@dataclass(frozen=True)
class MatrixParams(GaussianParams):
    """Params whose covariances are full matrices, with their Cholesky factors.

    On a floor the factors say more than the rounded matrices do, so files hold them, too.
    """

    stored_beside: ClassVar[tuple[str, ...]] = ("cholesky",)

    @classmethod
    def factored(
        cls, means: Array, covariances: Array, factors: Array, whiteners: Array | None = None
    ) -> Self:
        """Params whose Cholesky factors are known, and perhaps the inverses of these."""
        params = cls(means, covariances)
        params.__dict__["cholesky"] = factors  # fills the cached property
        if whiteners is not None:
            params.__dict__["whiteners"] = whiteners
        return params

    def with_means(self, means: Array) -> Self:
        """The same covariances and factors about other means."""
        return self.factored(means, self.covariances, self.cholesky)

    def permuted(self, order: NDArray[np.int64]) -> Self:
        """Means, covariances and factors in another order of the components."""
        return self.factored(self.means[order], self.covariances[order], self.cholesky[order])

    @cached_property
    def cholesky(self) -> Array:
        """Lower Cholesky factors, in the shape of the covariances."""
        return cholesky(self.covariances)

    @cached_property
    def whiteners(self) -> Array:
        """Inverses of the Cholesky factors, lower triangular."""
        return inverse_factors(self.cholesky)

    @cached_property
    def precisions(self) -> Array:
        """Inverses of the covariances."""
        return np.asarray(np.swapaxes(self.whiteners, -1, -2) @ self.whiteners)

    @cached_property
    def inflation(self) -> float:
        """Largest variance of a feature over what is left of it given all others."""
        diagonals = [
            np.diagonal(matrix, axis1=-2, axis2=-1) for matrix in (self.precisions, self.covariances)
        ]
        return float((diagonals[0] * diagonals[1]).max())

    @cached_property
    def inner_terms(self) -> Array:
        """Absolute terms in the log density of a row under each component, shape (K,).

        As those of cells (`Uncorrelated.inner_terms`), and of whitening. The rounding of a covariance, too,
        costs a square: that of its condition.
        """
        d = self.means.shape[1]
        constants = d * LOG_2PI + 2 * np.abs(np.log(np.diagonal(self.cholesky, axis1=-2, axis2=-1))).sum(-1)
        moved = np.abs(self.whiteners) @ np.abs(self.means)[:, :, None]
        rounded = (moved[:, :, 0] ** 2).sum(axis=-1) + (self.whitening**4).sum(axis=-1)
        return np.asarray(constants + 0.5 * self.whitening.sum(axis=-1) + 0.5 * EPS * rounded)

    @cached_property
    def whitening(self) -> Array:
        """Absolute terms in the squared norm of a whitened row, by feature, on average: one if none cancel.

        To whiten is to take sums, whose terms are large and cancel if features are nearly collinear or a
        covariance rests on its floor: those of ``y = inv(L) c`` are at most ``abs(inv(L)) abs(L) abs(y)``
        (Higham 2002, Accuracy and Stability of Numerical Algorithms, section 8.2). Units do not matter to it.
        """
        columns, rows = np.abs(self.whiteners).sum(axis=-2), np.abs(self.cholesky).sum(axis=-1)
        return np.asarray(columns * rows)

    @cached_property
    def log_det(self) -> Array:
        """Log determinants of the covariances."""
        return np.asarray(2 * np.add.reduce(np.log(self.cholesky.diagonal(axis1=-2, axis2=-1)), axis=-1))
