"""Forward and backward along a Markov chain in logarithms: slower, and nothing ever underflows.

For chains whose scaled vectors lose a state that later turns out to be the only one possible, which takes
transitions that are zero or nearly so (docs/formulas.md, "Forward and backward").
"""

from __future__ import annotations

import numpy as np

from latently.kernels.chain import density_at
from latently.kernels.compiling import kernel, part
from latently.kernels.special import exp, log


@part
def log_sum(values, count):
    """Logarithm of the sum of exponentials; minus infinity if all are."""
    top = -np.inf
    for i in range(count):
        top = max(top, values[i])
    if top == -np.inf:
        return top
    total = 0.0
    for i in range(count):
        total += exp(values[i] - top)
    return top + log(total)


@part
def forward_logs(table, index, predicted, log_transmat, low, high, state):
    """Write log forward vectors; return the time at which the sequence becomes impossible, or -1.

    `predicted` is what the times before say of `low`, and is overwritten with what all say of `high`.
    """
    K = len(predicted)
    room = np.empty(K)
    for t in range(low, high):
        b = density_at(table, index, t)
        best = -np.inf
        for j in range(K):
            state[t, j] = predicted[j] + b[j]
            best = max(best, state[t, j])
        if best == -np.inf:
            return t
        for j in range(K):
            for i in range(K):
                room[i] = state[t, i] + log_transmat[i, j]
            predicted[j] = log_sum(room, K)
    return -1


@part
def backward_logs(
    table, index, log_transmat, ahead, more, total, state, low, high, weight, transitions, tallies
):
    """Turn rows `low` to `high` of `state` from log forward vectors into responsibilities, times `weight`.

    `ahead` is what the time `high` says, if there are `more` times: its log backward vector plus its log
    densities; it is overwritten with that of `low`. `total` is the log-likelihood of the sequence.
    """
    K = len(ahead)
    room, back = np.empty(K), np.zeros(K)
    for t in range(high - 1, low - 1, -1):
        b = density_at(table, index, t)
        if more or t < high - 1:
            for i in range(K):
                here = state[t, i] - total
                for j in range(K):
                    room[j] = log_transmat[i, j] + ahead[j]
                    transitions[i, j] += weight * exp(here + room[j])
                back[i] = log_sum(room, K)
        for j in range(K):
            state[t, j] = weight * exp(state[t, j] + back[j] - total)
            ahead[j] = b[j] + back[j]
        if index is not None:
            for j in range(K):
                tallies[index[t], j] += state[t, j]


@kernel
def filter_in_logs(table, index, log_start, log_transmat, low, high, state):
    """Write the probabilities of the states of a sequence at each time given what was seen up to it.

    Parameters
    ----------
    table, index, log_start, log_transmat, low, high
        As for `forward_backward_in_logs`, of one sequence.
    state : array of shape (T, K)
        Where to write.

    Returns
    -------
    int
        The time at which the sequence becomes impossible, -1 if it does not.
    """
    wrong = forward_logs(table, index, log_start.copy(), log_transmat, low, high, state)
    if wrong >= 0:
        return wrong
    K = len(log_start)
    for t in range(low, high):
        total = log_sum(state[t], K)
        for j in range(K):
            state[t, j] = exp(state[t, j] - total)
    return -1


@kernel
def forward_backward_in_logs(
    table,
    index,
    offsets,
    weights,
    log_start,
    log_transmat,
    state,
    log_likelihoods,
    initial,
    transitions,
    tallies,
):
    """Take both directions through all sequences of a block.

    Parameters
    ----------
    table : array of shape (n, K)
        Log densities.
    index : array of int of shape (T,) or None
        Which row of the table each time has; None if they are in order.
    offsets, weights : arrays of shape (n_sequences + 1,), (n_sequences,)
        Where sequences begin and end, and their weights.
    log_start, log_transmat : arrays of shape (K,), (K, K)
        Logarithms of the probabilities, the latter from row to column.
    state : array of shape (T, width)
        Where to write the responsibilities, weights applied, in the first K columns; the others become zero.
    log_likelihoods : array of shape (n_sequences,)
        Where to write.
    initial, transitions, tallies : arrays of shape (K,), (K, K), (n, width)
        Sums to add to: expected first states, expected transitions, responsibilities by row of the table if
        there is an index.

    Returns
    -------
    sequence, time : int
        The first that is impossible; -1, -1 if none is.
    """
    K = len(log_start)
    ahead = np.empty(K)
    for u in range(len(weights)):
        low, high, weight = offsets[u], offsets[u + 1], weights[u]
        log_likelihoods[u] = 0.0
        for t in range(low, high):
            for j in range(state.shape[1]):
                state[t, j] = 0.0
        if low == high or weight == 0.0:
            continue
        wrong = forward_logs(table, index, log_start.copy(), log_transmat, low, high, state)
        if wrong >= 0:
            return u, wrong
        total = log_sum(state[high - 1], K)
        log_likelihoods[u] = total
        backward_logs(
            table, index, log_transmat, ahead, False, total, state, low, high, weight, transitions, tallies
        )
        for j in range(K):
            initial[j] += state[low, j]
    return -1, -1
