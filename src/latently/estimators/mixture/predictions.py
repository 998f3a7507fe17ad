"""What a mixture says of rows: labels, densities, new ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latently.checks.settings import check_whole
from latently.core.choices import likeliest
from latently.core.errors import ImpossibleObservationError
from latently.estimators.inputs import Array, check_weights, float_type
from latently.estimators.mixture.fitted import FittedMixture


class Predictions(FittedMixture):
    """Predicting, scoring and sampling, in scikit-learn's conventions."""

    def predict_proba(self, X: Any) -> Array:
        """Responsibilities: the probability of each component given the row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        array of shape (n_samples, n_components)
            Rows sum to one.

        Raises
        ------
        ImpossibleObservationError
            If a row has zero density under every component (a ValueError, too).
        """
        rows = self._rows(X)
        resp = self._posterior(rows)[0]
        impossible = np.flatnonzero(np.isnan(resp).any(axis=1))
        if len(impossible):
            raise ImpossibleObservationError(
                f"row {impossible[0]} has zero density under every component, so belongs to none: remove it"
            )
        return resp.astype(float_type(rows), copy=False)

    def predict(self, X: Any) -> NDArray[np.int64]:
        """Return the likeliest component of each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        array of shape (n_samples,)
            Labels from 0 to n_components - 1.
        """
        return likeliest(self.predict_proba(X))

    def uncertainty(self, X: Any) -> Array:
        """One minus the largest responsibility: the chance that the label of the row is wrong.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        array of shape (n_samples,)
            Between 0 and 1 - 1 / n_components, if the model is true.
        """
        return np.asarray(1.0 - self.predict_proba(X).max(axis=1))

    def score_samples(self, X: Any) -> Array:
        """Log density of each row under the mixture, in nats.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        array of shape (n_samples,)
            Log densities.
        """
        rows = self._rows(X)
        return self._posterior(rows)[1].astype(float_type(rows), copy=False)

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Mean log density per row (not the total), in nats.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), optional
            How often each row counts.

        Returns
        -------
        float
            Higher is better.
        """
        values = self._posterior(self._rows(X))[1]
        return float(np.average(values, weights=check_weights(sample_weight, len(values))))

    def sample(self, n_samples: int = 1, random_state: Any = None) -> tuple[Array, NDArray[np.int64]]:
        """Draw rows from the mixture.

        Parameters
        ----------
        n_samples : int
            How many.
        random_state : None, int, Generator or RandomState
            None takes the mixture's own. An integer repeats, a generator is drawn from.

        Returns
        -------
        X : array of shape (n_samples, n_features)
            Rows, in random order.
        labels : array of shape (n_samples,)
            The component each was drawn from.

        Raises
        ------
        ValueError
            If `n_samples` is less than one.
        """
        self._check_fitted()
        rng = self._rng(random_state)
        weights = self.params_.latent.weights
        labels = rng.choice(len(weights), size=check_whole("n_samples", n_samples), p=weights / weights.sum())
        family = self._model.emission
        return family.shown(family.sample(self.params_.emission, labels, rng)), labels
