"""The mixture of an imputer of mixed tables: its number of components, and its parameters drawn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from latently.checks.columns import Table
from latently.core.array_source import ArraySource
from latently.core.em import EMMap, Settings, describe
from latently.core.errors import FitError
from latently.core.parameters import named
from latently.emissions.base import Emission
from latently.estimators.inputs import Array
from latently.estimators.mixture_model import MixtureModel
from latently.latent.independent import Independent
from latently.models.bootstrap import reweighted_fit
from latently.models.growth import grown
from latently.models.latent_emission import LatentEmission, LatentEmissionParams
from latently.wording import count

REFIT_TRIES = 10
REFIT_TOLERANCE = 1e-6  # gain still to come, per row, at which a refit ends: it is one of many


def fitted_by_bic(
    mixture: MixtureModel, table: Table, weights: Array, most: int, rng: np.random.Generator
) -> tuple[MixtureModel, dict[int, float]]:
    """The mixture of the number of components that has the lowest BIC, and BIC by that number.

    The mixture that is handed in stays as it is; weights say how often each row counts, and `most` how many
    components to try.
    """
    family, read = mixture._read(table, mixture._family(), reset=True, sample_weight=weights)
    with mixture._workers() as workers:
        workers.journal = mixture._journal
        source = read.in_memory().grouped()
        description = describe(LatentEmission(Independent(), family, 1), source, workers)
        model = LatentEmission(Independent(), family, 1).bind(description)
        tried = grown(model, description, source, workers, most, rng)
    best = min(tried, key=lambda one: one.bic)
    found = clone(mixture).set_params(n_components=best.n_components)
    if best.n_components > 1:
        order = np.argsort(-best.params.latent.weights, kind="stable")
        params = named(model.permute(best.params, order))
        found.set_params(starting_values={**params}, n_init=1)
    found._shown_name, found._journal = mixture._shown_name, mixture._journal
    found.fit(table, sample_weight=weights)
    found.set_params(starting_values=None, n_init=mixture.n_init)
    return found, {one.n_components: float(one.bic) for one in tried}


def as_read(mixture: MixtureModel, table: Table, weights: Array) -> tuple[str, Emission]:
    """What tells a table from others, and how it is read."""
    family, source = mixture._read(table, mixture._family(), reset=True, sample_weight=weights)
    return source.fingerprint, family


def drawn_parameters(
    mixture: MixtureModel, source: ArraySource, n: int, rng: np.random.Generator
) -> tuple[dict[str, Array], ...]:
    """Parameters by name, as uncertain as the rows leave them: refits under random weights.

    A refit that comes to rest on a floor where the fit does not is left out. Raises a FitError if most refits
    fail.
    """
    model, params = mixture._model, mixture.params_
    settings = Settings(max(mixture.tol, REFIT_TOLERANCE), mixture.max_iter, accelerate=True, changes=False)
    rests = _resting(model, params)
    draws: list[dict[str, Array]] = []
    with mixture._workers() as workers:
        em = EMMap(model, source.grouped(), workers)
        for _ in range(n * REFIT_TRIES):
            if len(draws) == n:
                break
            refit = reweighted_fit(em, params, settings, float(source.weights.sum()), rng)
            if refit is not None and not (_resting(model, refit) & ~rests).any():
                draws.append(dict(named(refit)))
    if len(draws) < n:
        raise FitError(
            f"only {len(draws)} of {count(n, 'refit')} under random weights of the rows succeeded: lower "
            "n_components"
        )
    return tuple(draws)


def _resting(model: LatentEmission, params: LatentEmissionParams) -> NDArray[np.bool_]:
    """Which components rest on a floor."""
    found = model.emission.floor_active(params.emission)
    return np.zeros(model.n_components, dtype=bool) if found is None else found
