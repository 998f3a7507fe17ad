"""How sure a fit is of its parameters: standard errors and confidence intervals."""

from __future__ import annotations

from collections.abc import Collection
from numbers import Integral
from typing import Any

import numpy as np
from scipy.special import ndtri

from latently.checks.settings import BOOLEAN, RANDOM_STATE, SHARE, Number, check_setting, one_of
from latently.core.array_source import ArraySource
from latently.core.em import EMMap, Settings
from latently.core.information import StandardErrors, standard_errors
from latently.core.parameters import named
from latently.core.spaces import Spaces
from latently.estimators.inputs import Array, random_generator
from latently.estimators.likelihood.fitted import FittedModel, Source
from latently.models.bootstrap import Replicates, bootstrap
from latently.wording import count

ERROR_KINDS = ("observed", "robust", "bootstrap")
STANDARD_ERRORS: dict[str, tuple[Any, ...]] = {
    "kind": (one_of(*ERROR_KINDS),),
    "n_replicates": (Number(Integral, 2, None, closed="left"),),
    "random_state": RANDOM_STATE,
}
Intervals = dict[str, tuple[Array, Array]]


def intervals_of(
    errors: StandardErrors, spaces: Spaces, params: object, level: float, *, transform: bool
) -> Intervals:
    """So many errors either way, from the normal distribution.

    With `transform`, errors are counted on a scale on which a space has no end, so that limits lie inside.
    """
    reach = float(ndtri((1 + level) / 2))
    values = named(params)
    if not transform:
        return {
            name: (values[name] - reach * error, values[name] + reach * error)
            for name, error in errors.errors.items()
        }
    return {name: spaces[name].interval(values[name], error, reach) for name, error in errors.errors.items()}


def percentiles(replicates: Replicates, level: float) -> Intervals:
    """Between what part of the replicates lies, as much left out on either side."""
    tails = [(1 - level) / 2, (1 + level) / 2]
    quantiles = {name: np.quantile(value, tails, axis=0) for name, value in replicates.values.items()}
    return {name: (low, high) for name, (low, high) in quantiles.items()}


def spread(replicates: Replicates, fixed: Collection[str]) -> StandardErrors:
    """Standard deviations of the replicates, and what there is to say of them."""
    reasons = []
    if replicates.n_ambiguous:
        reasons.append(_left_out(replicates.n_ambiguous, "components are not those of the fit"))
    if replicates.n_failed:
        reasons.append(_left_out(replicates.n_failed, f"fit{'s' * (replicates.n_failed > 1)} failed"))
    errors = {}
    for name, values in replicates.values.items():
        if len(values) < 2:
            errors[name] = np.full(values.shape[1:], np.nan)
        else:
            errors[name] = np.zeros(values.shape[1:]) if name in fixed else values.std(axis=0, ddof=1)
    return StandardErrors(errors, tuple(reasons), "bootstrap")


def _left_out(n: int, why: str) -> str:
    was, its = ("was", "its") if n == 1 else ("were", "their")
    return f"{count(n, 'replicate')} {was} left out: {its} {why}"


ROUGH = 10  # units: the bootstrap of fewer is not to be relied upon


class Errors(FittedModel):
    """Standard errors from the observed information, robust ones, and the bootstrap's."""

    def standard_errors(
        self,
        X: object,
        kind: str = "observed",
        *args: Any,
        n_replicates: int = 200,
        random_state: object = 0,
        **how: Any,
    ) -> StandardErrors:
        """Standard errors of all parameters at their fitted values.

        Parameters
        ----------
        kind : {"observed", "robust", "bootstrap"}, default "observed"
            "observed" inverts the observed information; "robust" does not assume that the model is true, and
            needs the score of each row or sequence, more of them than there are parameters; "bootstrap"
            refits under random weights of these, needs many, and assumes nothing of the shape of the
            likelihood.
        n_replicates : int, default 200
            Refits of the bootstrap.
        random_state : None, int, Generator or RandomState
            Of the bootstrap.

        Returns
        -------
        StandardErrors
            ``result["means"]`` has the shape and the units of `means_`. Zero for structural zeros and what is
            held fixed; NaN, with the reason in `reasons`, for what lies on a boundary of the parameter space,
            such as a probability of zero or a covariance on its floor, which the others take for known; and
            for all where the information is singular.

        Raises
        ------
        ValueError
            If `kind` is unknown or needs more data, or X does not fit the model.
        ImpossibleObservationError
            If the data are impossible.

        References
        ----------
        .. [1] McLachlan, G. J. and Krishnan, T. (2008). The EM Algorithm and Extensions, 2nd ed., chapter 4.
        """
        self._check_kind(kind, n_replicates, random_state)
        source = self._source(X, **how)
        if kind == "bootstrap":
            found = self._spread(source.in_memory(), n_replicates, random_state)
        else:
            found = self._by_information(source, kind)
        free = self._model.spaces(self.params_)
        errors = {name: error for name, error in found.errors.items() if name in free}
        return StandardErrors(errors, found.reasons, kind)

    def _by_information(self, source: Source, kind: str, **functions: Any) -> StandardErrors:
        """From the information of some data, of functions of the params as well."""
        lone = self._model.latent.without_error(self.params_.latent, _count(source))
        lone = {name: reason for name, reason in lone.items() if name not in self.fixed}
        with self._workers(source) as workers:
            em = EMMap(self._model, source, workers)
            fixed = (*self.fixed, *lone)
            found = standard_errors(em, self.params_, fixed, kind, functions, self._words)  # type: ignore[arg-type]
        errors = dict(found.errors) | {name: np.full_like(found[name], np.nan) for name in lone}
        return StandardErrors(errors, (*lone.values(), *found.reasons), kind)

    def _words(self, name: str, at: tuple[int, ...]) -> str:
        """What the number of a parameter at some place is of: its column and category, if they have names."""
        names = vars(self).get("feature_names_in_")
        family = self._model.emission
        return family.place_of(name, at, family.names_of(None if names is None else list(map(str, names))))

    def confidence_intervals(
        self,
        X: object,
        level: float = 0.95,
        kind: str = "observed",
        *args: Any,
        transform: bool = True,
        n_replicates: int = 1000,
        random_state: object = 0,
        **how: Any,
    ) -> Intervals:
        """Confidence intervals of all parameters.

        Parameters
        ----------
        level : float, default 0.95
            How often an interval is to cover the true value.
        kind : {"observed", "robust", "bootstrap"}, default "observed"
            As for `standard_errors`. Intervals of the first two come from the normal distribution; those of
            the bootstrap are its percentiles.
        transform : bool, default True
            Whether errors are counted on the logit scale for probabilities, and on that of logarithms for
            rates and variances, so that intervals stay in range. False gives the plain ones (Wald's):
            estimates less and plus so many errors. Those of the bootstrap need neither.
        n_replicates : int, default 1000
            Refits of the bootstrap.
        random_state : None, int, Generator or RandomState
            Of the bootstrap.

        Returns
        -------
        dict of str to (lower, upper)
            Each in the shape and the units of the parameter; NaN where there is no standard error.

        Raises
        ------
        ValueError
            If `level` is not between 0 and 1, `kind` is unknown or needs more data, or X does not fit the
            model.
        """
        self._check_kind(kind, n_replicates, random_state)
        check_setting("level", level, SHARE)
        check_setting("transform", transform, BOOLEAN)
        if kind == "bootstrap":
            replicates = self._bootstrap(self._source(X, **how).in_memory(), n_replicates, random_state)
            free = self._model.spaces(self.params_)
            return {name: found for name, found in percentiles(replicates, level).items() if name in free}
        errors = Errors.standard_errors(self, X, kind, **how)
        spaces = self._model.spaces(self.params_)
        return intervals_of(errors, spaces, self.params_, level, transform=transform)

    def _check_kind(self, kind: str, n_replicates: int, random_state: object) -> None:
        for name, value in {"kind": kind, "n_replicates": n_replicates, "random_state": random_state}.items():
            check_setting(name, value, *STANDARD_ERRORS[name])

    def _spread(self, source: ArraySource, n_replicates: int, random_state: object) -> StandardErrors:
        found = spread(self._bootstrap(source, n_replicates, random_state), self.fixed)
        n, unit = _count(source), self._model.unit
        rough = f"the bootstrap draws weights for {count(n, unit)} only: it is rough"
        return StandardErrors(found.errors, found.reasons + (rough,) * (n < ROUGH), found.kind)

    def _bootstrap(self, source: ArraySource, n_replicates: int, random_state: object) -> Replicates:
        if _count(source) < 2:
            raise ValueError(
                f"kind='bootstrap' draws weights for whole {self._model.unit}s, and there is one: use "
                "kind='observed', or refit to what sample() draws from the model"
            )
        rng = random_generator(random_state)
        settings = Settings(self.tol, self.max_iter, tuple(self.fixed), accelerate=True)
        with self._workers() as workers:
            em = EMMap(self._model, source, workers, tuple(self.fixed))
            n = float(source.row_weights.sum())
            return bootstrap(em, self.params_, n_replicates, settings, n, rng)


def _count(source: Source) -> int:
    return int((source.weights > 0).sum())
