"""Hidden Markov models of Gaussian observations."""

from __future__ import annotations

from typing import Self

import numpy as np

from latently.checks.settings import ARRAY, key_of
from latently.emissions.gaussian import STRUCTURES, Gaussian
from latently.estimators.hmm import BaseHMM
from latently.estimators.inputs import Array
from latently.estimators.old_names import GAUSSIAN_HMM, OldAttribute
from latently.estimators.settable import Parameter
from latently.estimators.settings import GaussianSettings, estimator, setting


@estimator(GAUSSIAN_HMM)
class GaussianHMM(BaseHMM, GaussianSettings):
    """A hidden Markov model of numbers, normal in each state, fitted by EM.

    NaN is a missing cell, handled by exact marginal likelihood; a time step without observed cells is a gap.

    Parameters
    ----------
    covariance_type : {"diag", "full", "tied", "spherical"}, default "diag"
        As for `GaussianMixture`.
    means_init : array-like of shape (n_components, n_features), optional
        Starting means.
    covariances_init : array-like, optional
        Starting covariances, in the shape of `covariances_`.
    fixed : tuple of str, default ()
        Names of parameters ("startprob", "transmat", "means", "covariances") that keep their starting values.

    Attributes
    ----------
    means_ : array of shape (n_components, n_features)
        Means, in rising order of the first feature unless starting values were given.
    covariances_ : array
        Covariances, in the shapes that `GaussianMixture` has.
    covars_ : array of shape (n_components, n_features, n_features)
        The same as matrices, as hmmlearn has them.

    Examples
    --------
    >>> import numpy as np
    >>> from latently import GaussianHMM
    >>> rng = np.random.default_rng(0)
    >>> X = np.repeat([0.0, 5.0, 0.0], 50)[:, None] + rng.normal(size=(150, 1))
    >>> model = GaussianHMM(2, random_state=0).fit(X)
    >>> model.predict(X)[[0, 75, 149]].tolist()
    [0, 1, 0]
    """

    covariance_type: str = setting(key_of(STRUCTURES), default="diag", kw_only=False)
    means_init: object = setting(ARRAY, None, default=None)
    covariances_init: object = setting(ARRAY, None, default=None)

    n_features = OldAttribute("read n_features_in_")
    means_ = Parameter("means")
    covariances_ = Parameter("covariances")
    covars_ = Parameter("covariances", lambda hmm: hmm._dense(), lambda hmm, *given: hmm._from_covars(*given))

    @classmethod
    def from_parameters(
        cls,
        startprob: object,
        transmat: object,
        means: object,
        covariances: object,
        *,
        covariance_type: str = "diag",
    ) -> Self:
        """Return a model with given parameters, ready to predict and to sample, without fitting.

        Parameters
        ----------
        means : array-like of shape (n_components, n_features)
            Means.
        covariances : array-like
            Covariances, in the shape of `covariance_type`.
        covariance_type : {"diag", "full", "tied", "spherical"}, default "diag"
            How the covariances are written.

        Examples
        --------
        >>> from latently import GaussianHMM
        >>> transmat = [[0.9, 0.1], [0.2, 0.8]]
        >>> model = GaussianHMM.from_parameters("stationary", transmat, [[0.0], [4.0]], [[1.0], [1.0]])
        >>> model.startprob_.round(3).tolist()
        [0.667, 0.333]
        >>> model.predict([[0.5], [0.0], [4.2]]).tolist()
        [0, 0, 1]
        """
        settings = {"covariance_type": covariance_type}
        return cls._by_parameters(startprob, transmat, settings, means=means, covariances=covariances)

    def _family(self) -> Gaussian:
        return Gaussian(self.covariance_type, float(self.reg_covar))

    def _dense(self) -> Array:
        dense = self._family().dense(self.params_.emission)
        return np.asarray(np.broadcast_to(dense, (self.n_components, *dense.shape[1:])))

    def _from_covars(self, value: Array, attribute: str) -> Array:
        """Covariances in the shape of their type, from that or from a matrix for each state."""
        return value if value.ndim != 3 else self._family().from_matrices(value, attribute)
