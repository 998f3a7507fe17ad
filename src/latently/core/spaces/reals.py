"""Numbers: any, or positive ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latently.core.spaces.base import (
    AT_LIMIT,
    AT_ZERO,
    FEASIBLE_TOL,
    ON_FLOOR,
    ON_ITS_FLOOR,
    Array,
    Chart,
    Fixed,
    diagonal,
    free_numbers,
)


@dataclass(frozen=True)
class Real:
    """Any finite number.

    Parameters
    ----------
    shape : tuple of int
        Shape of the parameter.
    scale : array
        What counts as a change of one, such as the standard deviations of the features.
    fixed : array of bool, optional
        Which numbers stay as they are, broadcast against the parameter: they are not free.
    limit : float
        What no number is further from zero than.
    """

    shape: tuple[int, ...]
    scale: Array
    fixed: Fixed = None
    limit: float = np.inf

    @property
    def dimension(self) -> int:
        """Number of free numbers."""
        return int(free_numbers(self.shape, self.fixed).sum())

    def feasible(self, value: Array) -> bool:
        """Whether all are finite and within the limit."""
        return bool((np.isfinite(value) & (np.abs(value) <= (1 + FEASIBLE_TOL) * self.limit)).all())

    def projected(self, value: Array) -> Array:
        """The value: any will do."""
        return value

    def inside(self, value: Array, other: Array) -> Array:
        """The value: at no end of the space is anything impossible."""
        return value

    def chart(self, value: Array) -> Chart:
        """Differences, in units of the scale; none of a number at the limit."""
        free = free_numbers(self.shape, self.fixed)
        resting = free & (np.abs(value) >= (1 - ON_FLOOR) * self.limit)
        basis = diagonal(np.broadcast_to(self.scale, self.shape), free & ~resting)
        owners = np.flatnonzero(free & ~resting) if np.isfinite(self.limit) else None
        return Chart(value, basis, free, resting, AT_LIMIT, owners)

    def interval(self, value: Array, error: Array, reach: float) -> tuple[Array, Array]:
        """Symmetric limits."""
        return value - reach * error, value + reach * error

    def tangent(self, value: Array, rng: np.random.Generator) -> Array:
        """Normal differences, in units of the scale."""
        moving = free_numbers(self.shape, self.fixed) & (np.abs(value) < (1 - ON_FLOOR) * self.limit)
        return np.asarray(moving * self.scale * rng.standard_normal(self.shape))


@dataclass(frozen=True)
class Positive:
    """Any finite number above zero.

    Parameters
    ----------
    shape : tuple of int
        Shape of the parameter.
    scale : array
        What counts as a change of one.
    floor : array or float
        What the number is not below.
    fixed : array of bool, optional
        Which numbers stay as they are, broadcast against the parameter: they are not free.
    to_zero : bool, default False
        Whether the floor stands for zero, to which a number may come as near as one likes.
    ceiling : array or float
        What the number is not above: where it is a floor of one over it, and the number one over a spread.
    """

    shape: tuple[int, ...]
    scale: Array
    floor: Array | float = 0.0
    fixed: Fixed = None
    to_zero: bool = False
    ceiling: Array | float = np.inf

    @property
    def dimension(self) -> int:
        """Number of free numbers."""
        return int(free_numbers(self.shape, self.fixed).sum())

    def feasible(self, value: Array) -> bool:
        """Whether all are finite, above zero, not below the floor and not above the ceiling."""
        inside = (value >= (1 - FEASIBLE_TOL) * self.floor) & (value <= (1 + FEASIBLE_TOL) * self.ceiling)
        return bool((np.isfinite(value) & (value > 0) & inside).all())

    def projected(self, value: Array) -> Array:
        """The value: rounding cannot take it out."""
        return value

    def inside(self, value: Array, other: Array) -> Array:
        """The value: at no end of the space is anything impossible."""
        return value

    def chart(self, value: Array) -> Chart:
        """Relative differences."""
        free = free_numbers(self.shape, self.fixed)
        resting = free & self._resting(value)
        basis, owners = diagonal(value, free & ~resting), np.flatnonzero(free & ~resting)
        if self.to_zero:
            return Chart(value, basis, free, resting, AT_ZERO, owners)
        return Chart(value, basis, free, resting, ON_ITS_FLOOR)

    def interval(self, value: Array, error: Array, reach: float) -> tuple[Array, Array]:
        """Limits by the same factor below and above."""
        return by_a_factor(value, error, reach)

    def _resting(self, value: Array) -> NDArray[np.bool_]:
        """Which numbers rest on the floor or at the ceiling."""
        low, high = (1 + ON_FLOOR) * self.floor, (1 - ON_FLOOR) * self.ceiling
        return np.asarray((value <= low) | (value >= high))

    def tangent(self, value: Array, rng: np.random.Generator) -> Array:
        """Normal relative differences."""
        moving = free_numbers(self.shape, self.fixed) & ~self._resting(value)
        return np.asarray(moving * value * rng.standard_normal(self.shape))


def by_a_factor(value: Array, error: Array, reach: float) -> tuple[Array, Array]:
    """Limits of positive numbers, symmetric on the scale of logarithms."""
    with np.errstate(over="ignore"):
        factor = np.exp(reach * error / value)
        return value / factor, value * factor
