"""Hidden Markov models of symbols."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from latently.checks.arrays import as_floats
from latently.checks.settings import ARRAY, LIST, WHOLE
from latently.core.given import numbers, support_of
from latently.emissions.categorical import Categorical
from latently.estimators.by_hand import Parameter
from latently.estimators.hmm import BaseHMM
from latently.estimators.old_names import CATEGORICAL_HMM, refuses_old_names
from latently.estimators.settings import CHAIN, Constraints
from latently.latent.chain import Chain


class CategoricalHMM(BaseHMM):
    """A hidden Markov model of symbols, fitted by EM.

    Parameters
    ----------
    n_components : int, default 1
        Number of states.
    categories : sequence, optional
        The alphabet: numbers or strings. By default the sorted symbols of the training data.
    n_features : int, optional
        Size of the alphabet if it is the integers from 0.
    startprob : {"free", "stationary", "uniform"}, default "free"
        What the first state follows: a distribution of its own, the stationary one of the transitions, or the
        even one.
    startprob_init : array-like of shape (n_components,), optional
        Starting probabilities of the first state.
    transmat_init : array-like of shape (n_components, n_components), optional
        Starting transition probabilities, from row to column. Exact zeros stay zero for ever.
    emissionprob_init : array-like of shape (n_components, n_symbols), optional
        Starting probabilities of the symbols. Exact zeros stay zero for ever.
    fixed : tuple of str, default ()
        Names of parameters ("startprob", "transmat", "emissionprob") that keep their starting values.
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
    emissionprob_ : array of shape (n_components, n_symbols)
        Probability of each symbol in each state.
    categories_ : array of shape (n_symbols,)
        The alphabet.
    log_likelihood_ : float
        Total log-likelihood of the training data under these parameters, in nats.
    log_likelihood_history_ : array of shape (n_iterates,)
        At each iterate.
    converged_, stop_reason_, n_iter_, diagnostics_, restarts_
        Whether and why the best run stopped, its EM steps, and the record of all runs.
    n_parameters_ : int
        Number of free parameters.

    Notes
    -----
    None and NaN are missing symbols: such a time has density 1.

    References
    ----------
    .. [1] Rabiner, L. R. (1989). A tutorial on hidden Markov models and selected applications in speech
       recognition. Proceedings of the IEEE 77, 257-286, sections III and IV.

    Examples
    --------
    >>> from latently import CategoricalHMM
    >>> weather = list("rrrrrrssssssrrrrrsssss")
    >>> model = CategoricalHMM(2, random_state=0).fit(weather)
    >>> model.categories_.tolist()
    ['r', 's']
    >>> len(set(model.predict(weather)[:6]))
    1
    """

    _parameter_constraints: ClassVar[Constraints] = CHAIN | {
        "categories": (LIST, None),
        "n_features": (WHOLE, None),
        "emissionprob_init": (ARRAY, None),
    }

    emissionprob_ = Parameter("emissionprob")

    @refuses_old_names(CATEGORICAL_HMM)
    def __init__(
        self,
        n_components: int = 1,
        *,
        categories: Any = None,
        n_features: int | None = None,
        startprob: str = "free",
        startprob_init: Any = None,
        transmat_init: Any = None,
        emissionprob_init: Any = None,
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
        self.categories = categories
        self.n_features = n_features
        self.startprob = startprob
        self.startprob_init = startprob_init
        self.transmat_init = transmat_init
        self.emissionprob_init = emissionprob_init
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
        cls, startprob: Any, transmat: Any, emissionprob: Any, *, categories: Any = None
    ) -> Self:
        """Return a model with given parameters, ready to predict and to sample, without fitting.

        Parameters
        ----------
        startprob : array-like of shape (n_components,), "stationary" or "uniform"
            Probabilities of the first state, or what they follow from.
        transmat : array-like of shape (n_components, n_components)
            Transition probabilities, from row to column. Exact zeros cannot happen.
        emissionprob : array-like of shape (n_components, n_symbols)
            Probability of each symbol in each state.
        categories : sequence of length n_symbols, optional
            The alphabet: numbers or strings, in the order of the columns. By default the integers from 0.

        Returns
        -------
        CategoricalHMM
            States in the order given.

        Raises
        ------
        ValueError
            If shapes do not fit, a row is no set of probabilities, or the alphabet is of another length or
            holds a symbol twice.

        Examples
        --------
        >>> from latently import CategoricalHMM
        >>> stay = [[0.8, 0.2], [0.2, 0.8]]
        >>> cones = [[0.75, 0.25], [0.25, 0.75]]
        >>> model = CategoricalHMM.from_parameters([0.5, 0.5], stay, cones, categories=["few", "many"])
        >>> model.filter(["many", "many", "few"])[:, 1].round(3).tolist()
        [0.75, 0.848, 0.448]
        """
        of_chain, _ = Chain.from_user(startprob, transmat)
        table = numbers(emissionprob, "emissionprob", of_chain["n_components"], "n_symbols")
        n_features = table.shape[1] if categories is None else None
        settings = {"categories": categories, "n_features": n_features}
        return cls._by_parameters(startprob, transmat, settings, emissionprob=table)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = tags.input_tags.string = True
        return tags

    def _family(self) -> Categorical:
        if self.n_features is not None and self.categories is not None:
            raise ValueError("categories and n_features both give the alphabet: leave one out")
        given = self.emissionprob_init
        support = None if given is None else support_of(as_floats(given, "emissionprob_init"))
        return Categorical(self.n_features, support, self.categories)

    @property
    def categories_(self) -> Any:
        """The symbols, in the order of the columns of `emissionprob_`."""
        return self._model.emission.alphabet
