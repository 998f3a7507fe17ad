"""The stationary distribution of a chain, and the likeliest transitions if it starts from there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latently.latent.base import Array

TINY = 1e-300
ROUNDS = 50  # of the fixed point, which needs a few where transitions are many
PRECISION = {"ftol": 1e-14, "gtol": 1e-9}
RESTED = 1e-9  # relative gain at which a search has nothing left to find


def stationary(transmat: Array) -> Array:
    """The distribution that transitions leave as it is, each probability to its last digits.

    Of a chain with several closed classes the one in which each has a share by its number of states is
    returned.

    Parameters
    ----------
    transmat : array of shape (K, K)
        Transition probabilities, from row to column.

    Returns
    -------
    array of shape (K,)
        Sums to one.

    References
    ----------
    .. [1] Grassmann, W. K., Taksar, M. I. and Heyman, D. P. (1985). Regenerative analysis and steady state
       distributions for Markov chains. Operations Research 33, 1107-1116.
    """
    found = _censored(transmat)
    if np.isfinite(found).all():
        return found
    found = np.zeros(len(transmat))
    for states in closed_classes(transmat > TINY):
        found[states] = len(states) * _censored(transmat[np.ix_(states, states)])
    return np.asarray(found / found.sum())


def closed_classes(linked: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """Sets of states that a chain never leaves once it is there, and in which it gets everywhere.

    With more than one of them the stationary distribution is not unique.

    Parameters
    ----------
    linked : array of bool of shape (K, K)
        Which transitions can happen, from row to column.

    Examples
    --------
    >>> [states.tolist() for states in closed_classes(np.eye(2, dtype=bool))]
    [[0], [1]]
    """
    from scipy.sparse.csgraph import connected_components

    n_classes, labels = connected_components(linked, connection="strong")
    classes = [np.flatnonzero(labels == k) for k in range(n_classes)]
    closed = [states for states in classes if not np.delete(linked[states], states, axis=1).any()]
    return sorted(closed, key=lambda states: int(states[0]))


def refuse_several(linked: NDArray[np.bool_], remedy: str) -> None:
    """Refuse a chain that has more than one stationary distribution.

    Raises
    ------
    ValueError
        If it has; the message names the states, and the remedy.
    """
    closed = closed_classes(linked)
    if len(closed) > 1:
        one, other = (", ".join(map(str, states)) for states in closed[:2])
        raise ValueError(
            f"the stationary distribution is not unique: the chain never leaves state {one} once it is "
            f"there, nor state {other}; {remedy}"
        )


def _censored(transmat: Array) -> Array:
    """Stationary probabilities by elimination, without a subtraction; NaN if not all states communicate.

    With state n left out, the chain goes from i to j also by way of n. So nothing cancels, and states that
    are hardly ever left lose no digits.
    """
    A = transmat.copy()
    K = len(A)
    found = np.ones(K)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for n in range(K - 1, 0, -1):
            leaves = A[n, :n].sum()
            A[:n, :n] += np.outer(A[:n, n], A[n, :n] / leaves)
            A[:n, n] /= leaves
        for n in range(1, K):
            found[n] = found[:n] @ A[:n, n]
            found[: n + 1] /= found[: n + 1].sum()
    return found


def maximise(initial: Array, transitions: Array, transmat: Array) -> Array:
    """Transitions that raise the expected log-likelihood of a stationary chain as far as possible.

    It is ``initial @ log(stationary) + sum(transitions * log(transmat))``, whose maximum has no closed form.
    It is climbed to from the better of the current transitions and those in proportion to the counts, and
    never left lower than it was (a generalised EM step). Formulas: docs/formulas.md, "Stationary starts".

    Parameters
    ----------
    initial : array of shape (K,)
        Expected first states.
    transitions : array of shape (K, K)
        Expected transitions.
    transmat : array of shape (K, K)
        Where they are now. Exact zeros stay.

    Returns
    -------
    array of shape (K, K)
        Rows sum to one.
    """
    from scipy.optimize import minimize  # it takes long to import, and few chains need it

    support = transmat > 0
    total = transitions.sum(axis=1, keepdims=True)
    plain = np.divide(transitions, total, out=transmat.copy(), where=total > 0)
    plain = np.where(support, np.maximum(plain, TINY), 0.0)
    plain /= plain.sum(axis=1, keepdims=True)
    start = max(plain, transmat, key=lambda matrix: _objective(initial, transitions, matrix))
    start = _fixed_point(initial, transitions, start)
    rows, columns = np.nonzero(support)
    scale = max(float(transitions.sum()), 1.0)

    def matrix_of(free: Array) -> Array:
        logits = np.full(transmat.shape, -np.inf)
        logits[rows, columns] = free
        values = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(values / values.sum(axis=1, keepdims=True))

    def falling(free: Array) -> tuple[float, Array]:
        matrix = matrix_of(free)
        slope = _gradient(initial, transitions, matrix)
        slope = matrix * (slope - (matrix * slope).sum(axis=1, keepdims=True))
        slope = np.where(np.isfinite(slope), slope, 0.0)
        return -_objective(initial, transitions, matrix) / scale, -slope[rows, columns] / scale

    free = np.log(np.maximum(start[rows, columns], TINY))
    with np.errstate(over="ignore", invalid="ignore"):  # next to chains that come apart there are no slopes
        for _ in range(ROUNDS):  # a search that lost its way is begun anew where it ended
            found = minimize(falling, free, jac=True, method="L-BFGS-B", options=PRECISION)
            gain, free = falling(free)[0] - found.fun, found.x
            if not gain > RESTED * abs(found.fun):
                break
    candidates = [matrix_of(free), start, transmat]
    return max(candidates, key=lambda matrix: _objective(initial, transitions, matrix))


def _fixed_point(initial: Array, transitions: Array, matrix: Array) -> Array:
    """Climb with the stationary part of the objective replaced by its tangent.

    Row by row, ``sum_j n_j log a_j + G_j a_j`` is largest at ``a_j = n_j / (l - G_j)``, with l such that they
    sum to one. This converges at the rate at which first states are few beside transitions.
    """
    if not (transitions.sum(axis=1) > 0).all():
        return matrix
    height = _objective(initial, transitions, matrix)
    for _ in range(ROUNDS):
        with np.errstate(over="ignore", invalid="ignore"):  # next to chains that come apart slopes are huge
            better = _best_rows(transitions, _pull(initial, matrix))
        if not np.isfinite(better).all():
            break
        value = _objective(initial, transitions, better)
        if not value > height:
            break
        matrix, height = better, value
    return matrix


def _best_rows(counts: Array, slopes: Array) -> Array:
    """For each row the probabilities that maximise ``counts @ log(a) + slopes @ a``, by Newton's method."""
    slopes = np.where(counts > 0, slopes, -np.inf)
    level = (slopes + counts).max(axis=1, keepdims=True)  # where the sum is one at least
    for _ in range(100):
        above = np.maximum(level - slopes, TINY)  # infinite where nothing was counted
        terms = counts / above
        excess = terms.sum(axis=1, keepdims=True) - 1.0
        steep = (terms / above).sum(axis=1, keepdims=True)
        level = level + np.maximum(excess, 0.0) / steep
        if excess.max() < 1e-14:
            break
    return np.asarray(terms / terms.sum(axis=1, keepdims=True))


def _pull(initial: Array, matrix: Array) -> Array:
    """Derivatives of ``initial @ log(stationary)`` by the entries, through the fundamental matrix."""
    first = stationary(matrix)
    K = len(matrix)
    system = np.eye(K) - matrix + np.outer(np.ones(K), first)
    wanted = initial / np.maximum(first, TINY)
    try:
        pull = np.linalg.solve(system, wanted)
    except np.linalg.LinAlgError:  # several closed classes
        pull = np.zeros(K)
    return np.asarray(first[:, None] * pull)


def _objective(initial: Array, transitions: Array, matrix: Array) -> float:
    used = transitions > 0
    first = stationary(matrix)
    began = initial > 0
    with np.errstate(divide="ignore"):
        value = transitions[used] @ np.log(matrix[used]) + initial[began] @ np.log(first[began])
    return float(value) if np.isfinite(value) else -np.inf


def _gradient(initial: Array, transitions: Array, matrix: Array) -> Array:
    """Derivatives of the objective by the entries."""
    own = np.divide(transitions, matrix, out=np.zeros_like(matrix), where=matrix > 0)
    return np.asarray(own + _pull(initial, matrix))
