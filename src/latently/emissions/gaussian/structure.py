"""Structures of covariances: what components and features of a bank of Gaussians share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latently.core.spaces import Space
from latently.emissions.base import Array
from latently.emissions.gaussian.moments import ComponentMoments

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Structure(ABC):
    """A way of writing the covariances of a bank of K Gaussians of d features.

    The covariances of all components together are an array, of matrices or of variances; a structure pools it
    along some axes, so that components share a covariance, or features a variance. The likeliest covariances
    are the scatter about the means, pooled, over the number of rows, pooled. One whose M-step is another
    takes the place of `estimate`.

    Parameters
    ----------
    name : str
        What users call it.
    pooled : tuple of int
        Axes along which there is one covariance: 0 for all components, 1 for all features.

    Attributes
    ----------
    correlated : bool
        Whether features are correlated within a component, so that covariances are matrices.
    """

    name: str
    pooled: tuple[int, ...] = ()

    correlated: ClassVar[bool]

    @property
    def shared(self) -> bool:
        """Whether all components have one covariance."""
        return 0 in self.pooled

    @property
    def holds_constants(self) -> bool:
        """Whether a constant feature has a variance of its own, which rests on the floor."""
        return 1 not in self.pooled

    def shape(self, n_components: int, n_features: object) -> tuple[Any, ...]:
        """Shape of the covariances."""
        return tuple(
            n for axis, n in enumerate(self._whole(n_components, n_features)) if axis not in self.pooled
        )

    def pool(self, values: Array) -> Array:
        """Sums along the pooled axes."""
        return np.asarray(np.add.reduce(values, axis=self.pooled)) if self.pooled else values

    def expand(self, covariances: Array, means: Array) -> Array:
        """The covariance of each component, shape (K, d, d), or its variances, (K, d); for reading only."""
        if not self.pooled:
            return covariances
        return np.broadcast_to(np.expand_dims(covariances, self.pooled), self._whole(*means.shape))

    def estimate(self, scatter: Array, rows: Array) -> Array:
        """The likeliest covariances.

        Parameters
        ----------
        scatter : array
            Scatter about the means, pooled.
        rows : array
            How many rows that comes from, broadcast against it; none is zero.
        """
        return scatter / rows

    def rows_of_scatter(self, n_features: int) -> int:
        """Distinct rows about a known mean that make a covariance regular."""
        return n_features if self.correlated else 1

    @abstractmethod
    def _whole(self, n_components: int, n_features: object) -> tuple[Any, ...]:
        """Shape without pooling."""

    @abstractmethod
    def params(self, means: Array, covariances: Array) -> Any:
        """Put means and covariances together."""

    @abstractmethod
    def log_density(self, params: Any, x: Array) -> Array:
        """Log density of the observed cells of each row under each component, shape (n, K)."""

    @abstractmethod
    def expected_stats(self, params: Any, x: Array, resp: Array) -> ComponentMoments:
        """Statistics of rows with given responsibilities, about the current means."""

    @abstractmethod
    def scatter(self, stats: ComponentMoments, shift: Array) -> Array:
        """Scatter about ``stats.origin + shift``, pooled."""

    @abstractmethod
    def rows(self, counts: Array, n_features: int) -> Array:
        """Rows that a pooled scatter comes from, broadcast against it, from `ComponentMoments.counts`."""

    @abstractmethod
    def of_matrices(self, matrices: Array) -> Array:
        """What the covariances keep of matrices of shape (K, d, d), not pooled."""

    @abstractmethod
    def dense(self, params: Any) -> Array:
        """The covariances as matrices, shape (K, d, d)."""

    @abstractmethod
    def clip(self, params: Any, floor: Array | None) -> Any:
        """Params with the covariances clipped to a floor; an error where one is singular without it."""

    @abstractmethod
    def resting(self, params: Any, floor: Array, constant: Flags | None) -> Flags:
        """Which components rest on the floor in a feature that is not constant."""

    @abstractmethod
    def log_det(self, params: Any) -> Array:
        """Log determinants of the covariances, shape (K,)."""

    @abstractmethod
    def total_constant(self, stats: ComponentMoments, params: Any) -> float:
        """Sum of responsibility times ``d log 2 pi + log det``, d being the number of observed features."""

    @abstractmethod
    def total_mahalanobis(self, stats: ComponentMoments, params: Any) -> float:
        """Sum of responsibility times squared Mahalanobis distance to `params`."""

    @abstractmethod
    def gradient(self, stats: ComponentMoments, params: Any) -> dict[str, Array]:
        """Derivative of Q by means and covariances."""

    @abstractmethod
    def inner_terms(self, stats: ComponentMoments, params: Any) -> float:
        """Absolute terms within the log densities of the rows, where they cancel."""

    @abstractmethod
    def space(self, params: Any, variances: Array, floor: Array | None, constant: Flags | None) -> Space:
        """Where the covariances live, in units of the variances of the features."""

    @abstractmethod
    def refuse(self, covariances: Array, label: str) -> None:
        """Raise a ValueError that names what cannot be a covariance."""

    @abstractmethod
    def check(self, params: Any) -> None:
        """Raise a ValueError if params from a file do not belong together."""

    @abstractmethod
    def precisions_cholesky(self, params: Any) -> Array:
        """Cholesky factors of the precisions, as scikit-learn stores them."""

    @abstractmethod
    def squared(self, factors: Array) -> Array:
        """Precisions of their factors."""
