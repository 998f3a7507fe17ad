"""Passes along whole sequences, forward and backward, in one array of responsibilities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from latently.core.backends import Backend
from latently.core.blocks import Block
from latently.latent.base import IN_ORDER, Array, Density
from latently.latent.chain_parts import (
    ChainCounts,
    ChainParams,
    Padded,
    block_offsets,
    padded_width,
    refuse,
)

SHARED = 20_000  # time steps from which on two threads share one sequence
TILES = 4  # in a piece of work


@dataclass(frozen=True)
class Smoothed:
    """What a forward and backward pass leaves."""

    state: Array  # (T, width): responsibilities, weights applied, in the first K columns
    scales: Array  # (n_sequences,): log-likelihoods, less the logs of what the densities were divided by
    counts: ChainCounts  # expected first states and transitions


def densities(
    density: Density, block: Block, n_components: int, backend: Backend, table: Array
) -> tuple[Array, Array]:
    """Write the densities of all rows of a block over the largest of their row.

    Parameters
    ----------
    density : callable
        Gives the log densities of some rows, shape (n, n_components).
    block : Block
        The rows, and the limits and weights of the sequences.
    n_components : int
        Number of states.
    backend : Backend
        Who works on the tiles.
    table : array of shape (n_rows, width)
        Where to write.

    Returns
    -------
    sums, sizes : arrays of shape (n_sequences,)
        Sums over each sequence of the logarithms of these largest, and of their absolute values; zero for a
        sequence without weight.
    """
    from latently.kernels.chain import sequence_sums, shift_rows

    offsets = block_offsets(block)
    sums, sizes = np.zeros((2, block.n_units))

    def fill(rows: slice) -> tuple[slice, Array]:
        top = np.empty(rows.stop - rows.start)
        shift_rows(np.ascontiguousarray(density(rows)), table[rows], top)
        first = int(np.searchsorted(offsets, rows.start, side="right")) - 1
        some = slice(first, max(int(np.searchsorted(offsets, rows.stop)), first))
        limits = np.minimum(np.maximum(offsets[some.start : some.stop + 1] - rows.start, 0), len(top))
        more = np.zeros((2, some.stop - some.start))
        sequence_sums(top, limits, block.weights[some], *more)
        return some, more

    for some, more in backend.map(fill, block.tiles(floats_of_row(block, n_components))):
        sums[some] += more[0]
        sizes[some] += more[1]
    return sums, sizes


def floats_of_row(block: Block, n_components: int) -> int:
    """Working set of a row, for pieces of work that are worth handing out: several tiles in one."""
    return max((2 * n_components + 3 * prod(block.x.shape[1:])) // TILES, 1)


def pass_through(
    start: Array,
    transmat: Array,
    table: Array,
    index: NDArray[np.int64],
    logs: Callable[[], Array],
    block: Block,
    backend: Backend,
    symbol_counts: Array | None = None,
    state: Array | None = None,
) -> Smoothed:
    """Forward and backward, from densities up to a factor; see `kernels.chain.forward_backward`.

    Where a scaled vector loses a state that matters later, or a sequence seems impossible, all is done again
    in logarithms. `table` has densities over the largest of their row, `index` which row of it each time step
    has (empty if they are in order), and ``logs()`` gives its log densities if they are needed.
    Responsibilities are added to `symbol_counts` by row of the table, and written to `state`, if these are
    given. The backend may share out the two directions of a long sequence; an impossible one is refused by
    its name and time step.
    """
    shared = block.n_units == 1 and block.n_rows >= SHARED and block.weights[0] > 0
    if symbol_counts is None:
        symbol_counts = np.zeros((1, table.shape[1]))
    if state is None:
        state = np.empty((block.n_rows, table.shape[1]))
    arrays = _Arrays(
        Padded.of(start, transmat, table.shape[1]), len(transmat), table, index, state, symbol_counts
    )
    smoothed = _shared(arrays, block, backend) if shared else _alone(arrays, block)
    if smoothed is None:
        symbol_counts[:] = 0.0
        smoothed = _in_logs(start, transmat, logs(), index, block, symbol_counts)
    return smoothed


def pass_through_rows(
    start: Array, transmat: Array, density: Density, block: Block, backend: Backend
) -> tuple[Smoothed, Array]:
    """Forward and backward, from log densities of rows; and what `densities` took from each sequence."""
    K = len(transmat)
    table = np.empty((block.n_rows, padded_width(K)))
    log_maxima, _ = densities(density, block, K, backend, table)

    def logs() -> Array:
        return np.concatenate([density(rows) for rows in block.tiles(floats_of_row(block, K))])

    return pass_through(start, transmat, table, IN_ORDER, logs, block, backend), log_maxima


def pass_through_few(
    start: Array, transmat: Array, log_density: Array, block: Block, backend: Backend
) -> tuple[Smoothed, float, float]:
    """Forward and backward from log densities of few rows, log-likelihood and sum of its absolute terms."""
    from latently.kernels.chain import sequence_sums, shift_rows

    table, top = np.empty((block.n_rows, padded_width(len(transmat)))), np.empty(block.n_rows)
    shift_rows(np.ascontiguousarray(log_density), table, top)
    sums, sizes = np.zeros((2, block.n_units))
    sequence_sums(top, block_offsets(block), block.weights, sums, sizes)
    smoothed = pass_through(start, transmat, table, IN_ORDER, lambda: log_density, block, backend)
    bound = block.weights @ (smoothed.scales + sums)
    return smoothed, float(bound), float(block.weights @ (np.abs(smoothed.scales) + sizes))


@dataclass(frozen=True)
class _Arrays:
    """What a scaled pass reads and writes; see `pass_through`."""

    padded: Padded
    n_states: int
    table: Array
    index: NDArray[np.int64]
    state: Array
    symbol_counts: Array


def _alone(arrays: _Arrays, block: Block) -> Smoothed | None:
    """All sequences in this thread; None if a state was lost that mattered."""
    from latently.kernels.chain import forward_backward

    padded, K, width = arrays.padded, arrays.n_states, len(arrays.padded.start)
    scales = np.empty(block.n_units)
    initial, counts = np.zeros(width), np.zeros((width, width))
    sequence, _ = forward_backward(
        arrays.table,
        arrays.index,
        block_offsets(block),
        block.weights,
        padded.start,
        padded.transmat,
        padded.transposed,
        arrays.state,
        scales,
        initial,
        counts,
        arrays.symbol_counts,
        padded.lanes,
    )
    if sequence >= 0:
        return None
    return Smoothed(arrays.state, scales, ChainCounts(initial[:K], (counts * padded.transmat)[:K, :K]))


def _shared(arrays: _Arrays, block: Block, backend: Backend) -> Smoothed | None:
    """One long sequence, each direction by itself; None if a state was lost that mattered."""
    from latently.kernels.chain import first_half, middle, other_half

    padded, state, K = arrays.padded, arrays.state, arrays.n_states
    T, weight = block.n_rows, float(block.weights[0])
    mid = middle.py_func(0, T)
    directions = (True, False)
    seen = arrays.table, arrays.index

    def first(forward: bool) -> tuple[float, int]:
        parts = padded.start, padded.transmat, padded.transposed, state, 0, T, padded.lanes, forward
        return first_half(*seen, *parts)

    (log_scale, wrong), _ = backend.map(first, directions)
    if wrong >= 0:
        return None
    here = arrays.table[arrays.index[mid] if len(arrays.index) else mid]
    vectors = {True: state[mid - 1].copy(), False: here * state[mid]}
    sums = {way: (np.zeros_like(padded.transmat), np.zeros_like(arrays.symbol_counts)) for way in directions}

    def other(forward: bool) -> tuple[float, int]:
        parts = padded.transmat, padded.transposed, vectors[forward], state, 0, T, weight
        return other_half(*seen, *parts, *sums[forward], padded.lanes, forward)

    (more, wrong), (_, lost) = backend.map(other, directions)
    if wrong >= 0 or lost >= 0:
        return None
    arrays.symbol_counts[:] += sums[True][1] + sums[False][1]
    counts = (sums[True][0] + sums[False][0]) * padded.transmat
    scale = log_scale + more + np.log(vectors[True].sum())
    return Smoothed(state, np.array([scale]), ChainCounts(state[0, :K].copy(), counts[:K, :K]))


def _in_logs(
    start: Array,
    transmat: Array,
    log_density: Array,
    index: NDArray[np.int64],
    block: Block,
    symbol_counts: Array,
) -> Smoothed:
    """All sequences, in logarithms."""
    from latently.kernels.log_chain import forward_backward_in_logs

    K, offsets = len(start), block_offsets(block)
    state, log_likelihoods = np.empty((block.n_rows, symbol_counts.shape[1])), np.empty(block.n_units)
    initial, transitions = np.zeros(K), np.zeros((K, K))
    logs = ChainParams(start, transmat).logs
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
        symbol_counts,
    )
    if sequence >= 0:
        refuse(block, sequence, time - int(offsets[sequence]))
    return Smoothed(state, log_likelihoods, ChainCounts(initial, transitions))
