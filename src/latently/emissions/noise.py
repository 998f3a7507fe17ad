"""How far rounding may move Q, where a family does not say: measured."""

from __future__ import annotations

from typing import Any

import numpy as np

from latently.core.convergence import EPS
from latently.core.parameters import named, with_named

STEP = 2.0**-30
POINTS = 9


def noise(family: Any, stats: object, params: object) -> float:
    """Rounding error of Q at these params, over that of one.

    Second differences of Q along a line so short that all they show is rounding.

    References
    ----------
    .. [1] More, J. J. and Wild, S. M. (2011). Estimating computational noise. SIAM Journal on Scientific
       Computing 33, 1292-1314, section 3.
    """
    values = {name: named(params)[name] for name in family.spaces(params)}

    def q(step: int) -> float:
        moved = {name: value * (1 - step * STEP) for name, value in values.items()}
        return float(family.expected_log_likelihood(stats, with_named(params, moved)))

    with np.errstate(all="ignore"):
        second = np.diff([q(step) for step in range(POINTS)], 2)
        found = np.sqrt(np.mean(second**2) / 6)
    return float(np.nan_to_num(found / EPS))
