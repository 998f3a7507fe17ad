"""Where EM starts from: kinds of starting values for mixtures.

All but a family's own kind work on some of the rows in coordinates in which distance means
something (whitened, for Gaussians), and go through the family's own M-step, so that a start is
a feasible set of parameters of any family.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from sklearn.cluster import KMeans, kmeans_plusplus
from sklearn.exceptions import ConvergenceWarning

from latently.core.restarts import Start
from latently.emissions.base import Array
from latently.latent.independent import Counts
from latently.models.latent_emission import Description, LatentEmission, LatentEmissionParams

MOST_SOFTENING = 0.1
DIGITS = 9
KINDS = ("kmeans", "k-means++", "random_from_data", "random")


@dataclass(frozen=True)
class Sampled:
    """Some rows of the data to start from.

    Attributes
    ----------
    x : array of shape (n_rows, n_features)
        The rows.
    weights : array of shape (n_rows,)
        Their weights, at least one of them positive.
    """

    x: Array
    weights: Array


@dataclass(frozen=True)
class MixtureStarts:
    """Draws starting values for a mixture.

    Parameters
    ----------
    model : LatentEmission
        The mixture, bound to the description.
    description : Description
        Of all the data.
    sampled : Sampled
        Some rows.
    """

    model: LatentEmission
    description: Description
    sampled: Sampled

    def of(self, kind: str, n: int) -> list[Start[LatentEmissionParams]]:
        """So many starts of a kind; for "auto" a mix of all kinds that suit the family."""
        if kind != "auto":
            return [Start(kind, self._draws()[kind])] * n
        if self.embedded is None:
            kinds: Sequence[str] = ("family", "random")
        else:
            kinds = ("kmeans", "random_from_data", "k-means++", "random_from_data", "family", "random")
        return [Start(kinds[i % len(kinds)], self._draws()[kinds[i % len(kinds)]]) for i in range(n)]

    def _draws(self) -> dict[str, Callable[[np.random.Generator], LatentEmissionParams]]:
        return {
            "family": lambda rng: self.model.start(self.description, rng),
            "random": self._random,
            "random_from_data": self._random_from_data,
            "k-means++": self._kmeans_plusplus,
            "kmeans": self._kmeans,
        }

    @cached_property
    def embedded(self) -> Array | None:
        """The sampled rows in coordinates in which distance means something.

        They are rounded, so that equal distances are equal however the sums behind them were rounded.
        """
        rows = self.model.emission.embed(self.description.emission, self.sampled.x)
        return None if rows is None else np.round(rows, DIGITS)

    @cached_property
    def origin(self) -> LatentEmissionParams:
        """Params at which the statistics of a start are taken: any will do, the M-step forgets them."""
        return self.model.start(self.description, np.random.default_rng(0))

    def _random(self, rng: np.random.Generator) -> LatentEmissionParams:
        resp = rng.random((len(self.sampled.x), self.model.n_components))
        return self._from_resp(resp / resp.sum(axis=1, keepdims=True))

    def _random_from_data(self, rng: np.random.Generator) -> LatentEmissionParams:
        coordinates = self._coordinates("random_from_data")
        share = self.sampled.weights / self.sampled.weights.sum()
        n_possible = int(np.count_nonzero(share))
        n = min(self.model.n_components, n_possible)
        seeds = coordinates[rng.choice(len(coordinates), n, replace=False, p=share)]
        return self._from_labels(_nearest(coordinates, seeds))

    def _kmeans_plusplus(self, rng: np.random.Generator) -> LatentEmissionParams:
        coordinates = self._coordinates("k-means++")
        seeds, _ = kmeans_plusplus(
            coordinates,
            self.model.n_components,
            sample_weight=self.sampled.weights,
            random_state=int(rng.integers(2**31)),
        )
        return self._from_labels(_nearest(coordinates, seeds))

    def _kmeans(self, rng: np.random.Generator) -> LatentEmissionParams:
        search = KMeans(self.model.n_components, n_init=1, max_iter=30, random_state=int(rng.integers(2**31)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            labels = search.fit_predict(self._coordinates("kmeans"), sample_weight=self.sampled.weights)
        return self._from_labels(labels)

    def _coordinates(self, kind: str) -> Array:
        coordinates = self.embedded
        if coordinates is None:
            raise ValueError(
                f"init_params='{kind}' needs distances, and {type(self.model.emission).__name__} has none "
                "(no embed method): use 'auto' or 'random'"
            )
        return coordinates

    def _from_labels(self, labels: NDArray[np.int64]) -> LatentEmissionParams:
        """Labels, softened so that each component has something of as many rows as it needs."""
        n_components = self.model.n_components
        needed = n_components * self.model.emission.rows_needed(self.origin.emission)
        soft = min(needed / len(labels), MOST_SOFTENING)
        resp = np.full((len(labels), n_components), soft / n_components)
        resp[np.arange(len(labels)), labels] += 1.0 - soft
        return self._from_resp(resp)

    def _from_resp(self, resp: Array) -> LatentEmissionParams:
        """One M-step of each factor from the family's own starting values."""
        origin = self.origin
        weighted = resp * self.sampled.weights[:, None]
        stats = self.model.emission.expected_stats(origin.emission, self.sampled.x, weighted)
        return LatentEmissionParams(
            self.model.latent.m_step(Counts(weighted.sum(axis=0)), origin.latent),
            self.model.emission.m_step(stats, origin.emission),
        )


def _nearest(coordinates: Array, seeds: Array) -> NDArray[np.int64]:
    """Index of the nearest seed of each row."""
    return np.asarray(cdist(coordinates, seeds, "sqeuclidean").argmin(axis=1))


def sampled(x: Any, weights: Array, n_rows: int, rng: np.random.Generator) -> Sampled:
    """At most so many rows of positive weight, at random.

    They come sorted, and equal rows as one with the sum of their weights: if no row is left out, a seed leads
    to the same starts from weighted as from repeated rows, in any order.
    """
    used = np.flatnonzero(weights > 0)
    if len(used) > n_rows:
        used = np.sort(rng.choice(used, n_rows, replace=False))
    rows, weights = np.asarray(x[used], dtype=np.float64), weights[used]
    order = np.lexsort(rows.T)
    rows, weights = rows[order], weights[order]
    new = np.ones(len(rows), dtype=bool)
    new[1:] = ~((rows[1:] == rows[:-1]) | (np.isnan(rows[1:]) & np.isnan(rows[:-1]))).all(axis=1)
    first = np.flatnonzero(new)
    return Sampled(rows[first], np.add.reduceat(weights, first))
