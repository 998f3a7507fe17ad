"""Information criteria: how well a mixture fits for the parameters it spends."""

from __future__ import annotations

from typing import Any

import numpy as np

from latently.core.parameters import dimension
from latently.estimators.inputs import check_weights, some_observed
from latently.estimators.mixture.fitted import FittedMixture


class Criteria(FittedMixture):
    """BIC, AIC and ICL; lower is better."""

    @property
    def n_parameters_(self) -> int:
        """Number of free parameters."""
        return dimension(self._model.spaces(self.params_), tuple(self.fixed))

    def _n_parameters(self) -> int:
        """The same, as many scripts for scikit-learn have it."""
        return self.n_parameters_

    def _fit_of(self, X: Any, sample_weight: Any) -> tuple[float, float]:
        """Total log-likelihood and n, of the training data or of others."""
        self._check_fitted()
        if X is None:
            return self._of_the_fit()
        rows = self._rows(X)
        weights = check_weights(sample_weight, len(rows))
        n = some_observed(float(weights @ self._model.emission.observed(rows)))
        return float(weights @ self._posterior(rows)[1]), n

    def bic(self, X: Any = None, sample_weight: Any = None) -> float:
        """Bayesian information criterion; lower is better.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), optional
            The rows; None means the training data.
        sample_weight : array-like of shape (n_samples,), optional
            How often each row counts.

        Returns
        -------
        float
            Minus twice the log-likelihood plus the number of free parameters times log n, n being the sum
            of the weights of the rows with any observed cell.

        References
        ----------
        .. [1] Schwarz, G. (1978). Estimating the dimension of a model. Annals of Statistics 6, 461-464.
        """
        log_likelihood, n = self._fit_of(X, sample_weight)
        return float(-2 * log_likelihood + self.n_parameters_ * np.log(n))

    def aic(self, X: Any = None, sample_weight: Any = None) -> float:
        """Akaike's information criterion; lower is better.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), optional
            The rows; None means the training data.
        sample_weight : array-like of shape (n_samples,), optional
            How often each row counts.

        Returns
        -------
        float
            Minus twice the log-likelihood plus twice the number of free parameters.
        """
        log_likelihood, _ = self._fit_of(X, sample_weight)
        return float(-2 * log_likelihood + 2 * self.n_parameters_)

    def icl(self, X: Any, sample_weight: Any = None) -> float:
        """Integrated completed likelihood; lower is better.

        BIC, less twice the log probability of the likeliest labels: it prefers components that are
        well separated.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows. The training data are not kept, so they must be given.
        sample_weight : array-like of shape (n_samples,), optional
            How often each row counts.

        Returns
        -------
        float
            The criterion.

        References
        ----------
        .. [1] Biernacki, C., Celeux, G. and Govaert, G. (2000). Assessing a mixture model for clustering with
           the integrated completed likelihood. IEEE PAMI 22, 719-725, section 3.
        """
        rows = self._rows(X)
        weights = check_weights(sample_weight, len(rows))
        resp, log_density = self._posterior(rows)
        n = some_observed(float(weights @ self._model.emission.observed(rows)))
        bic = -2 * float(weights @ log_density) + self.n_parameters_ * np.log(n)
        return float(bic - 2 * weights @ np.log(resp.max(axis=1)))
