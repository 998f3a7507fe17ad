"""Log densities and statistics of rows with missing cells under Gaussians with covariance matrices.

Through precisions (docs/formulas.md, "Missing cells"); `tests/agreement/test_missing.py` holds them to the
family's own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from threading import get_ident
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from latently.emissions.base import Array
from latently.emissions.gaussian.family import Gaussian
from latently.emissions.gaussian.moments import ComponentMoments
from latently.emissions.gaussian.params import LOG_2PI, MatrixParams
from latently.models import small_tables

# Variance of a feature over what is left of it given all others, beyond which precisions lose digits.
COLLINEAR = 1e6
FEW_PATTERNS = 3  # features: with more, rows may lack so many sets of them that a kernel pays at once
FEW_CELLS = 2**11  # of rows with missing ones
EXTREME = 1e140  # variance beyond which, or its inverse, products of four pivots are out of range


class _Tile(NamedTuple):
    """Rows completed, as `latently.kernels.missing.complete_rows` writes them."""

    x: Array
    order: NDArray[np.int64]
    lacks: NDArray[np.int64]
    z: Array
    norms: Array
    half_log_det: Array


@dataclass
class Completed:
    """Gaussians with covariance matrices: missing cells are completed under each component.

    The completed rows of the last tile of each thread are kept: its statistics are often wanted next.
    """

    emission: Gaussian
    params: MatrixParams
    _tiles: dict[int, _Tile] = field(default_factory=dict)

    @cached_property
    def whiteners(self) -> Array:
        """Inverses of the Cholesky factors, one for each component."""
        return np.ascontiguousarray(self.emission.structure.expand(self.params.whiteners, self.params.means))

    @cached_property
    def precisions(self) -> Array:
        """Inverse covariances, one for each component."""
        return np.ascontiguousarray(self.emission.structure.expand(self.params.precisions, self.params.means))

    def log_density(self, x: Array) -> Array:
        """Log density of the observed cells of each row: zero for a row without any."""
        if (plain := self._plain(x)) is not None:
            return np.asarray(plain.log_density(self.emission, self.params, x))
        tile = self._complete(x)
        self._tiles[get_ident()] = tile
        d = x.shape[1]
        constants = self.emission.log_det(self.params)[:, None] + (d - tile.lacks) * LOG_2PI
        sorted_values = -0.5 * (tile.norms + constants) - tile.half_log_det
        sorted_values[:, tile.lacks == d] = 0.0
        values = np.empty((len(x), len(sorted_values)))
        values[tile.order] = sorted_values.T
        return values

    def expected_stats(self, x: Array, resp: Array) -> ComponentMoments:
        """Sums and scatters of completed rows, with the covariance of what they lack."""
        tile = self._tiles.pop(get_ident(), None)
        if tile is None or not _same(tile.x, x):
            if (plain := self._plain(x)) is not None:
                found: ComponentMoments = plain.expected_stats(self.emission, self.params, x, resp)
                return found
            tile = self._complete(x)
        from latently.kernels.missing import add_missing_moments

        K, d = self.params.means.shape
        counts, first, second = np.zeros(K), np.zeros((K, d)), np.zeros((K, d, d))
        sorted_resp = np.ascontiguousarray(resp[tile.order].T)
        rows = np.ascontiguousarray(x)
        add_missing_moments(
            rows, tile.order, tile.lacks, sorted_resp, self.precisions, tile.z, counts, first, second
        )
        return ComponentMoments(counts, first, self.emission.structure.pool(second), self.params.means)

    def inner_terms(self, stats: ComponentMoments) -> float:
        """Those of the family, and of products of rows with a precision matrix."""
        params = self.params
        deviations = np.sqrt(params.covariances.diagonal(0, -2, -1))
        products = np.abs(params.precisions) @ deviations[..., None]
        terms = stats.counts * np.add.reduce(products[..., 0] * deviations, axis=-1)
        return self.emission.inner_terms(stats, params) + 0.5 * float(np.add.reduce(terms))

    def _plain(self, x: Array) -> Any:
        """What needs no kernel, for rows that are complete, or few and lack few features; None for others."""
        if np.isnan(x).any():
            return Gaussian if lacks_little(x) else None
        return small_tables if small_tables.are_few(self.params, x) else Gaussian

    def _complete(self, x: Array) -> _Tile:
        from latently.kernels.missing import complete_rows, order_by_count
        from latently.kernels.missing_blocks import TILE, WIDTH

        K, d = self.params.means.shape
        rows = np.ascontiguousarray(x)
        order, lacks = order_by_count(rows)
        z = np.empty((-(-len(x) // TILE), K, d, WIDTH))
        norms, half = np.empty((K, len(x))), np.empty((K, len(x)))
        theta = self.params.means, self.precisions, self.whiteners
        complete_rows(rows, order, lacks, *theta, z, norms, half)
        return _Tile(x, order, lacks, z, norms, half)


def lacks_little(x: Array) -> bool:
    """Whether rows with missing cells are so few, and of so few features, that no kernel is compiled."""
    return x.shape[1] <= FEW_PATTERNS and x.size <= FEW_CELLS


def conditional_moments(emission: Gaussian, params: MatrixParams) -> Completed | None:
    """Completed rows, unless features so nearly collinear would cost their precisions digits."""
    variances = np.diagonal(params.covariances, axis1=-2, axis2=-1)
    ordinary = variances.min() > 1.0 / EXTREME and variances.max() < EXTREME
    return Completed(emission, params) if ordinary and params.inflation < COLLINEAR else None


def _same(one: Array, other: Array) -> bool:
    """Whether two arrays are the same cells in memory."""
    mine, theirs = one.__array_interface__, other.__array_interface__
    return one.shape == other.shape and mine["data"] == theirs["data"] and one.strides == other.strides
