"""An ability that a family may have: to say how likely a value lies below and above what was observed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

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

    def distribution(self, params: Any, x: Any) -> Distribution:
        """Where each cell lies in the marginal distribution of its feature, under each component."""
