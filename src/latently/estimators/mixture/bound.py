"""The bound that EM climbs, for teaching and testing."""

from __future__ import annotations

from typing import Any

import numpy as np

from latently.checks.arrays import as_floats
from latently.estimators.mixture.fitted import FittedMixture
from latently.models import bounds
from latently.models.latent_emission import LatentEmissionParams


class Bound(FittedMixture):
    """Q, the lower bound and the entropy, of which the log-likelihood is made."""

    def q_function(self, X: Any, at: LatentEmissionParams | None = None, sample_weight: Any = None) -> float:
        """Q(at | params): the complete-data log-likelihood expected under this model's posterior.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.
        at : params, optional
            Where Q is taken: the `params_` of a mixture of the same kind. Default: this one's own.
        sample_weight : array-like of shape (n_samples,), optional
            How often each row counts.

        Returns
        -------
        float
            In nats, all constants included.

        References
        ----------
        .. [1] Dempster, A. P., Laird, N. M. and Rubin, D. B. (1977). Maximum likelihood from incomplete data
           via the EM algorithm. JRSS B 39, 1-38, section 2.
        """
        source = self._weighted_source(X, sample_weight)
        return bounds.q_function(self._model, self.params_, source, self.params_ if at is None else at)

    def lower_bound(self, X: Any, resp: Any, sample_weight: Any = None) -> float:
        """Lower bound of the log-likelihood from any responsibilities.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.
        resp : array-like of shape (n_samples, n_components)
            Rows are probabilities.
        sample_weight : array-like of shape (n_samples,), optional
            How often each row counts.

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
        source = self._weighted_source(X, sample_weight)
        resp = as_floats(resp, "resp")
        shape = (len(source), self._model.n_components)
        if resp.shape != shape:
            raise ValueError(f"resp has shape {resp.shape}, should be {shape}")
        wrong = ~((resp >= 0).all(axis=1) & np.isclose(resp.sum(axis=1), 1.0))
        if wrong.any():
            raise ValueError(f"row {int(np.flatnonzero(wrong)[0])} of resp is not a set of probabilities")
        return bounds.lower_bound(self._model, self.params_, source, resp)

    def posterior_entropy(self, X: Any, sample_weight: Any = None) -> float:
        """Entropy of the labels given the rows, in nats, summed over the rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.
        sample_weight : array-like of shape (n_samples,), optional
            How often each row counts.

        Returns
        -------
        float
            Zero if each label is certain.
        """
        source = self._weighted_source(X, sample_weight)
        return bounds.posterior_entropy(self._model, self.params_, source)
