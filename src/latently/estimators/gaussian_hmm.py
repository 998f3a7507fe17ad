"""Hidden Markov models of Gaussian observations."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np

from latently.checks.settings import ARRAY
from latently.emissions.gaussian import Gaussian
from latently.estimators.by_hand import Parameter
from latently.estimators.hmm import BaseHMM
from latently.estimators.inputs import Array
from latently.estimators.old_names import GAUSSIAN_HMM, OldAttribute, refuses_old_names
from latently.estimators.settings import CHAIN, GAUSSIAN, Constraints


class GaussianHMM(BaseHMM):
    """A hidden Markov model of numbers, normal in each state, fitted by EM.

    NaN is a missing cell, handled by exact marginal likelihood; a time without any observed cell is a gap.

    Parameters
    ----------
    n_components : int, default 1
        Number of states.
    covariance_type : {"diag", "full", "tied", "spherical"}, default "diag"
        As for `GaussianMixture`.
    reg_covar : float, default 1e-6
        Floor of the covariances relative to the variances of the features. 0 turns it off.
    startprob : {"free", "stationary", "uniform"}, default "free"
        What the first state follows: a distribution of its own, the stationary one of the transitions, or the
        even one.
    startprob_init : array-like of shape (n_components,), optional
        Starting probabilities of the first state.
    transmat_init : array-like of shape (n_components, n_components), optional
        Starting transition probabilities, from row to column. Exact zeros stay zero for ever.
    means_init : array-like of shape (n_components, n_features), optional
        Starting means.
    covariances_init : array-like, optional
        Starting covariances, in the shape of `covariances_`.
    fixed : tuple of str, default ()
        Names of parameters ("startprob", "transmat", "means", "covariances") that keep their starting values.
    tol : float, default 1e-8
        The log-likelihood still to be gained, per time, at which EM stops. 0 means exactly `max_iter` steps.
    max_iter : int, default 1000
        Most EM steps; reaching it raises a ConvergenceWarning. 0 stays at the best of the starting values.
    n_init : "auto" or int, default "auto"
        "auto" starts many short runs and finishes the best; an integer asks for that many full runs.
    warm_start : bool, default False
        Whether `fit` goes on from the parameters in force, of an earlier fit or set by hand. There is one run
        then, and labels stay as they are.
    random_state : None, int, Generator or RandomState
        Source of all that is random; an integer repeats.
    acceleration : {"auto", "squarem", None}, default "auto"
        "auto" extrapolates by SQUAREM once progress has become slow and linear; None is plain EM.
    n_jobs : int, optional
        Threads; all cores by default. Any number gives the same bits.
    memory_budget : int or str, optional
        Bytes, or a text such as "500MB", that a pass along one sequence may take while fitting. A sequence
        too long for that is passed in segments that are computed twice, with the same result: then memory
        grows with the square root of its length. There is no limit by default.
    callbacks : sequence of callable, optional
        Each is called as ``callback(iteration, params, log_likelihood)``; True stops.
    verbose : int, default 0
        Above zero, a progress bar is shown.

    Attributes
    ----------
    startprob_ : array of shape (n_components,)
        Probabilities of the first state.
    transmat_ : array of shape (n_components, n_components)
        Transition probabilities, from row to column.
    means_ : array of shape (n_components, n_features)
        Means, in rising order of the first feature unless starting values were given.
    covariances_ : array
        Covariances, in the shapes that `GaussianMixture` has.
    covars_ : array of shape (n_components, n_features, n_features)
        The same as matrices, as hmmlearn has them.
    log_likelihood_ : float
        Total log-likelihood of the training data under these parameters, in nats.
    log_likelihood_history_ : array of shape (n_iterates,)
        At each iterate.
    converged_, stop_reason_, n_iter_, diagnostics_, restarts_
        Whether and why the best run stopped, its EM steps, and the record of all runs.
    n_parameters_ : int
        Number of free parameters.

    References
    ----------
    .. [1] Rabiner, L. R. (1989). A tutorial on hidden Markov models and selected applications in speech
       recognition. Proceedings of the IEEE 77, 257-286, sections III and IV.

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

    _parameter_constraints: ClassVar[Constraints] = CHAIN | GAUSSIAN | {"covariances_init": (ARRAY, None)}

    n_features = OldAttribute("read n_features_in_")
    means_ = Parameter("means")
    covariances_ = Parameter("covariances")
    covars_ = Parameter("covariances", lambda hmm: hmm._dense(), lambda hmm, *given: hmm._from_covars(*given))

    @refuses_old_names(GAUSSIAN_HMM)
    def __init__(
        self,
        n_components: int = 1,
        covariance_type: str = "diag",
        *,
        reg_covar: float = 1e-6,
        startprob: str = "free",
        startprob_init: Any = None,
        transmat_init: Any = None,
        means_init: Any = None,
        covariances_init: Any = None,
        fixed: tuple[str, ...] = (),
        tol: float = 1e-8,
        max_iter: int = 1000,
        n_init: int | str = "auto",
        warm_start: bool = False,
        random_state: Any = None,
        acceleration: str | None = "auto",
        n_jobs: int | None = None,
        memory_budget: int | str | None = None,
        callbacks: Any = None,
        verbose: int = 0,
    ) -> None:
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.reg_covar = reg_covar
        self.startprob = startprob
        self.startprob_init = startprob_init
        self.transmat_init = transmat_init
        self.means_init = means_init
        self.covariances_init = covariances_init
        self.fixed = fixed
        self.tol = tol
        self.max_iter = max_iter
        self.n_init = n_init
        self.warm_start = warm_start
        self.random_state = random_state
        self.acceleration = acceleration
        self.n_jobs = n_jobs
        self.memory_budget = memory_budget
        self.callbacks = callbacks
        self.verbose = verbose

    @classmethod
    def from_parameters(
        cls, startprob: Any, transmat: Any, means: Any, covariances: Any, *, covariance_type: str = "diag"
    ) -> Self:
        """Return a model with given parameters, ready to predict and to sample, without fitting.

        Parameters
        ----------
        startprob : array-like of shape (n_components,), "stationary" or "uniform"
            Probabilities of the first state, or what they follow from.
        transmat : array-like of shape (n_components, n_components)
            Transition probabilities, from row to column. Exact zeros cannot happen.
        means : array-like of shape (n_components, n_features)
            Means.
        covariances : array-like
            Covariances, in the shape of `covariance_type`.
        covariance_type : {"diag", "full", "tied", "spherical"}, default "diag"
            How the covariances are written.

        Returns
        -------
        GaussianHMM
            States in the order given.

        Raises
        ------
        ValueError
            If shapes do not fit, a row is no set of probabilities, or a covariance is not positive definite;
            it is named.

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
