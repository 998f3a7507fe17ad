"""Zeros of many functions of one number at once: M-steps that have no formula."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from latently.emissions.base import Array

MOST_NEWTON_STEPS = 200
NEARBY = 1.0  # a step
LAST_STEP, LAST_OF_NEWTON = 1e-9, 1e-6  # steps no larger are the last: the next of Newton's is its square
NO_STEP = 1e-8  # one so small need not be taken: at a maximum its square is what it would gain


def zero(
    slope: Callable[[Array], tuple[Array, Array]], start: Array, low: Array | float, high: Array | float
) -> Array:
    """Where slopes go from above zero to below, in each cell by itself: maxima of what they are slopes of.

    Newton's steps in a bracket that shrinks; half of the bracket where such a step would leave it, or is more
    than half of the last one. Where a slope has no zero, it is the limit towards which it points. `slope`
    takes a number for each cell and returns the slopes there and their derivatives. Limits are finite, and
    numbers between them best without a unit, such as logarithms. Returns the zeros in the shape of `start`.

    References
    ----------
    .. [1] Press, W. H. et al. (2007). Numerical Recipes, 3rd edition, section 9.4.

    Examples
    --------
    >>> import numpy as np
    >>> target = np.array([2.0, 3.0, 100.0])
    >>> np.exp(zero(lambda t: (target - np.exp(t), -np.exp(t)), np.zeros(3), -5.0, 4.0)).round(3)
    array([ 2.   ,  3.   , 54.598])
    """
    at, largest = np.minimum(np.maximum(start, low), high), 2 * NEARBY
    while True:  # from nearby: as long as all is well nothing need be known of brackets
        value, derivative = slope(at)
        if not (derivative < 0).all():
            break
        with np.errstate(over="ignore"):
            aim = np.minimum(np.maximum(at - value / derivative, low), high)
        before, largest = largest, float(np.abs(aim - at).max())
        if not largest <= before / 2:
            break
        at = aim
        if max(largest**2, largest * (largest / before) ** 2) <= NO_STEP:  # the next step, as Newton's go
            return at
    return _bracketed(slope, at, low, high)


def _bracketed(
    slope: Callable[[Array], tuple[Array, Array]], at: Array, low: Array | float, high: Array | float
) -> Array:
    lower, upper = (np.broadcast_to(limit, at.shape) for limit in (low, high))
    last = np.full(at.shape, np.inf)
    moves = np.full(at.shape, True)
    unknown = [lower, upper]  # limits at which the slope is not known yet
    for _ in range(MOST_NEWTON_STEPS):
        value, derivative = slope(at)
        lower, upper = np.where(value >= 0, at, lower), np.where(value <= 0, at, upper)
        unknown = [np.where(at == limit, np.nan, limit) for limit in unknown]
        with np.errstate(all="ignore"):
            aim = np.clip(at - value / derivative, lower, upper)
        inside = (lower < aim) & (aim < upper) & (np.abs(aim - at) <= last / 2)
        newton = (derivative < 0) & (inside | (aim == unknown[0]) | (aim == unknown[1]))
        aim = np.where(newton, aim, lower + (upper - lower) / 2)
        aim = np.where(moves, aim, at)
        at, last = aim, np.abs(aim - at)
        moves = moves & (last > np.where(newton, LAST_OF_NEWTON, LAST_STEP) * (1 + np.abs(at)))
        if not moves.any():
            break
    return at
