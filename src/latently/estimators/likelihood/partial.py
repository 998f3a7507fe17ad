"""Fits that take in some rows at a time: `partial_fit`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from latently.core.em import EMMap, describe
from latently.core.stepwise import Running, one_pass, rows_of_minibatch
from latently.estimators.fitting import Fit
from latently.models.latent_emission import Description, LatentEmission

if TYPE_CHECKING:
    from latently.estimators.likelihood.base import LikelihoodEstimator
    from latently.estimators.likelihood.fitted import Source


@dataclass(frozen=True)
class PartialFit:
    """What was taken in so far."""

    at: Running[Any]  # params, and the running average of the statistics
    description: Description  # of all rows
    unit: float  # of weights
    order: NDArray[np.int64] | None  # how labels were put in order since; None if they were not

    @classmethod
    def of(cls, fitted: Fit, source: Source, description: Description, unit: float) -> Self:
        """What a fit has taken in: all rows, at the params it ended at."""
        size, stats = min(rows_of_minibatch(source), source.n_rows), fitted.result.stats
        usual = description.weight * size / source.n_rows
        at = Running(None, (1 / description.weight) * stats, source.n_rows / size, usual)
        return cls(at, description, unit, fitted.order)


def begun(estimator: LikelihoodEstimator, X: object, how: dict[str, Any]) -> None:
    """Fit the first rows."""
    settings = {"algorithm": "online", "exact_iter": 0, "checkpoint": None}
    first = clone(estimator).set_params(**settings).fit(X, **how)
    settings = estimator.get_params(deep=False)
    vars(estimator).update({name: value for name, value in vars(first).items() if name not in settings})


def continued(
    estimator: LikelihoodEstimator, before: PartialFit, X: object, how: dict[str, Any]
) -> PartialFit:
    """Step through further rows, and put the params in force."""
    old, params, order = estimator._model, estimator.params_, before.order
    family = estimator._family().reading_as(old.emission)
    family, source = estimator._read(X, family, reset=False, **how)
    source, family = source.per(before.unit), family.per(before.unit)
    model = LatentEmission(old.latent, family, old.n_components)
    if order is not None:
        params = model.permute(params, np.argsort(order))
    with estimator._workers(source) as workers:
        description = before.description + describe(model, source, workers)
        model = model.bind(description)
        em = EMMap(model, source, workers, tuple(estimator.fixed))
        at = one_pass(em, replace(before.at, params=params, n_seen=0), description.weight)
    model = replace(model, emission=model.emission.per(1 / before.unit))
    estimator._set_params(model, at.params if order is None else model.permute(at.params, order))
    return replace(before, at=at, description=description)
