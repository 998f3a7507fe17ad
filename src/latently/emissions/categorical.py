"""Symbols: a probability for each of an alphabet, shape (K, n_symbols)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from latently.core.given import probabilities, support_of
from latently.core.parameters import Simplex, Spaces
from latently.core.statistics import Additive
from latently.emissions.base import Array, Emission
from latently.emissions.distribution import Distribution


@dataclass(frozen=True)
class SymbolCounts(Additive):
    """How often each symbol stands in the data, by weight, shape (n_symbols,)."""

    counts: Array


@dataclass(frozen=True)
class CategoricalParams:
    """Probability of each symbol under each component, shape (K, n_symbols)."""

    emissionprob: Array


@dataclass(frozen=True)
class CategoricalCounts(Additive):
    """Expected number of each symbol under each component, shape (K, n_symbols)."""

    counts: Array


@dataclass(frozen=True)
class Categorical(Emission):
    """One symbol a row, as an integer from 0; `n_symbols` stands for a missing one.

    Parameters
    ----------
    n_symbols : int
        Size of the alphabet.
    support : array of bool of shape (K, n_symbols), optional
        Symbols that can be emitted; all by default. The others stay exactly zero.
    """

    n_symbols: int
    support: NDArray[np.bool_] | None = None

    accepts_missing = True

    @property
    def values(self) -> str:  # type: ignore[override]
        """What symbols are."""
        return f"symbols are whole numbers from 0 to {self.n_symbols - 1}, in one column"

    def possible(self, x: Array) -> NDArray[np.bool_]:
        """Whole numbers below the size of the alphabet, in the first column."""
        known = np.isnan(x) | ((x >= 0) & (x < self.n_symbols) & (x == np.floor(x)))
        return np.asarray(known & (np.arange(x.shape[1]) == 0))

    def read(self, x: Array) -> NDArray[np.int64]:
        """Integers, the size of the alphabet in the place of missing symbols."""
        return np.where(np.isnan(x), self.n_symbols, x).astype(np.int64)

    def observed(self, x: Any) -> NDArray[np.bool_]:
        """Which symbols are not missing."""
        return np.asarray(x[:, 0] < self.n_symbols)

    def rows_needed(self, params: Any, fixed: Collection[str] = ()) -> int:
        """None: probabilities are at most one, so no maximum is spurious."""
        return 0

    def describe(self, x: Any, weights: Array) -> SymbolCounts:
        """Count the symbols."""
        symbols = x[:, 0]
        seen = symbols < self.n_symbols
        return SymbolCounts(np.bincount(symbols[seen], weights[seen], self.n_symbols).astype(np.float64))

    def start(
        self, description: SymbolCounts, n_components: int, rng: np.random.Generator
    ) -> CategoricalParams:
        """The frequencies of the data, unevenly shared out."""
        share = (description.counts + 1.0) / (description.counts.sum() + self.n_symbols)
        values = self._support(n_components) * share * rng.gamma(2.0, size=(n_components, self.n_symbols))
        return CategoricalParams(values / values.sum(axis=1, keepdims=True))

    def table(self, params: CategoricalParams) -> Array:
        """Log probabilities of all symbols and, last, of a missing one: shape (n_symbols + 1, K)."""
        with np.errstate(divide="ignore"):
            return np.vstack([np.log(params.emissionprob.T), np.zeros(len(params.emissionprob))])

    def log_density(self, params: CategoricalParams, x: Any) -> Array:
        """Looked up; the last row is that of a missing symbol."""
        return self.table(params)[x[:, 0]]

    def expected_stats(self, params: CategoricalParams, x: Any, resp: Array) -> CategoricalCounts:
        """Responsibilities added up by symbol."""
        counts = [np.bincount(x[:, 0], column, self.n_symbols + 1)[:-1] for column in resp.T]
        return CategoricalCounts(np.array(counts))

    def m_step(
        self, stats: CategoricalCounts, params: CategoricalParams, fixed: Collection[str] = ()
    ) -> CategoricalParams:
        """Probabilities in proportion to the counts; a component without data keeps its row."""
        if "emissionprob" in fixed:
            return params
        total = stats.counts.sum(axis=1, keepdims=True)
        return CategoricalParams(
            np.divide(stats.counts, total, out=params.emissionprob.copy(), where=total > 0)
        )

    def expected_log_likelihood(self, stats: CategoricalCounts, params: CategoricalParams) -> float:
        """Sum of counts times log probabilities."""
        used = stats.counts > 0
        with np.errstate(divide="ignore"):
            return float(stats.counts[used] @ np.log(params.emissionprob[used]))

    def inner_terms(self, stats: CategoricalCounts, params: CategoricalParams) -> float:
        """None: a log probability is a single term."""
        return 0.0

    def gradient(self, stats: CategoricalCounts, params: CategoricalParams) -> dict[str, Array]:
        """Counts over probabilities."""
        out = params.emissionprob == 0
        return {"emissionprob": np.where(out, 0.0, stats.counts / np.where(out, 1.0, params.emissionprob))}

    def spaces(self, params: CategoricalParams) -> Spaces:
        """Each row sums to one."""
        return {"emissionprob": Simplex(self._support(len(params.emissionprob)))}

    def sample(self, params: CategoricalParams, labels: NDArray[np.int64], rng: np.random.Generator) -> Any:
        """Draw a symbol for each label."""
        edges = np.cumsum(params.emissionprob, axis=1)[labels]
        symbols = (rng.random((len(labels), 1)) * edges[:, -1:] >= edges).sum(axis=1)
        return np.minimum(symbols, self.n_symbols - 1)[:, None]

    def distribution(self, params: CategoricalParams, x: Any) -> Distribution:
        """Sums of probabilities in the order of the alphabet, from either end; a missing symbol is NaN."""
        at = params.emissionprob.T
        none, unknown = np.zeros((1, at.shape[1])), np.full((1, at.shape[1]), np.nan)
        below = np.concatenate([none, at.cumsum(axis=0)[:-1], unknown])
        above = np.concatenate([at[::-1].cumsum(axis=0)[-2::-1], none, unknown])
        with np.errstate(divide="ignore"):
            tables = [np.log(table) for table in (below, above, np.concatenate([at, unknown]))]
        return Distribution(*(table[x[:, 0]][:, :, None] for table in tables))

    def params(self, emissionprob: Array) -> CategoricalParams:
        """Of the probabilities."""
        return CategoricalParams(emissionprob)

    def checked(self, name: str, value: Any, n_components: int, n_features: int | None, label: str) -> Array:
        """Rows of probabilities, one for each symbol."""
        return probabilities(value, label, n_components, self.n_symbols, support=self.support)

    def given(
        self, values: Mapping[str, Any], n_components: int, suffix: str = ""
    ) -> tuple[Self, CategoricalParams]:
        """Symbols of probability zero cannot be emitted."""
        family, params = super().given(values, n_components, suffix)
        if self.support is None:
            family = replace(family, support=support_of(params.emissionprob))
        return family, params

    def _support(self, n_components: int) -> NDArray[np.bool_]:
        if self.support is None:
            return np.ones((n_components, self.n_symbols), dtype=bool)
        return self.support
