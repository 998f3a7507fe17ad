"""Fitting a latent structure times an emission family by EM, in scikit-learn's conventions."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from latently.checks.settings import check_settings
from latently.core.array_source import ArraySource
from latently.core.em import EMMap, FitResult, Settings, describe, run
from latently.core.exploration import Hopeless, Start
from latently.core.findings import Finding
from latently.core.incremental import incremental
from latently.core.parameters import dimension, named, with_named
from latently.core.stepwise import Stepwise
from latently.emissions.base import Emission
from latently.estimators.bases import BaseEstimator, Tags
from latently.estimators.fitting import Fit, Outcome, fit, make_plan
from latently.estimators.informative import undetermined, unit_of, warn_of, warn_of_weights
from latently.estimators.inputs import Array, column_names, float_type, random_generator
from latently.estimators.likelihood.criteria import Criteria
from latently.estimators.likelihood.fitted import Source
from latently.estimators.likelihood.partial import PartialFit, begun, continued
from latently.estimators.likelihood.summary import Summarised
from latently.estimators.old_names import AnswersOldNames
from latently.estimators.saving.checkpoint import recorded
from latently.estimators.starts import refuse_unsuitable
from latently.models.latent_emission import Description, LatentEmission, LatentEmissionParams

Starts = list[Start[LatentEmissionParams]]
Draw = Callable[[int], Starts]


class LikelihoodEstimator(AnswersOldNames, Criteria, Summarised, BaseEstimator):
    """A latent structure times an emission family, fitted by EM.

    Concrete estimators say which these are, how data are read, and where EM starts from; the rest is here.

    Attributes
    ----------
    params_ : LatentEmissionParams
        All parameters: ``params_.latent`` and ``params_.emission``.
    log_likelihood_ : float
        Total log-likelihood of the training data under these parameters, in nats.
    log_likelihood_history_ : array of shape (n_iterates,)
        At each iterate.
    converged_, stop_reason_, n_iter_
        Whether and why the best run stopped, and its number of EM steps.
    diagnostics_ : tuple of Finding
        What there is to say of the fit, each with its `kind`, its `subject` ("component", "column"), `which`
        of them, `numbers` and `severity`; its ``str`` is the sentence. Those of severity "grave" are why
        this maximum should not be trusted: a component rests on the floor, or on too few rows. Others name
        pairs of columns that are never observed together. Empty if there is nothing.
    restarts_ : Restarts
        The record of all runs: their log-likelihoods, failures and diagnostics, and how many agreed.
    n_parameters_ : int
        Number of free parameters.
    """

    _agreeing = 2  # batches of starts, before their maximum is taken for the highest
    _partial: PartialFit | None = None  # by partial_fit

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = tags.input_tags.sparse = True
        return tags

    def fit(self, X: object, *args: Any, **how: Any) -> Self:
        """Fit by EM.

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
            If the best maximum rests on the floor or on too few rows, or a label lost all its data.
        UndeterminedWarning
            If columns are never observed together, so that nothing is known of how they depend on each other
            given the label.
        """
        check_settings(self)
        K, goes_on = int(self.n_components), self._goes_on()
        latent = self._latent()
        family = self._family()
        if goes_on:
            family = family.reading_as(self._model.emission)
        family, source = self._read(X, family, reset=not goes_on, **how)
        warn_of_weights(source.weights, latent.unit)
        unit = unit_of(source.weights)
        source = source.per(unit)
        family = family.per(unit)
        names = column_names(X) or [str(name) for name in vars(self).get("feature_names_in_", ())] or None
        names = family.names_of(names)
        self._check_data(family, source.outline, names)
        if goes_on:  # structural zeros that were set by hand stay
            latent = latent.going_on(self._model.latent)
        model = LatentEmission(latent, family, K)
        fixed, callbacks = tuple(self.fixed), tuple(self.callbacks or ())
        accelerate = self.acceleration is not None
        settings = Settings(float(self.tol), int(self.max_iter), fixed, callbacks, accelerate)
        start = (self.params_, self._progress) if goes_on else None
        record = recorded(self, lambda: (source.fingerprint, family), start)
        with record as (journal, seed), self._workers(source) as workers:
            rng, workers.journal = random_generator(seed), journal
            grouped = source.grouped()
            description = describe(model, grouped, workers)
            model = model.bind(description)
            starts = self._start_from(model) if goes_on else self._starts(model, description, source, rng)
            several = self.n_init == "auto" and len(starts) > 1
            if several and model.surely_spurious(description, grouped.blocks(), fixed):
                starts = starts[:1]  # no start leads to a maximum that can be trusted
            fitted = fit(
                EMMap(model, grouped, workers, fixed),
                starts,
                settings,
                description.n_observed or 1.0,
                rng,
                arrange=lambda params: (
                    (params, None)
                    if goes_on or self._given() or (self.warm_start and self._pending)
                    else self._arranged(model, description, params, source.labelled)
                ),
                finish=self._finish(description.weight),
                plan=make_plan(
                    self.n_init,
                    "starts" if self._given() or goes_on else self.search,
                    K,
                    len(starts),
                    settings.max_iter,
                    self._few(source),
                    1 if self.algorithm == "online" else 3,
                    self._agreeing,
                    self._hopeless(model, unit, description.n_observed),
                    brief=self._in_a_search is not None and self._in_a_search.brief,
                ),
                verbose=self.verbose,
                name=self._shown_name or type(self).__name__,
                unit=unit,
            )
        unseen = np.argwhere(np.triu(family.unseen(description.emission)))
        self._partial = PartialFit.of(fitted, source, description, unit)
        by_prior = model.log_prior(fitted.result.params) != 0
        diagnostics = undetermined(unseen, names, by_prior=by_prior)
        model = replace(model, emission=model.emission.per(1.0 / unit))
        self._keep(model, fitted, diagnostics, float_type(source.outline.x).name)
        warn_of(diagnostics, stacklevel=4)
        self._conclude(source.per(1.0 / unit))
        return self

    def _hopeless(self, model: LatentEmission, unit: float, n_observed: float) -> Hopeless | None:
        """Whether maxima say that others in the search of which this fit is one are out of reach."""
        search = self._in_a_search
        if search is None or search.to_beat is None:
            return None
        to_beat, known = search.to_beat, search.known

        def hopeless(heights: Sequence[float], params: LatentEmissionParams, excess: float) -> bool:
            if len(heights) <= known:
                return False
            p = dimension(model.spaces(params), tuple(self.fixed))
            return to_beat.out_of_reach([unit * one for one in heights], p, unit * n_observed, excess)

        return hopeless

    def _conclude(self, source: Source) -> None:
        """What is worked out of the data of a fit at its end."""

    def partial_fit(self, X: object, *args: Any, **how: Any) -> Self:
        """Take in some rows more (units, where these are sequences), by stepwise EM.

        The first call fits its rows as ``algorithm="online"`` does, if there was no fit. Each further one
        takes a step for each minibatch of its rows, an E-step and an M-step, in which what came long before
        weighs little. There is no `log_likelihood_` then, which is of all data: see `score`. The running
        average of the statistics is not saved with the model, and `fit` begins anew.

        Returns
        -------
        self
            The estimator.

        Raises
        ------
        ValueError
            If the input is unusable, or the parameters in force are from a file or set by hand.
        """
        check_settings(self)
        if self._partial is not None:
            self._partial = continued(self, self._partial, X, how)
        elif self.__sklearn_is_fitted__():
            raise ValueError(
                "partial_fit goes on from a fit, and these parameters are from a file or were set by hand: "
                "fit with warm_start=True"
            )
        else:
            begun(self, X, how)
        return self

    @abstractmethod
    def _check_data(self, family: Emission, source: ArraySource, names: list[str] | None) -> None:
        """Refuse data from which nothing can be learned."""

    @abstractmethod
    def _few(self, source: Source) -> int:
        """How many units say enough to tell bad starts from good ones."""

    @abstractmethod
    def _drawn(
        self, model: LatentEmission, description: Description, source: Source, rng: np.random.Generator
    ) -> Draw:
        """What draws so many starts, without regard to what the user gave."""

    @abstractmethod
    def _order(self, model: LatentEmission, params: LatentEmissionParams) -> NDArray[np.int64]:
        """Canonical order of the labels."""

    def _finish(self, weight: float) -> Callable[..., FitResult[Any]]:
        """How runs on all data, of so much weight, are made."""
        if self.algorithm == "online":
            return Stepwise(weight, int(self.exact_iter))
        return incremental if self.algorithm == "incremental" else run

    # -- starting values -------------------------------------------------------------------------------------

    def _starts(
        self, model: LatentEmission, description: Description, source: Source, rng: np.random.Generator
    ) -> Starts:
        """Starting values: as many as asked for, with those that the user gave put in.

        Raises a ValueError if a parameter is unknown, unsuitable, or to be kept fixed without a value.
        """
        n_features = int(np.prod(source.outline.x.shape[1:]))
        values = {
            name: self._checked(model, name, value, n_features, self._argument_of(name))
            for name, value in self._given().items()
        }
        values |= self._set_so_far(model, n_features)
        template = model.start(description, np.random.default_rng(0))
        known = list(named(template))
        unknown = [name for name in (*values, *self.fixed) if name not in known]
        if unknown:
            raise ValueError(f"there is no parameter '{unknown[0]}'; this model has {', '.join(known)}")
        without = [name for name in self.fixed if name not in values]
        if without:
            raise ValueError(
                f"'{without[0]}' is to be kept fixed but has no value: give its starting value in "
                f"{self._argument_of(without[0])}"
            )
        mine = self._attributes()  # which are checked; others are of any family
        refuse_unsuitable(model, template, {name: values[name] for name in values if name not in mine})
        draw = self._drawn(model, description, source, rng)
        if not values:
            return draw(self._n_starts())
        return self._with_given(model, description, values, draw)

    def _with_given(
        self,
        model: LatentEmission,
        description: Description,
        given: dict[str, Array],
        draw: Draw,
    ) -> Starts:
        """Starts in which the given values stand; one if nothing is left to chance."""
        template = model.start(description, np.random.default_rng(0))
        if model.spaces(template).keys() <= given.keys():
            return [Start("given", lambda _: model.projected(with_named(template, given)))]

        def put_in(start: Start[LatentEmissionParams]) -> Start[LatentEmissionParams]:
            return Start(start.kind, lambda rng: model.projected(with_named(start.draw(rng), given)))

        return [put_in(start) for start in draw(self._n_starts())]

    @abstractmethod
    def _n_starts(self) -> int:
        """How many starts the settings ask for."""

    # -- what is kept ----------------------------------------------------------------------------------------

    def _arranged(
        self, model: LatentEmission, description: Description, params: LatentEmissionParams, labelled: bool
    ) -> tuple[LatentEmissionParams, NDArray[np.int64] | None]:
        """Labels in canonical order, and that order; and nothing made up of what the data do not tell.

        Starting values given by the user name the labels, and say where on a flat likelihood to stay; states
        that are known name them, too.
        """
        params = model.least_dependent(description, params)
        if labelled:
            return params, None
        order = self._order(model, params)
        return model.permute(params, order), order

    def _keep(
        self, model: LatentEmission, fitted: Fit, diagnostics: tuple[Finding, ...], dtype: object
    ) -> None:
        """Put what was found in force, and record what there is to say of the fit."""
        self._set_params(model, fitted.result.params, Outcome.of(fitted, diagnostics, dtype))
        if self.warm_start:
            self._progress = fitted.result.progress
