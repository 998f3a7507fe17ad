"""Filtering one observation at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

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
        self.states: Array = model.startprob_.copy()
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
        row = self._model._observations(np.atleast_1d(np.asarray(x))[None], None, reset=False).x
        log_density = self._model._log_density(row)[0]
        predicted = self.states if self.n_seen == 0 else self.states @ self._model.transmat_
        top = log_density.max()
        joint = predicted * np.exp(log_density - top) if np.isfinite(top) else np.zeros_like(predicted)
        total = joint.sum()
        if not total > 0:
            raise ImpossibleObservationError(
                f"observation {self.n_seen} is impossible: no state that can be reached allows it"
            )
        self.states = joint / total
        self.log_likelihood += float(top + np.log(total))
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
        return np.asarray(self.states @ np.linalg.matrix_power(self._model.transmat_, steps))
