"""The Bayesian bootstrap: refits under random weights of the units.

Each replicate weights the units by a draw from the flat Dirichlet distribution (Rubin 1981), which
leaves no unit out and so no component without rows, and climbs from the main fit. Labels are
matched to the main fit by the responsibilities they share.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from latently.core.array_source import ArraySource
from latently.core.em import EMMap, Settings, run
from latently.core.errors import FitError
from latently.core.parameters import named
from latently.emissions.base import Array
from latently.models.bounds import responsibilities
from latently.models.latent_emission import LatentEmission, LatentEmissionParams

MATCHED_ON = 5000


@dataclass(frozen=True)
class Replicates:
    """Parameters refitted under random weights."""

    # for each parameter the replicates along a new first axis, labels as in the main fit
    values: dict[str, Array]
    # replicates left out because their components are not those of the main fit, one for one
    n_ambiguous: int
    n_failed: int  # replicates whose fit failed


def bootstrap(
    em: EMMap[Any, Any, Any],
    params: LatentEmissionParams,
    n_replicates: int,
    settings: Settings,
    n: float,
    rng: np.random.Generator,
) -> Replicates:
    """Refit under random weights.

    `n` is the sum of the weights.

    References
    ----------
    .. [1] Rubin, D. B. (1981). The Bayesian bootstrap. Annals of Statistics 9, 130-134.
    """
    source: Any = em.source
    model: LatentEmission = em.model  # type: ignore[assignment]
    few = source.subsample(MATCHED_ON, rng)
    main = responsibilities(model, params, few)
    kept: list[LatentEmissionParams] = []
    n_ambiguous = n_failed = 0
    for stream in rng.spawn(n_replicates):
        refit = reweighted_fit(em, params, settings, n, stream)
        if refit is None:
            n_failed += 1
            continue
        order = _match(main, responsibilities(model, refit, few))
        if order is None:
            n_ambiguous += 1
        else:
            kept.append(model.permute(refit, order))
    names = named(params)
    values = {
        name: np.array([named(refit)[name] for refit in kept]).reshape(-1, *np.shape(value))
        for name, value in names.items()
    }
    return Replicates(values, n_ambiguous, n_failed)


def reweighted_fit(
    em: EMMap[Any, Any, Any],
    params: LatentEmissionParams,
    settings: Settings,
    n: float,
    rng: np.random.Generator,
) -> LatentEmissionParams | None:
    """Where EM comes to from the main fit under random weights; None if it fails."""
    source: Any = em.source
    try:
        return run(replace(em, source=_reweighted(source, rng)), params, settings, n).params
    except FitError:
        return None


def _reweighted(source: ArraySource, rng: np.random.Generator) -> ArraySource:
    """The same units under random weights with the same sum; integer weights stand for repeated units."""
    draws = rng.standard_gamma(np.maximum(source.weights, 0.0))
    return replace(source, weights=draws * (source.weights.sum() / draws.sum()))


def _match(main: Array, other: Array) -> Any | None:
    """The order in which the labels of `other` are those of `main`; None if that is ambiguous."""
    from scipy.optimize import linear_sum_assignment

    shared = main.T @ other
    _, order = linear_sum_assignment(shared, maximize=True)
    favourite = (shared / np.maximum(main.sum(axis=0)[:, None], 1e-300)).argmax(axis=1)
    return order if (favourite == order).all() else None
