"""What a space says of a parameter: which values are feasible, how many are free, what counts as far."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit, logit

from latently.checks.arrays import Array

Fixed = NDArray[np.bool_] | None
FEASIBLE_TOL = 1e-8
ON_FLOOR = 1e-6
TRACE = 1e-3  # of another value, that is put where one is at an end
AT_ZERO, AT_ONE, ON_ITS_FLOOR, AT_LIMIT = "at zero", "at one", "on its floor", "without limit"


@dataclass(frozen=True)
class Chart:
    """Free coordinates round a value, without unit: the value they stand for is linear in them.

    What lies on a boundary of the space has none, and stays where it is.
    """

    origin: Array  # the value at coordinates zero
    # sparse array of shape (origin.size, dimension): derivative of the flat value by the coordinates
    basis: Any
    free: NDArray[np.bool_]  # which numbers are to be learned, in the shape of the value
    # which of them, or of the matrices along the last two axes, lie on the boundary
    resting: NDArray[np.bool_]
    boundary: str = ""  # what that is, in words
    # (dimension,): where relative coordinates go down to zero, the position of the number that each moves
    owners: NDArray[np.int64] | None = None
    opposite: str = ""  # what the boundary is to numbers above one half, where it has two ends

    @property
    def boundaries(self) -> dict[str, NDArray[np.bool_]]:
        """Which numbers or matrices lie on it, by what it is in words."""
        if not self.opposite:
            return {self.boundary: self.resting}
        high = self.origin > 0.5
        return {self.boundary: self.resting & ~high, self.opposite: self.resting & high}

    @property
    def dimension(self) -> int:
        """Number of coordinates."""
        return int(self.basis.shape[1])

    @property
    def without_error(self) -> NDArray[np.bool_]:
        """Numbers that are to be learned and cannot move, for the boundary."""
        moves = np.diff(sparse.csr_array(self.basis).indptr) > 0
        return np.asarray(self.free & ~moves.reshape(self.origin.shape))

    def at(self, coordinates: Array) -> Array:
        """Return the value at some coordinates."""
        return np.asarray(self.origin + (self.basis @ coordinates).reshape(self.origin.shape))

    @cached_property
    def transposed(self) -> Any:
        """The basis, a row for each coordinate."""
        rows = sparse.csr_array(self.basis.T)
        rows.sum_duplicates()
        return rows

    def moves(self, step: float, value: Array | None = None) -> Iterator[tuple[Array, Array]]:
        """A value, by default that at coordinates zero, a step up and a step down along each coordinate."""
        value = self.origin if value is None else value
        rows = self.transposed
        for start, stop in pairwise(rows.indptr.tolist()):
            places, change = rows.indices[start:stop], step * rows.data[start:stop]
            up, down = value.copy(), value.copy()
            up.ravel()[places] += change
            down.ravel()[places] -= change
            yield up, down

    def without(self, gone: NDArray[np.bool_]) -> Chart:
        """The chart without some of its coordinates, whose numbers count as resting."""
        if self.owners is None or not gone.any():
            return self
        resting = self.resting.copy()
        resting.ravel()[self.owners[gone]] = True
        left = np.flatnonzero(~gone)
        return replace(self, basis=self.basis[:, left], resting=resting, owners=self.owners[left])


class Space(Protocol):
    """The set in which one parameter lives."""

    @property
    def dimension(self) -> int:
        """Number of free numbers."""
        ...

    @property
    def scale(self) -> Array | float:
        """What a change of one means, broadcast against the parameter."""
        ...

    def feasible(self, value: Array) -> bool:
        """Whether the value lies in the space."""
        ...

    def projected(self, value: Array) -> Array:
        """A value that would lie in the space but for rounding, without the rounding."""
        ...

    def inside(self, value: Array, other: Array) -> Array:
        """A value a little way towards another where it is at an end of the space and the other is not."""
        ...

    def chart(self, value: Array) -> Chart:
        """Free coordinates round a value."""
        ...

    def interval(self, value: Array, error: Array, reach: float) -> tuple[Array, Array]:
        """Limits so many standard errors away, on a scale on which the space has no end."""
        ...

    def tangent(self, value: Array, rng: np.random.Generator) -> Array:
        """A random direction from a value along which it stays in the space for a while.

        It is as though the free coordinates were standard normal; what lies on a boundary does not move.
        """
        ...


Spaces = Mapping[str, Space]


def free_numbers(shape: tuple[int, ...], fixed: Fixed) -> NDArray[np.bool_]:
    """Which numbers of a parameter are free."""
    return np.ones(shape, dtype=bool) if fixed is None else ~np.broadcast_to(fixed, shape)


def diagonal(units: Array, free: NDArray[np.bool_]) -> Any:
    """The basis in which each free number moves by itself, by its unit."""
    return sparse.diags_array(units.ravel()).tocsr()[:, np.flatnonzero(free.ravel())]


def on_logits(value: Array, error: Array, reach: float) -> tuple[Array, Array]:
    """Limits of probabilities, symmetric on the scale of logits; zero and one are certain."""
    inside = (value > 0) & (value < 1)
    p = np.where(inside, value, 0.5)
    away = reach * error / (p * (1 - p))
    limits = (np.where(inside, expit(logit(p) + way), value) for way in (-away, away))
    low, high = (np.where(np.isnan(error), np.nan, limit) for limit in limits)
    return low, high


def by_a_factor(value: Array, error: Array, reach: float) -> tuple[Array, Array]:
    """Limits of positive numbers, symmetric on the scale of logarithms."""
    with np.errstate(over="ignore"):
        factor = np.exp(reach * error / value)
        return value / factor, value * factor
