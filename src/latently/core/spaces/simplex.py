"""Probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from latently.checks.arrays import Array
from latently.core.spaces.base import (
    AT_ZERO,
    FEASIBLE_TOL,
    TRACE,
    Chart,
    on_logits,
)


@dataclass(frozen=True)
class Simplex:
    """Probabilities along the last axis: not negative, and one in sum.

    Parameters
    ----------
    support : array of bool
        False marks structural zeros. Its shape is that of the parameter.
    """

    support: NDArray[np.bool_]

    scale: ClassVar[Array] = np.ones(())  # probabilities have no unit

    @property
    def dimension(self) -> int:
        """Number of free numbers: one less than there are possible outcomes, for each row."""
        return int((np.maximum(self.support.sum(axis=-1), 1) - 1).sum())

    def feasible(self, value: Array) -> bool:
        """Whether the rows are probabilities and the structural zeros zero."""
        amiss = np.add.reduce(value, axis=-1) - 1.0
        return bool(
            np.minimum.reduce(value, axis=None) >= 0
            and (self._full or not value[~self.support].any())
            and np.maximum.reduce(np.abs(amiss), axis=None) <= FEASIBLE_TOL
        )

    @cached_property
    def _full(self) -> bool:
        return bool(self.support.all())

    def projected(self, value: Array) -> Array:
        """Rows with a sum of one: n times what is amiss would pass for log-likelihood."""
        return np.asarray(value / value.sum(axis=-1, keepdims=True))

    def inside(self, value: Array, other: Array) -> Array:
        """Outcomes that are impossible get a trace of what they have in the other."""
        zero = (value == 0) & (other > 0)
        return self.projected(value + np.where(zero, TRACE * other, 0.0)) if zero.any() else value

    def chart(self, value: Array) -> Chart:
        """Relative differences of all possible outcomes but the likeliest, which makes up for them."""
        width = value.shape[-1]
        rows = value.reshape(-1, width)
        possible = self.support.reshape(rows.shape)
        several = possible & (possible.sum(axis=1) > 1)[:, None]
        resting = several & (rows == 0)
        likeliest = rows.argmax(axis=1)
        moving = several & ~resting
        moving[np.arange(len(rows)), likeliest] = False
        row, _ = np.nonzero(moving)
        owners, columns = np.flatnonzero(moving), np.arange(len(row))
        where = (np.concatenate([owners, row * width + likeliest[row]]), np.concatenate([columns, columns]))
        change = rows[moving]
        shape = (value.size, len(row))
        basis = sparse.csr_array((np.concatenate([change, -change]), where), shape=shape)
        free = several.reshape(value.shape)
        return Chart(value, basis, free, resting.reshape(value.shape), AT_ZERO, owners)

    def interval(self, value: Array, error: Array, reach: float) -> tuple[Array, Array]:
        """Limits of the logits."""
        return on_logits(value, error, reach)

    def tangent(self, value: Array, rng: np.random.Generator) -> Array:
        """Normal relative differences, less what would change the sums."""
        moved = value * rng.standard_normal(value.shape)
        return np.asarray(moved - value * moved.sum(axis=-1, keepdims=True))
