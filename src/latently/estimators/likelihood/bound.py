"""The bound that EM climbs, for teaching and testing."""

from __future__ import annotations

from typing import Any

from latently.estimators.likelihood.fitted import FittedModel
from latently.models import bounds


class Bound(FittedModel):
    """Q and the entropy of what is hidden, of which the log-likelihood is made."""

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
