"""Where a hidden Markov model starts from: short mixture fits of its rows, and chance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from latently.core.blocks import ArraySource, block_rows
from latently.core.em import EMMap, Settings, run
from latently.core.errors import FitError
from latently.core.restarts import Start
from latently.estimators.inputs import Array
from latently.estimators.starts import MixtureStarts, Sampled, sampled
from latently.latent.chain import ChainParams
from latently.latent.independent import Independent
from latently.models.latent_emission import Description, LatentEmission, LatentEmissionParams

ROWS = 5000
STEPS = 20
KINDS = ("kmeans", "random_from_data", "k-means++", "family")
WITHOUT_DISTANCES = ("family", "random")


@dataclass(frozen=True)
class ChainStarts:
    """Draws starting values for a hidden Markov model.

    Parameters
    ----------
    model : LatentEmission
        The model, bound to the description.
    description : Description
        Of all the data.
    x : array of shape (n_times, ...)
        All times.
    weights : array of shape (n_times,)
        Their weights.
    """

    model: LatentEmission
    description: Description
    x: Any
    weights: Array

    def of(self, n: int) -> list[Start[LatentEmissionParams]]:
        """So many starts: by turns from a short mixture fit and from the family's own starting values."""
        if self.model.n_components == 1 or self.x.dtype.kind != "f":
            return [Start("family", self._from_family)] * n
        kinds = KINDS if self._has_distances() else WITHOUT_DISTANCES
        return [Start(kind, self._from_mixture(kind)) for kind in (kinds[i % len(kinds)] for i in range(n))]

    def _has_distances(self) -> bool:
        """Whether the family says in what coordinates rows are near each other."""
        family, facts = self.model.emission, self.description.emission
        return family.embed(facts, family.fill(facts, self.x[:1])) is not None

    def _from_family(self, rng: np.random.Generator) -> LatentEmissionParams:
        return LatentEmissionParams(self._transitions(rng), self.model.start(self.description, rng).emission)

    def _transitions(self, rng: np.random.Generator) -> ChainParams:
        """Staying is the likelier the slower the chain is thought to be, which chance decides."""
        chain: Any = self.model.latent
        K = self.model.n_components
        drawn = chain.start(K, rng).transmat
        stay = rng.uniform(0.0, 0.95)
        support = drawn > 0
        mixed = np.where(support, (1 - stay) * drawn + stay * np.eye(K), 0.0)
        mixed = mixed / mixed.sum(axis=1, keepdims=True)
        return chain.settled(ChainParams(np.full(K, 1.0 / K), mixed))

    def _from_mixture(self, kind: str) -> Callable[[np.random.Generator], LatentEmissionParams]:
        def draw(rng: np.random.Generator) -> LatentEmissionParams:
            mixture = LatentEmission(Independent(), self.model.emission, self.model.n_components)
            rows = sampled(self.x, self.weights, ROWS, rng)
            if len(rows.x) < self.model.n_components:  # more states than distinct rows
                return self._from_family(rng)
            starts = MixtureStarts(mixture, self.description, lambda: rows)
            params = starts.of(kind, 1)[0].draw(rng)
            source = self._source(rows)
            try:
                settings = Settings(tol=1e-4, max_iter=STEPS)
                params = run(EMMap(mixture, source), params, settings, float(rows.weights.sum())).params
            except FitError:
                pass  # the start itself will do
            return LatentEmissionParams(self._transitions(rng), params.emission)

        return draw

    def _source(self, rows: Sampled) -> ArraySource:
        width = int(np.prod(rows.x.shape[1:])) + self.model.n_components
        return ArraySource(rows.x, rows.weights, None, block_rows(width))
