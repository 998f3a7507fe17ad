"""Choices between computed numbers: what is equal within rounding counts as equal, and the first wins.

Rounding differs between processors, and answers must not. So what hangs on it is settled by the order in
which things came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import Array
from latently.core.convergence import ROUNDING

FITTED_TIE = 1e-6  # of fitted numbers, which are known no better than a fit converges
DERIVED_TIE = 1e-9  # of numbers that follow from them

T = TypeVar("T")


def ranked(things: Iterable[T], value: Callable[[T], float], slack: Callable[[T], float]) -> list[T]:
    """Things from the highest value to the lowest; of those equal within their slack the first is first.

    Examples
    --------
    >>> ranked([3.0, 5.0 - 1e-15, 5.0, 9.0], lambda x: x, lambda x: 1e-12)
    [9.0, 4.999999999999999, 5.0, 3.0]
    """
    left, found = list(things), []
    while left:
        highest = max(map(value, left))
        first = next(i for i, thing in enumerate(left) if value(thing) >= highest - slack(thing))
        found.append(left.pop(first))
    return found


def ranks(values: Array, slack: float | Array) -> NDArray[np.int64]:
    """Rank of each number along the last axis, from 0; neighbours in size within the slack share one.

    Examples
    --------
    >>> import numpy as np
    >>> ranks(np.array([5.0, 3.0, 5.0 - 1e-15, 9.0]), 1e-12)
    array([1, 0, 1, 2])
    """
    order = np.argsort(values, axis=-1, kind="stable")
    found = np.zeros(values.shape, dtype=np.int64)
    with np.errstate(invalid="ignore"):  # infinity less infinity: equal
        steps = np.diff(np.take_along_axis(values, order, axis=-1), axis=-1) > slack
    np.put_along_axis(found, order[..., 1:], np.cumsum(steps, axis=-1), axis=-1)
    return found


def falling(values: Array, slack: float) -> NDArray[np.int64]:
    """Where the numbers stand along the last axis, from the largest to the smallest."""
    return np.argsort(ranks(-values, slack), axis=-1, kind="stable")


def column_ranks(columns: Array) -> list[NDArray[np.int64]]:
    """Ranks within each column of a table of fitted numbers, the last column first, as for `np.lexsort`."""
    slack = FITTED_TIE * np.ptp(columns, axis=0) + ROUNDING * np.abs(columns).max(axis=0)
    return list(ranks(columns.T, slack[:, None])[::-1])


def likeliest(probabilities: Array) -> NDArray[np.int64]:
    """Which of the numbers along the last axis is the largest."""
    highest = probabilities.max(axis=-1, keepdims=True)
    return np.asarray((probabilities >= highest * (1 - DERIVED_TIE)).argmax(axis=-1))
