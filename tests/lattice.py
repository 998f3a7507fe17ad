"""Clusters on a square lattice, and where EM stands among them."""

import numpy as np

from latently import GaussianMixture
from latently.core.array_source import ArraySource
from latently.core.em import EMMap, Settings
from latently.core.moves import Climber


def grid(side, each=20, seed=0, spread=0.1):
    rng = np.random.default_rng(seed)
    centres = np.array([(i, j) for i in range(side) for j in range(side)], dtype=float)
    return np.repeat(centres, each, axis=0) + spread * rng.standard_normal((side * side * each, 2))


def at(means, x, spread=0.1):
    """A spherical mixture with given means, and the map and params of its fit."""
    model = GaussianMixture.from_parameters(
        np.full(len(means), 1 / len(means)),
        np.array(means),
        np.full(len(means), spread**2),
        covariance_type="spherical",
    )
    source = ArraySource(x, np.ones(len(x)), None, 1024)
    bound = model._model.bind(model._model.describe(next(source.blocks())))
    return EMMap(bound, source), model.params_


def climber(em):
    n = len(em.source)
    return Climber(em, Settings(1e-7, 500, accelerate=True), n, 1e-5)
