"""What the likelihood says of a model: information criteria, and the bound that EM climbs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from latently.core.em import EMMap
from latently.core.errors import ImpossibleObservationError
from latently.estimators.informative import some_observed
from latently.estimators.likelihood.fitted import FittedModel, Source
from latently.estimators.likelihood.penalties import PENALTIES
from latently.models import bounds


class Criteria(FittedModel):
    """BIC and AIC; and Q and the entropy of what is hidden, of which the log-likelihood is made."""

    def bic(self, X: object = None, *args: Any, **how: Any) -> float:
        """Bayesian information criterion; lower is better.

        Parameters
        ----------
        X : array-like, optional
            As for `score`; None means the training data.

        Returns
        -------
        float
            Minus twice the log-likelihood plus the number of free parameters times log n, n being the sum of
            the weights of the rows (time steps, for sequences) with any observed cell.

        References
        ----------
        .. [1] Schwarz, G. (1978). Estimating the dimension of a model. Annals of Statistics 6, 461-464.
        """
        return self._criterion("bic", X, **how)

    def aic(self, X: object = None, *args: Any, **how: Any) -> float:
        """Akaike's information criterion; lower is better.

        Parameters
        ----------
        X : array-like, optional
            As for `score`; None means the training data.

        Returns
        -------
        float
            Minus twice the log-likelihood plus twice the number of free parameters.
        """
        return self._criterion("aic", X, **how)

    def _criterion(self, name: str, X: object = None, **how: Any) -> float:
        """One of the criteria that charge for parameters by their number."""
        return self._criteria([name], X, **how)[name]

    def _criteria(self, names: Iterable[str], X: object = None, **how: Any) -> dict[str, float]:
        """Several of them."""
        log_likelihood, n = self._fit_of(X, **how)
        with np.errstate(divide="ignore", invalid="ignore"):  # "hq" needs more than one observation
            penalties = {name: PENALTIES[name](self.n_parameters_, n) for name in names}
        return {name: float(-2 * log_likelihood + penalty) for name, penalty in penalties.items()}

    def _fit_of(self, X: object, **how: Any) -> tuple[float, float]:
        """Total log-likelihood and n, of the training data or of others."""
        self._check_fitted()
        if X is None:
            return self._of_the_fit()
        source = self._source(X, **how)
        with self._workers(source) as workers:
            try:  # an E-step costs less than a posterior that nobody looks at
                total = EMMap(self._model, source, workers).e_step(self.params_).bound
            except ImpossibleObservationError:
                total = -np.inf
        return float(total), self._n_observed(source)

    def _n_observed(self, source: Source) -> float:
        """Sum of the weights of the rows with any observed cell."""
        blocks = ((block.row_weights, block.x) for block in source.blocks())
        return some_observed(sum(float(weights @ self._model.emission.observed(x)) for weights, x in blocks))

    def q_function(self, X: Any, at: Any = None, *args: Any, **how: Any) -> float:
        """Q(at | params): the complete-data log-likelihood expected under this model's posterior.

        Parameters
        ----------
        at : params, optional
            Where Q is taken: the `params_` of a model of the same kind. Default: this one's own.

        Returns
        -------
        float
            In nats, all constants included.

        References
        ----------
        .. [1] Dempster, A. P., Laird, N. M. and Rubin, D. B. (1977). Maximum likelihood from incomplete data
           via the EM algorithm. JRSS B 39, 1-38, section 2.
        """
        source = self._source(X, **how)
        return bounds.q_function(self._model, self.params_, source, self.params_ if at is None else at)

    def posterior_entropy(self, X: object, *args: Any, **how: Any) -> float:
        """Entropy of what is hidden given the data, in nats, summed over the data.

        Returns
        -------
        float
            Zero if all that is hidden is certain.
        """
        return bounds.posterior_entropy(self._model, self.params_, self._source(X, **how))
