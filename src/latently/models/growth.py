"""How many components a mixture needs by BIC: it grows, one component at a time, by splits.

Each maximum starts from that of one component less, of which the component is split whose halves promise
most. Most of that is done on a sample of the rows; criteria are of all rows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from math import inf, sqrt
from typing import Any

import numpy as np

from latently.core.array_source import ArraySource
from latently.core.backends import Backend
from latently.core.em import EMMap, Settings, run
from latently.core.errors import FitError, ImpossibleObservationError
from latently.core.model import Proposal
from latently.core.moves import BATCH, Climber, End
from latently.core.parameters import dimension, inside
from latently.models.larger import divided
from latently.models.latent_emission import Description, LatentEmission, LatentEmissionParams

Params = LatentEmissionParams
ROWS_OF_A_SAMPLE = 5000  # of a sample
SETTINGS = Settings(1e-6, accelerate=True, changes=False)
WORTH_A_COMPONENT = 1e-5  # per row, that another component gains
STRONG_EVIDENCE = 6.0  # of BIC: strong evidence, Kass and Raftery (1995), section 3.2
DEVIATIONS = 2.0
WORSE_IN_A_ROW = 2  # numbers of components in a row that are clearly worse


@dataclass(frozen=True)
class Grown:
    """A mixture of so many components."""

    n_components: int  # how many
    params: Params
    n_parameters: int  # how many are free
    # of all rows; what it is expected to be if the parameters are those of a sample. Infinite for a maximum
    # that is not to be trusted
    bic: float


def grown(
    model: LatentEmission,
    description: Description,
    source: ArraySource,
    backend: Backend,
    most: int,
    rng: np.random.Generator,
) -> list[Grown]:
    """Mixtures of one component and more, until BIC has clearly risen twice.

    Those that may be the best are fitted to all rows.
    """
    sample = source.subsample(ROWS_OF_A_SAMPLE, rng)
    excess = float(source.weights.sum() / sample.weights.sum()) - 1.0
    log_n = float(np.log(max(description.n_observed, 1.0)))
    found: list[Grown] = []
    end: End[Params] | None = None
    for K in range(1, most + 1):
        larger = replace(model, n_components=K)
        end = _next(larger, description, sample, backend, end, rng)
        if end is None:
            break
        whole: EMMap[Any, Params, Any] = EMMap(larger, source, backend)
        params, spaces = end.result.params, larger.spaces(end.result.params)
        try:
            log_likelihood = whole.e_step(params).bound
        except ImpossibleObservationError:  # rows have what the sample has not, such as a category
            params = inside(params, larger.start(description, rng), spaces)
            params = whole.m_step(whole.e_step(params), params)
            log_likelihood = whole.e_step(params).bound
        p = dimension(spaces)
        bic = inf if end.diagnostics and K > 1 else p * log_n - 2 * log_likelihood
        found.append(Grown(K, params, p, bic - excess * p))
        if len(found) > WORSE_IN_A_ROW and not any(
            _may_be_best(one, found, excess) for one in found[-WORSE_IN_A_ROW:]
        ):
            break
    return [
        _on_all(one, model, source, backend, log_n) if excess and _may_be_best(one, found, excess) else one
        for one in found
    ]


def _may_be_best(one: Grown, found: list[Grown], excess: float) -> bool:
    """Whether one is not worse than the best by more than chance."""
    best = min(found, key=lambda other: other.bic)
    margin = STRONG_EVIDENCE + DEVIATIONS * excess * sqrt(2 * abs(one.n_parameters - best.n_parameters))
    return one.bic <= best.bic + margin


def _next(
    model: LatentEmission,
    description: Description,
    sample: ArraySource,
    backend: Backend,
    before: End[Params] | None,
    rng: np.random.Generator,
) -> End[Params] | None:
    """The maximum that the best splits of one with a component less lead to; None if they lead nowhere."""
    em: EMMap[Any, Params, Any] = EMMap(model, sample, backend)
    climber = Climber(em, SETTINGS, float(sample.weights.sum()), WORTH_A_COMPONENT)
    try:
        if before is None:
            return climber.end(model.start(description, rng))
        smaller = replace(model, n_components=model.n_components - 1)
        more = divided(smaller, before.result.params, list(sample.blocks()), rng)
        return climber.higher(before, (Proposal("split", params) for _, params in islice(more, BATCH)))
    except FitError:
        return None


def _on_all(one: Grown, model: LatentEmission, source: ArraySource, backend: Backend, log_n: float) -> Grown:
    """The same, fitted to all rows."""
    em: EMMap[Any, Params, Any] = EMMap(replace(model, n_components=one.n_components), source, backend)
    try:
        result = run(em, one.params, SETTINGS, float(source.weights.sum()))
    except FitError:
        return replace(one, bic=inf)
    sound = one.n_components == 1 or not em.model.diagnose(result.params, source.blocks())
    bic = one.n_parameters * log_n - 2 * result.log_likelihood if sound else inf
    return replace(one, params=result.params, bic=bic)
