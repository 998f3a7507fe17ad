"""Categorical columns: for each a probability of each of its categories, shape (K, d, n_categories)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import Cells
from latently.checks.columns import Column
from latently.core.choices import likeliest
from latently.core.declared import Parameter
from latently.core.spaces import Simplex, Spaces
from latently.core.statistics import Additive
from latently.emissions.alphabet import alphabet_of, cells_of, coded, strange_cell
from latently.emissions.base import Array, Emission, Sizes, cells_below
from latently.emissions.described import Components, said
from latently.emissions.distribution import Distribution
from latently.emissions.probabilities import learned, log_likelihood, slopes
from latently.wording import decimals, number, share

EXACT = 2.0**53  # greater whole numbers may be the same as floats


@dataclass(frozen=True)
class CategoriesParams:
    """Probability of each category of each column, shape (K, d, n_categories); zero beyond those it has."""

    probabilities: Array


@dataclass(frozen=True)
class CategoriesCounts(Additive):
    """Expected number of cells of each category of each column, shape (K, d, n_categories)."""

    counts: Array


@dataclass(frozen=True)
class Categories(Emission):
    """Independent categorical columns, coded from 0 in the order of their categories; NaN is missing."""

    # the categories in their order, if they are the same for all columns; otherwise those that the
    # type of a column declares, or those of a fit, sorted
    categories: tuple[Any, ...] | None = None
    # {"error", "missing"}: what a category is that was not there when the model was fitted
    unknown: str = "error"
    # the categories of each column in order, filled in by `learned_of`
    alphabets: tuple[Cells, ...] = field(default=(), repr=False)

    accepts_missing = True
    discrete: ClassVar[bool] = True
    independent: ClassVar[bool] = True
    values: ClassVar[str] = "codes of categories"
    noun: ClassVar[str] = "categories"
    adjective: ClassVar[str] = "categorical"
    params_type: ClassVar[type] = CategoriesParams
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter(
            "probabilities",
            ("components", "features", "categories"),
            "probability of each category of each column",
            "probabilities",
        ),
    )

    @cached_property
    def sizes_of_columns(self) -> NDArray[np.int64]:
        """How many categories each column has."""
        return np.array([len(alphabet) for alphabet in self.alphabets], dtype=np.int64)

    @property
    def most(self) -> int:
        """The number of categories of the column that has most."""
        return int(self.sizes_of_columns.max(initial=1))

    def learned_of(self, columns: Sequence[Column]) -> Self:
        """The categories of each column.

        Raises a ValueError if no cell of a column is observed, or its cells have no order; the column is
        named.
        """
        return replace(self, alphabets=tuple(self._alphabet(column) for column in columns))

    def _alphabet(self, column: Column) -> Cells:
        known = self.categories if self.categories is not None else column.categories
        try:
            seen = column.distinct if column.numeric else column.seen
            if seen.dtype.kind == "f" and (np.abs(seen) < EXACT).all() and np.array_equal(seen, seen.round()):
                seen = seen.astype(np.int64)  # which are floats only because some cells are missing
            return alphabet_of(known, None, seen)
        except ValueError as error:
            raise ValueError(f"column '{column.name}': {error}") from error

    def read_columns(self, columns: Sequence[Column]) -> Array:
        found = np.empty((len(columns[0].cells), len(columns)))
        for j, (column, alphabet) in enumerate(zip(columns, self.alphabets, strict=True)):
            codes = coded(column, alphabet)
            strange = codes < 0
            if strange.any():
                if self.unknown == "error":
                    raise strange_cell(column, int(strange.argmax()), j, alphabet, "categories")
                codes[strange] = np.nan
            found[:, j] = codes
        return found

    def largest(self, columns: Sequence[Column]) -> Array:
        return self.sizes_of_columns.astype(np.float64) - 1

    def shown_columns(self, x: Array) -> list[Any]:
        return [cells_of(codes, alphabet) for codes, alphabet in zip(x.T, self.alphabets, strict=True)]

    def categories_of(self, column: int) -> list[Any]:
        found: list[Any] = self.alphabets[column].tolist()
        return found

    def possible(self, x: Array) -> NDArray[np.bool_]:
        """Whole numbers from 0 to one less than there are categories."""
        return np.asarray(np.isnan(x) | ((x >= 0) & (x < self.sizes_of_columns) & (x == np.floor(x))))

    def n_values(self, params: CategoriesParams) -> Array:
        return self.sizes_of_columns.astype(np.float64)

    def describe(self, x: Array, weights: Array) -> CategoriesCounts:
        return self.expected_stats(None, x, weights[:, None])

    def start(
        self, description: CategoriesCounts, n_components: int, rng: np.random.Generator
    ) -> CategoriesParams:
        counts = description.counts[0] + self._support
        frequencies = counts / counts.sum(axis=1, keepdims=True)
        values = frequencies * rng.gamma(2.0, size=(n_components, *counts.shape))
        return CategoriesParams(values / values.sum(axis=2, keepdims=True))

    def log_density(self, params: CategoriesParams, x: Array) -> Array:
        """Sum over the columns of the log probabilities, looked up; those of a missing cell are zero."""
        with np.errstate(divide="ignore"):
            table = np.log(params.probabilities).transpose(1, 2, 0)
        table = np.concatenate([table, np.zeros((len(table), 1, table.shape[2]))], axis=1)
        return np.asarray(table[np.arange(x.shape[1]), self._codes(x)].sum(axis=1))

    def expected_stats(self, params: Any, x: Array, resp: Array) -> CategoriesCounts:
        columns, size = self._codes(x).T, self.most + 1
        counts = [[np.bincount(codes, shares, size) for codes in columns] for shares in resp.T]
        return CategoriesCounts(np.array(counts, dtype=np.float64)[:, :, :-1])

    def log_density_of_cells(self, params: CategoriesParams, sizes: Sizes) -> Array:
        """Log probabilities of categories."""
        value, column = cells_below(sizes)
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(params.probabilities[:, column, value]).T)

    def stats_of_cells(self, params: CategoriesParams, sizes: Sizes, resp: Array) -> CategoriesCounts:
        """Responsibilities by category."""
        value, column = cells_below(sizes)
        counts = np.zeros((resp.shape[1], len(sizes), self.most))
        counts[:, column, value] = resp.T
        return CategoriesCounts(counts)

    def m_step(
        self, stats: CategoriesCounts, params: CategoriesParams, fixed: Collection[str] = ()
    ) -> CategoriesParams:
        """Probabilities in proportion to the counts; a component without cells of a column keeps its row."""
        if "probabilities" in fixed:
            return params
        return CategoriesParams(learned(stats.counts, params.probabilities))

    def expected_log_likelihood(self, stats: CategoriesCounts, params: CategoriesParams) -> float:
        """Sum of counts times log probabilities."""
        return log_likelihood(stats.counts, params.probabilities)

    def inner_terms(self, stats: CategoriesCounts, params: CategoriesParams) -> float:
        """None: all terms have one sign."""
        return 0.0

    def gradient(self, stats: CategoriesCounts, params: CategoriesParams) -> dict[str, Array]:
        return {"probabilities": slopes(stats.counts, params.probabilities)}

    def spaces(self, params: CategoriesParams) -> Spaces:
        return {"probabilities": Simplex(np.broadcast_to(self._support, params.probabilities.shape))}

    def embed(self, description: CategoriesCounts, x: Array) -> Array:
        """One-hot cells, in units of the spread of each column; a missing one in the middle."""
        most = self.most
        total = description.counts[0].sum(axis=1, keepdims=True)
        frequencies = description.counts[0] / np.where(total > 0, total, 1.0)
        spread = np.sqrt(np.maximum(1.0 - (frequencies**2).sum(axis=1), 1.0 / most**2))
        hot = self._codes(x)[:, :, None] == np.arange(most)
        hot = np.where(np.isnan(x)[:, :, None], frequencies, hot)
        return np.asarray((hot / spread[:, None])[:, self._support])

    def standardised(self, description: CategoriesCounts, x: Array, weights: Array) -> Array:
        """The same coordinates: codes have no distances."""
        return self.embed(description, x)

    def sample(self, params: CategoriesParams, labels: NDArray[np.int64], rng: np.random.Generator) -> Array:
        edges = np.cumsum(params.probabilities, axis=2)[labels]
        codes = (rng.random((*edges.shape[:2], 1)) * edges[:, :, -1:] >= edges).sum(axis=2)
        return np.minimum(codes, self.sizes_of_columns - 1).astype(np.float64)

    def distribution(self, params: CategoriesParams, x: Array) -> Distribution:
        """Sums of probabilities in the order of the categories, from either end; a missing cell is NaN."""
        at, codes = params.probabilities, np.where(np.isnan(x), 0, x).astype(np.int64)
        below = at.cumsum(axis=2) - at
        above = at[:, :, ::-1].cumsum(axis=2)[:, :, ::-1] - at
        columns = np.arange(x.shape[1])
        missing = np.isnan(x)[:, None, :]
        with np.errstate(divide="ignore"):
            found = (
                np.log(np.maximum(t, 0.0)[:, columns, codes].transpose(1, 0, 2)) for t in (below, above, at)
            )
            return Distribution(*(np.where(missing, np.nan, values) for values in found))

    def guess_missing(self, params: CategoriesParams, x: Array, resp: Array) -> Array:
        found = [likeliest(one) for one in self.category_probabilities(params, x, resp)]
        return np.where(np.isnan(x), np.column_stack(found), x)

    def quantiles_of_missing(
        self, params: CategoriesParams, x: Array, resp: Array, probability: float
    ) -> Array:
        """Categories have no order."""
        return np.full(x.shape, np.nan)

    def category_probabilities(self, params: CategoriesParams, x: Array, resp: Array) -> list[Any]:
        """Those of the components, by their responsibilities."""
        tables = np.swapaxes(params.probabilities, 0, 1)
        return [resp @ table[:, :size] for table, size in zip(tables, self.sizes_of_columns, strict=True)]

    def categories_of_columns(self, n_columns: int) -> list[Any]:
        return list(self.alphabets)

    def order_keys(self, params: CategoriesParams) -> Array:
        """How often they have the first category, then the next: most often first."""
        return -np.round(params.probabilities, 6).reshape(len(params.probabilities), -1)

    def moments(self, params: CategoriesParams) -> list[dict[Any, Array]]:
        return [
            {category: params.probabilities[:, j, c] for c, category in enumerate(alphabet.tolist())}
            for j, alphabet in enumerate(self.alphabets)
        ]

    def describe_components(
        self, params: CategoriesParams, names: Sequence[str], rows: Array, label: str
    ) -> Components:
        """Probabilities of the categories, and the likeliest of each component."""
        p = params.probabilities
        lines = [
            [f"{name} = {category}", *map(share, p[:, j, c])]
            for j, (name, alphabet) in enumerate(zip(names, self.alphabets, strict=True))
            for c, category in enumerate(alphabet)
        ]
        weights = np.asarray(rows) / np.sum(rows)
        words = [said(phrases) for phrases in self.standing_out(params, names, weights)]
        return Components(lines, words, f"Probability of each category in the {label}.")

    def standing_out(
        self, params: CategoriesParams, names: Sequence[str], weights: Array
    ) -> list[list[tuple[float, str]]]:
        """The category that is most over-represented, or of grades their mean if that is further out.

        Both are in standard deviations, of the indicator of the category or of the grades.
        """
        p = params.probabilities
        average = np.tensordot(weights, p, 1)
        spread = np.sqrt(average * (1 - average))
        away = (p - average) / np.where(spread > 0, spread, 1.0)
        top = away.argmax(axis=2)

        def phrase(k: int, j: int, name: str) -> tuple[float, str]:
            grades, best = self.alphabets[j], top[k, j]
            if grades.dtype.kind in "iu":
                mean, of_all = (float(row[: len(grades)] @ grades) for row in (p[k, j], average[j]))
                deviation = float(np.sqrt(average[j, : len(grades)] @ (grades - of_all) ** 2))
                if abs(mean - of_all) > away[k, j, best] * deviation:
                    digits, high = decimals([deviation]), "high" if mean > of_all else "low"
                    text = f"{high} {name} ({number(mean, digits)}, all: {number(of_all, digits)})"
                    return float(abs(mean - of_all) / deviation), text
            of = f"({share(p[k, j, best])}, {share(average[j, best])} of all)"
            return away[k, j, best], f"{name} = {grades[best]} {of}"

        return [[phrase(k, j, name) for j, name in enumerate(names)] for k in range(len(weights))]

    def checked(
        self, name: str, value: object, n_components: int, n_features: int | None, label: str
    ) -> Array:
        """Categories that a column does not have stay zero."""
        support = np.broadcast_to(self._support, (n_components, *self._support.shape))
        return self.parameters[0].checked(
            value, label, self.sizes(n_components, len(self.alphabets)), support
        )

    def sizes(self, n_components: int, n_features: int | str) -> dict[str, int | str]:
        """Also the largest number of categories."""
        return super().sizes(n_components, n_features) | {"categories": self.most}

    def split(
        self, x: Array, coordinates: Array | None, weights: Array, way: int, rng: np.random.Generator
    ) -> Array:
        tables = rng.uniform(-1.0, 1.0, (x.shape[1], self.most + 1))
        height = tables[np.arange(x.shape[1]), self._codes(x)].sum(axis=1)
        return np.asarray(0.05 + 0.9 / (1.0 + np.exp(-4.0 * (height - np.average(height, weights=weights)))))

    @cached_property
    def _support(self) -> NDArray[np.bool_]:
        """Which categories each column has, shape (d, n_categories)."""
        return np.asarray(np.arange(self.most) < self.sizes_of_columns[:, None])

    def _codes(self, x: Array) -> NDArray[np.int64]:
        """Positions of the categories, one beyond the last for a missing cell."""
        missing = np.isnan(x)
        return (np.where(missing, self.most, x) if missing.any() else x).astype(np.int64)
