"""An ability that a family may have: to say how likely a value lies below and above what was observed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from latently.emissions.base import Array


@dataclass(frozen=True)
class Distribution:
    """Where observed cells lie in the distributions of the components: logarithms of three probabilities.

    All three are needed, since one minus a probability near one keeps nothing of what is left. A missing
    cell is NaN.

    Attributes
    ----------
    below : array of shape (n_rows, n_components, n_features)
        Log probability of less than what was observed.
    above : array of shape (n_rows, n_components, n_features)
        Log probability of more.
    at : array of shape (n_rows, n_components, n_features), or None
        Log probability of just that; None for a continuous family, where it is zero.
    """

    below: Array
    above: Array
    at: Array | None = None


@runtime_checkable
class HasDistribution(Protocol):
    """A family that has distribution functions: it can have pseudo-residuals."""

    def distribution(self, params: Any, x: object) -> Distribution:
        """Where each cell lies in the marginal distribution of its feature, under each component."""


def from_tails(
    below: Array, above: Array, log_probability: Callable[[Array], Array], counts: Array
) -> Distribution:
    """Where counts lie, from probabilities of less and of more, which may have underflowed.

    There, a tail is the first term of its sum over one less the ratio of the second to it, too large by a
    relative 1 / z^2 at z standard deviations, which are about 37 or more. `below` and `above` are
    probabilities of less than was observed, and of more, shape (n_rows, n_components, n_features); `counts`
    is what was observed, shape (n_rows, 1, n_features). Log probabilities are minus infinity where there are
    no counts.
    """
    tails = []
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for tail, way in ((below, -1.0), (above, 1.0)):
            first, second = log_probability(counts + way), log_probability(counts + 2 * way)
            rest = first - np.log1p(-np.exp(second - first))
            here = (tail == 0) & np.isfinite(first) & (counts + way >= 0)
            tails.append(np.where(here, rest, np.log(tail)))
        return Distribution(tails[0], tails[1], log_probability(counts))
