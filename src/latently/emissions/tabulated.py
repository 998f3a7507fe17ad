"""Families of independent counts that no few statistics sum up: how often each value was seen does.

Log probabilities are worked out once for each value, and one product with a sparse matrix of zeros and ones
takes them to the rows; its transpose takes responsibilities to the values.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from latently.core.statistics import Additive
from latently.emissions.base import Array, Emission, Sizes, cells_below
from latently.emissions.exponential_family import renewed

WORTH_A_TABLE = 1024  # values that are worth a place each, whether they were seen or not


@dataclass(frozen=True)
class Histogram(Additive):
    """How often each value was seen in the cells of each component and feature."""

    values: Array  # (V,): the values, rising
    counts: Array  # (V, K, d): how often, by responsibility

    def __add__(self, other: Self) -> Self:
        if np.array_equal(self.values, other.values):
            return type(self)(self.values, self.counts + other.counts)
        values = np.union1d(self.values, other.values)
        counts = np.zeros((len(values), *self.counts.shape[1:]))
        for one in (self, other):
            counts[np.searchsorted(values, one.values)] += one.counts
        return type(self)(values, counts)

    def __mul__(self, factor: float) -> Self:
        return type(self)(self.values, factor * self.counts)

    __rmul__ = __mul__

    @cached_property
    def cells(self) -> Array:
        """Numbers of cells, shape (K, d)."""
        return np.asarray(self.counts.sum(axis=0))

    @cached_property
    def some(self) -> NDArray[np.bool_]:
        """Where there are any cells."""
        return np.asarray(self.cells > 0)

    def average(self, of_values: Array) -> Array:
        """Means of something that each value has, shape (K, d); zero where there are no cells."""
        return np.tensordot(of_values, self.counts, 1) / np.where(self.some, self.cells, 1.0)

    @cached_property
    def mean(self) -> Array:
        """Means, shape (K, d); zero where there are no cells."""
        return self.average(self.values)

    @property
    def variance(self) -> Array:
        """Variances, shape (K, d)."""
        centre = self.values.mean() if len(self.values) else 0.0
        shift = self.mean - centre
        return np.maximum(self.average((self.values - centre) ** 2) - shift**2, 0.0) * self.some


class Tabulated(Emission):
    """Independent features of whole numbers; NaN is a missing cell.

    A concrete family has `summands`, `best`, `start` and `spaces`.
    """

    accepts_missing = True
    discrete: ClassVar[bool] = True
    independent: ClassVar[bool] = True

    @abstractmethod
    def summands(self, x: Array, params: Any) -> tuple[Array, ...]:
        """What the log probabilities of values are sums of, shape (V, K, d).

        Parameters
        ----------
        x : array of shape (V, 1, 1), or any that goes with (K, d)
            The values.
        params : object
            The params.
        """

    @abstractmethod
    def best(self, stats: Histogram, params: Any, fixed: Collection[str]) -> dict[str, Array]:
        """Parameters by name under which Q is largest, at least no smaller than at these params.

        Those named in `fixed` are held: what is said of them does not matter. Nor does it where a component
        has no cells.
        """

    def log_probability(self, x: Array, params: Any) -> Array:
        """Log probabilities of values, of the shape of the summands."""
        return np.asarray(sum(self.summands(x, params)))

    def describe(self, x: Array, weights: Array) -> Histogram:
        return self.expected_stats(None, x, weights[:, None])

    def log_density(self, params: Any, x: Array) -> Array:
        values, cells = _places(x)
        table = self.log_probability(values[:, None, None], params)
        return np.asarray(cells @ table.transpose(0, 2, 1).reshape(-1, table.shape[1]))

    def expected_stats(self, params: Any, x: Array, resp: Array) -> Histogram:
        values, cells = _places(x)
        counts = (cells.T @ resp).reshape(len(values), x.shape[1], resp.shape[1]).transpose(0, 2, 1)
        some = counts.any(axis=(1, 2))
        return Histogram(values[some], counts[some])

    def log_density_of_cells(self, params: Any, sizes: Sizes) -> Array:
        """Log probabilities of values."""
        value, column = cells_below(sizes)
        values = np.arange(sizes.max(), dtype=np.float64)
        return np.asarray(self.log_probability(values[:, None, None], params)[value, :, column])

    def stats_of_cells(self, params: Any, sizes: Sizes, resp: Array) -> Histogram:
        """Responsibilities by value and feature."""
        value, column = cells_below(sizes)
        counts = np.zeros((sizes.max(), resp.shape[1], len(sizes)))
        counts[value, :, column] = resp
        some = counts.any(axis=(1, 2))
        return Histogram(np.flatnonzero(some).astype(np.float64), counts[some])

    def m_step(self, stats: Histogram, params: Any, fixed: Collection[str] = ()) -> Any:
        """The best parameters; those of a component without cells stay as they are."""
        return renewed(params, self.best(stats, params, fixed), stats.some, fixed)

    def expected_log_likelihood(self, stats: Histogram, params: Any) -> float:
        """Counts times log probabilities."""
        return float(self._seen(stats, self.log_probability(stats.values[:, None, None], params)).sum())

    def inner_terms(self, stats: Histogram, params: Any) -> float:
        """The sizes of what the log probabilities are sums of."""
        summands = self.summands(stats.values[:, None, None], params)
        return float(sum(np.abs(self._seen(stats, one)).sum() for one in summands))

    def fill(self, description: Histogram, x: Array) -> Array:
        return np.where(np.isnan(x), description.mean[0], x)

    @staticmethod
    def _seen(stats: Histogram, of_values: Array) -> Array:
        with np.errstate(invalid="ignore"):
            return np.where(stats.counts == 0, 0.0, stats.counts * of_values)


def _places(x: Array) -> tuple[Array, Any]:
    """The values in a table, and a sparse matrix of a one for each cell that is observed.

    Its columns are values times features.
    """
    n, d = x.shape
    seen = ~np.isnan(x)
    cells = x[seen]
    most = cells.max(initial=-1.0)
    if most < max(WORTH_A_TABLE, len(cells)):
        codes = cells.astype(np.int64)
        values = np.arange(most + 1)
    else:
        values, codes = np.unique(cells, return_inverse=True)
    starts = np.concatenate([[0], np.cumsum(seen.sum(axis=1))])
    columns = codes * d + np.nonzero(seen)[1]
    shape = (n, len(values) * d)
    return values, sparse.csr_array((np.ones(len(cells)), columns, starts), shape=shape)
