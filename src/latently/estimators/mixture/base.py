"""Fitting a mixture, in scikit-learn's conventions."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, DensityMixin

from latently.checks.settings import check_settings
from latently.core.choices import CLOSE, column_ranks, ranks
from latently.core.em import EMMap, Settings, describe
from latently.core.executors import count_threads, executor
from latently.core.findings import Finding
from latently.core.libraries import single_threaded_libraries
from latently.core.parameters import named
from latently.core.restarts import Start
from latently.estimators.diagnostics import tell, undetermined
from latently.estimators.fitting import AUTO_STARTS, Fit, fit, make_plan, n_starts
from latently.estimators.inputs import (
    Array,
    check_informative,
    check_weights,
    column_names,
    float_type,
    random_generator,
    read_rows,
    tagged,
    unit_of,
    warn_of_weights,
)
from latently.estimators.mixture.bound import Bound
from latently.estimators.mixture.criteria import Criteria
from latently.estimators.mixture.errors import Errors
from latently.estimators.mixture.predictions import Predictions
from latently.estimators.old_names import AnswersOldNames
from latently.estimators.outcome import Outcome
from latently.estimators.settings import Constraints
from latently.estimators.starts import MixtureStarts, Sampled, sampled
from latently.latent.independent import Independent
from latently.models.latent_emission import Description, LatentEmission, LatentEmissionParams


class BaseMixture(AnswersOldNames, Predictions, Criteria, Bound, Errors, DensityMixin, BaseEstimator):
    """A finite mixture of any emission family, fitted by EM.

    Concrete mixtures say which family they are of and how its parameters are shown; the rest is here.
    """

    _parameter_constraints: ClassVar[Constraints]

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
    def _given(self, description: Description, n_features: int) -> dict[str, Array]:
        """Return the starting values the user gave, by the names of the engine."""

    def __sklearn_tags__(self) -> Any:
        return tagged(super().__sklearn_tags__(), self._family())

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
        UndeterminedWarning
            If columns are never observed together, so that nothing is known of how they depend on each other
            within a component.
        """
        check_settings(self)
        K = int(self.n_components)
        family = self._family()
        names = column_names(X)
        goes_on = self._goes_on()
        if goes_on:
            family = family.reading_as(self._model.emission)
        family, rows = read_rows(self, X, family, reset=not goes_on)
        weights = check_weights(sample_weight, len(rows))
        warn_of_weights(weights, "row")
        unit = unit_of(weights)
        weights = weights / unit
        family = family.per(unit)
        seen = rows if rows.dtype.kind == "f" else np.where(family.observed(rows)[:, None], rows, np.nan)
        check_informative(seen, weights, K, names)

        model = LatentEmission(Independent(), family, K)
        source = self._source(rows, weights, K).grouped()
        rng = random_generator(self.random_state)
        settings = Settings(
            float(self.tol),
            int(self.max_iter),
            tuple(self.fixed),
            tuple(self.callbacks or ()),
            self.acceleration is not None,
        )
        n_threads = min(count_threads(self.n_jobs), max(source.n_blocks, AUTO_STARTS))
        with single_threaded_libraries(), executor(n_threads) as workers:
            description = describe(model, source, workers)
            model = model.bind(description)
            starts = (
                self._start_from(model) if goes_on else self._starts(model, description, rows, weights, rng)
            )
            fitted = fit(
                EMMap(model, source, workers, tuple(self.fixed)),
                starts,
                settings,
                description.n_observed,
                rng,
                arrange=lambda params: params if goes_on else self._arranged(model, description, params),
                plan=make_plan(
                    self.n_init, len(starts), settings.max_iter, max(5000, 20 * K * (rows.shape[1] + 1))
                ),
                verbose=self.verbose,
                name=type(self).__name__,
                unit=unit,
            )
        unseen = np.argwhere(np.triu(family.unseen(description.emission)))
        by_prior = model.log_prior(fitted.result.params) != 0
        model = replace(model, emission=model.emission.per(1.0 / unit))
        said = undetermined(unseen, names, by_prior=by_prior)
        self._keep(model, fitted, said, float_type(rows).name)
        tell(said)
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

    def _starts(
        self,
        model: LatentEmission,
        description: Description,
        rows: Any,
        weights: Array,
        rng: np.random.Generator,
    ) -> list[Start[LatentEmissionParams]]:
        """Starting values: as many as asked for, with those the user gave put in."""
        given = self._given(description, rows.shape[1]) | self._set_so_far(rows.shape[1])
        n = n_starts(self.n_init)

        def sample() -> Sampled:
            return sampled(rows, weights, max(5000, 20 * model.n_components * rows.shape[1]), rng)

        starts = MixtureStarts(model, description, sample)
        known = list(named(starts.origin))
        unknown = [name for name in (*given, *self.fixed) if name not in known]
        if unknown:
            raise ValueError(f"there is no parameter '{unknown[0]}'; this model has {', '.join(known)}")
        without = [name for name in self.fixed if name not in given]
        if without:
            raise ValueError(
                f"'{without[0]}' is to be kept fixed but has no value: give its starting value in "
                f"{self._argument_of(without[0])}"
            )
        if not given:
            return starts.of(self.init_params, n if model.n_components > 1 else 1)
        return self._with_given(model, starts, given, n)

    @abstractmethod
    def _argument_of(self, name: str) -> str:
        """The argument in which the user gives the starting value of a parameter."""

    @abstractmethod
    def _with_given(
        self, model: LatentEmission, starts: MixtureStarts, given: dict[str, Array], n: int
    ) -> list[Start[LatentEmissionParams]]:
        """Return starts in which the given values stand; one if nothing is left to chance."""

    def _arranged(
        self, model: LatentEmission, description: Description, params: LatentEmissionParams
    ) -> LatentEmissionParams:
        """Labels in canonical order, and nothing made up of what the data do not tell.

        Starting values given by the user name the labels, and say where on a flat likelihood to stay.
        """
        if self._names_labels() or (self.warm_start and self._by_hand):
            return params
        params = model.least_dependent(description, params)
        order = canonical_order(params.latent.weights, model.emission.order_keys(params.emission))
        return model.permute(params, order)

    def _keep(self, model: LatentEmission, fitted: Fit, diagnostics: tuple[Finding, ...], dtype: Any) -> None:
        result = fitted.result
        self._set_params(model, result.params, Outcome.of(fitted, diagnostics, dtype))
        if self.warm_start:
            self._progress = result.progress

    def _names_labels(self) -> bool:
        """Whether anything the user gave names a label, so that the labels must keep their order."""
        return False


def canonical_order(weights: Array, means: Array | None) -> NDArray[np.int64]:
    """Components by falling weight; near-ties by their means, feature by feature."""
    return np.lexsort([*([] if means is None else column_ranks(means)), ranks(-weights, CLOSE)])
