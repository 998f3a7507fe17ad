"""Log densities and statistics of rows under a family, by the fastest way that keeps their digits.

`Plain` is the family's own NumPy. `Completed` does the same through precisions for Gaussians with covariance
matrices, `Linear` by matrix products for those without correlations (`tests/agreement/` holds them to the
first). Any latent structure runs over any of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from threading import get_ident
from typing import Any, Protocol

import numpy as np

from latently.emissions.base import Array, Emission
from latently.emissions.gaussian import DiagGaussian, FullGaussian, SphericalGaussian, TiedGaussian
from latently.emissions.gaussian.family import LOG_2PI, GaussianFamily
from latently.emissions.gaussian.moments import ComponentMoments
from latently.emissions.gaussian.params import MatrixParams

# Variance of a feature over what is left of it given all others, beyond which precisions lose digits.
COLLINEAR = 1e6
FAR = 1e3  # squared distance of means over a variance beyond which the linear form loses digits


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


@dataclass(frozen=True)
class Linear:
    """Gaussians without correlations: log densities linear in the row, its squares and which cells it has.

    One matrix product a tile each way (docs/formulas.md, "Linear form").
    """

    emission: GaussianFamily
    params: Any
    variances: Array

    @cached_property
    def origin(self) -> Array:
        """The middle of the means."""
        return np.asarray(self.params.means.mean(axis=0))

    @cached_property
    def away(self) -> Array:
        """Means less the origin."""
        return np.asarray(self.params.means - self.origin)

    @cached_property
    def directions(self) -> Array:
        """Coefficients of cells and squares, shape (K, 2 d)."""
        return np.hstack([self.away / self.variances, -0.5 / self.variances])

    @cached_property
    def constants(self) -> Array:
        """What each observed cell adds, shape (K, d)."""
        return -0.5 * (LOG_2PI + np.log(self.variances) + self.away**2 / self.variances)

    def log_density(self, x: Array) -> Array:
        """Log density of the observed cells of each row under each component."""
        features, seen = self._features(x)
        values = features @ self.directions.T
        values += self.constants.sum(axis=1) if seen is None else seen @ self.constants.T
        return np.asarray(values)

    def expected_stats(self, x: Array, resp: Array) -> ComponentMoments:
        """Counts, sums and squares of the observed cells, moved to the means."""
        features, seen = self._features(x)
        d = x.shape[1]
        sums = resp.T @ features
        counts = resp.sum(axis=0)[:, None] if seen is None else resp.T @ seen
        first, second = sums[:, :d], sums[:, d:]
        second = second - 2 * first * self.away + counts * self.away**2
        if isinstance(self.emission, SphericalGaussian):
            second = second.sum(axis=1)
        return ComponentMoments(counts, first - counts * self.away, second, self.params.means)

    def _features(self, x: Array) -> tuple[Array, Array | None]:
        from latently.kernels.linear import squares

        centred = x - self.origin
        missing = np.isnan(centred)
        seen = None
        if missing.any():
            centred[missing] = 0.0
            seen = (~missing).astype(np.float64)
        features = np.empty((len(x), 2 * x.shape[1]))
        squares(centred, features)
        return features, seen


@dataclass
class Completed:
    """Gaussians with covariance matrices: missing cells are completed under each component.

    The completed rows of the last tile of each thread are kept: its statistics are often wanted next.
    """

    emission: GaussianFamily
    params: MatrixParams
    _tiles: dict[int, tuple[Array, Array]] = field(default_factory=dict)

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
        self._tiles[get_ident()] = (x, z)
        return np.ascontiguousarray(values.T)

    def expected_stats(self, x: Array, resp: Array) -> ComponentMoments:
        """Sums and scatters of completed rows, with the covariance of what they lack."""
        from latently.kernels.missing import add_missing_moments

        kept = self._tiles.pop(get_ident(), None)
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
    if compiled and type(emission) in (DiagGaussian, SphericalGaussian):
        variances = params.covariances.reshape(len(params.means), -1) * np.ones(params.means.shape)
        linear = Linear(emission, params, variances)  # type: ignore[arg-type]
        if (linear.away**2 / variances).max() < FAR:
            return linear
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
