"""The likeliest path through a Markov chain.

Scores are kept and not where they came from: looking for the best state before is then left to the way back,
for one state a time instead of all. The first half of a sequence is scored forwards and the second
backwards, so that two threads can share one (docs/formulas.md, "Viterbi").
"""

from __future__ import annotations

import numpy as np

from latently.kernels.chain import density_at, row_at
from latently.kernels.compiling import kernel, part
from latently.kernels.vectors import added, best_stepped, panels, vector, width, write


@part
def score_forwards(table, index, start, transmat, scores, low, high, lanes):
    """Fill rows `low` to `high` of `scores`: of the best path that ends in each state.

    Parameters
    ----------
    table : array of shape (n, width)
        Log densities.
    index : array of int of shape (T,) or None
        Which row of the table each time has; None if they are in order.
    start, transmat : arrays of shape (width,), (width, width)
        Logarithms of the probabilities, the latter from row to column; minus infinity for padding.
    scores : array of shape (T, width)
        Where to write.
    low, high : int
        Where the sequence begins, and where to stop.
    lanes : tuple of `width` numbers or None
        The width, for the compiler.
    """
    K, matrix = width(lanes, start), panels(transmat, lanes)
    here, room = vector(start, lanes), vector(start, lanes)
    for t in range(low, high):
        here = added(here, table, K * row_at(index, t))
        write(here, scores, K * t)
        here, room = best_stepped(here, matrix, room), here


@kernel
def score_first(table, index, start, transmat, scores, low, high, lanes):
    """`score_forwards`, for the first half of a sequence."""
    score_forwards(table, index, start, transmat, scores, low, high, lanes)


@kernel
def score_backwards(table, index, transposed, scores, low, high, last, lanes):
    """Fill rows `low` to `high` of `scores`: of the best path that goes on from each state.

    `last` is that of the last time, and is overwritten with that of the time before `low`.
    """
    K, matrix = width(lanes, last), panels(transposed, lanes)
    here, room = vector(last, lanes), vector(last, lanes)
    for t in range(high - 1, low - 1, -1):
        write(here, scores, K * t)
        here = added(here, table, K * row_at(index, t))
        here, room = best_stepped(here, matrix, room), here
    write(here, last, 0)


@part
def trace_back(transmat, scores, low, high, state, path):
    """Write the states of times `low` to `high` of the best path that ends in a state, by forward scores."""
    K = scores.shape[1]
    if high > low:
        path[high - 1] = state
    for t in range(high - 2, low - 1, -1):
        row, best, state_before = scores[t], -np.inf, 0
        for i in range(K):
            value = row[i] + transmat[i, state]
            if value > best:
                best, state_before = value, i
        state = state_before
        path[t] = state


@kernel
def trace_first(transmat, scores, low, high, state, path):
    """`trace_back`, for the first half of a sequence."""
    trace_back(transmat, scores, low, high, state, path)


@kernel
def whole_paths(table, index, start, transmat, scores, offsets, path, values, lanes):
    """Write the best paths of whole sequences, and their scores.

    Parameters
    ----------
    table, index, start, transmat, scores, lanes
        As `score_forwards` has them.
    offsets : array of int of shape (n_sequences + 1,)
        Where sequences begin and end.
    path : array of int of shape (T,)
        Where to write the states.
    values : array of shape (n_sequences,)
        Where to write the scores.
    """
    for n in range(len(offsets) - 1):
        low, high = offsets[n], offsets[n + 1]
        score_forwards(table, index, start, transmat, scores, low, high, lanes)
        row, best, state = scores[high - 1], -np.inf, 0
        for j in range(len(row)):
            if row[j] > best:
                best, state = row[j], j
        values[n] = best
        trace_back(transmat, scores, low, high, state, path)


@kernel
def trace_ahead(table, index, transmat, scores, low, high, state, path):
    """Write the states of times `low` to `high` of the best path on from a state, by backward scores."""
    K = scores.shape[1]
    for t in range(low, high):
        b, row, best, following = density_at(table, index, t), scores[t], -np.inf, 0
        for j in range(K):
            value = transmat[state, j] + (row[j] + b[j])
            if value > best:
                best, following = value, j
        state = following
        path[t] = state
