"""scikit-learn's Gaussian mixture: its settings, stopping rule and private names over latently's mixture."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp
from sklearn.exceptions import ConvergenceWarning

from latently.checks.settings import (
    ARRAY,
    BOOLEAN,
    COUNT,
    RANDOM_STATE,
    TOLERANCE,
    WHOLE,
    check_settings,
    key_of,
    one_of,
)
from latently.compat.underneath import Shared, absent
from latently.core.backends import SerialBackend
from latently.core.choices import ranked
from latently.core.em import describe
from latently.core.errors import SpuriousMaximumWarning
from latently.emissions.gaussian import STRUCTURES
from latently.estimators import gaussian_mixture as own
from latently.estimators.bases import BaseEstimator, DensityMixin, Tags
from latently.estimators.fitting import warn_of_spurious
from latently.estimators.inputs import Array, random_generator
from latently.estimators.settings import estimator, setting
from latently.estimators.starts import START_KINDS, MixtureStarts, Sampled
from latently.models.latent_emission import LatentEmission

SAME = (  # settings that latently has, too
    *("n_components", "covariance_type", "reg_covar", "max_iter", "warm_start"),
    *("init_params", "weights_init", "means_init", "precisions_init"),
)


@estimator({})
class GaussianMixture(DensityMixin, BaseEstimator):
    """A mixture of multivariate normal distributions with scikit-learn's settings and stopping rule.

    For programs that are carried over by changing the import. From the same starting values it takes the same
    steps as scikit-learn, and as many. New programs are better served by `latently.GaussianMixture`.

    Parameters
    ----------
    n_components : int, default 1
        Number of components.
    covariance_type : {"full", "tied", "diag", "spherical"}, default "full"
        A covariance matrix for each component; one for all; independent features; one variance each.
    tol : float, default 1e-3
        Gain of one step, per row, below which a run ends.
    reg_covar : float, default 1e-6
        Floor of the covariances relative to the variances of the features; nothing is added to them.
    max_iter : int, default 100
        Most EM steps of a run.
    n_init : int, default 1
        Number of runs, the best of which is kept.
    init_params : {"kmeans", "k-means++", "random_from_data", "random"}, default "kmeans"
        Kind of starting values.
    weights_init, means_init, precisions_init : array-like, optional
        Starting values.
    random_state : int, RandomState or Generator, optional
        Source of starting values, and of samples.
    warm_start : bool, default False
        Whether `fit` goes on from where the last one ended.
    verbose, verbose_interval : int, default 0 and 10
        Whether lines are printed, and steps from one to the next.

    Attributes
    ----------
    weights_, means_, covariances_, precisions_, precisions_cholesky_ : array
        The parameters.
    converged_ : bool
        Whether the best run ended by `tol`.
    n_iter_ : int
        Its number of steps.
    lower_bound_, lower_bounds_ : float, list of float
        Log-likelihood per row: of these parameters, and after each step.
    model_ : latently.GaussianMixture
        The fitted mixture, for all that there is beyond this.

    Examples
    --------
    >>> from latently import datasets
    >>> from latently.compat.sklearn import GaussianMixture
    >>> X = datasets.load_faithful().data
    >>> mixture = GaussianMixture(n_components=2, random_state=0).fit(X)
    >>> mixture.converged_, mixture.means_.round(1).tolist()
    (True, [[4.3, 80.0], [2.0, 54.5]])
    """

    n_components: int = setting(WHOLE, default=1, kw_only=False)
    covariance_type: str = setting(key_of(STRUCTURES), default="full")
    tol: float = setting(TOLERANCE, default=1e-3)
    reg_covar: float = setting(TOLERANCE, default=1e-6)
    max_iter: int = setting(COUNT, default=100)
    n_init: int = setting(WHOLE, default=1)
    init_params: str = setting(one_of(*START_KINDS), default="kmeans")
    weights_init: object = setting(ARRAY, None, default=None)
    means_init: object = setting(ARRAY, None, default=None)
    precisions_init: object = setting(ARRAY, None, default=None)
    random_state: object = setting(*RANDOM_STATE, default=None)
    warm_start: bool = setting(BOOLEAN, default=False)
    verbose: int = setting(COUNT, BOOLEAN, default=0)
    verbose_interval: int = setting(WHOLE, default=10)

    weights_ = Shared()
    means_ = Shared()
    covariances_ = Shared()
    precisions_ = Shared()
    precisions_cholesky_ = Shared()
    n_features_in_ = Shared()
    feature_names_in_ = Shared()
    n_iter_ = Shared()
    lower_bound_ = Shared()

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return self._model.__sklearn_is_fitted__()

    @property
    def model_(self) -> own.GaussianMixture:
        """The mixture underneath."""
        self._model._check_fitted()
        return self._model

    @property
    def _model(self) -> own.GaussianMixture:
        made: own.GaussianMixture = vars(self).setdefault("_mixture", own.GaussianMixture())
        if not made._complete:
            made.set_params(n_components=self.n_components, covariance_type=self.covariance_type)
        return made

    def fit(self, X: object, y: object = None) -> Self:
        """Fit by EM, from `n_init` starts."""
        check_settings(self)
        settings = {name: getattr(self, name) for name in SAME}
        settings |= {"n_init": 1, "tol": 0.0, "acceleration": None}
        settings["random_state"] = random_generator(self.random_state)
        begun = self.warm_start and hasattr(self, "converged_")
        runs = []
        for i in range(1 if begun else self.n_init):
            if self.verbose:
                print(f"Initialization {i}")
            model = self._model if begun else own.GaussianMixture()
            model.set_params(**settings)
            runs.append((model, *self._run(model, X, self._before if begun else ())))
            if self.verbose:
                print(f"Initialization {'converged' if runs[-1][1] else 'did not converge'}.")
        trusted = [run for run in runs if not run[0].diagnostics_] or runs
        best = ranked(trusted, lambda run: run[0].log_likelihood_, lambda run: run[0].restarts_.rounding)[0]
        self._mixture, self.converged_ = best[:2]
        self._before: list[float] = best[2]
        warn_of_spurious(self._mixture.diagnostics_, stacklevel=3)
        if not self.converged_ and self.max_iter:
            warnings.warn(
                "Best performing initialization did not converge. Try different init parameters, or increase "
                "max_iter, tol, or check for degenerate data.",
                ConvergenceWarning,
                stacklevel=2,
            )
        return self

    def _run(self, model: own.GaussianMixture, X: Any, before: Sequence[float]) -> tuple[bool, list[float]]:
        """Whether a run converged, and the log-likelihood before its last step."""
        history = list(before)

        def settled() -> bool:
            """As in scikit-learn, by the gain of the step before the last one."""
            return len(history) > 2 and abs(history[-2] - history[-3]) < self.tol * len(X)

        def after(iteration: int, params: Any, log_likelihood: float) -> bool:
            history.append(log_likelihood)
            if self.verbose and iteration and iteration % self.verbose_interval == 0:
                change = f"\t ll change {(history[-1] - history[-2]) / len(X):.5f}"
                print(f"  Iteration {iteration}{change if self.verbose > 1 else ''}")
            return settled()

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SpuriousMaximumWarning)  # the run may not be the one that is kept
            model.set_params(callbacks=[after]).fit(X)
        model.set_params(callbacks=None, random_state=self.random_state)
        return settled(), history[-2:-1]

    def fit_predict(self, X: object, y: object = None) -> NDArray[np.int64]:
        """Fit, and the likeliest component of each row."""
        return self.fit(X).predict(X)

    def predict(self, X: object) -> NDArray[np.int64]:
        """The likeliest component of each row."""
        return self._model.predict(X)

    def predict_proba(self, X: object) -> Array:
        """The probability of each component given the row."""
        return self._model.predict_proba(X)

    def score_samples(self, X: object) -> Array:
        """Log density of each row."""
        return self._model.score_samples(X)

    def score(self, X: object, y: object = None) -> float:
        """Mean of `score_samples`."""
        return float(np.mean(self.score_samples(X)))

    def sample(self, n_samples: int = 1) -> tuple[Array, NDArray[np.int64]]:
        """Draw rows and their components."""
        return self._model.sample(n_samples, self.random_state)

    def bic(self, X: object) -> float:
        """Bayesian information criterion; lower is better."""
        return self._model.bic(X)

    def aic(self, X: object) -> float:
        """Akaike's information criterion; lower is better."""
        return self._model.aic(X)

    @property
    def lower_bounds_(self) -> list[float]:
        """Log-likelihood per row after each step."""
        return self._model.lower_bounds_[1:]

    # -- private names that are used elsewhere ---------------------------------------------------------------

    def _n_parameters(self) -> int:
        return self._model.n_parameters_

    def _estimate_log_weights(self) -> Array:
        with np.errstate(divide="ignore"):
            return np.log(self.weights_)

    def _estimate_log_prob(self, X: object) -> Array:
        source = self._model._source(X)
        return self._model._lookup(source).rows

    def _estimate_weighted_log_prob(self, X: object) -> Array:
        return self._estimate_log_prob(X) + self._estimate_log_weights()

    def _estimate_log_prob_resp(self, X: object) -> tuple[Array, Array]:
        weighted = self._estimate_weighted_log_prob(X)
        log_prob = logsumexp(weighted, axis=1)
        return log_prob, weighted - log_prob[:, None]

    def _e_step(self, X: object) -> tuple[float, Array]:
        log_prob, log_resp = self._estimate_log_prob_resp(X)
        return float(np.mean(log_prob)), log_resp

    def _m_step(self, X: Any, log_resp: Any) -> None:
        self._set_parameters(self._estimated(X, np.exp(log_resp)))

    def _initialize(self, X: object, resp: object) -> None:
        found = self._estimated(X, resp)
        given = (self.weights_init, self.means_init, None)
        self._set_parameters([b if a is None else a for a, b in zip(given, found, strict=True)])
        if self.precisions_init is not None:
            self.precisions_ = self.precisions_init

    def _estimated(self, X: Any, resp: Any) -> tuple[Any, ...]:
        """Weights, means and covariances by one M-step."""
        mixture = own.GaussianMixture(resp.shape[1], covariance_type=self.covariance_type)
        family, read = mixture._read(X, mixture._family(), reset=True)
        source = read.in_memory()
        model = LatentEmission(mixture._latent(), family, mixture.n_components)
        description = describe(model, source, SerialBackend())
        starts = MixtureStarts(
            model.bind(description), description, lambda: Sampled(source.x, source.weights)
        )
        params = starts.from_resp(resp)
        found = (params.latent.weights, params.emission.means, params.emission.covariances)
        return tuple(value.astype(source.x.dtype) for value in found)

    def _get_parameters(self) -> tuple[Array, ...]:
        return self.weights_, self.means_, self.covariances_, self.precisions_cholesky_

    def _set_parameters(self, params: Sequence[Any]) -> None:
        weights, means, covariances = params[:3]
        made = own.GaussianMixture(len(means), covariance_type=self.covariance_type)
        made.weights_, made.means_, made.covariances_ = weights / np.sum(weights), means, covariances
        self._mixture = made


BayesianGaussianMixture = absent(
    "BayesianGaussianMixture",
    "latently.GaussianMixture(prior='normal-inverse-wishart') finds posterior modes, and latently.select the "
    "number of components",
)
