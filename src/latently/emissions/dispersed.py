"""Families that learn how far the cells of a component scatter, by a number without unit that has a floor.

On equal cells the density of such a family has no limit. So its dispersions have a floor, which is a part of
that of the data, as a Gaussian's variance has.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latently.core.spaces.base import ON_FLOOR
from latently.emissions.base import Array
from latently.emissions.exponential_family import ExponentialFamily

ALL_EQUAL = 1e-12  # what is left of the squares of numbers that agree to half of their digits


@dataclass(frozen=True)
class Dispersed(ExponentialFamily):
    """A family of a location and a spread, the second of its `parameters`."""

    min_dispersion: float = 1e-6  # floor of the dispersions, relative to that of the data
    # (d,): those of the data, zero for a constant feature. Filled in by `bind`
    dispersions: Array | None = field(default=None, repr=False)

    learns_spread: ClassVar[bool] = True
    needs_spread: ClassVar[bool] = True
    floor_setting: ClassVar[str] = "min_dispersion"

    @abstractmethod
    def dispersion(self, params: Any) -> Array:
        """How far the cells of the components scatter, shape (K, d)."""

    def rows_needed(self, params: Any, fixed: Collection[str] = ()) -> int:
        """One for the location and one more for the spread; none if that is held."""
        location, spread = (one.name for one in self.parameters)
        return 0 if spread in fixed else 1 + (location not in fixed)

    def floor_active(self, params: Any, fixed: Collection[str] = ()) -> NDArray[np.bool_] | None:
        """Which components have a dispersion that was learned and rests on the floor."""
        if self.dispersions is None or self.parameters[1].name in fixed:
            return None
        low = self.dispersion(params) <= (1 + ON_FLOOR) * self._floor
        return np.asarray((low & (self.dispersions > 0)).any(axis=1))

    @property
    def _unit(self) -> Array | float:
        return 1.0 if self.dispersions is None else unit_of(self.dispersions)

    @property
    def _floor(self) -> Array | float:
        """Below which no dispersion falls; zero before there are any data."""
        return 0.0 if self.dispersions is None else np.maximum(self.min_dispersion * self._unit, ALL_EQUAL)

    @property
    def _most(self) -> Array | float:
        """The greatest of what dispersions are one over."""
        return 1.0 / np.maximum(self._floor, ALL_EQUAL)

    @property
    def _constant(self) -> NDArray[np.bool_] | None:
        """Features that do not vary, shape (d,), of which nothing is estimated; None if all do."""
        return None if self.dispersions is None or self.dispersions.all() else self.dispersions == 0


def known(found: Array) -> Array:
    """Dispersions of the data, zero where they may be rounding: there all cells are equal."""
    return np.where(found > ALL_EQUAL, found, 0.0)


def unit_of(dispersions: Array) -> Array:
    """In what dispersions of components are measured: those of the data, or one where these do not vary."""
    return np.where(dispersions > 0, dispersions, 1.0)
