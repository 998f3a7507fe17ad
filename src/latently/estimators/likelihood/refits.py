"""Fits of an estimator to data drawn from a model, for a parametric bootstrap."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np

from latently.core.array_source import ArraySource
from latently.core.backends import Backend
from latently.core.em import EMMap, FitResult, Settings, describe
from latently.core.exploration import Plan, Start
from latently.core.restarts import search
from latently.estimators.fitting import make_plan
from latently.models.latent_emission import Description, LatentEmission, LatentEmissionParams

if TYPE_CHECKING:
    from latently.estimators.likelihood.base import LikelihoodEstimator
    from latently.estimators.likelihood.fitted import Source

FEW_COLD_STARTS = 7  # starts at random where one is from the truth: two batches in all


@dataclass(frozen=True)
class Refit:
    """An estimator and data that it is to be fitted to; it stays as it is."""

    estimator: LikelihoodEstimator  # fitted
    model: LatentEmission  # its model, bound to the data
    em: EMMap[Any, Any, Any]  # the map on the data
    description: Description  # of the data

    @classmethod
    def of(cls, estimator: LikelihoodEstimator, source: ArraySource, workers: Backend) -> Self:
        """Describe the data, and bind the model to them."""
        grouped = source.grouped()
        description = describe(estimator._model, grouped, workers)
        model = estimator._model.bind(description)
        return cls(estimator, model, EMMap(model, grouped, workers), description)

    @property
    def slack(self) -> float:
        """How far below the maximum EM may end, by its tolerance."""
        return float(self.estimator.tol) * self.description.n_observed

    def best(
        self,
        warm: Sequence[LatentEmissionParams],
        rng: np.random.Generator,
        *,
        few: bool = False,
        more: int = 1,
    ) -> FitResult[LatentEmissionParams]:
        """The best that EM comes to, from given params and by the search of the estimator.

        The params in `warm` lead the first batches of starts. There are `more` times the usual number of
        others, or a `few`. Raises a FitError if every run failed.
        """
        how, K = self.estimator, self.model.n_components
        source = cast("Source", self.em.source)
        n_cold = more * how._n_starts() if K > 1 else 0
        n_cold = min(n_cold, FEW_COLD_STARTS) if few else n_cold
        cold = how._drawn(self.model, self.description, source, rng)(n_cold)
        starts = _led(map(_given, warm), cold)
        search_by = "starts" if few else how.search
        plan = make_plan(how.n_init, search_by, K, len(starts), how.max_iter, how._few(source))
        settings = Settings(
            float(how.tol), int(how.max_iter), accelerate=how.acceleration is not None, changes=False
        )
        return search(self.em, starts, settings, self.description.n_observed or 1.0, rng, plan)[0]

    def log_likelihood(self, params: LatentEmissionParams) -> float:
        """That of the data."""
        return float(self.em.e_step(params).bound)


def _given(params: LatentEmissionParams) -> Start[LatentEmissionParams]:
    """A start from given params."""
    return Start("warm", lambda _: params)


def _led(first: Iterable[Start[Any]], others: Iterable[Start[Any]]) -> list[Start[Any]]:
    """Batches of starts, each led by one of the first."""
    leading, following = list(first), list(others)
    found: list[Start[Any]] = []
    while leading or following:
        n = Plan.batch - len(leading[:1])
        found += [*leading[:1], *following[:n]]
        leading, following = leading[1:], following[n:]
    return found


def redrawn(
    model: LatentEmission, params: LatentEmissionParams, source: ArraySource, rng: np.random.Generator
) -> ArraySource:
    """Data drawn from a model: as many as those of a source, of their lengths, weights and missing cells."""
    lengths = [len(source)] if source.offsets is None else np.diff(source.offsets)
    labels = np.concatenate([model.latent.sample(params.latent, int(n), rng) for n in lengths])
    x = model.emission.sample_given(params.emission, labels, source.x, rng)
    return replace(source, x=model.emission.missing_as(x, source.x))


def repeated(source: ArraySource) -> ArraySource:
    """The same data, each unit as often as it counts, if weights are integers; as they are otherwise."""
    counts = np.rint(source.weights)
    if (counts != source.weights).any():
        return source
    units = np.repeat(np.arange(len(source)), counts.astype(np.int64))
    return replace(source.take(units), weights=np.ones(len(units)))
