"""Hidden Markov models of counts."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from latently.checks.settings import ARRAY
from latently.emissions.poisson import Poisson
from latently.estimators.by_hand import Parameter
from latently.estimators.hmm import BaseHMM
from latently.estimators.inputs import tagged
from latently.estimators.old_names import POISSON_HMM, OldAttribute, refuses_old_names
from latently.estimators.settings import CHAIN, Constraints


class PoissonHMM(BaseHMM):
    """A hidden Markov model of counts, Poisson in each state, fitted by EM.

    NaN is a missing count.

    Parameters
    ----------
    n_components : int, default 1
        Number of states.
    startprob : {"free", "stationary", "uniform"}, default "free"
        What the first state follows: a distribution of its own, the stationary one of the transitions, or the
        even one.
    startprob_init : array-like of shape (n_components,), optional
        Starting probabilities of the first state.
    transmat_init : array-like of shape (n_components, n_components), optional
        Starting transition probabilities, from row to column. Exact zeros stay zero for ever.
    lambdas_init : array-like of shape (n_components, n_features), optional
        Starting rates.
    fixed : tuple of str, default ()
        Names of parameters ("startprob", "transmat", "lambdas") that keep their starting values.
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
    lambdas_ : array of shape (n_components, n_features)
        Rates: expected counts, in rising order unless starting values were given.
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
    .. [2] Zucchini, W., MacDonald, I. L. and Langrock, R. (2016). Hidden Markov Models for Time
       Series, 2nd ed., chapters 2 to 4.

    Examples
    --------
    >>> import numpy as np
    >>> from latently import PoissonHMM
    >>> counts = np.array([1, 0, 2, 1, 9, 8, 11, 7, 1, 0, 1, 2, 10, 9])[:, None]
    >>> model = PoissonHMM(2, random_state=0).fit(counts)
    >>> model.lambdas_.round(1).tolist()
    [[1.0], [9.0]]
    >>> model.predict(counts).tolist()
    [0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1]
    """

    _parameter_constraints: ClassVar[Constraints] = CHAIN | {"lambdas_init": (ARRAY, None)}

    n_features = OldAttribute("read n_features_in_")
    lambdas_ = Parameter("lambdas")

    @refuses_old_names(POISSON_HMM)
    def __init__(
        self,
        n_components: int = 1,
        *,
        startprob: str = "free",
        startprob_init: Any = None,
        transmat_init: Any = None,
        lambdas_init: Any = None,
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
        self.startprob = startprob
        self.startprob_init = startprob_init
        self.transmat_init = transmat_init
        self.lambdas_init = lambdas_init
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
    def from_parameters(cls, startprob: Any, transmat: Any, lambdas: Any) -> Self:
        """Return a model with given parameters, ready to predict and to sample, without fitting.

        Parameters
        ----------
        startprob : array-like of shape (n_components,), "stationary" or "uniform"
            Probabilities of the first state, or what they follow from.
        transmat : array-like of shape (n_components, n_components)
            Transition probabilities, from row to column. Exact zeros cannot happen.
        lambdas : array-like of shape (n_components, n_features)
            Rates: expected counts.

        Returns
        -------
        PoissonHMM
            States in the order given.

        Raises
        ------
        ValueError
            If shapes do not fit, a row is no set of probabilities, or a rate is not positive; it is named.

        Examples
        --------
        >>> from latently import PoissonHMM
        >>> model = PoissonHMM.from_parameters([0.5, 0.5], [[0.9, 0.1], [0.2, 0.8]], [[1.0], [9.0]])
        >>> model.predict([[0], [1], [8], [10]]).tolist()
        [0, 0, 1, 1]
        """
        return cls._by_parameters(startprob, transmat, {}, lambdas=lambdas)

    def __sklearn_tags__(self) -> Any:
        return tagged(super().__sklearn_tags__(), self._family())

    def _family(self) -> Poisson:
        return Poisson()
