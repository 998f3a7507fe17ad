"""The likeliest path through a Markov chain.

Scores are kept and not where they came from: looking for the best state before is then left to the way back,
for one state a time instead of all. The first half of a sequence is scored forwards and the second
backwards, so that two threads can share one (docs/formulas.md, "Viterbi").
"""

from __future__ import annotations

import numpy as np

from latently.kernels.chain import density_at, width
from latently.kernels.compiling import kernel, part


@part
def best_step(matrix, vector, lanes, out):
    """Write the largest of ``vector[i] + matrix[i, j]`` over i, for four states or a multiple of eight."""
    K = width(lanes, vector)
    for i in range(0, K, 4):
        p0, p1, p2, p3 = vector[i], vector[i + 1], vector[i + 2], vector[i + 3]
        a0, a1, a2, a3 = matrix[i], matrix[i + 1], matrix[i + 2], matrix[i + 3]
        for j in range(K):
            v0, v1, v2, v3 = p0 + a0[j], p1 + a1[j], p2 + a2[j], p3 + a3[j]
            v0 = v1 if v1 > v0 else v0
            v2 = v3 if v3 > v2 else v2
            v0 = v2 if v2 > v0 else v0
            out[j] = v0 if i == 0 or v0 > out[j] else out[j]


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
    K = width(lanes, start)
    here = np.empty(K)
    b = density_at(table, index, low)
    for j in range(K):
        here[j] = start[j] + b[j]
        scores[low, j] = here[j]
    best = np.empty(K)
    for t in range(low + 1, high):
        best_step(transmat, here, lanes, best)
        b, row = density_at(table, index, t), scores[t]
        for j in range(K):
            here[j] = best[j] + b[j]
            row[j] = here[j]


@kernel
def score_first(table, index, start, transmat, scores, low, high, lanes):
    """`score_forwards`, for the first half of a sequence."""
    score_forwards(table, index, start, transmat, scores, low, high, lanes)


@kernel
def score_backwards(table, index, transposed, scores, low, high, last, lanes):
    """Fill rows `low` to `high` of `scores`: of the best path that goes on from each state.

    `last` is that of the last time, and is overwritten with that of the time before `low`.
    """
    K = width(lanes, last)
    ahead = np.empty(K)
    for t in range(high - 1, low - 1, -1):
        b, row = density_at(table, index, t), scores[t]
        for j in range(K):
            row[j] = last[j]
            ahead[j] = last[j] + b[j]
        best_step(transposed, ahead, lanes, last)


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
