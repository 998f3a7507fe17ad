"""Where a hidden Markov model starts from: short mixture fits of its rows, and chance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from latently.core.array_source import ArraySource, chosen
from latently.core.blocks import Block, block_rows
from latently.core.em import EMMap, Settings, run
from latently.core.errors import FitError
from latently.core.exploration import AGREEMENT, Start
from latently.core.parameters import inside
from latently.estimators.inputs import Array
from latently.estimators.starts import MOST_SOFTENING, MixtureStarts, Sampled, sampled
from latently.latent.evidence import UNKNOWN
from latently.latent.independent import Independent
from latently.models.latent_emission import Description, LatentEmission, LatentEmissionParams
from latently.models.routines import routines

START_ROWS = 5000
START_STEPS = 20
ROUNDS_OF_PLACING, MOST_PAIRS = 3, 100  # of states that may change places in a start, and in a round
CHAIN_START_KINDS = ("kmeans", "random_from_data", "k-means++", "family")
WITHOUT_DISTANCES = ("family", "random")


@dataclass(frozen=True)
class ChainStarts:
    """Draws starting values for a hidden Markov model."""

    model: LatentEmission  # the model, bound to the description
    description: Description  # of all the data
    x: Any  # (n_steps, ...): all time steps
    weights: Array  # (n_steps,): their weights
    states: NDArray[np.int64] | None = None  # (n_steps,): states that are known, -1 where one is not
    sequences: ArraySource | None = None  # some of the data as they follow each other

    def of(self, n: int) -> list[Start[LatentEmissionParams]]:
        """So many starts: by turns from a short mixture fit and from the family's own starting values.

        Where states are known they agree with them, and every other one, from the first on, learns from them.
        """
        drawn = self._drawn(n)
        if self.states is None:
            placed = self.sequences is not None and not self.model.latent.exchangeable
            return [Start(one.kind, self._placed(one)) for one in drawn] if placed else drawn
        return [Start(start.kind, self._agreeing(start, i % 2 == 0)) for i, start in enumerate(drawn)]

    def _drawn(self, n: int) -> list[Start[LatentEmissionParams]]:
        if self.model.n_components == 1 or self.x.dtype.kind != "f":
            return [Start("family", self._from_family)] * n
        kinds = CHAIN_START_KINDS if self._has_distances() else WITHOUT_DISTANCES
        return [Start(kind, self._from_mixture(kind)) for kind in (kinds[i % len(kinds)] for i in range(n))]

    def _has_distances(self) -> bool:
        """Whether the family says in what coordinates rows of a state are near each other."""
        return self.model.emission.coordinates(self.description.emission, self.x[:1]) is not None

    def _from_family(self, rng: np.random.Generator) -> LatentEmissionParams:
        return LatentEmissionParams(self._latent(rng), self.model.start(self.description, rng).emission)

    def _latent(self, rng: np.random.Generator) -> Any:
        return self.model.latent.dispersed(self.model.n_components, rng)

    def _from_mixture(self, kind: str) -> Callable[[np.random.Generator], LatentEmissionParams]:
        def draw(rng: np.random.Generator) -> LatentEmissionParams:
            mixture = LatentEmission(Independent(), self.model.emission, self.model.n_components)
            some = chosen(self.weights, START_ROWS, rng)
            rows = (
                sampled(self.x, self.weights) if some is None else sampled(self.x[some], self.weights[some])
            )
            if len(rows.x) < self.model.n_components:  # more states than distinct rows
                return self._from_family(rng)
            starts = MixtureStarts(mixture, self.description, lambda: rows)
            begun = starts.of(kind, 1)[0].draw(rng)
            source = self._source(rows)
            try:
                settings = Settings(tol=1e-4, max_iter=START_STEPS)
                params = run(EMMap(mixture, source), begun, settings, float(rows.weights.sum())).params
            except FitError:
                params = begun  # which will do
            emission = inside(params.emission, begun.emission, mixture.emission.spaces(params.emission))
            return LatentEmissionParams(self._latent(rng), emission)

        return draw

    def _placed(
        self, start: Start[LatentEmissionParams]
    ) -> Callable[[np.random.Generator], LatentEmissionParams]:
        """A start whose states change places while that is likelier, as not all can follow each other."""
        K = self.model.n_components
        pairs = np.column_stack(np.triu_indices(K, 1))

        def draw(rng: np.random.Generator) -> LatentEmissionParams:
            params = start.draw(rng)
            some = cast(ArraySource, self.sequences).stretch(START_ROWS, rng).whole()
            best = self._log_likelihood(params, some)
            for _ in range(ROUNDS_OF_PLACING):
                before = best
                for i, j in rng.permutation(pairs)[:MOST_PAIRS]:
                    order = np.arange(K)
                    order[[i, j]] = j, i
                    changed = replace(params, emission=self.model.emission.permute(params.emission, order))
                    found = self._log_likelihood(changed, some)
                    if found - best > AGREEMENT * len(some.x):
                        best, params = found, changed
                if best == before:
                    break
            return params

        return draw

    def _log_likelihood(self, params: LatentEmissionParams, block: Block) -> float:
        try:
            return float(self.model.e_step(params, block).bound)
        except FitError:  # a row that no state can have
            return -np.inf

    def _agreeing(
        self, start: Start[LatentEmissionParams], learns: bool
    ) -> Callable[[np.random.Generator], LatentEmissionParams]:
        """The emission of a start, its states so numbered that most of the known ones come out right.

        If it learns, one M-step follows: from time steps whose states are known, and a little from others, so
        that each state has as many as it needs.
        """
        states, emission, K = np.asarray(self.states), self.model.emission, self.model.n_components
        used = self.weights > 0
        known, others = np.flatnonzero(used & (states != UNKNOWN)), np.flatnonzero(used & (states == UNKNOWN))

        def draw(rng: np.random.Generator) -> LatentEmissionParams:
            from scipy.optimize import linear_sum_assignment

            params = start.draw(rng)
            rows = np.concatenate([rng.permutation(some)[:START_ROWS] for some in (known, others)])
            block = Block(self.x[rows], self.weights[rows])
            x, weights, labels = block.rows(slice(None)), block.weights[:, None], states[rows]
            log_density = routines(emission, params.emission, self.model.fused).log_density(x)
            resp = np.nan_to_num(Independent().responsibilities(Independent().start(K, rng), log_density)[0])
            is_label = labels[:, None] == np.arange(K)
            order = linear_sum_assignment((weights * is_label).T @ resp, maximize=True)[1]
            theta = emission.permute(params.emission, order)
            if learns:
                needed = K * max(1, emission.rows_needed(theta))
                soft = min(needed / max(len(others), 1), MOST_SOFTENING)
                resp = np.where((labels == UNKNOWN)[:, None], soft * resp[:, order], is_label)
                stats = routines(emission, theta, self.model.fused).expected_stats(x, weights * resp)
                learned = emission.m_step(stats, theta)
                theta = inside(learned, theta, emission.spaces(learned))
            return LatentEmissionParams(params.latent, theta)

        return draw

    def _source(self, rows: Sampled) -> ArraySource:
        width = int(np.prod(rows.x.shape[1:])) + self.model.n_components
        return ArraySource(rows.x, rows.weights, None, block_rows(width))
