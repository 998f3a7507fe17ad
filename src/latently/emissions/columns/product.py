"""A product of families, each with columns of its own: a family again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cached_property, reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latently.core.parameters import Parts, of_part, prefixed
from latently.core.spaces import Spaces
from latently.emissions.base import Array, Emission
from latently.emissions.columns.groups import LookedUp, Part
from latently.emissions.distribution import Distribution


class ProductFamily(Emission):
    """Given the component, parts are independent; each family answers for its own columns.

    Attributes
    ----------
    parts : tuple of Part
        The families, and which columns each has.
    """

    parts: tuple[Part, ...]

    accepts_missing = True

    @cached_property
    def looked_up(self) -> LookedUp | None:
        """Parts of few whole numbers, if there are any."""
        at = tuple(i for i, part in enumerate(self.parts) if part.most is not None)
        if not at:
            return None
        parts = tuple(self.parts[i] for i in at)
        places = tuple(place for part in parts for place in part.places)
        sizes = tuple(size for part in parts for size in part.sizes.tolist())
        return LookedUp(at, parts, np.array(places, dtype=np.int64), sizes, (places, sizes))

    @property
    def n_columns(self) -> int:
        """How many columns are modelled."""
        return sum(len(part.places) for part in self.parts)

    @property
    def conditioned_on(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for part in self.parts for name in part.family.conditioned_on))

    def width(self, n_columns: int) -> int:
        return self.n_columns + len(self.conditioned_on)

    def blank(self, n_rows: int, n_features: int) -> Array:
        found = np.empty((n_rows, self.n_columns + len(self.conditioned_on)))
        for part in self.parts:
            found[:, part.taken] = part.family.blank(n_rows, len(part.taken))
        return found

    def possible(self, x: Array) -> NDArray[np.bool_]:
        """As each family says."""
        found = np.ones(x.shape, dtype=bool)
        for part in self.parts:
            found[:, part.taken] = part.family.possible(part.of(x))
        return found

    def describe(self, x: Array, weights: Array) -> Parts:
        return self._parts(part.family.describe(part.of(x), weights) for part in self.parts)

    def start(self, description: Parts, n_components: int, rng: np.random.Generator) -> Parts:
        pairs = self._zip(description)
        return self._parts(part.family.start(one, n_components, rng) for part, one in pairs)

    def log_density(self, params: Parts, x: Array) -> Array:
        densities = (part.family.log_density(one, part.of(x)) for part, one in self._zip(params))
        return np.asarray(reduce(np.add, densities))

    def expected_stats(self, params: Parts, x: Array, resp: Array) -> Parts:
        pairs = self._zip(params)
        return self._parts(part.family.expected_stats(one, part.of(x), resp) for part, one in pairs)

    def moved(self, stats: Parts, params: Parts) -> Parts:
        triples = zip(self.parts, stats, params, strict=True)
        return self._parts(part.family.moved(seen, one) for part, seen, one in triples)

    def m_step(self, stats: Parts, params: Parts, fixed: Collection[str] = ()) -> Parts:
        return self._parts(
            part.family.m_step(seen, one, of_part(part.name, fixed))
            for part, seen, one in zip(self.parts, stats, params, strict=True)
        )

    def expected_log_likelihood(self, stats: Parts, params: Parts) -> float:
        """The sum over the groups."""
        return sum(
            part.family.expected_log_likelihood(seen, one)
            for part, seen, one in zip(self.parts, stats, params, strict=True)
        )

    def inner_terms(self, stats: Parts, params: Parts) -> float:
        """The sum over the groups, and what they add up to, which may cancel between them."""
        return sum(
            part.family.inner_terms(seen, one) + abs(part.family.expected_log_likelihood(seen, one))
            for part, seen, one in zip(self.parts, stats, params, strict=True)
        )

    def gradient(self, stats: Parts, params: Parts) -> dict[str, Array]:
        return {
            prefixed(part.name, name): value
            for part, seen, one in zip(self.parts, stats, params, strict=True)
            for name, value in part.family.gradient(seen, one).items()
        }

    def log_prior(self, params: Parts) -> float:
        return sum(part.family.log_prior(one) for part, one in self._zip(params))

    def spaces(self, params: Parts) -> Spaces:
        return {
            prefixed(part.name, name): space
            for part, one in self._zip(params)
            for name, space in part.family.spaces(one).items()
        }

    def permute(self, params: Parts, order: object) -> Parts:
        return self._parts(part.family.permute(one, order) for part, one in self._zip(params))

    def projected(self, params: Parts) -> Parts:
        """Each group without its rounding."""
        return self._parts(part.family.projected(one) for part, one in self._zip(params))

    def sample(self, params: Parts, labels: NDArray[np.int64], rng: np.random.Generator) -> Array:
        found = self.blank(len(labels), 0)
        for part, one in self._zip(params):
            found[:, part.taken] = part.family.sample(one, labels, rng)
        return found

    def sample_given(
        self, params: Parts, labels: NDArray[np.int64], others: Array, rng: np.random.Generator
    ) -> Array:
        return self._each(params, others, lambda family, one, x: family.sample_given(one, labels, x, rng))

    def distribution(self, params: Parts, x: Array) -> Distribution:
        """Where each cell lies, by its own family; a continuous one has no probability at a point."""
        shape = (len(x), self._n_components(params), self.n_columns)
        below, above, at = (np.full(shape, -np.inf) for _ in range(3))
        for part, one in self._zip(params):
            family: Any = part.family
            found = family.distribution(one, part.of(x))
            below[:, :, part.places], above[:, :, part.places] = found.below, found.above
            if found.at is not None:
                at[:, :, part.places] = found.at
            else:
                at[:, :, part.places] = np.where(np.isnan(found.below), np.nan, -np.inf)
        return Distribution(below, above, None if np.isneginf(at).all() else at)

    # -- where to start and what to trust --------------------------------------------------------------------

    def embed(self, description: Parts, x: Array) -> Array | None:
        """Coordinates of all groups side by side, so that groups count alike; None if one has none."""
        found = [part.family.embed(one, part.of(x)) for part, one in self._zip(description)]
        if any(coordinates is None for coordinates in found):
            return None
        return np.hstack([_evened(one, part) for one, part in zip(found, self.parts, strict=True)])

    def standardised(self, description: Parts, x: Array, weights: Array) -> Array:
        pairs = self._zip(description)
        return np.hstack([part.family.standardised(one, part.of(x), weights) for part, one in pairs])

    def fill(self, description: Parts, x: Array) -> Array:
        return self._each(description, x, lambda family, one, cells: family.fill(one, cells))

    # -- missing cells ---------------------------------------------------------------------------------------

    def draw_missing(
        self, params: Parts, x: Array, labels: NDArray[np.int64], rng: np.random.Generator
    ) -> Array:
        """Each group given the label and its own observed cells."""
        return self._each(params, x, lambda family, one, cells: family.draw_missing(one, cells, labels, rng))

    def guess_missing(self, params: Parts, x: Array, resp: Array) -> Array:
        return self._each(params, x, lambda family, one, cells: family.guess_missing(one, cells, resp))

    def quantiles_of_missing(self, params: Parts, x: Array, resp: Array, probability: float) -> Array:
        return self._each(params, x, lambda family, *of: family.quantiles_of_missing(*of, resp, probability))

    def category_probabilities(self, params: Parts, x: Array, resp: Array) -> list[Array | None]:
        return self._of_columns(
            part.family.category_probabilities(one, part.of(x), resp) for part, one in self._zip(params)
        )

    def categories_of_columns(self, n_columns: int) -> list[Any]:
        return self._of_columns(part.family.categories_of_columns(len(part.places)) for part in self.parts)

    def split(
        self, x: Array, coordinates: Array | None, weights: Array, way: int, rng: np.random.Generator
    ) -> Array:
        """By the coordinates; without any, as the first group does."""
        if coordinates is not None:
            return super().split(x, coordinates, weights, way, rng)
        return self.parts[0].family.split(self.parts[0].of(x), None, weights, way, rng)

    def floor_active(self, params: Parts, fixed: Collection[str] = ()) -> NDArray[np.bool_] | None:
        found = (p.family.floor_active(one, of_part(p.name, fixed)) for p, one in self._zip(params))
        known = [one for one in found if one is not None]
        return np.any(known, axis=0) if known else None

    def rows_needed(self, params: Parts, fixed: Collection[str] = ()) -> int:
        pairs = self._zip(params)
        return max(p.family.rows_needed(one, of_part(p.name, fixed)) for p, one in pairs)

    def rows_needed_in_all(self, params: Parts, n_components: int, fixed: Collection[str] = ()) -> int:
        return max(
            p.family.rows_needed_in_all(one, n_components, of_part(p.name, fixed))
            for p, one in self._zip(params)
        )

    def order_keys(self, params: Parts) -> Array | None:
        keys = [part.family.order_keys(one) for part, one in self._zip(params)]
        known = [one for one in keys if one is not None]
        return np.hstack(known) if known else None

    # -- parts -----------------------------------------------------------------------------------------------

    def _of_column(self, column: int) -> tuple[Part, int]:
        part = next(part for part in self.parts if column in part.places)
        return part, part.places.index(column)

    def _zip(self, values: Parts) -> zip[tuple[Part, Any]]:
        return zip(self.parts, values, strict=True)

    def _each(self, values: Parts, x: Array, do: Callable[[Emission, Any, Array], Array]) -> Array:
        """A table of what is found for the columns of each group."""
        found = np.empty_like(x)
        for part, one in self._zip(values):
            found[:, part.taken] = do(part.family, one, part.of(x))
        return found

    def _places(self, found: Iterable[Array]) -> Array:
        """A table of what is found for the columns that are modelled of each group."""
        cells = np.empty((0, 0))
        for part, own in zip(self.parts, found, strict=True):
            cells = cells if cells.size else np.empty((len(own), self.n_columns))
            cells[:, part.places] = own
        return cells

    def _of_columns(self, found: Iterable[Sequence[object]]) -> list[Any]:
        """What is said of the columns of each group, in the order of the columns."""
        cells: list[Any] = [None] * self.n_columns
        for part, own in zip(self.parts, found, strict=True):
            for place, one in zip(part.places, own, strict=False):
                cells[place] = one
        return cells

    def _parts(self, values: Any) -> Parts:
        return Parts(tuple(part.name for part in self.parts), tuple(values))

    def _n_components(self, params: Parts) -> int:
        spaces = self.parts[0].family.spaces(params.values[0])
        own = next(one for one in self.parts[0].family.parameters if "components" in one.axes)
        assert own.name in spaces
        return len(getattr(params.values[0], own.name))


def _evened(coordinates: Array | None, part: Part) -> Array:
    """Coordinates of a group whose mean square is the number of its columns."""
    assert coordinates is not None
    square = float(np.square(coordinates - coordinates.mean(axis=0)).mean(axis=0).sum())
    return np.asarray(coordinates * np.sqrt(len(part.places) / square) if square > 0 else coordinates)
