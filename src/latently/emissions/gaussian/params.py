"""Parameters of a bank of Gaussians, and the factors of their covariances."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from latently.emissions.base import Array
from latently.emissions.gaussian.matrices import cholesky


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


@dataclass(frozen=True)
class MatrixParams(GaussianParams):
    """Params whose covariances are full matrices, with their Cholesky factors."""

    @cached_property
    def cholesky(self) -> Array:
        """Lower Cholesky factors, in the shape of the covariances."""
        return cholesky(self.covariances)

    @cached_property
    def log_det(self) -> Array:
        """Log determinants of the covariances."""
        pivots = np.diagonal(self.cholesky, axis1=-2, axis2=-1)
        return np.asarray(2 * np.log(pivots).sum(axis=-1))
