"""Numbers from 0 to 1, each by itself."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from latently.core.spaces.base import AT_ONE, AT_ZERO, TRACE, Array, Chart, diagonal, on_logits


@dataclass(frozen=True)
class UnitInterval:
    """Any number from 0 to 1.

    Parameters
    ----------
    shape : tuple of int
        Shape of the parameter.
    scale : array
        What counts as a change of one.
    with_zero : bool, default True
        Whether zero itself is one of them.
    """

    shape: tuple[int, ...]
    scale: Array
    with_zero: bool = True

    @property
    def dimension(self) -> int:
        """Number of free numbers."""
        return prod(self.shape)

    def feasible(self, value: Array) -> bool:
        """Whether all are from 0 to 1."""
        return bool(((value >= 0) & (value <= 1) & (self.with_zero | (value > 0))).all())

    def projected(self, value: Array) -> Array:
        """The value: rounding cannot take it out."""
        return value

    def inside(self, value: Array, other: Array) -> Array:
        """Zero and one give way a little."""
        return np.asarray(np.where((value == 0) | (value == 1), value + TRACE * (other - value), value))

    def chart(self, value: Array) -> Chart:
        """Differences relative to both the number and what it lacks to one; none at either end."""
        units = value * (1 - value)
        free = np.ones(self.shape, dtype=bool)
        resting = units == 0
        basis, owners = diagonal(units, ~resting), np.flatnonzero(~resting)
        return Chart(value, basis, free, resting, AT_ZERO, owners, AT_ONE)

    def interval(self, value: Array, error: Array, reach: float) -> tuple[Array, Array]:
        """Limits of the logits."""
        return on_logits(value, error, reach)

    def tangent(self, value: Array, rng: np.random.Generator) -> Array:
        """Normal differences of the logits."""
        return np.asarray(value * (1 - value) * rng.standard_normal(self.shape))
