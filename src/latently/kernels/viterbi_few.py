"""The likeliest path through a Markov chain of eight states or fewer.

As kernels/viterbi.py, but what is kept of a step is not scores: it is the state that each state's best path
came from, or backwards, goes on to. For states that stand in one register this costs little, a byte each, and
the way back is to look one up.
"""

from __future__ import annotations

import numpy as np

from latently.kernels.chain import row_at
from latently.kernels.compiling import ZERO, kernel, part
from latently.kernels.lanes import best_with_matrix, highest, load, store
from latently.kernels.viterbi import LARGE, TIED, relative


@part
def scored(here, table, at, room):
    """Scores with a row of log densities added, and what was taken from all of them."""
    joined = here + load(table, at, here)
    if abs(highest(joined)) < LARGE:
        return joined, 0.0
    store(room, 0, here)
    taken = relative(room, table, at)
    return load(room, 0, here), taken


@part
def staying(transmat, lanes):
    """Scores of staying in each state, a little better than they are."""
    diagonal = np.diag(transmat) + TIED
    return load(diagonal, 0, lanes)


@part
def score_forwards(table, index, transmat, came, low, high, start, lanes):
    """Scores of the best path that ends in each state, and what was taken from all of them.

    `came` gets the state before.
    """
    K, room = len(lanes), np.empty(len(lanes))
    here, stays, total = load(start, 0, lanes), staying(transmat, lanes), 0.0
    for t in range(low, high):
        if t > low:
            here = best_with_matrix(here, transmat, stays, came, K * t)
        here, taken = scored(here, table, K * row_at(index, t), room)
        total += taken
    return here, total


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
    here, total = score_forwards(table, index, transmat, came, low, high, start, lanes)
    store(last, 0, here)
    return total


@kernel
def score_backwards(table, index, transposed, came, low, high, last, lanes):
    """Score the second half of a sequence.

    Row t of `came` gets the state at time t to which each state of the time before goes on. `last` is the
    score of the last time, and is overwritten with that of the time before `low`. What is returned was taken
    from all of it.
    """
    K, room = len(lanes), np.empty(len(lanes))
    here, stays, total = load(last, 0, lanes), staying(transposed, lanes), 0.0
    for t in range(high - 1, low - 1, -1):
        here, taken = scored(here, table, K * row_at(index, t), room)
        total += taken
        here = best_with_matrix(here, transposed, stays, came, K * t)
    store(last, 0, here)
    return total


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
        here, total = score_forwards(table, index, transmat, came, low, high, start, lanes)
        store(row, 0, here)
        best, state = -np.inf, ZERO
        for j in range(len(row)):
            if row[j] > best:
                best, state = row[j], j
        values[n] = total + best
        trace_back(came, low, high, state, path)
