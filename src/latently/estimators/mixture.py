"""What all mixtures have in common: fit, predict, score, criteria, in scikit-learn's conventions."""

from __future__ import annotations

import os
from abc import ABCMeta, abstractmethod
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, DensityMixin
from sklearn.utils.validation import check_is_fitted

from latently import archive
from latently.core.blas import single_threaded_blas
from latently.core.blocks import ArraySource, Block, block_rows
from latently.core.em import EMMap, Settings, describe
from latently.core.executors import count_threads, executor
from latently.core.parameters import dimension, named
from latently.core.restarts import Start
from latently.emissions.base import Emission
from latently.estimators.fitting import AUTO_STARTS, Fit, fit, make_plan, n_starts
from latently.estimators.inputs import (
    Array,
    check_informative,
    check_rows,
    check_weights,
    column_names,
    random_generator,
)
from latently.estimators.starts import KINDS, MixtureStarts, sampled
from latently.estimators.state import pack
from latently.latent.independent import Independent
from latently.models import bounds
from latently.models.latent_emission import Description, LatentEmission, LatentEmissionParams, observed


class BaseMixture(DensityMixin, BaseEstimator, metaclass=ABCMeta):
    """A finite mixture of any emission family, fitted by EM.

    Concrete mixtures say which family they are of and how its parameters are shown; the rest is here.
    """

    n_components: int
    tol: float
    max_iter: int
    n_init: int | str
    init_params: str
    fixed: Any
    random_state: Any
    acceleration: str | None
    n_jobs: int | None
    callbacks: Any
    verbose: int

    @abstractmethod
    def _family(self) -> Emission:
        """Return the emission family, unbound."""

    @abstractmethod
    def _given(self, description: Description, n_features: int) -> dict[str, Array]:
        """Return the starting values the user gave, by the names of the engine."""

    @abstractmethod
    def _show(self, params: LatentEmissionParams) -> None:
        """Set the fitted attributes that show the parameters."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self._family().accepts_missing
        return tags

    # -- fitting ---------------------------------------------------------------------------------

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Fit the mixture by EM.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.
        y : None
            Ignored; there for scikit-learn's conventions.
        sample_weight : array-like of shape (n_samples,), optional
            How often each row counts; integers are the same as repeated rows.

        Returns
        -------
        self
            The fitted estimator.

        Raises
        ------
        ValueError
            If the input or a setting is unusable; the message names the culprit and the remedy.
        FitError
            If every run failed (a ValueError, too).

        Warns
        -----
        ConvergenceWarning
            If `max_iter` was reached.
        SpuriousMaximumWarning
            If the best maximum rests on the floor or on too few rows.
        """
        self._check_settings()
        family = self._family()
        names = column_names(X)
        rows = check_rows(self, X, reset=True, accepts_missing=family.accepts_missing)
        weights = check_weights(sample_weight, len(rows))
        check_informative(rows, weights, self.n_components, names)

        model = LatentEmission(Independent(), family, self.n_components)
        source = self._source(rows, weights)
        rng = random_generator(self.random_state)
        settings = Settings(
            self.tol, self.max_iter, tuple(self.fixed), tuple(self.callbacks or ()), self._accelerate()
        )
        n_threads = min(count_threads(self.n_jobs), max(source.n_blocks, AUTO_STARTS))
        with single_threaded_blas(), executor(n_threads) as workers:
            description = describe(model, source, workers)
            model = model.bind(description)
            starts = self._starts(model, description, rows, weights, rng)
            fitted = fit(
                EMMap(model, source, workers, tuple(self.fixed)),
                starts,
                settings,
                description.n_observed,
                rng,
                arrange=lambda params: self._arranged(model, params),
                plan=make_plan(self.n_init, len(starts), self.n_components * (rows.shape[1] + 1)),
                verbose=self.verbose,
                name=type(self).__name__,
            )
        self._keep(model, fitted)
        return self

    def fit_predict(self, X: Any, y: Any = None, sample_weight: Any = None) -> NDArray[np.int64]:
        """Fit the mixture and label its rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), optional
            How often each row counts.

        Returns
        -------
        array of shape (n_samples,)
            The likeliest component of each row.
        """
        return self.fit(X, sample_weight=sample_weight).predict(X)

    def _check_settings(self) -> None:
        for name in ("n_components", "max_iter"):
            value: Any = getattr(self, name)
            if not isinstance(value, Integral) or isinstance(value, bool) or int(value) < 1:
                raise ValueError(f"{name}={value!r}: should be an integer of at least 1")
        if not isinstance(self.tol, Real) or not float(self.tol) >= 0:
            raise ValueError(f"tol={self.tol!r}: should be a number of at least 0")
        if self.init_params != "auto" and self.init_params not in KINDS:
            allowed = ", ".join(repr(kind) for kind in ("auto", *KINDS))
            raise ValueError(f"init_params={self.init_params!r}: should be one of {allowed}")
        if isinstance(self.fixed, str):
            raise ValueError(f"fixed={self.fixed!r}: should be a tuple of names, such as ('{self.fixed}',)")

    def _accelerate(self) -> bool:
        if self.acceleration not in ("auto", "squarem", None):
            raise ValueError(f"acceleration={self.acceleration!r}: should be 'auto', 'squarem' or None")
        return self.acceleration is not None

    def _starts(
        self,
        model: LatentEmission,
        description: Description,
        rows: Any,
        weights: Array,
        rng: np.random.Generator,
    ) -> list[Start[LatentEmissionParams]]:
        """Starting values: as many as asked for, with those the user gave put in."""
        given = self._given(description, rows.shape[1])
        n = n_starts(self.n_init)
        sample = sampled(rows, weights, max(5000, 20 * self.n_components * rows.shape[1]), rng)
        starts = MixtureStarts(model, description, sample)
        known = list(named(starts.origin))
        unknown = [name for name in (*given, *self.fixed) if name not in known]
        if unknown:
            raise ValueError(f"there is no parameter '{unknown[0]}'; this model has {', '.join(known)}")
        without = [name for name in self.fixed if name not in given]
        if without:
            raise ValueError(
                f"'{without[0]}' is to be kept fixed but has no value: give its starting value "
                f"({without[0]}_init)"
            )
        if not given:
            return starts.of(self.init_params, n if self.n_components > 1 else 1)
        return self._with_given(model, starts, given, n)

    @abstractmethod
    def _with_given(
        self, model: LatentEmission, starts: MixtureStarts, given: dict[str, Array], n: int
    ) -> list[Start[LatentEmissionParams]]:
        """Return starts in which the given values stand; one if nothing is left to chance."""

    def _arranged(self, model: LatentEmission, params: LatentEmissionParams) -> LatentEmissionParams:
        """Labels in canonical order, unless something given by the user names them."""
        if self._names_labels():
            return params
        order = canonical_order(params.latent.weights, model.emission.mean(params.emission))
        return model.permute(params, order)

    def _keep(self, model: LatentEmission, fitted: Fit) -> None:
        result = fitted.result
        self._set_params(model, result.params)
        self.log_likelihood_ = result.log_likelihood
        self.log_likelihood_history_ = np.array([step.log_likelihood for step in result.history])
        self.parameter_change_history_ = np.array([step.change for step in result.history])
        self.converged_ = result.converged
        self.stop_reason_ = result.stop_reason
        self.n_iter_ = result.n_iter
        self.restarts_ = fitted.restarts
        self.doubts_ = fitted.doubts
        self.n_observed_ = fitted.n_observed
        self.lower_bound_ = result.log_likelihood / fitted.n_observed
        self.lower_bounds_ = (self.log_likelihood_history_ / fitted.n_observed).tolist()

    def _names_labels(self) -> bool:
        """Whether anything the user gave names a label, so that the labels must keep their order."""
        return False

    def _set_params(self, model: LatentEmission, params: LatentEmissionParams) -> None:
        self._model = model
        self.params_ = params
        self.weights_ = params.latent.weights
        self._show(params)

    # -- what the model says of rows ---------------------------------------------------------------

    def _rows(self, X: Any) -> Any:
        check_is_fitted(self)
        return check_rows(self, X, reset=False, accepts_missing=self._model.emission.accepts_missing)

    def _source(self, rows: Any, weights: Array) -> ArraySource:
        return ArraySource(rows, weights, None, block_rows(rows.shape[1] + self.n_components))

    def _posterior(self, rows: Any) -> tuple[Array, Array]:
        """Responsibilities and log densities of rows."""
        latent: Any = self._model.latent
        emission, params = self._model.emission, self.params_
        resp = np.empty((len(rows), self.n_components))
        log_density = np.empty(len(rows))
        block = Block(rows, np.ones(len(rows)))
        for tile in block.tiles(2 * self.n_components + 3 * rows.shape[1]):
            densities = emission.log_density(params.emission, block.rows(tile))
            resp[tile], log_density[tile] = latent.posterior(params.latent, densities)
        return resp, log_density

    def predict_proba(self, X: Any) -> Array:
        """Responsibilities: the probability of each component given the row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        array of shape (n_samples, n_components)
            Rows sum to one.
        """
        return self._posterior(self._rows(X))[0]

    def predict(self, X: Any) -> NDArray[np.int64]:
        """Return the likeliest component of each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        array of shape (n_samples,)
            Labels from 0 to n_components - 1.
        """
        return np.asarray(self.predict_proba(X).argmax(axis=1))

    def uncertainty(self, X: Any) -> Array:
        """One minus the largest responsibility: the chance that the label of the row is wrong.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        array of shape (n_samples,)
            Between 0 and 1 - 1 / n_components, if the model is true.
        """
        return np.asarray(1.0 - self.predict_proba(X).max(axis=1))

    def score_samples(self, X: Any) -> Array:
        """Log density of each row under the mixture, in nats.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        array of shape (n_samples,)
            Log densities.
        """
        return self._posterior(self._rows(X))[1]

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Mean log density per row (not the total), in nats.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), optional
            How often each row counts.

        Returns
        -------
        float
            Higher is better.
        """
        values = self.score_samples(X)
        return float(np.average(values, weights=check_weights(sample_weight, len(values))))

    def sample(self, n_samples: int = 1, random_state: Any = None) -> tuple[Array, NDArray[np.int64]]:
        """Draw rows from the mixture.

        Parameters
        ----------
        n_samples : int
            How many.
        random_state : None, int, Generator or RandomState
            None draws afresh each time, an integer repeats, a generator is drawn from.

        Returns
        -------
        X : array of shape (n_samples, n_features)
            Rows, in random order.
        labels : array of shape (n_samples,)
            The component each was drawn from.

        Raises
        ------
        ValueError
            If `n_samples` is less than one.
        """
        check_is_fitted(self)
        if not isinstance(n_samples, Integral) or n_samples < 1:
            raise ValueError(f"n_samples={n_samples!r}: should be an integer of at least 1")
        rng = random_generator(random_state)
        weights = self.params_.latent.weights
        labels = rng.choice(len(weights), size=int(n_samples), p=weights / weights.sum())
        return self._model.emission.sample(self.params_.emission, labels, rng), labels

    # -- criteria -----------------------------------------------------------------------------------

    @property
    def n_parameters_(self) -> int:
        """Number of free parameters."""
        return dimension(self._model.spaces(self.params_), tuple(self.fixed))

    def _fit_of(self, X: Any, sample_weight: Any) -> tuple[float, float]:
        """Total log-likelihood and n, of the training data or of others."""
        check_is_fitted(self)
        if X is None:
            if not hasattr(self, "log_likelihood_"):
                raise ValueError("this model was not fitted to data: pass X")
            return self.log_likelihood_, self.n_observed_
        rows = self._rows(X)
        weights = check_weights(sample_weight, len(rows))
        return float(weights @ self._posterior(rows)[1]), float(weights @ observed(rows))

    def bic(self, X: Any = None, sample_weight: Any = None) -> float:
        """Bayesian information criterion; lower is better.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), optional
            The rows; None means the training data.
        sample_weight : array-like of shape (n_samples,), optional
            How often each row counts.

        Returns
        -------
        float
            Minus twice the log-likelihood plus the number of free parameters times log n, n being the sum
            of the weights of the rows with any observed cell.

        References
        ----------
        .. [1] Schwarz, G. (1978). Estimating the dimension of a model. Annals of Statistics 6, 461-464.
        """
        log_likelihood, n = self._fit_of(X, sample_weight)
        return float(-2 * log_likelihood + self.n_parameters_ * np.log(n))

    def aic(self, X: Any = None, sample_weight: Any = None) -> float:
        """Akaike's information criterion; lower is better.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), optional
            The rows; None means the training data.
        sample_weight : array-like of shape (n_samples,), optional
            How often each row counts.

        Returns
        -------
        float
            Minus twice the log-likelihood plus twice the number of free parameters.
        """
        log_likelihood, _ = self._fit_of(X, sample_weight)
        return float(-2 * log_likelihood + 2 * self.n_parameters_)

    def icl(self, X: Any, sample_weight: Any = None) -> float:
        """Integrated completed likelihood; lower is better.

        BIC, less twice the log probability of the likeliest labels: it prefers components that are
        well separated.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows. The training data are not kept, so they must be given.
        sample_weight : array-like of shape (n_samples,), optional
            How often each row counts.

        Returns
        -------
        float
            The criterion.

        References
        ----------
        .. [1] Biernacki, C., Celeux, G. and Govaert, G. (2000). Assessing a mixture model for clustering with
           the integrated completed likelihood. IEEE PAMI 22, 719-725, section 3.
        """
        rows = self._rows(X)
        weights = check_weights(sample_weight, len(rows))
        resp, log_density = self._posterior(rows)
        n = float(weights @ observed(rows))
        bic = -2 * float(weights @ log_density) + self.n_parameters_ * np.log(n)
        return float(bic - 2 * weights @ np.log(resp.max(axis=1)))

    # -- files ----------------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the mixture to a file, from which `latently.load` makes one that predicts the same bits.

        The file is a zip archive of JSON and arrays, never a pickle. Callbacks are not stored, nor is a
        generator of random numbers in `random_state`: both are None after loading.

        Parameters
        ----------
        path : str or path
            Where to. A file of this name is replaced once the new one is safely on the disk; if saving
            fails, it stays as it was.

        Raises
        ------
        ValueError
            If a setting, or the family of a `MixtureModel`, is not made of numbers, strings and arrays.
        OSError
            If the path cannot be written.

        Examples
        --------
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from latently import GaussianMixture, load
        >>> mixture = GaussianMixture.from_parameters([0.5, 0.5], [[0.0], [4.0]], [[[1.0]], [[1.0]]])
        >>> with TemporaryDirectory() as folder:
        ...     mixture.save(Path(folder) / "model.latently")
        ...     again = load(Path(folder) / "model.latently")
        >>> again.predict([[3.0]]).tolist()
        [1]
        """
        check_is_fitted(self)
        archive.write(path, pack(self))

    # -- for teaching and testing --------------------------------------------------------------------

    def q_function(self, X: Any, at: LatentEmissionParams | None = None, sample_weight: Any = None) -> float:
        """Q(at | params_): the complete-data log-likelihood expected under this model's posterior.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.
        at : params, optional
            Where Q is taken: the `params_` of a mixture of the same kind. Default: this one's own.
        sample_weight : array-like of shape (n_samples,), optional
            How often each row counts.

        Returns
        -------
        float
            In nats, all constants included.

        References
        ----------
        .. [1] Dempster, A. P., Laird, N. M. and Rubin, D. B. (1977). Maximum likelihood from incomplete data
           via the EM algorithm. JRSS B 39, 1-38, section 2.
        """
        source = self._weighted_source(X, sample_weight)
        return bounds.q_function(self._model, self.params_, source, self.params_ if at is None else at)

    def lower_bound(self, X: Any, resp: Any, sample_weight: Any = None) -> float:
        """Lower bound of the log-likelihood from any responsibilities.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.
        resp : array-like of shape (n_samples, n_components)
            Rows are probabilities.
        sample_weight : array-like of shape (n_samples,), optional
            How often each row counts.

        Returns
        -------
        float
            Equal to the log-likelihood if `resp` is `predict_proba(X)`, and below it by the
            Kullback-Leibler divergence otherwise.

        Raises
        ------
        ValueError
            If `resp` has another shape or its rows are not probabilities.
        """
        source = self._weighted_source(X, sample_weight)
        resp = np.asarray(resp, dtype=np.float64)
        shape = (len(source), self.n_components)
        if resp.shape != shape:
            raise ValueError(f"resp has shape {resp.shape}, should be {shape}")
        wrong = ~((resp >= 0).all(axis=1) & np.isclose(resp.sum(axis=1), 1.0))
        if wrong.any():
            raise ValueError(f"row {int(np.flatnonzero(wrong)[0])} of resp is not a set of probabilities")
        return bounds.lower_bound(self._model, self.params_, source, resp)

    def posterior_entropy(self, X: Any, sample_weight: Any = None) -> float:
        """Entropy of the labels given the rows, in nats, summed over the rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.
        sample_weight : array-like of shape (n_samples,), optional
            How often each row counts.

        Returns
        -------
        float
            Zero if each label is certain.
        """
        source = self._weighted_source(X, sample_weight)
        return bounds.posterior_entropy(self._model, self.params_, source)

    def _weighted_source(self, X: Any, sample_weight: Any) -> ArraySource:
        rows = self._rows(X)
        return self._source(rows, check_weights(sample_weight, len(rows)))


def canonical_order(weights: Array, means: Array | None) -> NDArray[np.int64]:
    """Components by falling weight; near-ties by their means, feature by feature."""
    rounded = np.round(-weights, 6)
    keys = [rounded] if means is None else [*means.T[::-1], rounded]
    return np.lexsort(keys)
