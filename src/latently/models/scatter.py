"""The scatter of all rows of a block, which stays the same from step to step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latently.core.blocks import Block
from latently.emissions.base import Array


def scatter_of(block: Block) -> Scatter:
    """That of a block of complete rows, found once."""
    found: Scatter = block.remembered("scatter", lambda: Scatter.of(block))
    return found


@dataclass(frozen=True)
class Scatter:
    """Weight, mean and scatter of the rows of a block: they stay the same from step to step.

    Far from zero the mean is rounded, so that the rows do not quite sum to nothing about it: `rest` is left.
    """

    weight: float
    mean: Array
    rest: Array
    products: Array

    @classmethod
    def of(cls, block: Block) -> Scatter:
        """That of all rows, of which those without weight may hold anything."""
        used, x, weights = block.weights > 0, block.rows(slice(None)), block.weights
        if not used.all():
            x, weights = x[used], weights[used]
        weight = float(weights.sum())
        mean = weights @ x / (weight or 1.0)
        centred = x - mean
        scaled = centred * np.sqrt(weights)[:, None]
        return cls(weight, mean, weights @ centred, scaled.T @ scaled)

    def sums_about(self, origin: Array) -> Array:
        """Sum of the rows less another point."""
        return np.asarray(self.rest + self.weight * (self.mean - origin))

    def about(self, origin: Array) -> Array:
        """Scatter about another point."""
        moved = self.mean - origin
        crossed = np.outer(self.rest + 0.5 * self.weight * moved, moved)
        return np.asarray(self.products + crossed + crossed.T)
