"""Parameters of a bank of Gaussians, and the factors of their covariances."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from latently.emissions.base import Array
from latently.emissions.gaussian.matrices import cholesky, precision_factors


@dataclass(frozen=True)
class GaussianParams:
    """Parameters of a bank of Gaussians.

    Attributes
    ----------
    means : array of shape (K, d)
        Means.
    covariances : array
        Covariances, in the shape of the family.
    """

    means: Array
    covariances: Array

    def with_means(self, means: Array) -> Self:
        """The same covariances about other means."""
        return type(self)(means, self.covariances)


@dataclass(frozen=True)
class MatrixParams(GaussianParams):
    """Params whose covariances are full matrices, with their Cholesky factors."""

    @classmethod
    def factored(cls, means: Array, covariances: Array, factors: Array) -> Self:
        """Params whose Cholesky factors are known."""
        params = cls(means, covariances)
        params.__dict__["cholesky"] = factors  # fills the cached property
        return params

    def with_means(self, means: Array) -> Self:
        """The same covariances and factors about other means."""
        return self.factored(means, self.covariances, self.cholesky)

    @cached_property
    def cholesky(self) -> Array:
        """Lower Cholesky factors, in the shape of the covariances."""
        return cholesky(self.covariances)

    @cached_property
    def whiteners(self) -> Array:
        """Inverses of the Cholesky factors, lower triangular."""
        return np.ascontiguousarray(np.swapaxes(precision_factors(self.cholesky), -1, -2))

    @cached_property
    def inner_terms(self) -> Array:
        """Absolute terms in half the squared norm of a whitened row of each component, on average.

        To whiten is to take sums, whose terms are large and cancel if features are nearly collinear or a
        covariance rests on its floor: those of ``y = inv(L) c`` are at most ``abs(inv(L)) abs(L) abs(y)``
        (Higham 2002, Accuracy and Stability of Numerical Algorithms, section 8.2). Units do not matter to it.
        """
        columns, rows = np.abs(self.whiteners).sum(axis=-2), np.abs(self.cholesky).sum(axis=-1)
        return np.asarray(0.5 * (columns * rows).sum(axis=-1))

    @cached_property
    def log_det(self) -> Array:
        """Log determinants of the covariances."""
        pivots = np.diagonal(self.cholesky, axis1=-2, axis2=-1)
        return np.asarray(2 * np.log(pivots).sum(axis=-1))
