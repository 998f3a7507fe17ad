"""Numbers, each by itself: any, positive ones, or those from 0 to 1."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import Array
from latently.core.spaces.base import (
    AT_LIMIT,
    AT_ONE,
    AT_ZERO,
    FEASIBLE_TOL,
    ON_FLOOR,
    ON_ITS_FLOOR,
    TRACE,
    Chart,
    Fixed,
    by_a_factor,
    diagonal,
    free_numbers,
    on_logits,
)


@dataclass(frozen=True)
class Numbers(ABC):
    """Numbers that move by themselves, each in a unit of its own, and not where they rest on a boundary."""

    shape: tuple[int, ...]  # of the parameter
    scale: Array | float  # what counts as a change of one

    @property
    def _free(self) -> NDArray[np.bool_]:
        """Which numbers are to be learned."""
        return np.ones(self.shape, dtype=bool)

    @abstractmethod
    def _units(self, value: Array) -> Array | float:
        """What each number moves by as its coordinate moves by one."""

    @abstractmethod
    def _resting(self, value: Array) -> NDArray[np.bool_]:
        """Which numbers lie on the boundary."""

    @property
    def dimension(self) -> int:
        """Number of free numbers."""
        return int(self._free.sum())

    def projected(self, value: Array) -> Array:
        """The value: rounding cannot take it out."""
        return value

    def inside(self, value: Array, other: Array) -> Array:
        """The value: at no end of the space is anything impossible."""
        return value

    def _chart(self, value: Array, boundary: str, *, owned: bool, opposite: str = "") -> Chart:
        """Differences in these units; none of a number on the boundary. Owners if that is at zero."""
        free = self._free
        resting = free & self._resting(value)
        basis = diagonal(np.broadcast_to(self._units(value), self.shape), free & ~resting)
        owners = np.flatnonzero(free & ~resting) if owned else None
        return Chart(value, basis, free, resting, boundary, owners, opposite)

    def tangent(self, value: Array, rng: np.random.Generator) -> Array:
        """Normal differences in these units."""
        moving = self._free & ~self._resting(value)
        return np.asarray(moving * self._units(value) * rng.standard_normal(self.shape))


@dataclass(frozen=True)
class Real(Numbers):
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

    fixed: Fixed = None
    limit: float = np.inf

    @property
    def _free(self) -> NDArray[np.bool_]:
        return free_numbers(self.shape, self.fixed)

    def feasible(self, value: Array) -> bool:
        """Whether all are finite and within the limit."""
        return bool((np.isfinite(value) & (np.abs(value) <= (1 + FEASIBLE_TOL) * self.limit)).all())

    def chart(self, value: Array) -> Chart:
        """Differences, in units of the scale; none of a number at the limit."""
        return self._chart(value, AT_LIMIT, owned=np.isfinite(self.limit))

    def interval(self, value: Array, error: Array, reach: float) -> tuple[Array, Array]:
        """Symmetric limits."""
        return value - reach * error, value + reach * error

    def _units(self, value: Array) -> Array | float:
        return self.scale

    def _resting(self, value: Array) -> NDArray[np.bool_]:
        return np.asarray(np.abs(value) >= (1 - ON_FLOOR) * self.limit)


@dataclass(frozen=True)
class Positive(Numbers):
    """Any finite number above zero.

    Parameters
    ----------
    shape, scale
        As for `Real`.
    floor : array or float
        What the number is not below.
    fixed : array of bool, optional
        As for `Real`.
    to_zero : bool, default False
        Whether the floor stands for zero, to which a number may come as near as one likes.
    ceiling : array or float
        What the number is not above: where it is a floor of one over it, and the number one over a spread.
    """

    floor: Array | float = 0.0
    fixed: Fixed = None
    to_zero: bool = False
    ceiling: Array | float = np.inf

    @property
    def _free(self) -> NDArray[np.bool_]:
        return free_numbers(self.shape, self.fixed)

    def feasible(self, value: Array) -> bool:
        """Whether all are finite, above zero, not below the floor and not above the ceiling."""
        inside = (value >= (1 - FEASIBLE_TOL) * self.floor) & (value <= (1 + FEASIBLE_TOL) * self.ceiling)
        return bool((np.isfinite(value) & (value > 0) & inside).all())

    def chart(self, value: Array) -> Chart:
        """Relative differences."""
        return self._chart(value, AT_ZERO if self.to_zero else ON_ITS_FLOOR, owned=self.to_zero)

    def interval(self, value: Array, error: Array, reach: float) -> tuple[Array, Array]:
        """Limits by the same factor below and above."""
        return by_a_factor(value, error, reach)

    def _units(self, value: Array) -> Array | float:
        return value

    def _resting(self, value: Array) -> NDArray[np.bool_]:
        """Which numbers rest on the floor or at the ceiling."""
        low, high = (1 + ON_FLOOR) * self.floor, (1 - ON_FLOOR) * self.ceiling
        return np.asarray((value <= low) | (value >= high))


@dataclass(frozen=True)
class UnitInterval(Numbers):
    """Any number from 0 to 1.

    Parameters
    ----------
    shape, scale
        As for `Real`.
    with_zero : bool, default True
        Whether zero itself is one of them.
    """

    with_zero: bool = True

    def feasible(self, value: Array) -> bool:
        """Whether all are from 0 to 1."""
        return bool(((value >= 0) & (value <= 1) & (self.with_zero | (value > 0))).all())

    def inside(self, value: Array, other: Array) -> Array:
        """Zero and one give way a little."""
        return np.asarray(np.where((value == 0) | (value == 1), value + TRACE * (other - value), value))

    def chart(self, value: Array) -> Chart:
        """Differences relative to both the number and what it lacks to one; none at either end."""
        return self._chart(value, AT_ZERO, owned=True, opposite=AT_ONE)

    def interval(self, value: Array, error: Array, reach: float) -> tuple[Array, Array]:
        """Limits of the logits."""
        return on_logits(value, error, reach)

    def _units(self, value: Array) -> Array | float:
        return np.asarray(value * (1 - value))

    def _resting(self, value: Array) -> NDArray[np.bool_]:
        return np.asarray(value * (1 - value) == 0)
