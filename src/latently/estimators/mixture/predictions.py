"""What a mixture says of rows: labels, densities, bounds, new ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from latently.checks.arrays import as_floats
from latently.core.choices import likeliest
from latently.estimators.inputs import Array, float_type
from latently.estimators.mixture.fitted import FittedMixture
from latently.estimators.streaming import read_piece_by_piece
from latently.models import bounds


def shares(mixture: FittedMixture) -> tuple[list[str], Array]:
    """What probabilities of components are called, and like."""
    names = [f"probability_{k}" for k in range(int(mixture.n_components))]
    return names, np.empty((0, len(names)))


class Predictions(FittedMixture):
    """Predicting, scoring and sampling, in scikit-learn's conventions."""

    @read_piece_by_piece(shares)
    def predict_proba(self, X: object, *, to: object = None) -> Any:
        """Responsibilities: the probability of each component given the row.

        Returns
        -------
        array of shape (n_samples, n_components)
            Rows sum to one.

        Raises
        ------
        ImpossibleObservationError
            If a row has zero density under every component (a ValueError, too).
        """
        source = self._source(X)
        return self._posterior(source, refuse=True)[1].astype(float_type(source.outline.x), copy=False)

    @read_piece_by_piece(lambda _: (["label"], np.empty(0, dtype=np.int64)))
    def predict(self, X: object, *, to: object = None) -> Any:
        """Return the likeliest component of each row.

        Returns
        -------
        array of shape (n_samples,)
            Labels from 0 to n_components - 1.
        """
        return likeliest(self.predict_proba(X))

    def uncertainty(self, X: object) -> Array:
        """One minus the largest responsibility: the chance that the label of the row is wrong.

        Returns
        -------
        array of shape (n_samples,)
            Between 0 and 1 - 1 / n_components, if the model is true.
        """
        return np.asarray(1.0 - self.predict_proba(X).max(axis=1))

    @read_piece_by_piece(lambda _: (["log_density"], np.empty(0)))
    def score_samples(self, X: object, *, to: object = None) -> Any:
        """Log density of each row under the mixture, in nats.

        Returns
        -------
        array of shape (n_samples,)
            Log densities.
        """
        source = self._source(X)
        return self._posterior(source)[0].astype(float_type(source.outline.x), copy=False)

    def score(self, X: object, y: object = None, sample_weight: object = None) -> float:
        """Mean log density per row (not the total), in nats.

        Returns
        -------
        float
            Higher is better.
        """
        source = self._source(X, sample_weight=sample_weight)
        found = np.concatenate(list(self._each(source, lambda _, density, __: density)))
        return float(np.average(found, weights=source.weights))

    def lower_bound(self, X: object, resp: object, sample_weight: object = None) -> float:
        """Lower bound of the log-likelihood from any responsibilities.

        Parameters
        ----------
        resp : array-like of shape (n_samples, n_components)
            Rows are probabilities.

        Returns
        -------
        float
            Equal to the log-likelihood if `resp` is `predict_proba(X)`, and below it by the
            Kullback-Leibler divergence otherwise.

        Raises
        ------
        ValueError
            If `resp` has another shape or its rows are not probabilities.
        """
        source = self._source(X, sample_weight=sample_weight)
        resp = as_floats(resp, "resp")
        shape = (len(source), self._model.n_components)
        if resp.shape != shape:
            raise ValueError(f"resp has shape {resp.shape}, should be {shape}")
        wrong = ~((resp >= 0).all(axis=1) & np.isclose(resp.sum(axis=1), 1.0))
        if wrong.any():
            raise ValueError(f"row {int(np.flatnonzero(wrong)[0])} of resp is not a set of probabilities")
        return bounds.lower_bound(self._model, self.params_, source, resp)
