"""Families of independent features whose log density is linear in statistics of the cell.

Most families of one number are of this kind: what data say of them are a few sums, and densities of many rows
under all components are one product of matrices. Such a family says what the statistics of a cell are, what
they are multiplied by, and which parameters are best, given their sums.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latently.core.statistics import Additive
from latently.emissions.base import Array, Emission

LOG_ZERO = -1e30  # stands for the logarithm of zero in products, where infinity times zero would be NaN


@dataclass(frozen=True)
class CellMoments(Additive):
    """What is said of the observed cells of each feature once per fit, by weight."""

    # (d,): their number, their sum and the sum of their squares
    cells: Array
    total: Array
    squares: Array
    terms: Array  # (T, d): sums of the statistics of the family

    @property
    def divisors(self) -> Array:
        """The cells, or one where there are none."""
        return np.where(self.cells > 0, self.cells, 1.0)

    @property
    def mean(self) -> Array:
        """Means, zero where there are no cells."""
        return np.asarray(self.total / self.divisors)

    @property
    def variance(self) -> Array:
        """Variances, zero where there are no cells."""
        return np.asarray(np.maximum(self.squares / self.divisors - self.mean**2, 0.0))


@dataclass(frozen=True)
class Cells:
    """What some rows add to log densities and statistics, whatever the parameters are."""

    d: int  # their number of features
    features: Array  # (n, T d): all statistics of the cells side by side, zero for missing ones
    # (n, d): how often each cell counts, zero if missing; None if each does once
    seen: Any
    base: Array | None  # (n, d): what log densities have in them in any case

    @cached_property
    def base_of_rows(self) -> Array | float:
        """The sum of the last, shape (n, 1)."""
        return 0.0 if self.base is None else np.add.reduce(self.base, 1, keepdims=True)


@dataclass(frozen=True)
class CellSums(Additive):
    """Expected statistics of the observed cells, by responsibility."""

    cells: Array  # (K, d): their number
    terms: Array  # (K, T, d): sums of the statistics of a cell
    base: Array  # (K, d): sums of what their log densities have in them whatever the parameters are

    @property
    def some(self) -> NDArray[np.bool_]:
        """Where there are any cells."""
        found: NDArray[np.bool_] = self.cells > 0
        return found

    @property
    def means(self) -> Array:
        """Mean statistics, shape (K, T, d); zero where there are no cells."""
        found: Array = self.terms / np.where(self.cells > 0, self.cells, 1.0)[:, None]
        return found


class ExponentialFamily(Emission):
    """Independent features; NaN is a missing cell.

    The log density of a row is a sum over its observed cells:
    ``base(x_j) + sum_t terms_t(x_j) coefficients_ktj + constants_kj``. A concrete family has `terms`,
    `natural`, `best`, `start` and `spaces`, and `base` if it is not zero.

    Attributes
    ----------
    certain : bool
        Whether a coefficient may be minus infinity, as the logarithm of a probability that is zero.
    usual : float
        A possible cell, which stands in the place of missing ones where statistics are taken.
    """

    accepts_missing = True
    independent: ClassVar[bool] = True
    certain: ClassVar[bool] = False
    usual: ClassVar[float] = 1.0

    @abstractmethod
    def terms(self, x: Array) -> tuple[Array, ...]:
        """The statistics of cells, each of the shape of x, which has no missing ones."""

    @abstractmethod
    def natural(self, params: Any) -> tuple[Array, Array]:
        """Coefficients of the statistics, (K, T, d), which may be minus infinity, and constants (K, d)."""

    @abstractmethod
    def best(self, stats: CellSums, params: Any, fixed: Collection[str]) -> dict[str, Array]:
        """Parameters by name under which Q is largest, at least no smaller than at these params.

        Those named in `fixed` are held: what is said of them does not matter. Nor does it where a component
        has no cells.
        """

    def base(self, x: Array) -> Array | None:
        """What the log density of cells has in it whatever the parameters are; None if nothing."""
        return None

    def describe(self, x: Array, weights: Array) -> CellMoments:
        values, seen = self._values(x)
        stats = self._sums(self._cells(values, seen), weights[:, None])
        if seen is not None:
            values = np.where(seen, values, 0.0)
        return CellMoments(stats.cells[0], weights @ values, weights @ values**2, stats.terms[0])

    def prepared(self, x: Array) -> Cells:
        return self._cells(*self._values(x))

    def log_density(self, params: Any, x: Array) -> Array:
        return self.log_density_of(params, self.prepared(x))

    def log_density_of(self, params: Any, prepared: Cells) -> Array:
        """Sum over the observed cells, by a product of matrices."""
        coefficients, constants = self.natural(params)
        impossible = self.certain and (coefficients == -np.inf).any()
        if impossible:
            coefficients = np.maximum(coefficients, LOG_ZERO)
        found = prepared.features @ coefficients.reshape(len(constants), -1).T
        found += np.add.reduce(constants, 1) if prepared.seen is None else prepared.seen @ constants.T
        found += prepared.base_of_rows
        return np.where(found < LOG_ZERO / 2, -np.inf, found) if impossible else found

    def expected_stats(self, params: Any, x: Array, resp: Array) -> CellSums:
        return self.expected_stats_of(params, self.prepared(x), resp)

    def expected_stats_of(self, params: Any, prepared: Cells, resp: Array) -> CellSums:
        """Sums over the observed cells, by a product of matrices."""
        return self._sums(prepared, resp)

    def m_step(self, stats: CellSums, params: Any, fixed: Collection[str] = ()) -> Any:
        """The best parameters; those of a component without cells stay as they are."""
        return renewed(params, self.best(stats, params, fixed), stats.some, fixed)

    def expected_log_likelihood(self, stats: CellSums, params: Any) -> float:
        """Statistics times coefficients, cells times constants, and what does not hang on parameters."""
        linear, constant, base = self._parts(stats, params)
        return float(linear.sum() + constant.sum() + base.sum())

    def inner_terms(self, stats: CellSums, params: Any) -> float:
        """The sizes of all these, which may be far larger than what is left of them."""
        linear, constant, base = self._parts(stats, params)
        total = np.add.reduce(np.abs(linear), None) + np.add.reduce(np.abs(constant), None)
        return float(total + np.add.reduce(np.abs(base), None))

    def fill(self, description: CellMoments, x: Array) -> Array:
        """Missing cells at the mean, or a usual one where there are no others."""
        return np.where(np.isnan(x), np.where(description.cells > 0, description.mean, self.usual), x)

    def _parts(self, stats: CellSums, params: Any) -> tuple[Array, Array, Array]:
        coefficients, constants = self.natural(params)
        if self.certain:  # what cannot happen has not happened
            coefficients = np.where(stats.terms == 0, 0.0, coefficients)
        return stats.terms * coefficients, stats.cells * constants, stats.base

    def _values(self, x: Array) -> tuple[Array, Any]:
        """Cells with a usual one in the place of those that are missing, and which are not; None if all.

        A family may say instead how often each counts in what constants are multiplied by: zero if missing.
        """
        missing = np.isnan(x)
        return (np.where(missing, self.usual, x), ~missing) if missing.any() else (x, None)

    def _base(self, values: Array, seen: Array) -> Array | None:
        base = self.base(values)
        return base if base is None or seen is None else np.where(seen, base, 0.0)

    def _cells(self, values: Array, seen: Any) -> Cells:
        terms = self.terms(values)
        if seen is not None:
            terms = tuple([np.where(seen, term, 0.0) for term in terms])
        features = terms[0] if len(terms) == 1 else np.concatenate(terms, axis=1)
        return Cells(values.shape[1], features, seen, self._base(values, seen))

    def _sums(self, rows: Cells, resp: Array) -> CellSums:
        K = resp.shape[1]
        if rows.seen is None:
            cells = np.empty((K, rows.d))
            cells[:] = np.add.reduce(resp, 0)[:, None]
        else:
            cells = resp.T @ rows.seen
        base = np.zeros((K, rows.d)) if rows.base is None else resp.T @ rows.base
        return CellSums(cells, (resp.T @ rows.features).reshape(K, -1, rows.d), base)


def renewed(
    params: Any, best: Mapping[str, Array], where: NDArray[np.bool_], fixed: Collection[str] = ()
) -> Any:
    """Params with others in their place, but not those that are held, nor where there is no data."""
    values, everywhere = [], where.all()
    for name in params.__dataclass_fields__:
        value = getattr(params, name)
        if name in best and name not in fixed:
            value = best[name] if everywhere else np.where(where, best[name], value)
        values.append(value)
    return params.__class__(*values)
