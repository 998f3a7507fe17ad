"""Filtering one observation at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import logsumexp

from latently.core.errors import ImpossibleObservationError
from latently.estimators.inputs import Array


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

    def __init__(self, model: Any) -> None:
        self._model = model
        self.states: Array = model._chain.startprob.copy()
        self._log_states: Array = np.zeros_like(self.states)  # in which no state is ever lost
        self.log_likelihood = 0.0
        self.n_seen = 0

    def update(self, x: Any) -> Array:
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
        seen = self._model._observations(np.atleast_1d(np.asarray(x))[None], None, reset=False)
        with np.errstate(divide="ignore"):
            if self.n_seen == 0:
                predicted = np.log(self._model._chain.startprob)
            else:
                predicted = logsumexp(self._log_states[:, None] + np.log(self._model._chain.transmat), axis=0)
        log_density = self._model._log_density(seen)[0]
        likeliest = int((predicted + log_density).argmax())
        height = float(predicted[likeliest] + log_density[likeliest])
        if not height > -np.inf:
            raise ImpossibleObservationError(
                f"observation {self.n_seen} is impossible: no state that can be reached allows it"
            )
        # Relative to the likeliest before they are added: see kernels.log_chain.joined.
        joint = (predicted - predicted[likeliest]) + (log_density - log_density[likeliest])
        total = float(logsumexp(joint))
        self._log_states = joint - total
        self.states = np.exp(self._log_states)
        self.log_likelihood += height + total
        self.n_seen += 1
        return self.states

    def predict(self, steps: int = 1) -> Array:
        """Probabilities of the states some times ahead.

        Parameters
        ----------
        steps : int, default 1
            How many.

        Returns
        -------
        array of shape (n_components,)
            Sums to one.
        """
        return np.asarray(self.states @ np.linalg.matrix_power(self._model._chain.transmat, steps))
