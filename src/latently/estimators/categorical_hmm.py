"""Hidden Markov models of symbols."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np

from latently.checks.arrays import as_array, as_cells, as_floats, missing_cells
from latently.checks.settings import ARRAY, LIST, WHOLE
from latently.core.given import numbers, support_of
from latently.emissions.categorical import Categorical
from latently.estimators.by_hand import Parameter
from latently.estimators.hmm import BaseHMM
from latently.estimators.hmm.by_hand import given_chain
from latently.estimators.hmm.sequences import Sequences, joined
from latently.estimators.inputs import Array
from latently.estimators.old_names import CATEGORICAL_HMM, refuses_old_names
from latently.estimators.settings import CHAIN, Constraints
from latently.latent.evidence import looked_up


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
        chain = given_chain(startprob, transmat)
        table = numbers(emissionprob, "emissionprob", chain.settings["n_components"], "n_symbols")
        hmm = cls(
            categories=categories, n_features=table.shape[1] if categories is None else None, **chain.settings
        )
        return hmm._from(**chain.values, emissionprob=table)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = tags.input_tags.string = True
        return tags

    def _family(self) -> Categorical:
        given = self.emissionprob_init
        return Categorical(
            len(self.categories_),
            None if given is None else support_of(as_floats(given, "emissionprob_init")),
        )

    def _family_for(self, values: Mapping[str, Any]) -> Categorical:
        """On a new estimator the alphabet is that of the settings, or the integers from 0."""
        if "_in_force" not in vars(self):
            n_symbols = np.shape(values["emissionprob"])[-1]
            self.categories_ = self._alphabet(np.arange(n_symbols))
            if np.shape(self.categories_) != (n_symbols,):
                raise ValueError(
                    f"categories holds {np.size(self.categories_)} symbols, and emissionprob has {n_symbols} "
                    "columns: there should be one for each"
                )
        return self._family()

    def _names_labels(self) -> bool:
        return super()._names_labels() or self.emissionprob_init is not None

    def _observations(self, X: Any, lengths: Any, *, reset: bool) -> Sequences:
        table, offsets = joined(X, lengths, symbols=True)
        symbols = as_cells(table)
        if symbols.ndim == 2 and symbols.shape[1] == 1:
            symbols = symbols[:, 0]
        if symbols.ndim != 1:
            raise ValueError(
                f"X has shape {symbols.shape}: should be one symbol for each time, (n_times, 1); several "
                "sequences are a list of arrays"
            )
        missing = missing_cells(symbols)
        holed = missing.any()
        seen = symbols[~missing] if holed else symbols
        if reset:
            self.categories_ = self._alphabet(seen)
            self.n_features_in_ = 1
        found = Sequences(symbols, offsets)
        if not holed:
            return Sequences(self._codes(seen, range(len(seen)), found)[:, None], offsets)
        codes = np.full(len(symbols), len(self.categories_), dtype=np.int64)
        codes[~missing] = self._codes(seen, np.flatnonzero(~missing), found)
        return Sequences(codes[:, None], offsets)

    def _alphabet(self, symbols: Any) -> Any:
        if self.n_features is not None:
            if self.categories is not None:
                raise ValueError("categories and n_features both give the alphabet: leave one out")
            return np.arange(self.n_features)
        if self.categories is not None:
            alphabet = as_array(self.categories, "categories")
            if alphabet.ndim != 1 or not len(alphabet):
                raise ValueError(f"categories has shape {alphabet.shape}: should be a list of symbols")
            if len(set(alphabet.tolist())) != len(alphabet):
                raise ValueError("categories holds a symbol twice")
            return alphabet
        if not len(symbols):
            raise ValueError("no symbol is observed: there is nothing to learn from")
        try:
            return np.unique(symbols if symbols.dtype.kind != "O" else np.array(symbols.tolist()))
        except TypeError:
            raise ValueError(
                "symbols of X are of kinds that have no order: give them in categories="
            ) from None

    def _codes(self, symbols: Any, times: Any, found: Sequences) -> Any:
        if self.categories_.dtype.kind in "iu" and symbols.dtype.kind in "iuf":
            n = len(self.categories_)
            if np.array_equal(self.categories_, np.arange(n)):
                whole = symbols.dtype.kind in "iu"
                if not whole or (len(symbols) and not 0 <= symbols.min() <= symbols.max() < n):
                    known = (symbols >= 0) & (symbols < n) & (symbols == np.floor(symbols))
                    self._refuse(symbols, ~known, times, found)
                return symbols.astype(np.int64)
        order = np.argsort(self.categories_, kind="stable")
        alphabet = self.categories_[order]
        plain = symbols if symbols.dtype.kind != "O" else np.array(symbols.tolist())
        try:
            at = np.minimum(np.searchsorted(alphabet, plain), len(alphabet) - 1)
            known = alphabet[at] == plain
        except TypeError:
            at, known = np.zeros(len(plain), dtype=np.int64), np.zeros(len(plain), dtype=bool)
        self._refuse(symbols, ~np.asarray(known), times, found)
        return order[at]

    def _refuse(self, symbols: Any, wrong: Any, times: Any, found: Sequences) -> None:
        if wrong.any():
            first = int(np.argmax(wrong))
            listed = ", ".join(map(repr, self.categories_.tolist()[:10]))
            symbol = np.asarray(symbols[first]).item()
            remedy = "add it to categories and fit again, or make it missing"
            if isinstance(symbol, str) and set(symbol) <= set(self.categories_.tolist()):
                remedy = "write [np.array(list(text)) for text in X] if its letters are the symbols"
            raise ValueError(
                f"{found.where(int(times[first]))} holds {symbol!r}, which is not in the "
                f"alphabet ({listed}): {remedy}"
            )

    def _given(self, n_features: int) -> dict[str, Array]:
        if self.emissionprob_init is None:
            return {}
        given, K = self.emissionprob_init, self.n_components
        return {"emissionprob": self._family().checked("emissionprob", given, K, 1, "emissionprob_init")}

    def _order(self, emission: Any) -> Any:
        """States by how often they emit the first symbol, then the next, most often first."""
        return np.lexsort(-np.round(emission.emissionprob, 6).T[::-1])

    def _lookup(self, found: Sequences) -> tuple[Array, Any]:
        """Log probabilities of all symbols, and the symbol of each time."""
        family: Any = self._model.emission
        table, symbols = family.table(self.params_.emission), np.ascontiguousarray(found.x[:, 0])
        return (table, symbols) if found.states is None else looked_up(table, symbols, found.states)

    def _shown(self, observations: Any) -> Any:
        return self.categories_[observations[:, 0]][:, None]
