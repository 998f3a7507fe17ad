"""What is known of a sequence as it goes on: the state now, one observation at a time, and what follows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import logsumexp

from latently.core.errors import ImpossibleObservationError
from latently.emissions.base import Array, Emission

if TYPE_CHECKING:
    from latently.estimators.hmm.fitted import FittedHMM


@dataclass(frozen=True)
class Forecast:
    """Distributions of future states and observations.

    Attributes
    ----------
    states : array of shape (steps, n_components)
        Probabilities of the states, one row for each time step ahead.
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

    def log_density(self, x: object) -> Array:
        """Log density of possible observations at each time step ahead.

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


class Filtering:
    """Knows the probabilities of the states now; each observation costs the square of their number.

    Parameters
    ----------
    model : BaseHMM
        A fitted model.

    Attributes
    ----------
    states : array of shape (n_components,)
        Probabilities of the states at the time of the last observation; before the first, those of the
        first state.
    log_likelihood : float
        Of all observations so far, in nats.
    n_seen : int
        Number of observations so far.
    """

    def __init__(self, model: FittedHMM) -> None:
        self._model = model
        self.states: Array = model._model.latent.predict(model.params_.latent, None, 1).copy()
        self._log_states: Array | None = None  # in which no state is ever lost
        self.log_likelihood = 0.0
        self.n_seen = 0

    def update(self, x: object) -> Array:
        """Take one observation.

        Parameters
        ----------
        x : array-like of shape (n_features,), or a symbol
            What is observed now.

        Returns
        -------
        array of shape (n_components,)
            Probabilities of the states now.

        Raises
        ------
        ImpossibleObservationError
            If no state that can be reached allows it; the state is as before then.
        """
        lookup = self._model._lookup(self._model._source(np.atleast_1d(np.asarray(x))[None]))
        latent, params = self._model._model.latent, self._model.params_.latent
        log_likelihood, log_states = latent.filter_step(params, self._log_states, lookup.rows[0])
        if not log_likelihood > -np.inf:
            raise ImpossibleObservationError(
                f"observation {self.n_seen} is impossible: no state that can be reached allows it"
            )
        self._log_states = log_states
        self.states = np.exp(self._log_states)
        self.log_likelihood += log_likelihood
        self.n_seen += 1
        return self.states

    def predict(self, steps: int = 1) -> Array:
        """Probabilities of the states some time steps ahead.

        Parameters
        ----------
        steps : int, default 1
            How many.

        Returns
        -------
        array of shape (n_components,)
            Sums to one.
        """
        latent, params = self._model._model.latent, self._model.params_.latent
        found: Array = latent.predict(params, self.states, steps)
        return found
