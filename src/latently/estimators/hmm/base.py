"""Fitting a hidden Markov model."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from latently.checks.settings import check_settings
from latently.core.choices import column_ranks
from latently.core.em import EMMap, Settings, describe
from latently.core.executors import count_threads, executor
from latently.core.findings import Finding
from latently.core.given import probabilities, support_of
from latently.core.libraries import single_threaded_libraries
from latently.core.parameters import dimension, named, with_named
from latently.core.restarts import Start
from latently.estimators.diagnostics import tell, undetermined
from latently.estimators.fitting import Fit, fit, make_plan
from latently.estimators.hmm.bound import Bound
from latently.estimators.hmm.errors import Errors
from latently.estimators.hmm.groups import lengths_by_position, lengths_of
from latently.estimators.hmm.memory import bytes_of
from latently.estimators.hmm.residuals import Residuals
from latently.estimators.hmm.sampling import Sampling
from latently.estimators.hmm.sequences import Sequences, check_sequence_weight
from latently.estimators.hmm.starts import ChainStarts
from latently.estimators.inputs import (
    Array,
    check_informative,
    float_type,
    label_of,
    random_generator,
    some_observed,
    unit_of,
    warn_of_weights,
)
from latently.estimators.old_names import AnswersOldNames
from latently.estimators.outcome import Outcome
from latently.estimators.settings import Constraints
from latently.latent.chain import Chain
from latently.models.latent_emission import NO_DATA, Description, LatentEmission, LatentEmissionParams

AUTO_STARTS = 24


class BaseHMM(AnswersOldNames, Residuals, Sampling, Errors, Bound, BaseEstimator):
    """A hidden Markov model of any emission family, fitted by EM (Baum and Welch's algorithm)."""

    _parameter_constraints: ClassVar[Constraints]

    startprob_init: Any
    transmat_init: Any
    tol: float
    max_iter: int
    n_init: int | str
    random_state: Any
    acceleration: str | None
    memory_budget: int | str | None
    callbacks: Any
    verbose: int

    @abstractmethod
    def _given(self, family: Any, n_features: int) -> dict[str, Array]:
        """Return the starting values of the emission that the user gave, by the names of the engine."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        lengths: Any = None,
        groups: Any = None,
        sequence_weight: Any = None,
        states: Any = None,
    ) -> Self:
        """Fit by EM.

        Parameters
        ----------
        X : array-like of shape (n_times, n_features), or a list of such
            One table of all sequences on end, or one table for each.
        y : None
            Ignored; there for scikit-learn's conventions. Lengths are understood here, too, as in hmmlearn.
        lengths : array-like of int, optional
            Lengths of the sequences in one table; it is one sequence by default.
        groups : array-like of shape (n_times,), optional
            In place of lengths: which sequence each time belongs to. Those of one sequence stand together.
        sequence_weight : array-like of shape (n_sequences,), optional
            How often each sequence counts.
        states : array-like of int of shape (n_times,), optional
            States that are known, -1 where they are not.

        Returns
        -------
        self
            The fitted model.

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
        UserWarning
            If a state lost all its data.
        """
        check_settings(self)
        K = int(self.n_components)
        goes_on = self._goes_on()
        lengths = lengths_of(X, lengths_by_position(X, y, lengths), groups)
        found = self._observations(X, lengths, reset=not goes_on)
        weights = check_sequence_weight(sequence_weight, len(found))
        warn_of_weights(weights, "sequence")
        unit = unit_of(weights)
        weights = weights / unit
        self._check_data(found, np.repeat(weights, np.diff(found.offsets)))
        found = found.knowing(states, K)
        n_features = int(np.prod(found.x.shape[1:]))
        family = self._family().reading_as(found.family)
        given = self._given(family, n_features) | self._set_so_far(n_features)
        chain = self._latent()
        if goes_on:  # structural zeros that were set by hand stay
            chain = replace(self._model.latent, startprob=chain.startprob, budget=chain.budget)
        model = LatentEmission(chain, family, K)
        rng = random_generator(self.random_state)
        settings = Settings(
            float(self.tol),
            int(self.max_iter),
            tuple(self.fixed),
            tuple(self.callbacks or ()),
            self.acceleration is not None,
        )
        with single_threaded_libraries(), executor(count_threads(self.n_jobs)) as workers:
            source = self._source(found, weights, K)
            description = describe(model, source, workers)
            model = model.bind(description)
            starts = (
                self._start_from(model)
                if goes_on
                else self._starts(model, description, found, weights, given)
            )
            n_observed = self._n_observed(found, weights) or 1.0
            fitted = fit(
                EMMap(model, source, workers, tuple(self.fixed)),
                starts,
                settings,
                n_observed,
                rng,
                arrange=lambda params: (
                    params
                    if goes_on
                    else self._arranged(model, description, params, found.states is not None)
                ),
                plan=make_plan(self.n_init, len(starts), settings.max_iter, max(len(found), 1)),
                verbose=self.verbose,
                name=type(self).__name__,
                unit=unit,
            )
        unseen = np.argwhere(np.triu(family.unseen(description.emission)))
        said = undetermined(unseen, None, by_prior=False)
        self._keep(model, fitted, said, float_type(found.x).name)
        tell(said)
        return self

    @property
    def n_parameters_(self) -> int:
        """Number of free parameters."""
        return dimension(self._model.spaces(self.params_), tuple(self.fixed))

    def bic(self, X: Any = None, lengths: Any = None, *, groups: Any = None) -> float:
        """Bayesian information criterion; lower is better.

        Parameters
        ----------
        X : array-like of shape (n_times, n_features), optional
            Sequences; None means the training data.
        lengths : array-like of int, optional
            Lengths of the sequences in one table.
        groups : array-like of shape (n_times,), optional
            In place of lengths: which sequence each time belongs to.

        Returns
        -------
        float
            Minus twice the log-likelihood plus the number of free parameters times the log of the number of
            times.
        """
        log_likelihood, n = self._fit_of(X, lengths, groups)
        return float(-2 * log_likelihood + self.n_parameters_ * np.log(n))

    def aic(self, X: Any = None, lengths: Any = None, *, groups: Any = None) -> float:
        """Akaike's information criterion; lower is better.

        Parameters
        ----------
        X : array-like of shape (n_times, n_features), optional
            Sequences; None means the training data.
        lengths : array-like of int, optional
            Lengths of the sequences in one table.
        groups : array-like of shape (n_times,), optional
            In place of lengths: which sequence each time belongs to.

        Returns
        -------
        float
            Minus twice the log-likelihood plus twice the number of free parameters.
        """
        log_likelihood, _ = self._fit_of(X, lengths, groups)
        return float(-2 * log_likelihood + 2 * self.n_parameters_)

    def _fit_of(self, X: Any, lengths: Any, groups: Any) -> tuple[float, float]:
        if X is None:
            self._check_fitted()
            return self._of_the_fit()
        found = self._sequences(X, lengths, groups)
        n = some_observed(self._n_observed(found, np.ones(len(found))))
        return float(self._smoothed(found)[0].sum()), n

    def _n_observed(self, found: Sequences, weights: Array) -> float:
        """Sum of the weights of the times with any observed cell."""
        return float(np.repeat(weights, np.diff(found.offsets)) @ found.family.observed(found.x))

    def _check_data(self, found: Sequences, weights: Array) -> None:
        """Refuse data from which the family cannot learn; `weights` are those of the times."""
        used = found.x[weights > 0]
        empty = np.isnan(used).all(axis=0) | (not found.family.observed(used).any())
        if empty.any():
            label = label_of(self._names(), empty.argmax())
            raise ValueError(f"column {label} has no observed value: leave it out")
        if found.family.continuous:
            check_informative(found.x, weights, 1, self._names())

    def _needed(self) -> list[str]:
        return [name for name in super()._needed() if name != "startprob" or self.startprob == "free"]

    def _names(self) -> list[str] | None:
        """Names of the features, if they have any."""
        names = getattr(self, "feature_names_in_", None)
        return None if names is None else [str(name) for name in names]

    def _latent(self) -> Chain:
        """The chain, with the zeros of the starting probabilities kept for ever."""
        given = {name: support_of(value) for name, value in self._chain_given().items()}
        return Chain(
            startprob=self.startprob,
            support=given.get("transmat"),
            first_support=given.get("startprob"),
            budget=bytes_of(self.memory_budget),
        )

    def _chain_given(self) -> dict[str, Array]:
        """Starting values of the chain that the user gave."""
        K, given = self.n_components, {}
        if self.transmat_init is not None:
            given["transmat"] = probabilities(self.transmat_init, "transmat_init", K, K)
        if self.startprob_init is not None:
            given["startprob"] = probabilities(self.startprob_init, "startprob_init", K)
        return given

    def _starts(
        self,
        model: LatentEmission,
        description: Any,
        found: Sequences,
        weights: Array,
        given: dict[str, Array],
    ) -> list[Start[LatentEmissionParams]]:
        given = given | self._chain_given()
        weights = np.repeat(weights, np.diff(found.offsets))
        drawn = ChainStarts(model, description, found.x, weights, found.states)
        template = model.start(description, np.random.default_rng(0))
        names = list(named(template))
        unknown = [name for name in (*given, *self.fixed) if name not in names]
        if unknown:
            raise ValueError(f"there is no parameter '{unknown[0]}'; this model has {', '.join(names)}")
        without = [name for name in self.fixed if name not in given]
        if without:
            raise ValueError(f"'{without[0]}' is to be kept fixed but has no starting value: give one")
        free = [name for name in names if name not in given]
        if self.startprob != "free":
            free = [name for name in free if name != "startprob"]
        n = AUTO_STARTS if self.n_init == "auto" else int(self.n_init)

        def put_in(start: Start[LatentEmissionParams]) -> Start[LatentEmissionParams]:
            def draw(rng: np.random.Generator) -> LatentEmissionParams:
                return model.settled(with_named(start.draw(rng), given))

            return Start(start.kind if free else "given", draw)

        return [put_in(start) for start in drawn.of(n if free else 1)]

    def _arranged(
        self, model: LatentEmission, description: Description, params: LatentEmissionParams, labelled: bool
    ) -> LatentEmissionParams:
        """States in canonical order, and nothing made up of what the data do not tell.

        Starting values given by the user name the states, and say where on a flat likelihood to stay.
        """
        if self._names_labels() or (self.warm_start and self._by_hand):
            return params
        params = model.least_dependent(description, params)
        return params if labelled else model.permute(params, self._order(params.emission))

    def _names_labels(self) -> bool:
        return any(value is not None for value in (self.startprob_init, self.transmat_init))

    def _order(self, emission: Any) -> NDArray[np.int64]:
        """Canonical order of the states: by their means, or what the family has instead."""
        keys = self._family().order_keys(emission)
        return np.arange(self.n_components) if keys is None else np.lexsort(column_ranks(keys))

    def _keep(self, model: LatentEmission, fitted: Fit, diagnostics: tuple[Finding, ...], dtype: Any) -> None:
        result = fitted.result
        self._set_params(model, result.params, Outcome.of(fitted, diagnostics, dtype))
        if self.warm_start:
            self._progress = result.progress
        for found in fitted.diagnostics:
            if found.kind == NO_DATA:
                warnings.warn(str(found), UserWarning, stacklevel=3)
