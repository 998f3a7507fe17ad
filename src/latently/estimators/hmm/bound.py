"""The bound that EM climbs, for teaching and testing."""

from __future__ import annotations

from typing import Any

from latently.estimators.hmm.fitted import FittedHMM
from latently.models import bounds
from latently.models.latent_emission import LatentEmissionParams


class Bound(FittedHMM):
    """Q and the entropy of the path, of which the log-likelihood is made."""

    def q_function(
        self,
        X: Any,
        at: LatentEmissionParams | None = None,
        *,
        lengths: Any = None,
        sequence_weight: Any = None,
    ) -> float:
        """Q(at | params): the complete-data log-likelihood expected under this model's posterior.

        Parameters
        ----------
        X : array-like of shape (n_times, n_features), or a list of such
            The sequences.
        at : params, optional
            Where Q is taken: the `params_` of a model of the same kind. Default: this one's own.
        lengths : array-like of int, optional
            Lengths of the sequences in one table.
        sequence_weight : array-like of shape (n_sequences,), optional
            How often each sequence counts.

        Returns
        -------
        float
            In nats, all constants included.

        References
        ----------
        .. [1] Dempster, A. P., Laird, N. M. and Rubin, D. B. (1977). Maximum likelihood from incomplete data
           via the EM algorithm. JRSS B 39, 1-38, section 2.
        """
        source = self._weighted_source(X, lengths, sequence_weight)
        return bounds.q_function(self._model, self.params_, source, self.params_ if at is None else at)

    def posterior_entropy(self, X: Any, *, lengths: Any = None, sequence_weight: Any = None) -> float:
        """Entropy of the paths of states given the sequences, in nats, summed over the sequences.

        Parameters
        ----------
        X : array-like of shape (n_times, n_features), or a list of such
            The sequences.
        lengths : array-like of int, optional
            Lengths of the sequences in one table.
        sequence_weight : array-like of shape (n_sequences,), optional
            How often each sequence counts.

        Returns
        -------
        float
            Zero if each path is certain.
        """
        source = self._weighted_source(X, lengths, sequence_weight)
        return bounds.posterior_entropy(self._model, self.params_, source)
