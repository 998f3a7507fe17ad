"""States of a Markov chain given the times before, and given all times but one: in logarithms.

What is observed at a time itself is left out, so it can be judged by what the rest says of it
(docs/formulas.md, "Pseudo-residuals").
"""

from __future__ import annotations

import numpy as np

from latently.kernels.chain import density_at
from latently.kernels.compiling import copy, kernel
from latently.kernels.log_chain import forward_step, joined, log_sum


@kernel
def predicted_in_logs(table, index, log_start, log_transmat, low, high, out):
    """Write the log probabilities of the states of a sequence at each time given what was seen before it.

    Parameters
    ----------
    table : array of shape (n, K)
        Log densities.
    index : array of int of shape (T,) or (0,)
        Which row of the table each time has; empty if they are in order.
    log_start, log_transmat : arrays of shape (K,), (K, K)
        Logarithms of the probabilities, the latter from row to column.
    low, high : int
        Where the sequence begins and ends.
    out : array of shape (T, K)
        Where to write.

    Returns
    -------
    int
        The time at which the sequence becomes impossible, -1 if it does not.
    """
    K = len(log_start)
    predicted, here, room = log_start.copy(), np.empty(K), np.empty(K)
    for t in range(low, high):
        copy(predicted, out[t])
        if not joined(predicted, density_at(table, index, t), here) > -np.inf:
            return t
        forward_step(here, log_transmat, room, predicted)
    return -1


@kernel
def add_the_future_in_logs(table, index, log_transmat, low, high, out):
    """Add to each row of a sequence the log densities of all that is seen later, and normalise it.

    So what was predicted from the past becomes what is known from all other times. Parameters are those of
    `predicted_in_logs`.
    """
    K = len(log_transmat)
    back, ahead, room = np.zeros(K), np.empty(K), np.empty(K)
    for t in range(high - 1, low - 1, -1):
        for j in range(K):
            if out[t, j] == -np.inf:
                back[j] = -np.inf  # what cannot be from the past must not outshine what can
        joined(out[t], back, out[t])
        joined(back, density_at(table, index, t), ahead)
        for i in range(K):
            for j in range(K):
                room[j] = log_transmat[i, j] + ahead[j]
            back[i] = log_sum(room, K)
