"""The stationary distribution of a chain, and the likeliest transitions if it starts from there."""

from __future__ import annotations

import numpy as np

from latently.latent.base import Array

TINY = 1e-300


def stationary(transmat: Array) -> Array:
    """The distribution that transitions leave as it is.

    Of a chain with several closed classes one of many is returned, positive or zero everywhere.

    Parameters
    ----------
    transmat : array of shape (K, K)
        Transition probabilities, from row to column.

    Returns
    -------
    array of shape (K,)
        Sums to one.
    """
    K = len(transmat)
    system = np.eye(K) - transmat.T + 1.0
    try:
        solution = np.linalg.solve(system, np.ones(K))
    except np.linalg.LinAlgError:  # several closed classes
        solution = np.linalg.lstsq(system, np.ones(K), rcond=None)[0]
    solution = np.maximum(solution, 0.0)
    return np.asarray(solution / solution.sum())


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
        found = minimize(falling, free, jac=True, method="L-BFGS-B", options={"ftol": 1e-14, "gtol": 1e-9})
    candidates = [matrix_of(found.x), start, transmat]
    return max(candidates, key=lambda matrix: _objective(initial, transitions, matrix))


def _objective(initial: Array, transitions: Array, matrix: Array) -> float:
    used = transitions > 0
    first = stationary(matrix)
    began = initial > 0
    with np.errstate(divide="ignore"):
        value = transitions[used] @ np.log(matrix[used]) + initial[began] @ np.log(first[began])
    return float(value) if np.isfinite(value) else -np.inf


def _gradient(initial: Array, transitions: Array, matrix: Array) -> Array:
    """Derivatives by the entries; those of the stationary distribution through the fundamental matrix."""
    first = stationary(matrix)
    K = len(matrix)
    system = np.eye(K) - matrix + np.outer(np.ones(K), first)
    wanted = initial / np.maximum(first, TINY)
    try:
        pull = np.linalg.solve(system, wanted)
    except np.linalg.LinAlgError:  # several closed classes
        pull = np.zeros(K)
    own = np.divide(transitions, matrix, out=np.zeros_like(matrix), where=matrix > 0)
    return np.asarray(own + first[:, None] * pull)
