"""A Markov chain of labels: each state depends on the one before. With an emission, a hidden Markov model."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from latently.core.backends import Backend
from latently.core.blocks import Block
from latently.core.declared import SUM_TOLERANCE, Parameter, numbers, support_of
from latently.core.errors import ImpossibleObservationError
from latently.core.model import Unit
from latently.core.spaces import Simplex, Spaces
from latently.core.statistics import tree_sum
from latently.latent.base import Array, Density, Expected, FewRows, Labels, Latent, Lookup, Visit, normalised
from latently.latent.chain_parts import (
    ChainCounts,
    ChainParams,
    block_offsets,
    over,
    padded_width,
    part_of_q,
    place,
    rounding_of_sums,
    shared_out,
)
from latently.latent.checkpoints import cut, in_segments
from latently.latent.emission_tables import EmissionTable, OfRows
from latently.latent.filtering import filtered, left_out
from latently.latent.passes import pass_through, pass_through_few, pass_through_rows
from latently.latent.path_sampling import PathPosterior
from latently.latent.stationary import maximise, refuse_several, slopes, stationary
from latently.latent.viterbi import likeliest_paths
from latently.wording import count

STARTPROBS = ("free", "stationary", "uniform")


@dataclass(frozen=True)
class Chain(Latent):
    """Labels that follow each other.

    Parameters
    ----------
    startprob : {"free", "stationary", "uniform"}
        What the first state follows: a distribution of its own, the stationary one of the transitions, or the
        even one.
    support : array of bool of shape (K, K), optional
        Transitions that can happen; all by default. The others stay exactly zero.
    first_support : array of bool of shape (K,), optional
        States that a sequence can begin in, if that is free; all by default.
    budget : int, optional
        Bytes that the arrays of one pass along sequences may take. A sequence too long for that goes segment
        by segment, with checkpoints between them. There is no limit by default.
    """

    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("startprob", ("components",), "probability of each first state", "probabilities"),
        Parameter(
            "transmat", ("components", "components"), "probability of each next state", "probabilities"
        ),
    )

    unit: Unit = "sequence"
    startprob: str = "free"
    support: NDArray[np.bool_] | None = None
    first_support: NDArray[np.bool_] | None = None
    budget: int | None = None
    label = "state"

    def __post_init__(self) -> None:
        if self.startprob == "stationary" and self.support is not None:
            refuse_several(self.support, "give other transitions, or another startprob than 'stationary'")

    def place(self, block: Block, row: int) -> str:
        return place(block, row)

    def start(self, n_components: int, rng: np.random.Generator) -> ChainParams:
        """Transitions a little uneven, and staying likelier than leaving."""
        support = self._support(n_components)
        transmat = support * (rng.uniform(0.5, 1.5, support.shape) + n_components * np.eye(n_components))
        transmat = transmat / transmat.sum(axis=1, keepdims=True)
        first = self._first_support(n_components)
        return self.projected(ChainParams(first / first.sum(), transmat))

    def dispersed(self, n_components: int, rng: np.random.Generator) -> ChainParams:
        """Staying is the likelier the slower the chain is thought to be, which chance decides."""
        begin = self.start(n_components, rng)
        stay = rng.uniform(0.0, 0.95)
        mixed = (1 - stay) * begin.transmat + stay * np.eye(n_components)
        mixed = np.where(begin.transmat > 0, mixed, 0.0)
        return self.projected(ChainParams(begin.startprob, mixed / mixed.sum(axis=1, keepdims=True)))

    def stationary_distribution(self, params: ChainParams) -> Array:
        """The distribution that transitions leave as it is.

        Raises
        ------
        ValueError
            If it is not unique: if the chain comes apart.
        """
        refuse_several(params.transmat > 0, "look at each such set of states by itself")
        return stationary(params.transmat)

    @classmethod
    def from_user(cls, startprob: object, transmat: object) -> tuple[dict[str, Any], dict[str, Any]]:
        """What a user gives of a chain: settings of an estimator, and values of parameters.

        Parameters
        ----------
        startprob : array-like of shape (K,), "stationary" or "uniform"
            Probabilities of the first state, or what they follow from.
        transmat : array-like of shape (K, K)
            Transition probabilities, from row to column.

        Raises
        ------
        ValueError
            If the transitions are no square table, or the first state follows an unknown rule.
        """
        K = len(np.atleast_1d(np.asarray(transmat, dtype=object)))
        values = {"transmat": numbers(transmat, "transmat", K, K)}
        if not isinstance(startprob, str):
            return {"n_components": K, "startprob": "free"}, {"startprob": startprob, **values}
        if startprob not in STARTPROBS[1:]:
            allowed = " or ".join(map(repr, STARTPROBS[1:]))
            own = count(K, "probability", "probabilities")
            raise ValueError(f"startprob={startprob!r}: should be {own}, or {allowed}")
        return {"n_components": K, "startprob": startprob}, values

    def projected(self, params: ChainParams) -> ChainParams:
        """The first state follows from the transitions where it is not free."""
        if self.startprob == "free":
            return params
        return replace(params, startprob=self.first(params))

    def first(self, params: ChainParams) -> Array:
        """Probabilities of the first state."""
        if self.startprob == "stationary":
            return stationary(params.transmat)
        if self.startprob == "uniform":
            K = len(params.transmat)
            return np.full(K, 1.0 / K)
        return params.startprob

    def run(
        self, params: ChainParams, density: Density, block: Block, visit: Visit, backend: Backend
    ) -> Expected:
        """Forward and backward through all sequences of a block, then the emission tile by tile."""
        return self.expected(params, OfRows(density, visit, len(params.transmat)), block, backend)

    def expected(self, params: ChainParams, table: EmissionTable, block: Block, backend: Backend) -> Expected:
        """Expected statistics of a block of sequences, those too long for the budget in segments."""
        most = self.rows_within(table.floats_per_row)
        if most is None or block.n_rows <= most:
            return self._whole(params, table, block, backend)
        parts = ((table.part(low, piece.n_rows), piece) for low, piece in cut(block, most))
        return tree_sum(
            (self._whole if piece.n_rows <= most else self._in_segments)(params, part, piece, backend)
            for part, piece in parts
        )

    def of_few(self, params: ChainParams, family: FewRows, block: Block, backend: Backend) -> Expected | None:
        K = len(params.transmat)
        most = self.rows_within(2 * padded_width(K) + 1)
        if most is not None and block.n_rows > most:
            return None
        seen = family.log_density()
        smoothed, bound, rounding_scale = pass_through_few(
            self.first(params), params.transmat, seen, block, backend
        )
        stats = family.expected_stats(smoothed.state[:, :K])
        return Expected(smoothed.counts, stats, bound, rounding_scale + rounding_of_sums(block))

    def _whole(self, params: ChainParams, table: EmissionTable, block: Block, backend: Backend) -> Expected:
        """Whole sequences, in arrays of as many rows as they have."""
        shape, counts = (block.n_rows, padded_width(len(params.transmat))), table.counts()
        with table.filled(block, backend) as seen, backend.buffers.buffer(shape) as state:
            read = seen.table, seen.index, seen.logs
            smoothed = pass_through(self.first(params), params.transmat, *read, block, backend, counts, state)
            stats, bound, rounding_scale = seen.collect(smoothed, counts)
        return Expected(smoothed.counts, stats, bound, rounding_scale + rounding_of_sums(block))

    def _in_segments(
        self, params: ChainParams, table: EmissionTable, block: Block, backend: Backend
    ) -> Expected:
        """One sequence, segment by segment."""
        found = in_segments(self.first(params), params.transmat, table, block, backend)
        weight, stats = float(block.weights[0]), table.stats(found.stats, found.symbol_counts)
        return Expected(found.counts, stats, weight * found.log_likelihood, weight * found.rounding_scale)

    def posterior(
        self, params: ChainParams, density: Density, block: Block, backend: Backend, *, refuse: bool
    ) -> tuple[Array, Array]:
        K, start = len(params.transmat), self.first(params)
        block = replace(block, weights=np.ones(block.n_units))
        try:
            smoothed, log_maxima = pass_through_rows(start, params.transmat, density, block, backend)
        except ImpossibleObservationError:
            if refuse:
                raise
            return np.full(block.n_units, -np.inf), np.full((block.n_rows, K), np.nan)
        return smoothed.scales + log_maxima, np.ascontiguousarray(smoothed.state[:, :K])

    def decode(
        self, params: ChainParams, lookup: Lookup, block: Block, backend: Backend
    ) -> tuple[Array, Labels]:
        """The likeliest path of each sequence, by Viterbi's algorithm."""
        seen, offsets = (lookup.log_density, lookup.order), block_offsets(block)
        path, values = likeliest_paths(*seen, self.first(params), params.transmat, offsets, backend)
        return values, path

    def filter(self, params: ChainParams, lookup: Lookup, block: Block, lag: int = 0) -> Array:
        """Forwards, and backwards over the lag, in logarithms."""
        return filtered(self.projected(params), lookup, block, lag)

    def filter_step(
        self, params: ChainParams, before: Array | None, log_density: Array
    ) -> tuple[float, Array]:
        """One step forwards, in logarithms, in which no state is ever lost."""
        start, transmat = self.projected(params).logs
        predicted = start if before is None else np.logaddexp.reduce(before[:, None] + transmat)
        return normalised(predicted, log_density)

    def predict(self, params: ChainParams, probability: Array | None, steps: int) -> Array:
        """So many transitions; before the first row there is one less to come."""
        if probability is None:
            probability, steps = self.first(params), steps - 1
        return np.asarray(probability @ np.linalg.matrix_power(params.transmat, steps))

    def leave_one_out(
        self, params: ChainParams, lookup: Lookup, block: Block, given: Literal["others", "past"]
    ) -> Array:
        """Forwards, and backwards if the future is given, in logarithms."""
        return left_out(self.projected(params), lookup, block, given == "others")

    def sample(
        self, params: ChainParams, n_rows: int, rng: np.random.Generator, first: int | None = None
    ) -> Labels:
        states, uniform = np.empty(n_rows, dtype=np.int64), rng.random(n_rows)
        begins = self.first(params) if first is None else np.eye(len(params.transmat))[first]
        limits, edges = np.cumsum(begins), np.cumsum(params.transmat, axis=1)
        for t, u in enumerate(uniform):
            states[t] = min(int(np.searchsorted(limits, u * limits[-1], side="right")), len(limits) - 1)
            limits = edges[states[t]]
        return states

    def sample_posterior(
        self, params: ChainParams, lookup: Lookup, block: Block, n_draws: int, rng: np.random.Generator
    ) -> Labels:
        posterior = PathPosterior(self.projected(params), lookup, block)
        paths = np.empty((n_draws, block.n_rows), dtype=np.int64)
        for path in paths:
            posterior.draw(rng.random(len(path)), path)
        return paths

    def rows_within(self, floats_per_row: int) -> int | None:
        """How many rows of so many float64 numbers the budget allows; None if there is no limit."""
        return None if self.budget is None else self.budget // (8 * floats_per_row)

    def stats_of(self, resp: Array, block: Block) -> ChainCounts:
        """Return first states and transitions of labels drawn independently."""
        K = resp.shape[1]
        initial, transitions = np.zeros(K), np.zeros((K, K))
        offsets = block_offsets(block)
        for weight, low, high in zip(block.weights, offsets[:-1], offsets[1:], strict=True):
            if low < high:
                initial += weight * resp[low]
                transitions += weight * resp[low : high - 1].T @ resp[low + 1 : high]
        return ChainCounts(initial, transitions)

    @property
    def exchangeable(self) -> bool:
        """Whether any state can follow any other."""
        supports = self.support, self.first_support
        return all(support is None or bool(support.all()) for support in supports)

    def transferred(self, params: ChainParams, transfer: Array, counts: Array) -> ChainParams:
        """Transitions between the parts, where these can be."""
        leaving = transfer.T @ (counts[:, None] * params.transmat)
        first, transitions = params.startprob @ transfer, leaving @ transfer
        with np.errstate(invalid="ignore"):
            if self.first_support is not None:
                first = params.startprob @ shared_out(transfer, self.first_support)
            if self.support is not None:
                rows = zip(leaving, self.support, strict=True)
                transitions = np.array([row @ shared_out(transfer, can_be) for row, can_be in rows])
            transmat = transitions / transitions.sum(axis=1, keepdims=True)
            return self.projected(ChainParams(first / first.sum(), transmat))

    def m_step(self, stats: ChainCounts, params: ChainParams, fixed: Collection[str] = ()) -> ChainParams:
        """Probabilities in proportion to the counts; a state that was never left keeps its row."""
        transmat = params.transmat
        if "transmat" not in fixed:
            if self.startprob == "stationary":
                transmat = maximise(stats.initial, stats.transitions, params.transmat)
            else:
                total = np.add.reduce(stats.transitions, axis=1, keepdims=True)
                if np.minimum.reduce(total, axis=None) > 0:
                    transmat = stats.transitions / total
                else:
                    transmat = np.divide(stats.transitions, total, out=transmat.copy(), where=total > 0)
        startprob = params.startprob
        if self.startprob == "free" and "startprob" not in fixed:
            startprob = stats.initial / np.add.reduce(stats.initial)
        return self.projected(ChainParams(startprob, transmat))

    def expected_log_likelihood(self, stats: ChainCounts, params: ChainParams) -> float:
        """Sums of counts times log probabilities."""
        return part_of_q(stats.initial, self.first(params)) + part_of_q(stats.transitions, params.transmat)

    def gradient(self, stats: ChainCounts, params: ChainParams) -> dict[str, Array]:
        """Counts over probabilities; of a stationary start by the transitions (docs/formulas.md)."""
        if self.startprob == "stationary":
            return {"transmat": slopes(stats.initial, stats.transitions, params.transmat)}
        found = {"transmat": over(stats.transitions, params.transmat)}
        if self.startprob == "free":
            found["startprob"] = over(stats.initial, params.startprob)
        return found

    def going_on(self, before: Self) -> Self:
        """What could not happen before still cannot."""
        return replace(before, startprob=self.startprob, budget=self.budget)

    def without_error(self, params: ChainParams, n_units: int) -> dict[str, str]:
        if n_units > 1 or self.startprob != "free" or len(params.startprob) == 1:
            return {}
        return {
            "startprob": "startprob has no error, and the others hold it as it is: it is learned from the "
            "first time step of one sequence, which does not say how sure it is"
        }

    def spaces(self, params: ChainParams) -> Spaces:
        """Each row of probabilities sums to one; what follows from the transitions is not free."""
        K = len(params.transmat)
        spaces: dict[str, Any] = {"transmat": Simplex(self._support(K))}
        if self.startprob == "free":
            spaces["startprob"] = Simplex(self._first_support(K))
        return spaces

    def permute(self, params: ChainParams, order: Any) -> ChainParams:
        return ChainParams(params.startprob[order], params.transmat[np.ix_(order, order)])

    def can_be(self, name: str) -> NDArray[np.bool_] | None:
        """What can happen."""
        return self.first_support if name == "startprob" else self.support

    def given(
        self, values: Mapping[str, object], n_components: int, suffix: str = ""
    ) -> tuple[Self, ChainParams]:
        """Check the probabilities; what is exactly zero cannot happen."""
        given = "startprob" in values
        values = {"startprob": np.full(n_components, 1.0 / n_components), **values}
        found = ChainParams(
            **{name: self.checked(name, values[name], n_components, name + suffix) for name in self.names}
        )
        chain = replace(
            self,
            support=support_of(found.transmat) if self.support is None else self.support,
            first_support=support_of(found.startprob) if self.first_support is None else self.first_support,
        )
        params = chain.projected(found)
        if given and (np.abs(params.startprob - found.startprob) > SUM_TOLERANCE).any():
            raise ValueError(
                f"startprob{suffix} is not what startprob={self.startprob!r} makes of the transitions: leave "
                "it out, or choose startprob='free'"
            )
        return chain, params

    def check_fitted(self, fitted: Any) -> None:
        """A chain of the same units that starts by the same rule."""
        super().check_fitted(fitted)
        if (fitted.unit, fitted.startprob) != (self.unit, self.startprob):
            raise ValueError(f"its model is no chain that starts {self.startprob!r}")

    def check(self, params: ChainParams, n_components: int) -> None:
        """A first state that follows what it says it does, and supports of the shape of what they are of."""
        for one in self.parameters:
            support = self.can_be(one.name)
            shape = (n_components,) * len(one.axes)
            if support is not None and support.shape != shape:
                raise ValueError(f"its possible '{one.name}' has shape {support.shape}, should be {shape}")
        super().check(params, n_components)
        if not (np.abs(params.startprob - self.first(params)) <= SUM_TOLERANCE).all():
            raise ValueError(f"its startprob is not {self.startprob}")

    def _first_support(self, n_components: int) -> NDArray[np.bool_]:
        return np.ones(n_components, dtype=bool) if self.first_support is None else self.first_support

    def _support(self, n_components: int) -> NDArray[np.bool_]:
        if self.support is None:
            return np.ones((n_components, n_components), dtype=bool)
        return self.support
