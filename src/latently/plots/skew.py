"""Columns that a logarithmic axis shows better."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

SKEWED = 2.0
SPANS = 20.0  # times as large the greatest value is as the least


def logarithmic(values: ArrayLike) -> bool:
    """Whether values are positive and skewed over an order of magnitude, and less skewed as logarithms.

    Examples
    --------
    >>> logarithmic([1, 2, 3, 5, 8, 13, 400]), logarithmic([1, 2, 3, 4, 5]), logarithmic([-1, 1, 2, 400])
    (True, False, False)
    """
    from scipy.stats import skew

    x = np.asarray(values, dtype=np.float64)
    x = x[np.isfinite(x)]
    if len(x) < 3 or not x.min() > 0 or x.max() < SPANS * x.min():
        return False
    lean = float(skew(x))
    return lean > SKEWED and abs(float(skew(np.log(x)))) < lean
