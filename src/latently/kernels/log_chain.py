"""Forward and backward along a Markov chain in logarithms: slower, and nothing ever underflows.

For chains whose scaled vectors lose a state that later turns out to be the only one possible, which takes
transitions that are zero or nearly so (docs/formulas.md, "Forward and backward").
"""

from __future__ import annotations

import numpy as np

from latently.kernels.chain import density_at
from latently.kernels.compiling import copy, kernel, ordered
from latently.kernels.special import exp, log


@ordered
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


@ordered
def joined(one, b, out):
    """Write what a log vector and log densities say together, normalised; return the logarithm of its sum.

    Each is taken relative to the state for which the two agree best before they are added: numbers of any
    size would take the digits of the other with them. The largest of the densities is left out of the
    logarithm.
    """
    K = len(one)
    top, best, m = -np.inf, -np.inf, 0
    for j in range(K):
        top = max(top, b[j])
        if one[j] + b[j] > best:
            best, m = one[j] + b[j], j
    if best == -np.inf:
        return best
    of_one, of_b = one[m], b[m]
    for j in range(K):
        out[j] = (one[j] - of_one) + (b[j] - of_b)
    total = log_sum(out, K)
    for j in range(K):
        out[j] -= total
    return total + of_one + (of_b - top)


@ordered
def forward_step(here, log_transmat, room, predicted):
    """Write what the states at one time say of the next."""
    K = len(here)
    for j in range(K):
        for i in range(K):
            room[i] = here[i] + log_transmat[i, j]
        predicted[j] = log_sum(room, K)


@ordered
def shares(logs):
    """Turn logarithms into probabilities of sum one."""
    top, total = logs.max(), 0.0
    for i in range(len(logs)):
        logs[i] = exp(logs[i] - top)
        total += logs[i]
    for i in range(len(logs)):
        logs[i] /= total


@ordered
def backward_step(here, log_transmat, after, transitions, room):
    """Turn the probabilities `after` a time into those at it, of which `here` is the log forward vector.

    Given the state after it, a state is as probable as the past and the transition make it: what comes later
    adds nothing. The probabilities of both together are added to `transitions`.
    """
    K = len(after)
    now = np.zeros(K)
    for j in range(K):
        if after[j] > 0.0:
            for i in range(K):
                room[i] = here[i] + log_transmat[i, j]
            shares(room)
            for i in range(K):
                transitions[i, j] += after[j] * room[i]
                now[i] += after[j] * room[i]
    copy(now, after)


@ordered
def forward_logs(table, index, predicted, log_transmat, low, high, state):
    """Write log forward vectors, each of sum one; return the log of their scales.

    Where the sequence is impossible, the time at which it becomes so is given as well, -1 otherwise.
    `predicted` is what the times before say of `low`, and is overwritten with what all say of `high`.
    """
    K = len(predicted)
    room = np.empty(K)
    log_scale = 0.0
    for t in range(low, high):
        here = state[t, :K]
        total = joined(predicted, density_at(table, index, t), here)
        if not total > -np.inf:
            return log_scale, t
        log_scale += total
        forward_step(here, log_transmat, room, predicted)
    return log_scale, -1


@ordered
def backward_logs(
    table, index, log_transmat, after, more, state, low, high, weight, transitions, symbol_counts
):
    """Turn rows `low` to `high` of `state` from log forward vectors into responsibilities, times `weight`.

    `after` are those of the time `high`, if there are `more` times; they are overwritten with those of `low`.
    """
    K = len(after)
    room = np.empty(K)
    for t in range(high - 1, low - 1, -1):
        here = state[t, :K]
        if more or t < high - 1:
            backward_step(here, log_transmat, after, transitions, room)
        else:
            for j in range(K):
                after[j] = weight * exp(here[j])
        copy(after, here)
        if len(index):
            for j in range(K):
                symbol_counts[index[t], j] += here[j]


@kernel
def filter_in_logs(table, index, log_start, log_transmat, low, high, lag, state):
    """Write the probabilities of the states of a sequence at each time given what was seen up to some later.

    Parameters
    ----------
    table, index, log_start, log_transmat, low, high
        As for `forward_backward_in_logs`, of one sequence.
    lag : int
        How many times later; 0 to filter.
    state : array of shape (T, K)
        Where to write.

    Returns
    -------
    int
        The time at which the sequence becomes impossible, -1 if it does not.
    """
    _, wrong = forward_logs(table, index, log_start.copy(), log_transmat, low, high, state)
    if wrong >= 0:
        return wrong
    K = len(log_start)
    room, after, unused = np.empty(K), np.empty(K), np.zeros((K, K))
    for t in range(low, high):
        last = min(t + lag, high - 1)
        for j in range(K):
            after[j] = exp(state[last, j])
        for between in range(last - 1, t - 1, -1):
            backward_step(state[between], log_transmat, after, unused, room)
        copy(after, state[t])
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
    symbol_counts,
):
    """Take both directions through all sequences of a block.

    Parameters
    ----------
    table : array of shape (n, K)
        Log densities.
    index : array of int of shape (T,) or (0,)
        Which row of the table each time has; empty if they are in order.
    offsets, weights : arrays of shape (n_sequences + 1,), (n_sequences,)
        Where sequences begin and end, and their weights.
    log_start, log_transmat : arrays of shape (K,), (K, K)
        Logarithms of the probabilities, the latter from row to column.
    state : array of shape (T, width)
        Where to write the responsibilities, weights applied, in the first K columns; the others become zero.
    log_likelihoods : array of shape (n_sequences,)
        Where to write, less the logarithms of the largest density of each time.
    initial, transitions, symbol_counts : arrays of shape (K,), (K, K), (n, width)
        Sums to add to: expected first states, expected transitions, responsibilities by row of the table if
        there is an index.

    Returns
    -------
    sequence, time : int
        The first that is impossible; -1, -1 if none is.
    """
    K = len(log_start)
    after = np.empty(K)
    for u in range(len(weights)):
        low, high, weight = offsets[u], offsets[u + 1], weights[u]
        log_likelihoods[u] = 0.0
        for t in range(low, high):
            for j in range(state.shape[1]):
                state[t, j] = 0.0
        if low == high or weight == 0.0:
            continue
        total, wrong = forward_logs(table, index, log_start.copy(), log_transmat, low, high, state)
        if wrong >= 0:
            return u, wrong
        log_likelihoods[u] = total
        backward_logs(
            table, index, log_transmat, after, False, state, low, high, weight, transitions, symbol_counts
        )
        for j in range(K):
            initial[j] += state[low, j]
    return -1, -1
