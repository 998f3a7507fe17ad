"""Where EM starts from: kinds of starting values for mixtures.

All but a family's own kind work on some of the rows in coordinates in which distance means
something (whitened, for Gaussians), and go through the family's own M-step, so that a start is
a feasible set of parameters of any family.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from math import log
from typing import Any

import numpy as np

from latently.checks.arrays import Labels, extremes
from latently.core.blocks import Block
from latently.core.choices import DERIVED_TIE
from latently.core.convergence import ROUNDING
from latently.core.exploration import Start
from latently.core.parameters import inside, named
from latently.emissions.base import Array
from latently.latent.independent import Counts
from latently.models.latent_emission import Description, LatentEmission, LatentEmissionParams
from latently.models.patterns import alike
from latently.models.routines import routines

MOST_SOFTENING = 0.1
KMEANS_ROUNDS = 30  # of k-means
KMEANS_CHANGE = 1e-3  # share of the weight that may still change clusters where k-means ends
START_DIGITS = 9
START_KINDS = ("kmeans", "k-means++", "random_from_data", "random")


@dataclass(frozen=True)
class Sampled:
    """Some rows of the data to start from."""

    x: Array  # (n_rows, n_features): the rows
    weights: Array  # (n_rows,): their weights, at least one of them positive


@dataclass(frozen=True)
class MixtureStarts:
    """Draws starting values for a mixture.

    What all starts share is made when they are asked for, so that they may be drawn side by side.
    """

    model: LatentEmission  # the mixture, bound to the description
    description: Description  # of all the data
    sample: Callable[[], Sampled]  # draws some rows, if a start needs them

    @cached_property
    def sampled(self) -> Sampled:
        """Some rows, drawn once."""
        return self.sample()

    def of(self, kind: str, n: int) -> list[Start[LatentEmissionParams]]:
        """So many starts of a kind; for "auto" a mix of all kinds that suit the family.

        Whitening shrinks the very direction in which clusters lie far apart; features in units of their
        spread leave stretched clusters stretched. Neither suits all data, so the mix uses both by turns.
        """
        if self.model.n_components == 1:
            return [Start("family", partial(self._draw, "family", None))] * n
        if kind != "auto":
            return [Start(kind, partial(self._draw, kind, self._coordinates(kind, 0)))] * n
        if not self.model.emission.compact or self.embedded is None:
            kinds: Sequence[str] = ("family", "random")
        else:
            kinds = ("kmeans", "random_from_data", "k-means++", "random_from_data", "family", "random")
        turns = [(kinds[i % len(kinds)], i // len(kinds) % 2) for i in range(n)]
        return [Start(name, partial(self._draw, name, self._coordinates(name, turn))) for name, turn in turns]

    def _coordinates(self, kind: str, turn: int) -> Array | None:
        """What a start of a kind goes by."""
        if kind not in LABELLERS:
            return None
        return self.standardised if turn else self.embedded

    def _draw(self, kind: str, coordinates: Array | None, rng: np.random.Generator) -> LatentEmissionParams:
        if kind == "family":
            return self.model.start(self.description, rng)
        n_components, weights = self.model.n_components, self.sampled.weights
        if kind == "random":
            resp = rng.random((len(weights), n_components))
            resp /= resp.sum(axis=1, keepdims=True)
            return self.from_resp(resp)
        if coordinates is None:
            raise ValueError(
                f"init_params='{kind}' needs distances, and {type(self.model.emission).__name__} has none "
                "(no embed method): use 'auto' or 'random'"
            )
        return self._from_labels(LABELLERS[kind](coordinates, weights, n_components, rng))

    @cached_property
    def embedded(self) -> Array | None:
        """The sampled rows in coordinates in which distance means something.

        They are rounded, so that equal distances are equal however the sums behind them were rounded.
        """
        rows = self.model.emission.embed(self.description.emission, self.filled)
        return None if rows is None else np.round(rows, START_DIGITS)

    @cached_property
    def standardised(self) -> Array | None:
        """The sampled rows in units of the spread of each feature, if the family has distances at all."""
        if self.embedded is None:
            return None
        description, weights = self.description.emission, self.sampled.weights
        return np.round(self.model.emission.standardised(description, self.filled, weights), START_DIGITS)

    @cached_property
    def filled(self) -> Array:
        """The sampled rows with missing cells where the family expects them: for distances only."""
        return self.model.emission.fill(self.description.emission, self.sampled.x)

    @cached_property
    def origin(self) -> LatentEmissionParams:
        """Params at which the statistics of a start are taken: any will do, the M-step forgets them."""
        return self.model.start(self.description, np.random.default_rng(0))

    def _from_labels(self, labels: Labels) -> LatentEmissionParams:
        """Labels, softened so that each component has something of as many rows as it needs."""
        n_components = self.model.n_components
        needed = n_components * max(1, self.model.emission.rows_needed(self.origin.emission))
        soft = min(needed / len(labels), MOST_SOFTENING)
        resp = np.full((len(labels), n_components), soft / n_components)
        resp[np.arange(len(labels)), labels] += 1.0 - soft
        return self.from_resp(resp)

    def from_resp(self, resp: Array) -> LatentEmissionParams:
        """One M-step of each factor from the family's own starting values."""
        origin = self.origin
        weighted = resp * self.sampled.weights[:, None]
        family = routines(self.model.emission, origin.emission, self.model.fused)
        stats = family.expected_stats(self.sampled.x, weighted)
        emission = self.model.emission.m_step(stats, origin.emission)
        return LatentEmissionParams(
            self.model.latent.m_step(Counts(weighted.sum(axis=0)), origin.latent),
            inside(emission, origin.emission, self.model.emission.spaces(emission)),
        )


def _random_from_data(coordinates: Array, weights: Array, n: int, rng: np.random.Generator) -> Labels:
    share = weights / weights.sum()
    n = min(n, int(np.count_nonzero(share)))
    return _nearest(coordinates, coordinates[rng.choice(len(coordinates), n, replace=False, p=share)])


def _kmeans_plusplus(coordinates: Array, weights: Array, n: int, rng: np.random.Generator) -> Labels:
    return _nearest(coordinates, _far_apart(coordinates, weights, n, rng))


def _kmeans(coordinates: Array, weights: Array, n: int, rng: np.random.Generator) -> Labels:
    """The clusters of k-means, begun at rows far apart; a cluster that is left empty stays where it was."""
    centres = _far_apart(coordinates, weights, n, rng)
    labels = _nearest(coordinates, centres)
    for _ in range(KMEANS_ROUNDS):
        shares = weights * (labels == np.arange(n)[:, None])
        total = shares.sum(axis=1, keepdims=True)
        centres = np.divide(shares @ coordinates, total, out=centres, where=total > 0)
        before, labels = labels, _nearest(coordinates, centres)
        if weights[labels != before].sum() <= KMEANS_CHANGE * weights.sum():
            break
    return labels


def _far_apart(coordinates: Array, weights: Array, n: int, rng: np.random.Generator) -> Array:
    """Some rows, each the likelier the farther it is from those before it, and the best of a few such.

    Greedy k-means++ (Arthur & Vassilvitskii 2007, section 2), draw for draw that of scikit-learn, which takes
    five times as long to look at small tables.
    """
    draw = np.random.RandomState(int(rng.integers(2**31)))
    sizes = np.einsum("ij,ij->i", coordinates, coordinates)

    def squared_distances(rows: Any) -> Array:
        away = sizes - 2 * coordinates[rows] @ coordinates.T + sizes[rows, None]
        return np.maximum(away, 0.0)

    chosen = [draw.choice(len(weights), p=weights / weights.sum())]
    nearest = squared_distances(chosen)[0]
    for _ in range(1, n):
        edges = np.cumsum(weights * nearest)
        tried = np.searchsorted(edges, draw.uniform(size=2 + int(log(n))) * edges[-1])
        each = np.minimum(nearest, squared_distances(tried))
        best = int((each @ weights).argmin())
        chosen.append(tried[best])
        nearest = each[best]
    return coordinates[chosen]


LABELLERS: dict[str, Callable[[Array, Array, int, np.random.Generator], Labels]] = {
    "kmeans": _kmeans,
    "k-means++": _kmeans_plusplus,
    "random_from_data": _random_from_data,
}


def _nearest(coordinates: Array, seeds: Array) -> Labels:
    """Index of the nearest seed of each row, the first of those as near within rounding."""
    sizes = np.einsum("ij,ij->i", coordinates, coordinates)
    gains = 2 * coordinates @ seeds.T - np.einsum("ij,ij->i", seeds, seeds)  # sizes less squared distances
    highest = gains.max(axis=1)
    slack = DERIVED_TIE * (sizes - highest) + ROUNDING * sizes
    return np.asarray((gains >= (highest - slack)[:, None]).argmax(axis=1))


def refuse_unsuitable(
    model: LatentEmission, template: LatentEmissionParams, given: Mapping[str, Array]
) -> None:
    """Refuse starting values of another shape than those of a template, or that are not feasible.

    Raises a ValueError if one is; it is named.
    """
    values, spaces = named(template), model.spaces(template)
    for name, value in given.items():
        shape = np.shape(values[name])
        if value.shape != shape:
            raise ValueError(f"starting value of '{name}' has shape {value.shape}, should be {shape}")
        if not spaces[name].feasible(value):
            raise ValueError(f"starting value of '{name}' is not feasible: check its range and its sum")


def sampled(x: Array, weights: Array) -> Sampled:
    """Rows of positive weight, to start from.

    They come sorted, and equal rows as one with the sum of their weights: if no row is left out, a seed leads
    to the same starts from weighted as from repeated rows, in any order.
    """
    used = weights > 0
    x, weights = (x, weights) if used.all() else (x[used], weights[used])
    rows = Block(x, weights).rows(slice(None))
    if (keys := _keys(rows)) is not None:
        found = alike(keys)
        return Sampled(rows[found.rows], np.bincount(found.index, weights).astype(np.float64))
    order = np.lexsort(rows.T)
    rows, weights, new = rows[order], weights[order], np.ones(len(rows), dtype=bool)
    new[1:] = ~((rows[1:] == rows[:-1]) | (np.isnan(rows[1:]) & np.isnan(rows[:-1]))).all(axis=1)
    first = np.flatnonzero(new)
    return Sampled(rows[first], np.add.reduceat(weights, first))


def _keys(rows: Array) -> Array | None:
    """Numbers by which rows of small whole numbers are sorted as by their last cells, missing ones last."""
    if rows.dtype.kind != "f":
        return None
    low, high = extremes(rows)
    sizes = np.maximum(high, -1.0) + 2
    if not (low.min(initial=0.0) >= 0 and np.prod(sizes) < 2.0**53):
        return None
    missing = np.isnan(rows)
    filled = np.where(missing, sizes - 1, rows) if missing.any() else rows
    if (filled != np.floor(filled)).any():
        return None
    return np.asarray(filled @ np.concatenate([[1.0], np.cumprod(sizes[:-1])]))
