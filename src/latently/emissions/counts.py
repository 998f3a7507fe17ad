"""What can be a count."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import MOST_COUNT
from latently.emissions.base import Array

COUNTS = f"counts are whole numbers from 0, and at most 2**53 = {MOST_COUNT:g} ('gaussian' allows any number)"


def counts(x: Array) -> NDArray[np.bool_]:
    """Which cells are whole numbers from 0, as far as floats can tell them from the next, or missing."""
    return np.asarray(np.isnan(x) | ((x >= 0) & (x <= MOST_COUNT) & (x == np.floor(x))))
