"""A pass along one sequence that keeps vectors at the limits of segments only, and fills the rest in again.

Of T rows about the square root of T exist at a time, at the price of half as many steps again, and of
densities taken twice. The steps are those of the ordinary pass (docs/formulas.md, "Forward and backward"):
both directions go through the half where they begin, leaving checkpoints; then each goes on through the
other's half, where the vectors of a segment are computed again from its checkpoint just before they are met.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from latently.core.backends import Backend
from latently.core.blocks import Block
from latently.latent.base import Array
from latently.latent.chain_parts import ChainCounts, Padded, block_offsets, padded_width, refuse
from latently.latent.emission_tables import EmissionTable

LEAST_ROWS = 256  # rows of a segment, a multiple of the steps between rescalings


@dataclass(frozen=True)
class ForwardBackward:
    """What a pass in segments leaves; the weight of the sequence is applied to all but the last two."""

    counts: ChainCounts  # expected first state and transitions
    stats: Any  # sum of the statistics of pieces
    symbol_counts: Array  # responsibilities by row of the table
    # of the sequence once, and the sum of its absolute terms
    log_likelihood: float
    rounding_scale: float


def in_segments(
    start: Array, transmat: Array, observed: EmissionTable, block: Block, backend: Backend
) -> ForwardBackward:
    """Forward and backward along the one sequence of a block.

    Where a scaled vector loses a state that matters later, or the sequence seems impossible, all is done
    again in logarithms, in segments as well. The backend may share out the two directions. An impossible
    sequence is refused by its name and time step.
    """
    K = len(start)
    if not block.n_rows or not block.weights[0]:
        nothing = observed.expected_stats(slice(0, 0), np.empty((0, K)))
        return ForwardBackward(
            ChainCounts(np.zeros(K), np.zeros((K, K))), nothing, observed.counts(), 0.0, 0.0
        )
    found = _scaled(start, transmat, observed, block.n_rows, float(block.weights[0]), backend)
    return found or _in_logs(start, transmat, observed, block)


def cut(block: Block, most: int) -> Iterator[tuple[int, Block]]:
    """Cut a block between sequences: into so many rows, or one sequence. Each comes with where it begins."""
    offsets = block_offsets(block)
    first = 0
    while first < block.n_units:
        last = max(int(np.searchsorted(offsets, offsets[first] + most, side="right")) - 1, first + 1)
        low, high = int(offsets[first]), int(offsets[last])
        units = None if block.units is None else block.units[first:last]
        limits = offsets[first : last + 1] - low
        x, weights = block.x[low:high], block.weights[first:last]
        labels = None if block.labels is None else block.labels[low:high]
        yield low, Block(x, weights, limits, block.first + first, units, block.alone, labels)
        first = last


def segments(low: int, high: int, n_rows: int) -> list[slice]:
    """Cut a half of a sequence of so many rows."""
    step = max(LEAST_ROWS, -(-int(np.sqrt(n_rows)) // LEAST_ROWS) * LEAST_ROWS)
    return [slice(a, min(a + step, high)) for a in range(low, high, step)]


@dataclass(frozen=True)
class _Begun:
    """One direction through the half where it begins."""

    # segments in the order in which they were met, each with the vector it began with
    kept: list[tuple[slice, Array]]
    # (width,): what this half says in the middle: the last forward vector, or the backward one times its
    # densities
    edge: Array
    # logs of the scales (forwards), and of what densities were divided by: sum and absolute sum
    log_scale: float
    log_maxima: float
    rounding_scale: float


@dataclass(frozen=True)
class _Ended:
    """One direction through the other's half; `first` is the first row of the segment it came to last."""

    counts: Array
    symbol_counts: Array
    stats: Any
    log_scale: float
    first: Array


def _scaled(
    start: Array, transmat: Array, observed: EmissionTable, n_rows: int, weight: float, backend: Backend
) -> ForwardBackward | None:
    """The pass with scaled vectors; None if one lost what mattered."""
    from latently.kernels.chain import middle

    K = len(start)
    padded = Padded.of(start, transmat, padded_width(K))
    mid = middle.py_func(0, n_rows)
    halves = {True: segments(0, mid, n_rows), False: segments(mid, n_rows, n_rows)[::-1]}
    begun = list(backend.map(lambda way: _begin(way, halves[way], observed, padded), (True, False)))
    forwards, backwards = begun
    if forwards is None or backwards is None:
        return None

    def end(way: bool) -> _Ended | None:
        mine, other = (forwards, backwards) if way else (backwards, forwards)
        return _end(way, mine.edge, other.kept[::-1], observed, padded, weight, K)

    later, earlier = backend.map(end, (True, False))
    if later is None or earlier is None:
        return None
    counts = (later.counts + earlier.counts) * padded.transmat
    log_scale = forwards.log_scale + later.log_scale
    return ForwardBackward(
        ChainCounts(earlier.first, counts[:K, :K]),
        earlier.stats if later.stats is None else earlier.stats + later.stats,
        later.symbol_counts + earlier.symbol_counts,
        log_scale + forwards.log_maxima + backwards.log_maxima,
        abs(log_scale) + forwards.rounding_scale + backwards.rounding_scale + n_rows,
    )


def _begin(forward: bool, pieces: list[slice], observed: EmissionTable, padded: Padded) -> _Begun | None:
    """Go through the half where a direction begins; None if all becomes impossible there."""
    from latently.kernels.checkpoints import fill_backward, fill_forward

    vector = padded.start.copy() if forward else np.ones_like(padded.start)
    kept, edge = [], vector
    log_scale = log_maxima = rounding_scale = 0.0
    for rows in pieces:
        kept.append((rows, vector.copy()))
        table, index, top = observed.densities(rows)
        log_maxima += float(top.sum())
        rounding_scale += float(np.abs(top).sum())
        state = np.empty((rows.stop - rows.start, len(vector)))
        if forward:
            scale, wrong = fill_forward(table, index, vector, padded.transmat, state, padded.lanes)
            if wrong >= 0:
                return None
            log_scale += scale
            edge = state[-1].copy()
        else:
            fill_backward(table, index, vector, padded.transposed, state, padded.lanes)
            edge = state[0] * table[index[0] if len(index) else 0]
    return _Begun(kept, edge, log_scale, log_maxima, rounding_scale)


def _end(
    forward: bool,
    vector: Array,
    pieces: list[tuple[slice, Array]],
    observed: EmissionTable,
    padded: Padded,
    weight: float,
    K: int,
) -> _Ended | None:
    """Go through the other's half, from the middle on; None if one of the two lost what mattered."""
    from latently.kernels.checkpoints import fill_backward, fill_forward, finish_backward, finish_forward

    lanes = padded.lanes
    counts, symbol_counts = np.zeros_like(padded.transmat), observed.counts()
    stats, log_scale, first = None, 0.0, vector[:K]
    for rows, kept in pieces:
        table, index, _ = observed.densities(rows)
        state = np.empty((rows.stop - rows.start, len(vector)))
        if forward:
            fill_backward(table, index, kept, padded.transposed, state, lanes)
            scale, wrong = finish_forward(
                table, index, padded.transmat, vector, state, weight, counts, symbol_counts, lanes
            )
            log_scale += scale
        else:
            fill_forward(table, index, kept, padded.transmat, state, lanes)
            met = rows is pieces[0][0]
            wrong = finish_backward(
                table, index, padded.transposed, vector, state, weight, counts, symbol_counts, lanes, met
            )
        if wrong >= 0:
            return None
        part = observed.expected_stats(rows, np.ascontiguousarray(state[:, :K]))
        stats = part if stats is None else stats + part
        first = state[0, :K].copy()
    if forward:
        log_scale += float(np.log(vector.sum()))
    return _Ended(counts, symbol_counts, stats, log_scale, first)


def _in_logs(start: Array, transmat: Array, observed: EmissionTable, block: Block) -> ForwardBackward:
    """The pass in logarithms: forwards, leaving checkpoints, and back."""
    from latently.kernels.checkpoints import fill_logs, finish_logs

    K, T = len(start), block.n_rows
    width, weight = padded_width(K), float(block.weights[0])
    with np.errstate(divide="ignore"):
        predicted, log_transmat = np.log(start), np.log(transmat)
    kept = []
    log_scale = log_maxima = rounding_scale = 0.0
    for rows in segments(0, T, T):
        kept.append((rows, predicted.copy()))
        state = np.empty((rows.stop - rows.start, width))
        table, index = observed.logs(rows)
        scale, wrong = fill_logs(table, index, predicted, log_transmat, state)
        if wrong >= 0:
            refuse(block, 0, rows.start + wrong)
        top = table.max(axis=1)
        top = top[index] if len(index) else top
        log_scale += scale
        log_maxima += float(top.sum())
        rounding_scale += float(np.abs(top).sum())
    after, transitions, symbol_counts = np.zeros(K), np.zeros((K, K)), observed.counts()
    stats = None
    for rows, predicted in kept[::-1]:
        seen = observed.logs(rows)
        state = np.empty((rows.stop - rows.start, width))
        fill_logs(*seen, predicted, log_transmat, state)
        finish_logs(*seen, log_transmat, after, rows.stop < T, state, weight, transitions, symbol_counts)
        part = observed.expected_stats(rows, np.ascontiguousarray(state[:, :K]))
        stats = part if stats is None else stats + part
    return ForwardBackward(
        ChainCounts(after, transitions),
        stats,
        symbol_counts,
        log_scale + log_maxima,
        abs(log_scale) + rounding_scale + T,
    )
