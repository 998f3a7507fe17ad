"""A Markov chain of labels: each state depends on the one before. With an emission, a hidden Markov model."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latently.core.blocks import Block
from latently.core.executors import Executor
from latently.core.model import Unit
from latently.core.parameters import Simplex, Spaces
from latently.core.statistics import tree_sum
from latently.latent.base import Array, Density, Expected, Latent, Visit
from latently.latent.chain_parts import ChainCounts, ChainParams, Padded, block_offsets, padded_width, refuse
from latently.latent.checkpoints import cut, in_segments
from latently.latent.readings import OfDensities
from latently.latent.stationary import maximise, stationary

STARTS = ("free", "stationary", "uniform")
SHARED = 20_000  # times from which on two threads share one sequence
TILES = 4  # in a piece of work


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
    budget : int, optional
        Bytes that the arrays of one pass along sequences may take. A sequence too long for that goes segment
        by segment, with checkpoints between them. There is no limit by default.
    """

    unit: Unit = "sequence"
    startprob: str = "free"
    support: NDArray[np.bool_] | None = None
    budget: int | None = None

    def start(self, n_components: int, rng: np.random.Generator) -> ChainParams:
        """Transitions a little uneven, and staying likelier than leaving."""
        support = self._support(n_components)
        transmat = support * (rng.uniform(0.5, 1.5, support.shape) + n_components * np.eye(n_components))
        transmat = transmat / transmat.sum(axis=1, keepdims=True)
        return self.settled(ChainParams(np.full(n_components, 1.0 / n_components), transmat))

    def settled(self, params: ChainParams) -> ChainParams:
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
        self, params: ChainParams, density: Density, block: Block, visit: Visit, executor: Executor
    ) -> Expected:
        """Forward and backward through all sequences of a block, then the emission tile by tile."""
        K = len(params.transmat)
        most = self.rows_within(2 * padded_width(K) + 1)
        if most is not None and block.n_rows > most:
            parts = (
                self._run_piece(params, density, low, piece, visit, executor, most)
                for low, piece in cut(block, most)
            )
            return tree_sum(parts)
        shape, rooms = (block.n_rows, padded_width(K)), executor.rooms
        with rooms.room(shape) as table, rooms.room(shape) as state:
            return self._run_in(table, state, params, density, block, visit, executor)

    def _run_in(
        self,
        table: Array,
        state: Array,
        params: ChainParams,
        density: Density,
        block: Block,
        visit: Visit,
        executor: Executor,
    ) -> Expected:
        """Whole sequences of a block; what arrays of so many rows as it has are needed, are given."""
        K = len(params.transmat)
        top = densities(density, block, K, executor, table)

        def logs() -> Array:
            return np.concatenate([density(rows) for rows in block.tiles(width)])

        width = floats_of_row(block, K)
        tops, absolute = sums_of_sequences(top, block)
        del top
        passed = self.pass_through(params, table, None, logs, block, executor, state=state)
        resp = passed.state[:, :K]
        stats = tree_sum(
            executor.map(lambda rows: visit(rows, np.ascontiguousarray(resp[rows])), block.tiles(width))
        )
        log_likelihoods = passed.scales + tops if passed.shifted else passed.scales
        # The logarithm of a sum near one is near zero, but known to a rounding of one: hence the lengths.
        magnitude = np.abs(passed.scales) + absolute + np.diff(block_offsets(block))
        return Expected(
            passed.counts, stats, float(block.weights @ log_likelihoods), float(block.weights @ magnitude)
        )

    def _run_piece(
        self,
        params: ChainParams,
        density: Density,
        low: int,
        piece: Block,
        visit: Visit,
        executor: Executor,
        most: int,
    ) -> Expected:
        """Some sequences of a block, from row `low` on: as ever if there is room, else one in segments."""

        def shifted(rows: slice) -> slice:
            return slice(rows.start + low, rows.stop + low)

        def density_here(rows: slice) -> Array:
            return density(shifted(rows))

        def visit_here(rows: slice, resp: Array) -> Any:
            return visit(shifted(rows), resp)

        if piece.n_rows <= most:
            return self.run(params, density_here, piece, visit_here, executor)
        reading = OfDensities(density_here, visit_here, len(params.transmat))
        found = in_segments(self.first(params), params.transmat, reading, piece, executor)
        weight = float(piece.weights[0])
        return Expected(found.counts, found.stats, weight * found.log_likelihood, weight * found.magnitude)

    def rows_within(self, floats_per_row: int) -> int | None:
        """How many rows of so many float64 numbers the budget allows; None if there is no limit."""
        return None if self.budget is None else self.budget // (8 * floats_per_row)

    def pass_through(
        self,
        params: ChainParams,
        table: Array,
        index: NDArray[np.int64] | None,
        logs: Callable[[], Array],
        block: Block,
        executor: Executor,
        tallies: Array | None = None,
        state: Array | None = None,
    ) -> Passed:
        """Forward and backward, from densities up to a factor; see `kernels.chain.forward_backward`.

        Where a scaled vector loses a state that matters later, or a sequence seems impossible, all is done
        again in logarithms.

        Parameters
        ----------
        params : ChainParams
            The parameters.
        table : array of shape (n, width)
            Densities over the largest of their row.
        index : array of int of shape (n_times,) or None
            Which row of the table each time has; None if they are in order.
        logs : callable
            Gives the log densities of the rows of the table, shape (n, K), if they are needed.
        block : Block
            For the limits and weights of the sequences.
        executor : Executor
            For the two directions of a long sequence.
        tallies : array of shape (n, width), optional
            Zeros, to which the responsibilities are added by row of the table.
        state : array of shape (n_times, width), optional
            Where to write the responsibilities; a new array by default.

        Raises
        ------
        ImpossibleObservationError
            If a sequence is impossible; it is named, and the time.
        """
        start, K = self.first(params), len(params.transmat)
        padded = Padded.of(start, params.transmat, table.shape[1])
        offsets = block_offsets(block)
        shared = block.n_units == 1 and block.n_rows >= SHARED and block.weights[0] > 0
        if tallies is None:
            tallies = np.zeros((1, table.shape[1]))
        if state is None:
            state = np.empty((block.n_rows, table.shape[1]))
        through = _shared if shared else _alone
        passed = through(padded, table, index, offsets, block, executor, tallies, state, K)
        if passed is None:
            tallies[:] = 0.0
            passed = _in_logs(start, params.transmat, logs(), index, offsets, block, tallies)
        return passed

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

    def m_step(self, stats: ChainCounts, params: ChainParams, fixed: Collection[str] = ()) -> ChainParams:
        """Probabilities in proportion to the counts; a state that was never left keeps its row."""
        transmat = params.transmat
        if "transmat" not in fixed:
            if self.startprob == "stationary":
                transmat = maximise(stats.initial, stats.transitions, params.transmat)
            else:
                total = stats.transitions.sum(axis=1, keepdims=True)
                transmat = np.divide(stats.transitions, total, out=transmat.copy(), where=total > 0)
        startprob = params.startprob
        if self.startprob == "free" and "startprob" not in fixed:
            startprob = stats.initial / stats.initial.sum()
        return self.settled(ChainParams(startprob, transmat))

    def expected_log_likelihood(self, stats: ChainCounts, params: ChainParams) -> float:
        """Sums of counts times log probabilities."""
        return _part(stats.initial, self.first(params)) + _part(stats.transitions, params.transmat)

    def spaces(self, params: ChainParams) -> Spaces:
        """Each row of probabilities sums to one; what follows from the transitions is not free."""
        K = len(params.transmat)
        spaces: dict[str, Any] = {"transmat": Simplex(self._support(K))}
        if self.startprob == "free":
            spaces["startprob"] = Simplex(np.ones(K, dtype=bool))
        return spaces

    def permute(self, params: ChainParams, order: Any) -> ChainParams:
        """Relabel the states."""
        return ChainParams(params.startprob[order], params.transmat[np.ix_(order, order)])

    def _support(self, n_components: int) -> NDArray[np.bool_]:
        if self.support is None:
            return np.ones((n_components, n_components), dtype=bool)
        return self.support


@dataclass(frozen=True)
class Passed:
    """What a forward and backward pass leaves.

    Attributes
    ----------
    state : array of shape (T, width)
        Responsibilities, weights applied, in the first K columns.
    scales : array of shape (n_sequences,)
        Log-likelihoods, less the logs of what the densities were divided by.
    counts : ChainCounts
        Expected first states and transitions.
    shifted : bool
        Whether these logs are still to be added.
    """

    state: Array
    scales: Array
    counts: ChainCounts
    shifted: bool = True


def densities(density: Density, block: Block, n_components: int, executor: Executor, table: Array) -> Array:
    """Write the densities of all rows of a block over the largest of their row; return its logarithm."""
    from latently.kernels.chain import shift_rows

    top = np.empty(block.n_rows)

    def fill(rows: slice) -> None:
        shift_rows(np.ascontiguousarray(density(rows)), table[rows], top[rows])

    for _ in executor.map(fill, block.tiles(floats_of_row(block, n_components))):
        pass
    return top


def floats_of_row(block: Block, n_components: int) -> int:
    """Working set of a row, for pieces of work that are worth handing out: several tiles in one."""
    return max((2 * n_components + 3 * int(np.prod(block.x.shape[1:]))) // TILES, 1)


def sums_of_sequences(top: Array, block: Block) -> tuple[Array, Array]:
    """Sums of values of times over each sequence, and of their absolute values; zero if it has no weight."""
    from latently.kernels.chain import sequence_sums

    sums, sizes = np.empty((2, block.n_units))
    sequence_sums(top, block_offsets(block), block.weights, sums, sizes)
    return sums, sizes


def _alone(
    padded: Padded,
    table: Array,
    index: NDArray[np.int64] | None,
    offsets: NDArray[np.int64],
    block: Block,
    executor: Executor,
    tallies: Array,
    state: Array,
    K: int,
) -> Passed | None:
    """All sequences in this thread; None if a state was lost that mattered."""
    from latently.kernels.chain import forward_backward

    width = table.shape[1]
    scales = np.empty(block.n_units)
    initial, counts = np.zeros(width), np.zeros((width, width))
    sequence, _ = forward_backward(
        table,
        index,
        offsets,
        block.weights,
        padded.start,
        padded.transmat,
        padded.transposed,
        state,
        scales,
        initial,
        counts,
        tallies,
        padded.lanes,
    )
    if sequence >= 0:
        return None
    return Passed(state, scales, ChainCounts(initial[:K], (counts * padded.transmat)[:K, :K]))


def _shared(
    padded: Padded,
    table: Array,
    index: NDArray[np.int64] | None,
    offsets: NDArray[np.int64],
    block: Block,
    executor: Executor,
    tallies: Array,
    state: Array,
    K: int,
) -> Passed | None:
    """One long sequence, each direction by itself; None if a state was lost that mattered."""
    from latently.kernels.chain import first_half, middle, other_half

    T, width, weight = block.n_rows, table.shape[1], float(block.weights[0])
    mid = middle.py_func(0, T)
    directions = (True, False)

    def first(forward: bool) -> tuple[float, int]:
        parts = padded.start, padded.transmat, padded.transposed, state, 0, T, padded.lanes, forward
        return first_half(table, index, *parts)

    (log_scale, wrong), _ = executor.map(first, directions)
    if wrong >= 0:
        return None
    here = table[mid] if index is None else table[index[mid]]
    vectors = {True: state[mid - 1].copy(), False: here * state[mid]}
    sums = {way: (np.zeros((width, width)), np.zeros_like(tallies)) for way in directions}

    def other(forward: bool) -> tuple[float, int]:
        return other_half(
            table,
            index,
            padded.transmat,
            padded.transposed,
            vectors[forward],
            state,
            0,
            T,
            weight,
            *sums[forward],
            padded.lanes,
            forward,
        )

    (more, wrong), (_, lost) = executor.map(other, directions)
    if wrong >= 0 or lost >= 0:
        return None
    tallies += sums[True][1] + sums[False][1]
    counts = (sums[True][0] + sums[False][0]) * padded.transmat
    scale = log_scale + more + np.log(vectors[True].sum())
    return Passed(state, np.array([scale]), ChainCounts(state[0, :K].copy(), counts[:K, :K]))


def _in_logs(
    start: Array,
    transmat: Array,
    log_density: Array,
    index: NDArray[np.int64] | None,
    offsets: NDArray[np.int64],
    block: Block,
    tallies: Array,
) -> Passed:
    """All sequences, in logarithms."""
    from latently.kernels.log_chain import forward_backward_in_logs

    K = len(start)
    state, log_likelihoods = np.empty((block.n_rows, tallies.shape[1])), np.empty(block.n_units)
    initial, transitions = np.zeros(K), np.zeros((K, K))
    with np.errstate(divide="ignore"):
        logs = np.log(start), np.log(transmat)
    sequence, time = forward_backward_in_logs(
        np.ascontiguousarray(log_density),
        index,
        offsets,
        block.weights,
        *logs,
        state,
        log_likelihoods,
        initial,
        transitions,
        tallies,
    )
    if sequence >= 0:
        refuse(block, sequence, time - int(offsets[sequence]))
    return Passed(state, log_likelihoods, ChainCounts(initial, transitions), shifted=False)


def _part(counts: Array, probabilities: Array) -> float:
    used = counts > 0
    with np.errstate(divide="ignore"):
        return float(counts[used] @ np.log(probabilities[used]))
