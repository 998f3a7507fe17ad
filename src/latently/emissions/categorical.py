"""Symbols: a probability for each of an alphabet, shape (K, n_symbols)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import missing_cells
from latently.core.declared import Parameter, support_of
from latently.core.spaces import Simplex, Spaces
from latently.core.statistics import Additive
from latently.emissions.alphabet import alphabet_of, codes_of
from latently.emissions.base import Array, Emission
from latently.emissions.categories import Categories
from latently.emissions.described import Components
from latently.emissions.distribution import Distribution
from latently.emissions.probabilities import learned, log_likelihood, slopes
from latently.emissions.reading import ImpossibleCellError
from latently.wording import count, listed, share

MOST_SYMBOLS, MOST_NAMED = 30, 3  # in a table, and in words
NOTABLE = 1e-9  # probability of other symbols that is worth a word


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
    """One symbol a row, read as an integer from 0; `n_symbols` stands for a missing one.

    Parameters
    ----------
    n_symbols : int, optional
        Size of the alphabet. Given alone it means the integers from 0 to ``n_symbols - 1``.
    support : array of bool of shape (K, n_symbols), optional
        Symbols that can be emitted; all by default. The others stay exactly zero.
    categories : array-like of shape (n_symbols,), optional
        The alphabet in its order: numbers, text, or both. By default it is the sorted symbols of a fit,
        filled in by `learned`.
    """

    n_symbols: int | None = None
    support: NDArray[np.bool_] | None = None
    categories: Any = None

    accepts_missing = True
    discrete: ClassVar[bool] = True
    takes: ClassVar[str] = "symbols"
    values: ClassVar[str] = "symbols"
    learns: ClassVar[bool] = True
    noun: ClassVar[str] = "symbols"
    adjective: ClassVar[str] = "categorical"
    params_type: ClassVar[type] = CategoricalParams
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("emissionprob", ("components", "symbols"), "probability of each symbol", "probabilities"),
    )

    @property
    def size(self) -> int:
        """Size of the alphabet, which must be known by now."""
        assert self.n_symbols is not None
        return self.n_symbols

    @property
    def alphabet(self) -> Any:
        """The symbols in their order: the integers from 0 if nothing else was said."""
        return np.arange(self.size) if self.categories is None else self.categories

    def categories_of(self, column: int) -> list[Any]:
        found: list[Any] = self.alphabet.tolist()
        return found

    def possible(self, x: Array) -> NDArray[np.bool_]:
        """Which cells can be symbols: any number, unless the alphabet is said to be the integers from 0."""
        if self.n_symbols is None or self.categories is not None:
            return super().possible(x)
        return np.isnan(x) | np.isin(x, self.alphabet)

    def learned(self, x: Any) -> Self:
        """Its alphabet: as it was given, or the symbols that are there."""
        known = self.categories is not None or self.n_symbols is not None
        alphabet = alphabet_of(self.categories, self.n_symbols, x[:0] if known else x[~missing_cells(x)])
        return replace(self, n_symbols=len(alphabet), categories=alphabet)

    def in_a_table(self, n_columns: int, unknown: str) -> Emission:
        known = self.categories is None and self.n_symbols is None
        return Categories(None if known else tuple(self.alphabet), unknown)

    def reading_as(self, other: Any) -> Self:
        return replace(self, n_symbols=other.n_symbols, categories=other.categories)

    def read(self, x: Any) -> NDArray[np.int64]:
        """Positions in the alphabet, its size in the place of missing symbols."""
        symbols, missing = x[:, 0], missing_cells(x[:, 0])
        if missing.any():
            codes = np.full(len(symbols), self.size, dtype=np.int64)
            codes[~missing] = codes_of(symbols[~missing], self.alphabet)
        else:
            codes = codes_of(symbols, self.alphabet)
        wrong = codes < 0
        if wrong.any():
            row = int(wrong.argmax())
            symbol, known = np.asarray(symbols[row]).item(), self.alphabet.tolist()
            remedy = "add it to categories and fit again, or make it missing"
            if isinstance(symbol, str) and set(symbol) <= set(known):
                remedy = "write [np.array(list(text)) for text in X] if its letters are the symbols"
            some = ", ".join(map(repr, known[:10]))
            raise ImpossibleCellError(
                row, 0, f"holds {symbol!r}, which is not in the alphabet ({some}): {remedy}"
            )
        return codes[:, None]

    def shown(self, x: object) -> Any:
        return self.alphabet[x]

    def observed(self, x: Array) -> NDArray[np.bool_]:
        """Which symbols are not missing."""
        return np.asarray(x[:, 0] < self.size)

    def describe(self, x: Array, weights: Array) -> SymbolCounts:
        symbols = x[:, 0]
        seen = symbols < self.size
        return SymbolCounts(np.bincount(symbols[seen], weights[seen], self.size).astype(np.float64))

    def start(
        self, description: SymbolCounts, n_components: int, rng: np.random.Generator
    ) -> CategoricalParams:
        frequencies = (description.counts + 1.0) / (description.counts.sum() + self.size)
        values = self._support(n_components) * frequencies * rng.gamma(2.0, size=(n_components, self.size))
        return CategoricalParams(values / values.sum(axis=1, keepdims=True))

    def table(self, params: CategoricalParams) -> Array:
        """Log probabilities of all symbols and, last, of a missing one: shape (n_symbols + 1, K)."""
        K, n_symbols = params.emissionprob.shape
        found = np.zeros((n_symbols + 1, K))
        with np.errstate(divide="ignore"):
            np.log(params.emissionprob.T, out=found[:-1])
        return found

    def lookup(self, params: CategoricalParams, x: Array) -> tuple[Array, NDArray[np.int64]]:
        return self.table(params), np.ascontiguousarray(x[:, 0])

    def log_density(self, params: CategoricalParams, x: Any) -> Array:
        """Looked up; the last row is that of a missing symbol."""
        return self.table(params)[x[:, 0]]

    def expected_stats(self, params: CategoricalParams, x: Any, resp: Array) -> CategoricalCounts:
        counts = [np.bincount(x[:, 0], column, self.size + 1)[:-1] for column in resp.T]
        return CategoricalCounts(np.array(counts))

    def m_step(
        self, stats: CategoricalCounts, params: CategoricalParams, fixed: Collection[str] = ()
    ) -> CategoricalParams:
        """Probabilities in proportion to the counts; a component without data keeps its row."""
        if "emissionprob" in fixed:
            return params
        return CategoricalParams(learned(stats.counts, params.emissionprob))

    def expected_log_likelihood(self, stats: CategoricalCounts, params: CategoricalParams) -> float:
        """Sum of counts times log probabilities."""
        return log_likelihood(stats.counts, params.emissionprob)

    def inner_terms(self, stats: CategoricalCounts, params: CategoricalParams) -> float:
        """None: a log probability is a single term."""
        return 0.0

    def gradient(self, stats: CategoricalCounts, params: CategoricalParams) -> dict[str, Array]:
        return {"emissionprob": slopes(stats.counts, params.emissionprob)}

    def split(
        self, x: Array, coordinates: Array | None, weights: Array, way: int, rng: np.random.Generator
    ) -> Array:
        """Equal symbols stay together, each in either half by chance."""
        return rng.uniform(0.1, 0.9, self.size + 1)[x[:, 0]]

    def spaces(self, params: CategoricalParams) -> Spaces:
        return {"emissionprob": Simplex(self._support(len(params.emissionprob)))}

    def sample(self, params: CategoricalParams, labels: NDArray[np.int64], rng: np.random.Generator) -> Any:
        edges = np.cumsum(params.emissionprob, axis=1)[labels]
        symbols = (rng.random((len(labels), 1)) * edges[:, -1:] >= edges).sum(axis=1)
        return np.minimum(symbols, self.size - 1)[:, None]

    def distribution(self, params: CategoricalParams, x: Array) -> Distribution:
        """Sums of probabilities in the order of the alphabet, from either end; a missing symbol is NaN."""
        at = params.emissionprob.T
        none, unknown = np.zeros((1, at.shape[1])), np.full((1, at.shape[1]), np.nan)
        below = np.concatenate([none, at.cumsum(axis=0)[:-1], unknown])
        above = np.concatenate([at[::-1].cumsum(axis=0)[-2::-1], none, unknown])
        with np.errstate(divide="ignore"):
            tables = [np.log(table) for table in (below, above, np.concatenate([at, unknown]))]
        return Distribution(*(table[x[:, 0]][:, :, None] for table in tables))

    def never(self, params: CategoricalParams, least: float) -> NDArray[np.int64]:
        """Those of nearly no probability."""
        return np.argwhere(params.emissionprob < least)

    def describe_components(
        self, params: CategoricalParams, names: Sequence[str], rows: Array, label: str
    ) -> Components:
        """Probabilities of the symbols, and the likeliest of each component."""
        symbols = self.alphabet
        shown, more = list(symbols[:MOST_SYMBOLS]), len(symbols) - MOST_SYMBOLS
        lines = [
            [f"{names[0]} = {symbol}", *map(share, params.emissionprob[:, s])]
            for s, symbol in enumerate(shown)
        ]
        words = [_likeliest(line, symbols) for line in params.emissionprob]
        note = f"Probability of each symbol in the {label}."
        rest = (
            f" {count(more, 'more symbol')} {'is' if more == 1 else 'are'} in summary.json."
            if more > 0
            else ""
        )
        return Components(lines, words, note + rest)

    def checked(
        self, name: str, value: object, n_components: int, n_features: int | None, label: str
    ) -> Array:
        sizes = self.sizes(n_components, n_features or "n_features")
        return self.parameters[0].checked(value, label, sizes, self.support)

    def sizes(self, n_components: int, n_features: int | str) -> dict[str, int | str]:
        """Also that of the alphabet."""
        return super().sizes(n_components, n_features) | {"symbols": self.size}

    def given(
        self, values: Mapping[str, Any], n_components: int, suffix: str = ""
    ) -> tuple[Self, CategoricalParams]:
        """Symbols of probability zero cannot be emitted; by default they are the integers from 0."""
        n, coded = (np.shape(values["emissionprob"]) or (1,))[-1], self
        if self.n_symbols is None:
            coded = self.learned(np.arange(n))
            if coded.size != n:
                raise ValueError(
                    f"categories holds {count(coded.size, 'symbol')}, and emissionprob has "
                    f"{count(n, 'column')}: there should be one for each"
                )
        family, params = super(Categorical, coded).given(values, n_components, suffix)
        if self.support is None:
            family = replace(family, support=support_of(params.emissionprob))
        return family, params

    def order_keys(self, params: CategoricalParams) -> Array:
        """How often they emit the first symbol, then the next: most often first."""
        return -np.round(params.emissionprob, 6)

    def check_fitted(self, fitted: Any) -> None:
        """Of the alphabet that these settings make of its symbols."""
        super().check_fitted(fitted)
        alphabet = fitted.categories if self.n_symbols is None else fitted.alphabet
        if not isinstance(alphabet, np.ndarray) or alphabet.shape != (fitted.n_symbols,) or not len(alphabet):
            raise ValueError(f"its alphabet is not a row of {count(fitted.n_symbols, 'symbol')}")
        if self.learned(alphabet).categories.tolist() != alphabet.tolist():
            raise ValueError(
                "its alphabet is not that of its settings, or not sorted, or holds a symbol twice"
            )

    def check_shapes(self, params: CategoricalParams, n_components: int, n_features: int) -> None:
        """Also the one column, and what can be emitted."""
        super().check_shapes(params, n_components, n_features)
        shape = n_components, self.size
        if n_features != 1:
            raise ValueError(f"symbols stand in one column, and it has {n_features}")
        if self.support is not None and self.support.shape != shape:
            raise ValueError(f"its possible symbols have shape {self.support.shape}, should be {shape}")

    def _support(self, n_components: int) -> NDArray[np.bool_]:
        if self.support is None:
            return np.ones((n_components, self.size), dtype=bool)
        return self.support


def _likeliest(probabilities: Array, symbols: Sequence[object]) -> str:
    """The likeliest symbols of a component, and how likely the others are together."""
    order = np.argsort(-probabilities, kind="stable")[:MOST_NAMED]
    named = [f"{symbols[s]} ({share(probabilities[s])})" for s in order if probabilities[s] > 0]
    rest = 1.0 - probabilities[order].sum()
    return listed([*named, f"others ({share(rest)})"] if rest > NOTABLE else named)
