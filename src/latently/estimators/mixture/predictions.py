"""A mixture with parameters, and what it says of rows: labels, densities, bounds, new ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from latently.checks.arrays import as_floats
from latently.core.array_source import ArraySource
from latently.core.blocks import block_rows
from latently.core.choices import likeliest
from latently.emissions.base import Emission
from latently.estimators.documented import entries
from latently.estimators.informative import check_weights
from latently.estimators.inputs import Array, float_type, read_rows
from latently.estimators.likelihood.fitted import FittedModel, Source
from latently.estimators.settable import Parameter, Recorded
from latently.estimators.streaming import read_piece_by_piece, read_scan
from latently.latent.independent import Independent
from latently.models import bounds
from latently.sources import as_scan


def shares(mixture: FittedModel) -> tuple[list[str], Array]:
    """What probabilities of components are called, and like."""
    names = [f"probability_{k}" for k in range(int(mixture.n_components))]
    return names, np.empty((0, len(names)))


class Predictions(FittedModel):
    """A mixture that has its parameters: predicting, scoring and sampling, in scikit-learn's conventions."""

    described = entries(
        """
        X : array-like of shape (n_samples, n_features)
            The rows, or the files they are in (see `latently.scan`), a lazy frame, or anything else that can
            be read piece by piece again and again.
        """
    )

    weights_ = Parameter("weights")
    parameter_change_history_ = Recorded()
    lower_bound_ = Recorded()
    lower_bounds_ = Recorded()

    def _latent(self) -> Independent:
        return Independent()

    def _read(
        self, X: object, family: Emission, *, reset: bool, sample_weight: object = None
    ) -> tuple[Emission, Source]:
        scan = as_scan(X)
        if scan is not None and sample_weight is not None and (written_out := scan.dense()) is not None:
            scan, X = None, written_out
        if scan is not None:
            if sample_weight is not None:
                raise ValueError("sample_weight is for tables in memory: leave it out, or read X first")
            most = max(1024, int(self.n_components))
            return read_scan(self, scan, family, reset=reset, block_rows=self._block_rows, n_different=most)
        family, rows = read_rows(self, X, family, reset=reset)
        return family, self._of_rows(rows, check_weights(sample_weight, len(rows)))

    def _of_rows(self, rows: Any, weights: Array) -> ArraySource:
        """Rows that are checked."""
        return ArraySource(rows, weights, None, self._block_rows(rows.shape[1]))

    def _block_rows(self, width: int) -> int:
        return block_rows(width + int(self.n_components))

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
