"""The likeliest path through a Markov chain.

Scores are kept and not where they came from: looking for the best state before is then left to the way back,
for one state a time instead of all. The first half of a sequence is scored forwards and the second
backwards, so that two threads can share one (docs/formulas.md, "Viterbi"). For few states, who came from
where is the shorter record: kernels/viterbi_few.py has the same entry points.
"""

from __future__ import annotations

import numpy as np

from latently.kernels.chain import density_at, row_at
from latently.kernels.compiling import inlined, kernel, part
from latently.kernels.lanes import EIGHT, larger, load, number, store
from latently.kernels.vectors import added, panels, vector, write


@inlined
def best_step(here, matrix, room):
    """Write the largest sum of an entry and one of its row of a matrix in panels, by column."""
    K = len(here)
    for j in range(0, K, 8):
        a, b, c, d = four_sums(here, 0, matrix, j * K)
        for i in range(4, K, 4):
            e, f, g, h = four_sums(here, i, matrix, j * K + 8 * i)
            a, b, c, d = larger(a, e), larger(b, f), larger(c, g), larger(d, h)
        store(room, j, larger(larger(a, b), larger(c, d)))


@inlined
def four_sums(here, i, matrix, at):
    """Entries from i on, each plus its row of a panel."""
    return (
        load(matrix, at, EIGHT) + number(here, i),
        load(matrix, at + 8, EIGHT) + number(here, i + 1),
        load(matrix, at + 16, EIGHT) + number(here, i + 2),
        load(matrix, at + 24, EIGHT) + number(here, i + 3),
    )


@part
def score_forwards(table, index, matrix, scores, low, high, start):
    """Fill rows `low` to `high` of `scores`: of the best path that ends in each state."""
    K = len(start)
    here, room = vector(start, None), vector(start, None)
    for t in range(low, high):
        if t > low:
            best_step(here, matrix, room)
            here, room = room, here
        here = added(here, table, K * row_at(index, t))
        write(here, scores, K * t)


@kernel
def score_first(table, index, start, transmat, scores, low, high, last, lanes):
    """Score the first half of a sequence.

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
    last : array of shape (width,)
        Where to write the scores of the last time.
    lanes : None
        There are too many states for a register.
    """
    score_forwards(table, index, panels(transmat, lanes), scores, low, high, start)
    last[:] = scores[high - 1]


@kernel
def score_backwards(table, index, transposed, scores, low, high, last, lanes):
    """Fill rows `low` to `high` of `scores`: of the best path that goes on from each state.

    `last` is that of the last time, and is overwritten with that of the time before `low`.
    """
    K, matrix = len(last), panels(transposed, lanes)
    here, room = vector(last, None), vector(last, None)
    for t in range(high - 1, low - 1, -1):
        write(here, scores, K * t)
        here = added(here, table, K * row_at(index, t))
        best_step(here, matrix, room)
        here, room = room, here
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


@kernel
def whole_paths(table, index, start, transmat, scores, offsets, path, values, lanes):
    """Write the best paths of whole sequences, and their scores.

    Parameters
    ----------
    table, index, start, transmat, scores, lanes
        As `score_first` has them.
    offsets : array of int of shape (n_sequences + 1,)
        Where sequences begin and end.
    path : array of int of shape (T,)
        Where to write the states.
    values : array of shape (n_sequences,)
        Where to write the scores.
    """
    matrix = panels(transmat, lanes)
    for n in range(len(offsets) - 1):
        low, high = offsets[n], offsets[n + 1]
        score_forwards(table, index, matrix, scores, low, high, start)
        row, best, state = scores[high - 1], -np.inf, 0
        for j in range(len(row)):
            if row[j] > best:
                best, state = row[j], j
        values[n] = best
        trace_back(transmat, scores, low, high, state, path)
