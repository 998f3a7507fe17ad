"""The likeliest path through a Markov chain of eight states or fewer.

As kernels/viterbi.py, but what is kept of a step is not scores: it is the state that each state's best path
came from, or backwards, goes on to. For states that stand in one register this costs little, a byte each, and
the way back is to look one up.
"""

from __future__ import annotations

import numpy as np

from latently.kernels.chain import row_at
from latently.kernels.compiling import inlined, kernel, part
from latently.kernels.lanes import best_with_matrix, load, store


@inlined
def score_forwards(table, index, transmat, came, low, high, start, lanes):
    """Scores of the best path that ends in each state; `came` gets the state before."""
    K = len(lanes)
    here = load(start, 0, lanes)
    if high > low:
        here = here + load(table, K * row_at(index, low), lanes)
    for t in range(low + 1, high):
        best = best_with_matrix(here, transmat, came, K * t)
        here = best + load(table, K * row_at(index, t), lanes)
    return here


@kernel
def score_first(table, index, start, transmat, came, low, high, last, lanes):
    """Score the first half of a sequence.

    Parameters
    ----------
    table, index, start, transmat, low, high, last
        As kernels/viterbi.py has them.
    came : array of uint8 of shape (T, width)
        Where to write the state before each state.
    lanes : tuple of `width` numbers
        Four or eight.
    """
    store(last, 0, score_forwards(table, index, transmat, came, low, high, start, lanes))


@kernel
def score_backwards(table, index, transposed, came, low, high, last, lanes):
    """Score the second half of a sequence.

    Row t of `came` gets the state at time t to which each state of the time before goes on. `last` is the
    score of the last time, and is overwritten with that of the time before `low`.
    """
    K = len(lanes)
    here = load(last, 0, lanes)
    for t in range(high - 1, low - 1, -1):
        here = here + load(table, K * row_at(index, t), lanes)
        here = best_with_matrix(here, transposed, came, K * t)
    store(last, 0, here)


@part
def trace_back(came, low, high, state, path):
    """Write the states of times `low` to `high` of the best path that ends in a state."""
    for t in range(high - 1, low, -1):
        path[t] = state
        state = came[t, state]
    if high > low:
        path[low] = state


@kernel
def trace_first(transmat, came, low, high, state, path):
    """`trace_back`, for the first half of a sequence."""
    trace_back(came, low, high, state, path)


@kernel
def trace_ahead(table, index, transmat, came, low, high, state, path):
    """Write the states of times `low` to `high` of the best path on from a state."""
    for t in range(low, high):
        state = came[t, state]
        path[t] = state


@kernel
def whole_paths(table, index, start, transmat, came, offsets, path, values, lanes):
    """Write the best paths of whole sequences, and their scores; see kernels/viterbi.py."""
    row = np.empty(len(lanes))
    for n in range(len(offsets) - 1):
        low, high = offsets[n], offsets[n + 1]
        store(row, 0, score_forwards(table, index, transmat, came, low, high, start, lanes))
        best, state = -np.inf, 0
        for j in range(len(row)):
            if row[j] > best:
                best, state = row[j], j
        values[n] = best
        trace_back(came, low, high, state, path)
