"""Log densities and statistics of rows under a family, compiled where rows have missing cells.

`Plain` is the family's own NumPy; `Completed` does the same through precisions for Gaussians with covariance
matrices (`tests/agreement/` holds it to the other). Any latent structure runs over either.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from latently.emissions.base import Array, Emission
from latently.emissions.gaussian import FullGaussian, TiedGaussian
from latently.emissions.gaussian.family import LOG_2PI, GaussianFamily
from latently.emissions.gaussian.moments import ComponentMoments
from latently.emissions.gaussian.params import MatrixParams

# Variance of a feature over what is left of it given all others, beyond which precisions lose digits.
COLLINEAR = 1e6


class Routines(Protocol):
    """What a latent structure needs of a family at given params."""

    def log_density(self, x: Array) -> Array:
        """Log density of each row under each component, shape (n_rows, n_components)."""
        ...

    def expected_stats(self, x: Array, resp: Array) -> Any:
        """Statistics of rows with given responsibilities, weights applied."""
        ...


@dataclass(frozen=True)
class Plain:
    """The family's own."""

    emission: Emission
    params: Any

    def log_density(self, x: Array) -> Array:
        """Log density of each row under each component."""
        return self.emission.log_density(self.params, x)

    def expected_stats(self, x: Array, resp: Array) -> Any:
        """Statistics of rows with given responsibilities."""
        return self.emission.expected_stats(self.params, x, resp)


@dataclass
class Completed:
    """Gaussians with covariance matrices: missing cells are completed under each component.

    The completed rows of the last tile are kept: its statistics are wanted right after its densities.
    """

    emission: GaussianFamily
    params: MatrixParams
    _tile: tuple[Array, Array] | None = None

    @cached_property
    def plain(self) -> Plain:
        """For rows without missing cells."""
        return Plain(self.emission, self.params)

    @cached_property
    def whiteners(self) -> Array:
        """Transposed inverses of the Cholesky factors, one for each component."""
        K, d = self.params.means.shape
        each = np.broadcast_to(np.swapaxes(self.params.whiteners, -1, -2), (K, d, d))
        return np.ascontiguousarray(each)

    @cached_property
    def precisions(self) -> Array:
        """Inverse covariances, one for each component."""
        return np.ascontiguousarray(self.whiteners @ np.swapaxes(self.whiteners, 1, 2))

    def log_density(self, x: Array) -> Array:
        """Log density of the observed cells of each row: zero for a row without any."""
        if not np.isnan(x).any():
            return self.plain.log_density(x)
        from latently.kernels.missing import whitened_norms_of

        z, half, seen = self._complete(x)
        norms = np.empty((len(z), len(x)))
        whitened_norms_of(z, self.whiteners, norms)
        log_det = self.emission.log_det(self.params)[:, None]
        values = -0.5 * (norms + seen * LOG_2PI + log_det) - half
        values[:, seen == 0] = 0.0
        self._tile = (x, z)
        return np.ascontiguousarray(values.T)

    def expected_stats(self, x: Array, resp: Array) -> ComponentMoments:
        """Sums and scatters of completed rows, with the covariance of what they lack."""
        from latently.kernels.missing import add_missing_moments

        kept, self._tile = self._tile, None
        if kept is not None and _same(kept[0], x):
            z = kept[1]
        elif np.isnan(x).any():
            z = self._complete(x)[0]
        else:
            return self.plain.expected_stats(x, resp)
        K, d = self.params.means.shape
        counts, first, second = np.zeros(K), np.zeros((K, d)), np.zeros((K, d, d))
        resp = np.ascontiguousarray(resp)
        add_missing_moments(np.ascontiguousarray(x), resp, self.precisions, z, counts, first, second)
        if isinstance(self.emission, TiedGaussian):
            second = second.sum(axis=0)
        return ComponentMoments(counts, first, second, self.params.means)

    def _complete(self, x: Array) -> tuple[Array, Array, Array]:
        from latently.kernels.missing import complete_rows

        K, d = self.params.means.shape
        z, half, seen = np.empty((K, len(x), d)), np.empty((K, len(x))), np.empty(len(x))
        complete_rows(np.ascontiguousarray(x), self.params.means, self.precisions, z, half, seen)
        return z, half, seen


def routines(emission: Emission, params: Any, compiled: bool = True) -> Routines:
    """The best routines for a family at given params.

    Parameters
    ----------
    emission : Emission
        The family.
    params : object
        Its params.
    compiled : bool
        Whether compiled routines may take the place of the family's own.
    """
    if compiled and type(emission) in (FullGaussian, TiedGaussian):
        completed = Completed(emission, params)  # type: ignore[arg-type]
        inflation = np.einsum("kii->ki", completed.precisions) * np.diagonal(
            params.covariances, axis1=-2, axis2=-1
        )
        if inflation.max() < COLLINEAR:
            return completed
    return Plain(emission, params)


def _same(one: Array, other: Array) -> bool:
    """Whether two arrays are the same cells in memory."""
    mine, theirs = one.__array_interface__, other.__array_interface__
    return one.shape == other.shape and mine["data"] == theirs["data"] and one.strides == other.strides
