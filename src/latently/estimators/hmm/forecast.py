"""What follows a sequence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import logsumexp

from latently.emissions.base import Array, Emission


@dataclass(frozen=True)
class Forecast:
    """Distributions of future states and observations.

    Attributes
    ----------
    states : array of shape (steps, n_components)
        Probabilities of the states, one row for each time ahead.
    emission : Emission
        The family.
    params : object
        Its parameters.
    read : callable
        Turns observations as the user writes them into what the family reads.
    """

    states: Array
    emission: Emission
    params: Any
    read: Callable[[Any], Any]

    @property
    def mean(self) -> Array | None:
        """Expected observations, shape (steps, n_features); None where a family has no mean."""
        means = self.emission.mean(self.params)
        return None if means is None else self.states @ means

    def log_density(self, x: Any) -> Array:
        """Log density of possible observations at each time ahead.

        Parameters
        ----------
        x : array-like of shape (n, n_features)
            Observations, as they are given to `fit`: symbols for a `CategoricalHMM`.

        Returns
        -------
        array of shape (steps, n)
            In nats.
        """
        density = self.emission.log_density(self.params, self.read(x))
        with np.errstate(divide="ignore"):
            joint = np.log(self.states)[:, None, :] + density[None]
        return np.asarray(logsumexp(joint, axis=2))
