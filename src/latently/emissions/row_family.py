"""Families of independent features of which no few sums say all: their statistics are the rows themselves.

Any density of one number can be learned so, at the price of memory for every responsibility and of M-steps
that pass over all rows. `ExponentialFamily` is better where it is linear in a few statistics of the cell.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latently.core.statistics import Additive
from latently.emissions.base import Array, Emission


@dataclass(frozen=True)
class Rows(Additive):
    """Rows, and how much of each the components have; the sum of two is one after the other."""

    x: Array  # (n, d): the rows, missing cells NaN
    resp: Array  # (n, K): responsibilities, weights applied

    def __add__(self, other: Rows) -> Rows:
        return Rows(np.concatenate([self.x, other.x]), np.concatenate([self.resp, other.resp]))

    def __mul__(self, factor: float) -> Rows:
        return Rows(self.x, factor * self.resp)

    __rmul__ = __mul__

    @property
    def cells(self) -> Array:
        """Number of observed cells of each component and feature, shape (K, d)."""
        return np.asarray(self.resp.T @ ~np.isnan(self.x))

    @property
    def some(self) -> NDArray[np.bool_]:
        """Where there are any cells."""
        return np.asarray(self.cells > 0)

    def mean(self, values: Array) -> Array:
        """Means over the observed cells, shape (K, d); zero where there are none.

        `values` has one for each cell, or each under each component; those of missing cells do not matter.
        """
        whole = values if values.ndim == 3 else values[:, None, :]
        known = np.where(np.isnan(self.x)[:, None, :], 0.0, whole)
        totals = np.einsum(
            "nk,nkd->kd", self.resp, np.broadcast_to(known, (*self.resp.shape, self.x.shape[1]))
        )
        return np.asarray(totals / np.where(self.some, self.cells, 1.0))


class RowFamily(Emission):
    """Independent features; NaN is a missing cell. A concrete family has four methods."""

    accepts_missing = True
    independent: ClassVar[bool] = True

    @abstractmethod
    def log_cell(self, params: Any, x: Array) -> Array:
        """Log density of each cell under each component, shape (n, K, d), of x of shape (n, 1, d)."""

    @abstractmethod
    def best(self, stats: Rows, params: Any, fixed: Collection[str]) -> dict[str, Array]:
        """Parameters by name under which Q is largest, at least no smaller than at these params."""

    def describe(self, x: Array, weights: Array) -> Rows:
        return Rows(x, weights[:, None])

    def log_density(self, params: Any, x: Array) -> Array:
        return np.asarray(np.nansum(self.log_cell(params, x[:, None, :]), axis=2))

    def expected_stats(self, params: Any, x: Array, resp: Array) -> Rows:
        return Rows(x, resp)

    def m_step(self, stats: Rows, params: Any, fixed: Collection[str] = ()) -> Any:
        """The best parameters; those of a component without cells stay as they are."""
        best = {
            name: np.where(stats.some, value, getattr(params, name))
            for name, value in self.best(stats, params, fixed).items()
            if name not in fixed
        }
        return replace(params, **best)

    def expected_log_likelihood(self, stats: Rows, params: Any) -> float:
        """Responsibilities times log densities."""
        density = self.log_density(params, stats.x)
        return float(np.where(stats.resp > 0, stats.resp * density, 0.0).sum())

    def fill(self, description: Rows, x: Array) -> Array:
        return np.where(np.isnan(x), description.mean(description.x), x)
