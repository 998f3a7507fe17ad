"""Hidden Markov models of any family."""

from __future__ import annotations

from typing import Any

import numpy as np

from latently.core.parameters import named
from latently.emissions.base import Emission
from latently.estimators.hmm import BaseHMM
from latently.estimators.hmm.sequences import Sequences, joined
from latently.estimators.inputs import Array, check_rows
from latently.models.latent_emission import LatentEmissionParams


class HiddenMarkovModel(BaseHMM):
    """A hidden Markov model of any emission family, one's own included, fitted by EM.

    Parameters
    ----------
    emission : Emission
        The family of the observations in each state.
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
        Most EM steps; reaching it raises a ConvergenceWarning.
    n_init : "auto" or int, default "auto"
        "auto" starts many short runs and finishes the best; an integer asks for that many full runs.
    random_state : None, int, Generator or RandomState
        Source of all that is random; an integer repeats.
    acceleration : {"auto", "squarem", None}, default "auto"
        "auto" extrapolates by SQUAREM once progress has become slow and linear; None is plain EM.
    n_jobs : int, optional
        Threads; all cores by default. Any number gives the same bits.
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
    converged_, stop_reason_, n_iter_, restarts_
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

    def __init__(
        self,
        emission: Emission,
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
        random_state: Any = None,
        acceleration: str | None = "auto",
        n_jobs: int | None = None,
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
        self.random_state = random_state
        self.acceleration = acceleration
        self.n_jobs = n_jobs
        self.callbacks = callbacks
        self.verbose = verbose

    def _family(self) -> Emission:
        return self.emission

    def _names_labels(self) -> bool:
        return super()._names_labels() or bool(self.starting_values)

    def _observations(self, X: Any, lengths: Any, *, reset: bool) -> Sequences:
        table, offsets = joined(X, lengths)
        accepts = self.emission.accepts_missing
        return Sequences(check_rows(self, table, reset=reset, accepts_missing=accepts), offsets)

    def _given(self, n_features: int) -> dict[str, Array]:
        values = self.starting_values or {}
        return {name: np.asarray(value, dtype=np.float64) for name, value in values.items()}

    def _show(self, params: LatentEmissionParams) -> None:
        """Nothing more: the parameters of a family of any kind are in `params_`."""
        self.emission_params_ = named(params.emission)
