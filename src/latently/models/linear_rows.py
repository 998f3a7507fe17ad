"""Log densities and statistics of rows under Gaussians without correlations, linear in cells and squares.

One product of matrices a tile each way, or a kernel for few components (docs/formulas.md, "Linear form");
`tests/agreement/test_routines.py` holds them to the family's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from latently.emissions.base import Array
from latently.emissions.gaussian.family import Gaussian
from latently.emissions.gaussian.moments import ComponentMoments
from latently.emissions.gaussian.params import LOG_2PI, GaussianParams
from latently.models import small_tables

IN_A_REGISTER = 8  # components that a register holds
FAR_MEANS = 1e3  # squared distance of means over a variance beyond which the linear form loses digits


@dataclass(frozen=True)
class Linear:
    """Gaussians without correlations: log densities linear in the row, its squares and which cells it has."""

    emission: Gaussian  # the family
    params: GaussianParams
    variances: Array  # (K, d): the variance of each component and feature

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
        counts, first, second = self._sums(x, resp)
        second = second - 2 * first * self.away + counts * self.away**2
        second = self.emission.structure.pool(second)
        return ComponentMoments(counts, first - counts * self.away, second, self.params.means)

    def inner_terms(self, stats: ComponentMoments) -> float:
        """Those of the family, and the squares of the distances of means from the origin, which cancel."""
        moved = float((stats.counts * self.away**2 / self.variances).sum())
        return self.emission.inner_terms(stats, self.params) + moved

    def _sums(self, x: Array, resp: Array) -> tuple[Array, Array, Array]:
        """Counts, sums and sums of squares about the origin."""
        features, seen = self._features(x)
        d = x.shape[1]
        sums = resp.T @ features
        counts = resp.sum(axis=0)[:, None] if seen is None else resp.T @ seen
        return counts, sums[:, :d], sums[:, d:]

    def _features(self, x: Array) -> tuple[Array, Array | None]:
        d = x.shape[1]
        features = np.empty((len(x), 2 * d))
        centred = np.subtract(x, self.origin, out=features[:, :d])
        missing = np.isnan(centred)
        incomplete = missing.any()
        if incomplete:
            centred[missing] = 0.0
        with np.errstate(over="ignore"):  # so far off that it is impossible
            np.multiply(centred, centred, out=features[:, d:])
        return features, (~missing).astype(np.float64) if incomplete else None


class FewLinear(Linear):
    """The same for no more components than a register holds: by a kernel, row by row."""

    @cached_property
    def _lanes(self) -> tuple[int, ...]:
        return (0,) * (4 if len(self.away) <= 4 else IN_A_REGISTER)

    @cached_property
    def _padded(self) -> tuple[Array, Array]:
        """Directions and constants as the kernels want them: a column for each component, and more."""
        K, d = self.away.shape
        directions, constants = np.zeros((d, 2, len(self._lanes))), np.zeros((d, len(self._lanes)))
        directions[:, :, :K] = self.directions.reshape(K, 2, d).T
        constants[:, :K] = self.constants.T
        return directions, constants

    def log_density(self, x: Array) -> Array:
        if x.size * len(self.away) <= small_tables.TINY:
            return super().log_density(x)
        from latently.kernels.few_components import few_log_densities

        out = np.empty((len(x), len(self.away)))
        rows = np.ascontiguousarray(x, dtype=np.float64)
        few_log_densities(rows, self.origin, *self._padded, out, self._lanes)
        return out

    def _sums(self, x: Array, resp: Array) -> tuple[Array, Array, Array]:
        if x.size * len(self.away) <= small_tables.TINY:
            return super()._sums(x, resp)
        from latently.kernels.few_components import few_sums

        (K, d), width = self.away.shape, len(self._lanes)
        sums, missing = np.zeros((1 + 2 * d, width)), np.zeros((d, width))
        rows = np.ascontiguousarray(x, dtype=np.float64)
        incomplete = few_sums(rows, np.ascontiguousarray(resp), self.origin, sums, missing, self._lanes)
        counts = sums[0, :K, None] - missing.T[:K] if incomplete else sums[0, :K, None]
        return counts, sums[1::2, :K].T, sums[2::2, :K].T


def linear_rows(emission: Gaussian, params: GaussianParams) -> Linear | None:
    """The linear form, unless means so far from their middle would cost it digits."""
    variances = emission.structure.expand(params.covariances, params.means)
    kind = FewLinear if len(params.means) <= IN_A_REGISTER else Linear
    linear = kind(emission, params, variances)
    return linear if (linear.away**2 / variances).max() < FAR_MEANS else None
