"""hmmlearn's hidden Markov models: its names, arguments and stopping rule over latently's estimators.

The starting values that are not given, the steps and all that is said of a model are latently's. There are no
priors, hmmlearn's default one on covariances included.
"""

from __future__ import annotations

import logging
import sys
from abc import ABCMeta
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self

import numpy as np

from latently.compat.underneath import Shared, absent
from latently.estimators import categorical_hmm, gaussian_hmm, poisson_hmm
from latently.estimators.bases import BaseEstimator
from latently.estimators.hmm import BaseHMM

__all__ = ["GMMHMM", "CategoricalHMM", "ConvergenceMonitor", "GaussianHMM", "MultinomialHMM", "PoissonHMM"]

_log = logging.getLogger(__name__)


class ConvergenceMonitor:
    """The record of a fit, and when it stops. Subclasses may say so otherwise, in `converged`.

    Parameters
    ----------
    tol : float
        The gain of one step, in nats, below which a fit stops.
    n_iter : int
        Most EM steps.
    verbose : bool
        Whether the log-likelihood before each step, and its gain, go to stderr.

    Attributes
    ----------
    history : deque of float
        Log-likelihood before each step.
    iter : int
        Number of steps.
    """

    def __init__(self, tol: float, n_iter: int, verbose: bool = False) -> None:
        self.tol, self.n_iter, self.verbose = tol, n_iter, verbose
        self.history: deque[float] = deque()
        self.iter = 0

    def report(self, log_prob: float) -> None:
        """Take the log-likelihood before a step."""
        if self.verbose:
            gain = log_prob - self.history[-1] if self.history else np.nan
            print(f"{self.iter + 1:>6} {log_prob:>18.6f} {gain:>+18.6f}", file=sys.stderr)
        self.history.append(log_prob)
        self.iter += 1

    @property
    def converged(self) -> bool:
        """Whether a step gained less than `tol`. Unlike hmmlearn's, false where the steps ran out."""
        return len(self.history) > 1 and self.history[-1] - self.history[-2] < self.tol


class _HMM(BaseEstimator, metaclass=ABCMeta):
    """What the models have in common."""

    _estimator: ClassVar[type[BaseHMM]]
    _same: ClassVar[tuple[str, ...]] = ("n_components", "random_state")  # settings that are latently's, too
    _letters: ClassVar[Mapping[str, str]]  # in `params` and `init_params`: the attributes
    _without_effect: ClassVar[Mapping[str, tuple[float, ...]]]  # of priors

    n_components: int
    algorithm: str
    n_iter: int
    tol: float
    verbose: bool
    params: str
    init_params: str

    startprob_ = Shared()
    transmat_ = Shared()

    def _keep(self, settings: Mapping[str, object]) -> None:
        self.__dict__.update({name: value for name, value in settings.items() if name != "self"})
        self.monitor_ = ConvergenceMonitor(self.tol, self.n_iter, self.verbose)
        self._hmm = self._estimator()

    @property
    def _model(self) -> Any:
        return self._hmm.set_params(**self._settings())

    def _settings(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self._same}

    def fit(self, X: object, lengths: object = None) -> Self:
        """Fit by at most `n_iter` steps of EM, until `monitor_.converged`."""
        answers: Mapping[str, str] = self._estimator.__init__.old_names  # type: ignore[attr-defined]
        for name, values in self._without_effect.items():
            if not np.isin(getattr(self, name), values).all():
                raise ValueError(f"{type(self).__name__} takes no {name}: {answers[name]}")
        model = self._started(X, lengths)
        if self.n_iter:
            kept = [name for letter, name in self._letters.items() if letter not in self.params]
            fixed = tuple(getattr(self._estimator, name).name for name in kept)
            model.set_params(max_iter=self.n_iter, fixed=fixed, callbacks=[self._follow()])
            model.fit(X, lengths=lengths)
        self._hmm = model.set_params(callbacks=None)
        return self

    def _started(self, X: object, lengths: object) -> Any:
        """An estimator with starting values: those that were set, and latently's for the rest."""
        values = {name: getattr(self, name) for name in self._letters.values() if hasattr(self, name)}
        for letter, name in self._letters.items():
            if letter in self.init_params and values.pop(name, None) is not None:
                _log.warning("%s was set and will be overwritten: leave %r out of init_params", name, letter)
        model = self._estimator(warm_start=True, acceleration=None, tol=0.0, max_iter=0, **self._settings())
        for name, value in values.items():
            setattr(model, name, value)
        return model if len(values) == len(self._letters) else model.fit(X, lengths=lengths)

    def _init(self, X: object, lengths: object = None) -> None:
        self._hmm = self._started(X, lengths)

    def _check(self) -> None:
        self._model._check_fitted()

    def _follow(self) -> Callable[..., bool]:
        if type(self.monitor_) is ConvergenceMonitor:  # settings may have changed since it was made
            self.monitor_ = ConvergenceMonitor(self.tol, self.n_iter, self.verbose)
        monitor = self.monitor_
        monitor.history.clear()
        monitor.iter = 0

        def callback(iteration: int, params: object, log_likelihood: float) -> bool:
            if iteration == self.n_iter or (iteration and monitor.converged):
                return True
            monitor.report(log_likelihood)
            return False

        return callback

    def score(self, X: object, lengths: object = None) -> float:
        """Total log-likelihood of the sequences."""
        return float(self._model.score(X, lengths))

    def score_samples(self, X: object, lengths: object = None) -> Any:
        """Total log-likelihood, and probabilities of the states at each time given the whole sequence."""
        return self._model.score_samples(X, lengths)

    def predict_proba(self, X: object, lengths: object = None) -> Any:
        """Probabilities of the states at each time step given the whole sequence."""
        return self._model.predict_proba(X, lengths)

    def decode(self, X: object, lengths: object = None, algorithm: str | None = None) -> Any:
        """Log-probability and states, by the algorithm named here or else in the constructor."""
        return self._model.decode(X, lengths, self.algorithm if algorithm is None else algorithm)

    def predict(self, X: object, lengths: object = None) -> Any:
        """The states, by the algorithm named in the constructor."""
        return self.decode(X, lengths)[1]

    def sample(self, n_samples: int = 1, random_state: object = None, currstate: int | None = None) -> Any:
        """Draw one sequence and its states, from a state if one is given."""
        return self._model.sample(n_samples, random_state, currstate)

    def bic(self, X: object, lengths: object = None) -> float:
        """Bayesian information criterion; lower is better."""
        return float(self._model.bic(X, lengths))

    def aic(self, X: object, lengths: object = None) -> float:
        """Akaike's information criterion; lower is better."""
        return float(self._model.aic(X, lengths))

    def get_stationary_distribution(self) -> Any:
        """The distribution of states that transitions leave as it is."""
        return self._model.get_stationary_distribution()


_CHAIN: dict[str, tuple[float, ...]] = {"startprob_prior": (1,), "transmat_prior": (1,)}


class GaussianHMM(_HMM):
    """hmmlearn's model of numbers, over `latently.GaussianHMM`.

    `min_covar` and `implementation` are taken and have no effect: variances have a floor of their own.

    Examples
    --------
    >>> import numpy as np
    >>> from latently.compat.hmmlearn import GaussianHMM
    >>> X = np.repeat([0.0, 5.0, 0.0], 50)[:, None] + np.random.default_rng(0).normal(size=(150, 1))
    >>> model = GaussianHMM(2, "full", n_iter=100, random_state=0).fit(X, [100, 50])
    >>> model.monitor_.converged, model.covars_.shape
    (True, (2, 1, 1))
    """

    _estimator = gaussian_hmm.GaussianHMM
    _same = ("n_components", "random_state", "covariance_type")
    _letters: ClassVar = {"s": "startprob_", "t": "transmat_", "m": "means_", "c": "covars_"}
    _without_effect: ClassVar = _CHAIN | {
        "means_weight": (0,),
        "covars_prior": (0, 1e-2),
        "covars_weight": (0, 1),
    }

    means_ = Shared()
    covars_ = Shared()
    _covars_ = Shared("covariances_")
    n_features = Shared("n_features_in_")

    def __init__(
        self,
        n_components: int = 1,
        covariance_type: str = "diag",
        min_covar: float = 1e-3,
        startprob_prior: object = 1.0,
        transmat_prior: object = 1.0,
        means_prior: object = 0,
        means_weight: object = 0,
        covars_prior: object = 1e-2,
        covars_weight: object = 1,
        algorithm: str = "viterbi",
        random_state: object = None,
        n_iter: int = 10,
        tol: float = 1e-2,
        verbose: bool = False,
        params: str = "stmc",
        init_params: str = "stmc",
        implementation: str = "log",
    ) -> None:
        self._keep(locals())


class CategoricalHMM(_HMM):
    """hmmlearn's model of the symbols 0 to n_features - 1, over `latently.CategoricalHMM`.

    Examples
    --------
    >>> from latently.compat.hmmlearn import CategoricalHMM
    >>> model = CategoricalHMM(2, random_state=0).fit([[0], [0], [0], [3], [3], [0], [0]])
    >>> model.n_features, model.emissionprob_.shape
    (4, (2, 4))
    """

    _estimator = categorical_hmm.CategoricalHMM
    _same = ("n_components", "random_state", "n_features")
    _letters: ClassVar = {"s": "startprob_", "t": "transmat_", "e": "emissionprob_"}
    _without_effect: ClassVar = _CHAIN | {"emissionprob_prior": (1,)}

    n_features: int | None
    emissionprob_ = Shared()

    def __init__(
        self,
        n_components: int = 1,
        startprob_prior: object = 1.0,
        transmat_prior: object = 1.0,
        *,
        emissionprob_prior: object = 1.0,
        n_features: int | None = None,
        algorithm: str = "viterbi",
        random_state: object = None,
        n_iter: int = 10,
        tol: float = 1e-2,
        verbose: bool = False,
        params: str = "ste",
        init_params: str = "ste",
        implementation: str = "log",
    ) -> None:
        self._keep(locals())

    def _started(self, X: object, lengths: object) -> Any:
        if self.n_features is None:
            symbols = np.asarray(X)
            if symbols.dtype.kind not in "iu" or not symbols.size:
                raise ValueError("X should be integers from 0: latently.CategoricalHMM takes other symbols")
            given = np.shape(getattr(self, "emissionprob_", np.empty((0, 0))))[-1]
            self.n_features = max(int(symbols.max()) + 1, given)
        return super()._started(X, lengths)


class PoissonHMM(_HMM):
    """hmmlearn's model of counts, over `latently.PoissonHMM`.

    Examples
    --------
    >>> from latently.compat.hmmlearn import PoissonHMM
    >>> model = PoissonHMM(2, random_state=0).fit([[1], [0], [2], [9], [8], [11], [1], [0]])
    >>> model.predict([[0], [10]]).tolist()
    [0, 1]
    """

    _estimator = poisson_hmm.PoissonHMM
    _letters: ClassVar = {"s": "startprob_", "t": "transmat_", "l": "lambdas_"}
    _without_effect: ClassVar = _CHAIN | {"lambdas_prior": (0,), "lambdas_weight": (0,)}

    lambdas_ = Shared()
    n_features = Shared("n_features_in_")

    def __init__(
        self,
        n_components: int = 1,
        startprob_prior: object = 1.0,
        transmat_prior: object = 1.0,
        lambdas_prior: object = 0.0,
        lambdas_weight: object = 0.0,
        algorithm: str = "viterbi",
        random_state: object = None,
        n_iter: int = 10,
        tol: float = 1e-2,
        verbose: bool = False,
        params: str = "stl",
        init_params: str = "stl",
        implementation: str = "log",
    ) -> None:
        self._keep(locals())


_OWN = "latently.HiddenMarkovModel(emission) takes a family of your own, of"
GMMHMM = absent("GMMHMM", f"{_OWN} mixtures")
MultinomialHMM = absent("MultinomialHMM", f"{_OWN} counts that share a total")
