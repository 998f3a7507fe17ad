"""Chains that start from their stationary distribution: that distribution, and the climb of the M-step."""

from __future__ import annotations

from typing import Any

import numpy as np

from latently.kernels.compiling import ZERO, kernel, ordered

APART, HIGHER, SETTLED = 0, 1, 2
HALVINGS = 20
SECULAR = 100  # Newton steps for what a row sums to; a few are enough
HELD = 1e-12  # of the first states: what holds a probability that nothing else asks for


@kernel
def censored(transmat: Any, found: Any) -> bool:
    """Write the stationary distribution; False if not all states communicate.

    States are left out one after the other: with state n left out, the chain goes from i to j also by way of
    n. There is no subtraction, so nothing cancels, and states that are hardly ever left lose no digits
    (Grassmann, Taksar and Heyman 1985).
    """
    A = transmat.copy()
    K = len(A)
    for n in range(K - 1, 0, -1):
        leaves = 0.0
        for j in range(n):
            leaves += A[n, j]
        for i in range(n):
            A[i, n] /= leaves
            for j in range(n):
                A[i, j] += A[i, n] * A[n, j]
    found[0] = total = 1.0
    for n in range(1, K):
        found[n] = 0.0
        for i in range(n):
            found[n] += found[i] * A[i, n]
        total = 1.0 + found[n]
        for i in range(n + 1):
            found[i] /= total
    return total < np.inf


@kernel
def climb(initial: Any, transitions: Any, transmat: Any, found: Any, rested: float, rounds: int) -> int:
    """Raise ``initial @ log(stationary) + sum(transitions * log(transmat))``, and never lower it.

    Formulas: docs/formulas.md, "Stationary starts".

    Parameters
    ----------
    initial : array of shape (K,)
        Expected first states.
    transitions : array of shape (K, K)
        Expected transitions.
    transmat : array of shape (K, K)
        Where they are now.
    found : array of shape (K, K)
        Where to write better ones.
    rested : float
        Gain still to come, relative to the objective, at which the climb has settled.
    rounds : int
        Most steps.

    Returns
    -------
    int
        SETTLED; HIGHER if it has not yet; APART if there is no slope to follow as the chain comes apart, here
        and in proportion to the counts, and nothing was found.
    """
    K = len(initial)
    # Of the place that is the best so far and of one that is looked at: transitions, visits, first states.
    A, N, delta = np.empty((2, K, K)), np.empty((2, K, K)), np.empty((2, K))
    root: Any = ZERO
    most = -1.0
    for j in range(K):
        arrivals = 0.0
        for i in range(K):
            arrivals += transitions[i, j]
        if arrivals > most:
            root, most = j, arrivals
    for i in range(K):
        total = 0.0
        for j in range(K):
            total += transitions[i, j]
        for j in range(K):
            A[0, i, j] = transmat[i, j]
            A[1, i, j] = transitions[i, j] / total if total > 0.0 else transmat[i, j]
    here, there, height = 0, 1, -np.inf
    for k in range(2):
        value = _visits(initial, transitions, A[k], root, N[k], delta[k])
        if value > height:
            here, there, height = k, 1 - k, value
    if not height > -np.inf:
        return APART
    settled, before = False, 0.0
    for _ in range(rounds):
        _best_rows(initial, transitions, A[here], N[here], delta[here], A[there])
        value = _visits(initial, transitions, A[there], root, N[there], delta[there])
        for _ in range(HALVINGS):
            if value > height:
                break
            for i in range(K):
                for j in range(K):
                    A[there, i, j] = (A[here, i, j] + A[there, i, j]) / 2.0
            value = _visits(initial, transitions, A[there], root, N[there], delta[there])
        gain = value - height
        if gain > 0.0:
            here, there, height = there, here, value
        # What is to come after two steps, if each further one gains by the same factor less.
        settled = not gain > 0.0 or (gain < before and gain**2 <= rested * abs(height) * (before - gain))
        if settled:
            break
        before = gain
    for i in range(K):
        for j in range(K):
            found[i, j] = A[here, i, j]
    return SETTLED if settled else HIGHER


@ordered
def _visits(initial: Any, transitions: Any, transmat: Any, root: int, visits: Any, first: Any) -> float:
    """Write the visits from each state to each before the root, and the stationary distribution.

    The states but the root are left out of the chain one after the other, as in `censored`. The objective is
    given back, minus infinity if the chain comes apart.
    """
    K = len(initial)
    left_out = np.zeros(K)
    for i in range(K):
        for j in range(K):
            visits[i, j] = transmat[i, j]
    for n in range(K):
        if n == root:
            continue
        left_out[n] = 1.0
        leaves = 0.0
        for j in range(K):
            if left_out[j] == 0.0:
                leaves += visits[n, j]
        if not leaves > 0.0:
            return -np.inf
        for i in range(K):
            if i != n:
                times = visits[i, n] / leaves
                for j in range(K):
                    visits[i, j] += times * visits[n, j]
                visits[i, n] = times
        for j in range(K):
            visits[n, j] /= leaves
        visits[n, n] = 1.0 / leaves
    visits[root, root] = 1.0
    total = 0.0
    for j in range(K):
        total += visits[root, j]
    value = 0.0
    for i in range(K):
        first[i] = visits[root, i] / total
        if initial[i] > 0.0:
            value += initial[i] * np.log(first[i])
        for j in range(K):
            if transitions[i, j] > 0.0:
                value += transitions[i, j] * np.log(transmat[i, j])
    times = 0.0
    for i in range(K):
        visits[root, i] = visits[i, root] = 0.0
        for j in range(K):
            times += visits[i, j]
    return value if abs(value) + times < np.inf else -np.inf


@ordered
def _best_rows(initial: Any, transitions: Any, transmat: Any, visits: Any, first: Any, found: Any) -> None:
    """Write the rows at the maximum of what bounds the objective from below and touches it here."""
    K = len(initial)
    times, pull, counts, costs = np.zeros(K), np.zeros(K), np.empty(K), np.empty(K)
    begun = 0.0
    for j in range(K):
        begun += initial[j]
    for i in range(K):
        for j in range(K):
            times[i] += visits[i, j]
            if initial[j] > 0.0:
                pull[i] += visits[i, j] * (initial[j] / first[j])
        pull[i] -= begun * times[i]
    for i in range(K):
        total, cost = 0.0, 0.0
        for j in range(K):
            nearer = visits[i, i] - visits[j, i] - first[i] * (times[i] - times[j])
            costs[j] = max(begun * nearer, 0.0)
            extra = max(costs[j] + first[i] * (pull[j] - pull[i]), 0.0)
            counts[j] = transitions[i, j] + transmat[i, j] * (extra + HELD * begun)
            total += counts[j]
            cost += counts[j] * costs[j]
        level = total - cost / total  # below where the row sums to one, and so is each of the next
        for j in range(K):
            level = max(level, counts[j] - costs[j])
        whole = 1.0
        for _ in range(SECULAR):
            whole, steep = 0.0, 0.0
            for j in range(K):
                if counts[j] > 0.0:
                    share = counts[j] / (level + costs[j])
                    whole += share
                    steep += share / (level + costs[j])
            if not whole > 1.0 + 1e-14:
                break
            level += whole * (whole - 1.0) / steep
        for j in range(K):
            share = counts[j] / (level + costs[j]) / whole if counts[j] > 0.0 else 0.0
            found[i, j] = share if total > 0.0 else transmat[i, j]
