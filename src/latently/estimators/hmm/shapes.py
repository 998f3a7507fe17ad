"""Starting transitions of common shapes: what is zero in them stays zero through a fit."""

from __future__ import annotations

import numpy as np

from latently.checks.settings import SHARE, check_setting, check_whole
from latently.estimators.inputs import Array


def left_right(n_components: int, stay: float = 0.5, *, reach: int = 1) -> Array:
    """Transitions of a chain that only goes on: each state stays or moves to a later one, and the last stays.

    Parameters
    ----------
    n_components : int
        Number of states.
    stay : float, default 0.5
        Starting probability to stay in a state; a state lasts ``1 / (1 - stay)`` time steps on average.
    reach : int, default 1
        How many states ahead it may move; above 1, states can be skipped.

    Returns
    -------
    array of shape (n_components, n_components)
        For `transmat_init`. Such a chain usually begins in the first state: ``startprob_init=[1, 0, ...]``.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Notes
    -----
    Consecutive states that emit the same (kept alike by starting values in `fixed`) are a block that
    takes at least as many time steps to pass: a minimum duration.

    References
    ----------
    .. [1] Rabiner, L. R. (1989). A tutorial on hidden Markov models and selected applications in speech
       recognition. Proceedings of the IEEE 77, 257-286, section IV.A.

    Examples
    --------
    >>> from latently import left_right
    >>> left_right(3, stay=0.75).tolist()
    [[0.75, 0.25, 0.0], [0.0, 0.75, 0.25], [0.0, 0.0, 1.0]]
    """
    K = check_whole("n_components", n_components)
    step = np.arange(K) - np.arange(K)[:, None]  # from row to column
    return _even((step >= 0) & (step <= check_whole("reach", reach)), stay)


def banded(n_components: int, width: int = 1, *, stay: float = 0.5) -> Array:
    """Transitions of a chain that cannot jump: from each state to those at most `width` away.

    Parameters
    ----------
    n_components : int
        Number of states.
    width : int, default 1
        How far it may move, up or down.
    stay : float, default 0.5
        Starting probability to stay in a state; the rest is shared evenly.

    Returns
    -------
    array of shape (n_components, n_components)
        For `transmat_init`.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Examples
    --------
    >>> from latently import banded
    >>> banded(3).tolist()
    [[0.5, 0.5, 0.0], [0.25, 0.5, 0.25], [0.0, 0.5, 0.5]]
    """
    K = check_whole("n_components", n_components)
    step = np.arange(K) - np.arange(K)[:, None]
    return _even(np.abs(step) <= check_whole("width", width), stay)


def _even(allowed: np.ndarray, stay: float) -> Array:
    """Stay with a probability and share the rest evenly; stay where nothing else is allowed."""
    check_setting("stay", stay, SHARE)
    others = allowed & ~np.eye(len(allowed), dtype=bool)
    n = others.sum(axis=1, keepdims=True)
    leaving = np.where(n > 0, 1.0 - float(stay), 0.0)
    return np.asarray(others * leaving / np.maximum(n, 1) + np.diag(1.0 - leaving[:, 0]))
