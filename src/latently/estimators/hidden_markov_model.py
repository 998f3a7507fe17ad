"""Hidden Markov models of any family."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Any, ClassVar, Self

import numpy as np

from latently.checks.settings import check_settings, check_whole
from latently.core.parameters import named, with_named
from latently.emissions.base import Emission
from latently.emissions.registry import family_of
from latently.estimators.hmm import BaseHMM
from latently.estimators.inputs import Array, tagged
from latently.estimators.old_names import ANY_HMM, refuses_old_names
from latently.estimators.settings import ANY_FAMILY, CHAIN, Constraints
from latently.latent.chain import Chain
from latently.models.latent_emission import LatentEmission, LatentEmissionParams


class HiddenMarkovModel(BaseHMM):
    """A hidden Markov model of any emission family, one's own included, fitted by EM.

    Parameters
    ----------
    emission : Emission or str
        The family of the observations in each state, or the name of one of ``latently.emissions.FAMILIES``:
        "gaussian", "poisson", "categorical".
    n_components : int, default 1
        Number of states.
    startprob : {"free", "stationary", "uniform"}, default "free"
        What the first state follows: a distribution of its own, the stationary one of the transitions, or the
        even one.
    startprob_init : array-like of shape (n_components,), optional
        Starting probabilities of the first state.
    transmat_init : array-like of shape (n_components, n_components), optional
        Starting transition probabilities, from row to column. Exact zeros stay zero for ever.
    starting_values : dict of str to array, optional
        Starting values of the emission's parameters, by name.
    fixed : tuple of str, default ()
        Names of parameters ("startprob", "transmat", and the family's) that keep their starting values.
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
    params_ : object
        All parameters; ``params_.emission`` are those of the family.
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
    >>> from latently import HiddenMarkovModel
    >>> from latently.emissions import Poisson
    >>> counts = np.array([1, 0, 2, 1, 9, 8, 11, 7, 1, 0, 1, 2, 10, 9.0])[:, None]
    >>> model = HiddenMarkovModel(Poisson(), 2, random_state=0).fit(counts)
    >>> model.params_.emission.lambdas.round(1).tolist()
    [[1.0], [9.0]]
    """

    _parameter_constraints: ClassVar[Constraints] = CHAIN | ANY_FAMILY

    @refuses_old_names(ANY_HMM)
    def __init__(
        self,
        emission: Emission | str,
        n_components: int = 1,
        *,
        startprob: str = "free",
        startprob_init: Any = None,
        transmat_init: Any = None,
        starting_values: dict[str, Any] | None = None,
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
        self.emission = emission
        self.n_components = n_components
        self.startprob = startprob
        self.startprob_init = startprob_init
        self.transmat_init = transmat_init
        self.starting_values = starting_values
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
        cls,
        emission: Emission | str,
        startprob: Any,
        transmat: Any,
        params: Any,
        *,
        n_features: int | None = None,
    ) -> Self:
        """Return a model with given parameters, ready for all but `fit`'s record, without fitting.

        Parameters
        ----------
        emission : Emission or str
            The family of the observations in each state.
        startprob : array-like of shape (n_components,), "stationary" or "uniform"
            Probabilities of the first state, or what they follow from.
        transmat : array-like of shape (n_components, n_components)
            Transition probabilities, from row to column. Exact zeros cannot happen.
        params : object or dict of str to array
            Parameters of the family, in its own dataclass or by name.
        n_features : int, optional
            Number of columns; by default that of the means, if the family has any.

        Returns
        -------
        HiddenMarkovModel
            States in the order given.

        Raises
        ------
        ValueError
            If shapes do not fit, a row is no set of probabilities, a parameter is out of range, or
            `n_features` is not known.

        Examples
        --------
        >>> import numpy as np
        >>> from latently import HiddenMarkovModel
        >>> from latently.emissions.poisson import Poisson, PoissonParams
        >>> rates = PoissonParams(np.array([[1.0], [9.0]]))
        >>> stay = [[0.9, 0.1], [0.2, 0.8]]
        >>> HiddenMarkovModel.from_parameters(Poisson(), [0.5, 0.5], stay, rates).predict([[0], [8]]).tolist()
        [0, 1]
        """
        settings, given = Chain.from_user(startprob, transmat)
        hmm = cls(emission, **settings)
        check_settings(hmm)
        family, K = hmm._family(), hmm.n_components
        if isinstance(params, Mapping):
            family, params = family.given(params, K)
        if not is_dataclass(params) or isinstance(params, type):
            raise ValueError(
                f"params is a {type(params).__name__}: should be what {type(family).__name__}.start makes, a "
                "dataclass of arrays, or a dict"
            )
        means = family.mean(params)
        if n_features is None and means is None:
            raise ValueError(f"{type(family).__name__} does not tell the number of columns: give n_features")
        n = means.shape[1] if n_features is None and means is not None else n_features
        hmm.n_features_in_ = check_whole("n_features", n)
        if means is not None and n != means.shape[1]:
            raise ValueError(
                f"n_features={n}, and the means are those of {means.shape[1]} columns: leave it out"
            )
        params = with_named(params, {name: np.array(value) for name, value in named(params).items()})
        with np.errstate(all="ignore"):
            family.check(params, K, hmm.n_features_in_)
        latent, first = hmm._latent().given(given, hmm.n_components)
        model = LatentEmission(latent, family, K)
        hmm._set_params(model, LatentEmissionParams(first, params))
        return hmm

    def __sklearn_tags__(self) -> Any:
        return tagged(super().__sklearn_tags__(), self._family())

    def _family(self) -> Emission:
        return family_of(self.emission)

    @property
    def emission_params_(self) -> dict[str, Array]:
        """Parameters of the family, by name."""
        return named(self.params_.emission)
