"""The likeliest path through a Markov chain.

Scores are kept and not where they came from: looking for the best state before is then left to the way back,
for one state a time instead of all. Large scores are taken relative to that of the likeliest state: beside
them the small numbers that decide would be lost. The first half of a sequence is scored forwards and the
second backwards, so that two threads can share one (docs/formulas.md, "Viterbi"). For few states, who came
from where is the shorter record: kernels/viterbi_few.py has the same entry points.
"""

from __future__ import annotations

import numpy as np

from latently.kernels.chain import row_at
from latently.kernels.compiling import ZERO, copy, kernel, ordered, part
from latently.kernels.lanes import EIGHT, larger, largest, load, number, store
from latently.kernels.vectors import panels, vector, write

LARGE = 64.0  # scores from which on they are taken relative to the best
TIED = 1e-12  # a path that stays wins where it is no worse than by so much, which rounding may decide


@part
def best_step(here, matrix, room):
    """Write the largest sum of an entry and one of its row of a matrix in panels, by column."""
    K = len(here)
    for j in range(0, K, 8):
        a, b, c, d = four_sums(here, ZERO, matrix, j * K)
        for i in range(4, K, 4):
            e, f, g, h = four_sums(here, i, matrix, j * K + 8 * i)
            a, b, c, d = larger(a, e), larger(b, f), larger(c, g), larger(d, h)
        store(room, j, larger(larger(a, b), larger(c, d)))


@part
def four_sums(here, i, matrix, at):
    """Entries from i on, each plus its row of a panel."""
    return (
        load(matrix, at, EIGHT) + number(here, i),
        load(matrix, at + 8, EIGHT) + number(here, i + 1),
        load(matrix, at + 16, EIGHT) + number(here, i + 2),
        load(matrix, at + 24, EIGHT) + number(here, i + 3),
    )


@ordered
def relative(scores, table, at):
    """Add a row of log densities to scores, both relative to the best state; return the sum in it.

    That is zero if no state is possible.
    """
    K = len(scores)
    best, m = -np.inf, 0
    for j in range(K):
        value = scores[j] + number(table, at + j)
        if value > best:
            best, m = value, j
    if best == -np.inf:
        scores[:] = -np.inf
        return 0.0
    one, other = scores[m], number(table, at + m)
    for j in range(K):
        scores[j] = (scores[j] - one) + (number(table, at + j) - other)
    return one + other


@part
def scored(here, table, at, room):
    """Scores with a row of log densities added, what was taken from all of them, and the vector left over."""
    for j in range(0, len(here), 8):
        store(room, j, load(here, j, EIGHT) + load(table, at + j, EIGHT))
    if abs(largest(room)) < LARGE:
        return room, 0.0, here
    taken = relative(here, table, at)
    return here, taken, room


@part
def score_forwards(table, index, matrix, scores, low, high, start):
    """Fill rows `low` to `high` of `scores`: of the best path that ends in each state.

    What is returned was taken from all of the last.
    """
    K = len(start)
    here, room = vector(start, None), vector(start, None)
    total = 0.0
    for t in range(low, high):
        if t > low:
            best_step(here, matrix, room)
            here, room = room, here
        here, taken, room = scored(here, table, K * row_at(index, t), room)
        total += taken
        write(here, scores, K * t)
    return total


@kernel
def score_first(table, index, start, transmat, scores, low, high, last, lanes):
    """Score the first half of a sequence.

    Parameters
    ----------
    table : array of shape (n, width)
        Log densities.
    index : array of int of shape (T,) or (0,)
        Which row of the table each time has; empty if they are in order.
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

    Returns
    -------
    float
        What was taken from all of `last`.
    """
    total = score_forwards(table, index, panels(transmat, lanes), scores, low, high, start)
    copy(scores[high - 1], last)
    return total


@kernel
def score_backwards(table, index, transposed, scores, low, high, last, lanes):
    """Fill rows `low` to `high` of `scores`: of the best path that goes on from each state.

    `last` is that of the last time, and is overwritten with that of the time before `low`. What is returned
    was taken from all of it.
    """
    K, matrix = len(last), panels(transposed, lanes)
    here, room = vector(last, None), vector(last, None)
    total = 0.0
    for t in range(high - 1, low - 1, -1):
        write(here, scores, K * t)
        here, taken, room = scored(here, table, K * row_at(index, t), room)
        total += taken
        best_step(here, matrix, room)
        here, room = room, here
    write(here, last, 0)
    return total


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
        if row[state] + transmat[state, state] + TIED < best:
            state = state_before
        path[t] = state


@kernel
def trace_first(transmat, scores, low, high, state, path):
    """`trace_back`, for the first half of a sequence."""
    trace_back(transmat, scores, low, high, state, path)


@kernel
def trace_ahead(table, index, transmat, scores, low, high, state, path):
    """Write the states of times `low` to `high` of the best path on from a state, by backward scores."""
    ahead = np.empty(scores.shape[1])
    for t in range(low, high):
        copy(scores[t], ahead)
        relative(ahead, transmat, len(ahead) * state)
        relative(ahead, table, len(ahead) * row_at(index, t))
        if ahead[state] + TIED < ahead.max():
            state = ahead.argmax()
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
        total = score_forwards(table, index, matrix, scores, low, high, start)
        row, best, state = scores[high - 1], -np.inf, ZERO
        for j in range(len(row)):
            if row[j] > best:
                best, state = row[j], j
        values[n] = total + best
        trace_back(transmat, scores, low, high, state, path)
