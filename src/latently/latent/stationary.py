"""The stationary distribution of a chain, and the likeliest transitions if it starts from there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latently.latent.base import Array

TINY = 1e-300
ROUNDS = 30  # of the climb, which needs a few where transitions are many beside first states
CLIMBED = 1e-11  # relative gain at which it has nothing left to find


def stationary(transmat: Array) -> Array:
    """The distribution that transitions leave as it is, each probability to its last digits.

    Of a chain with several closed classes the one in which each has a share by its number of states is
    returned.

    References
    ----------
    .. [1] Grassmann, W. K., Taksar, M. I. and Heyman, D. P. (1985). Regenerative analysis and steady state
       distributions for Markov chains. Operations Research 33, 1107-1116.
    """
    from latently.kernels.stationary import censored

    found = np.empty(len(transmat))
    if censored(transmat, found):
        return found
    found[:] = 0.0
    for states in closed_classes(transmat > TINY):
        part = np.empty(len(states))
        censored(transmat[np.ix_(states, states)], part)
        found[states] = len(states) * part
    return np.asarray(found / found.sum())


def closed_classes(linked: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """Sets of states that a chain never leaves once it is there, and in which it gets everywhere.

    With more than one of them the stationary distribution is not unique. `linked` says which transitions can
    happen, from row to column.

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

    Raises a ValueError if it has; the message names the states, and the remedy.
    """
    closed = closed_classes(linked)
    if len(closed) > 1:
        one, other = (", ".join(map(str, states)) for states in closed[:2])
        raise ValueError(
            f"the stationary distribution is not unique: the chain never leaves state {one} once it is "
            f"there, nor state {other}; {remedy}"
        )


def maximise(initial: Array, transitions: Array, transmat: Array) -> Array:
    """Transitions that raise the expected log-likelihood of a stationary chain, as far as a climb goes.

    It is ``initial @ log(stationary) + sum(transitions * log(transmat))``, whose maximum has no closed form.
    It is climbed to from the better of the current transitions and those in proportion to the counts, and
    never left lower than it was (a generalised EM step): the next M-step goes on where this one ends.
    Formulas: docs/formulas.md, "Stationary starts". Exact zeros stay.
    """
    from latently.kernels.stationary import APART, climb

    transitions, found = np.ascontiguousarray(transitions), np.empty_like(transmat)
    if climb(initial, transitions, transmat, found, CLIMBED, ROUNDS) == APART:
        total = transitions.sum(axis=1, keepdims=True)
        plain = np.divide(transitions, total, out=transmat.copy(), where=total > 0)
        found = max(plain, transmat, key=lambda matrix: _objective(initial, transitions, matrix))
    return found


def slopes(initial: Array, transitions: Array, transmat: Array) -> Array:
    """Derivatives of the expected log-likelihood by the transitions, through the fundamental matrix."""
    first = stationary(transmat)
    fundamental = np.eye(len(first)) - transmat + first
    try:
        pull = np.linalg.solve(fundamental, initial / np.maximum(first, TINY))
    except np.linalg.LinAlgError:  # several closed classes
        pull = np.zeros(len(first))
    own = np.divide(transitions, transmat, out=np.zeros_like(transmat), where=transmat > 0)
    return np.asarray(own + first[:, None] * pull)


def _objective(initial: Array, transitions: Array, matrix: Array) -> float:
    used, began, first = transitions > 0, initial > 0, stationary(matrix)
    with np.errstate(divide="ignore"):
        value = transitions[used] @ np.log(matrix[used]) + initial[began] @ np.log(first[began])
    return float(value) if np.isfinite(value) else -np.inf
