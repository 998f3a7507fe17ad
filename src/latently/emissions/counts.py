"""What all families of counts have in common."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import MOST_COUNT
from latently.emissions.base import Array, Emission


class Counts(Emission):
    """A family of counts."""

    discrete: ClassVar[bool] = True
    values: ClassVar[str] = (
        f"counts are whole numbers from 0, and at most 2**53 = {MOST_COUNT:g} ('gaussian' allows any number)"
    )
    noun: ClassVar[str] = "counts"

    def possible(self, x: Array) -> NDArray[np.bool_]:
        """Whole numbers from 0, as far as floats can tell them from the next."""
        return np.asarray(np.isnan(x) | ((x >= 0) & (x <= MOST_COUNT) & (x == np.floor(x))))
