"""Paths of states drawn given a whole sequence: filtering forwards, then drawing backwards.

The last state is drawn from its filtered probabilities, each one before in proportion to its filtered
probability times that of the transition to the state drawn after it (docs/formulas.md, "Drawing paths").
Densities come as rows of `table`, at `index` or, where that is empty, in order.
"""

from __future__ import annotations

import numpy as np

from latently.kernels.chain import row_at
from latently.kernels.compiling import kernel, part
from latently.kernels.log_chain import forward_logs, log_sum
from latently.kernels.special import exp
from latently.kernels.vectors import (
    multiplied,
    panels,
    product_sum,
    scaled,
    stepped,
    sum_of,
    vector,
    width,
    write,
)

LOST = 1e-200  # a sum below which what a vector has lost by underflow may matter


@part
def draw(weights, u, K):
    """A state in proportion to weights, the last that is possible if rounding leaves `u` without one."""
    total = 0.0
    for j in range(K):
        total += weights[j]
    target, reached, state = u * total, 0.0, -1
    for j in range(K):
        if weights[j] > 0.0:
            reached += weights[j]
            state = j
            if reached > target:
                break
    return state


@kernel
def filter_forward(table, index, offsets, start, transmat, transposed, state, lanes):
    """Write the filtered probabilities of all sequences; return whether nothing that matters was lost.

    A vector that underflows loses a state for good, though it may turn out later to be the only one possible.
    If its probability given everything is not negligible, what is left agrees badly with the times after:
    this is looked for backwards.

    Parameters
    ----------
    table : array of shape (n, K)
        Densities up to a factor for each row.
    index : array of int of shape (T,) or (0,)
        Which row of the table each time has; empty if they are in order.
    offsets : array of int of shape (n_sequences + 1,)
        Where sequences begin and end.
    start, transmat, transposed : arrays of shape (K,), (K, K), (K, K)
        Probabilities of the first state, and of transitions from row to column, and transposed.
    state : array of shape (T, K)
        Where to write.
    lanes : tuple of K numbers, or None
        Tells the compiler the number of states, which is four or a multiple of eight.
    """
    K = width(lanes, start)
    onward, backward = panels(transmat, lanes), panels(transposed, lanes)
    for u in range(len(offsets) - 1):
        here, room = vector(start, lanes), vector(start, lanes)
        for t in range(offsets[u], offsets[u + 1]):
            here = multiplied(here, table, K * row_at(index, t))
            total = sum_of(here)
            if not total > LOST:
                return False
            here = scaled(here, 1.0 / total)
            write(here, state, K * t)
            here, room = stepped(here, onward, room), here
        if not agrees(table, index, backward, offsets[u], offsets[u + 1], state, lanes):
            return False
    return True


@part
def agrees(table, index, backward, low, high, state, lanes):
    """Whether filtered probabilities and backward vectors, both of sum one, agree at each time."""
    K = state.shape[1]
    here, room = vector(np.ones(K), lanes), vector(np.ones(K), lanes)
    for t in range(high - 1, low - 1, -1):
        norm = product_sum(here, state, K * t)
        here = multiplied(here, table, K * row_at(index, t))
        total = sum_of(here)
        if not norm > LOST or not total > LOST:
            return False
        here = scaled(here, 1.0 / total)
        here, room = stepped(here, backward, room), here
    return True


@kernel
def draw_backward(state, transposed, offsets, uniform, path):
    """Write one path of each sequence; return whether no step came to what a vector may have lost.

    Parameters
    ----------
    state : array of shape (T, K)
        What `filter_forward` wrote.
    transposed : array of shape (K, K)
        Transition probabilities, from column to row.
    offsets : array of int of shape (n_sequences + 1,)
        Where sequences begin and end.
    uniform : array of shape (T,)
        Numbers drawn evenly from 0 to 1.
    path : array of int of shape (T,)
        Where to write.
    """
    K = state.shape[1]
    weights = np.empty(K)
    for u in range(len(offsets) - 1):
        low, high = offsets[u], offsets[u + 1]
        for t in range(high - 1, low - 1, -1):
            here = state[t]
            total = 0.0
            if t == high - 1:
                for j in range(K):
                    weights[j] = here[j]
                    total += weights[j]
            else:
                to = transposed[path[t + 1]]
                for j in range(K):
                    weights[j] = here[j] * to[j]
                    total += weights[j]
            if not total > LOST:
                return False
            path[t] = draw(weights, uniform[t], K)
    return True


@kernel
def filter_forward_in_logs(table, index, offsets, log_start, log_transmat, state):
    """Write log forward vectors of all sequences; return the time at which one becomes impossible, or -1.

    As `filter_forward`, from log densities and the logarithms of the probabilities.
    """
    for u in range(len(offsets) - 1):
        first = log_start.copy()  # which is overwritten
        _, wrong = forward_logs(table, index, first, log_transmat, offsets[u], offsets[u + 1], state)
        if wrong >= 0:
            return wrong
    return -1


@kernel
def draw_backward_in_logs(state, log_transmat, offsets, uniform, path):
    """Write one path of each sequence: as `draw_backward`, from log forward vectors."""
    K = state.shape[1]
    logs, weights = np.empty(K), np.empty(K)
    for u in range(len(offsets) - 1):
        low, high = offsets[u], offsets[u + 1]
        for t in range(high - 1, low - 1, -1):
            for j in range(K):
                logs[j] = state[t, j]
                if t < high - 1:
                    logs[j] += log_transmat[j, path[t + 1]]
            total = log_sum(logs, K)
            for j in range(K):
                weights[j] = exp(logs[j] - total)
            path[t] = draw(weights, uniform[t], K)
