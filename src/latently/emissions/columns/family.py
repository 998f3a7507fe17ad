"""A product of families over groups of columns: for latent classes, mixed tables and mixed series."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from latently.checks.columns import Table
from latently.core.declared import Parameter
from latently.core.parts import Parts, of_part, prefixed
from latently.core.spaces import Spaces
from latently.emissions.base import Array, Emission
from latently.emissions.columns.groups import Part, asked, grouped, located
from latently.emissions.described import Components, said
from latently.emissions.distribution import Distribution
from latently.wording import listed


@dataclass(frozen=True)
class Columns(Emission):
    """A family for each column, or group of columns, of a table.

    Given the component, groups are independent. Columns of one kind are one bank: parameters are called by
    the distribution and their name in it, such as ``"normal.means"`` or ``"categorical.probabilities"``, and
    have the columns of that kind as their features, in the order of the table.

    Parameters
    ----------
    families : "auto" or dict
        By the name of a column, or a tuple of names whose columns belong together, a family or the name of
        one of `FAMILIES`. Columns of a table without names are called by their positions, 0, 1, ... "auto"
        chooses by the type and the values of each column: see `chosen` after a fit.
    others : {"refuse", "auto", "drop"}
        What is done with columns that `families` does not name: an error, a family by type and values, or
        nothing at all with them.
    unknown : {"error", "missing"}
        What a category is that was not there when the model was fitted: an error that names it and its row,
        or a missing cell.
    codes : int, optional
        Whole numbers of at most so many different values are taken for codes of categories where a family is
        chosen. By default they are counts if 0 is among them, and codes if not and there are few.
    parts : tuple of Part
        Which columns each family has, filled in by `learned`.
    order : tuple of int
        Which place in rows each column of the table has, filled in by `learned`.

    Examples
    --------
    >>> from latently import MixtureModel
    >>> from latently.emissions import Columns, Gaussian
    >>> table = {"age": [21.0, 24.5, 61.2, 66.1, 23.3], "town": ["A", "A", "B", "B", "A"]}
    >>> mixture = MixtureModel(Columns({"age": Gaussian(), "town": "categorical"}), 2, random_state=0)
    >>> mixture.fit(table).predict(table).tolist()
    [0, 0, 1, 1, 0]
    """

    families: Any = "auto"
    others: Literal["refuse", "auto", "drop"] = "refuse"
    unknown: Literal["error", "missing"] = "error"
    codes: int | None = None
    parts: tuple[Part, ...] = ()
    order: tuple[int, ...] = ()

    accepts_missing = True
    takes: ClassVar[str] = "columns"
    learns: ClassVar[bool] = True
    values: ClassVar[str] = "cells of any kind"
    noun: ClassVar[str] = "cells"
    adjective: ClassVar[str] = "product"

    @property
    def chosen(self) -> dict[str, str]:
        """What each column is to the model, in words; after `learned`."""
        return {name: part.family.called for part in self.parts for name in part.names}

    @property
    def called(self) -> str:
        """The distributions of its columns."""
        return listed(dict.fromkeys(part.family.called for part in self.parts))

    @property
    def distributions(self) -> str:
        """The same."""
        return f"{self.called} columns, independent within a component"

    @property
    def needs_spread(self) -> bool:  # type: ignore[override]
        """Whether any family does."""
        return any(part.family.needs_spread for part in self.parts)

    @property
    def parameters(self) -> tuple[Parameter, ...]:  # type: ignore[override]
        """Those of all parts."""
        return tuple(
            replace(one, name=prefixed(part.name, one.name))
            for part in self.parts
            for one in part.family.parameters
        )

    @property
    def pooled_parameters(self) -> tuple[str, ...]:
        """Those of all parts."""
        return tuple(prefixed(p.name, name) for p in self.parts for name in p.family.pooled_parameters)

    def __post_init__(self) -> None:
        for name, allowed in (("others", ("refuse", "auto", "drop")), ("unknown", ("error", "missing"))):
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name}={getattr(self, name)!r}: should be one of {', '.join(allowed)}")
        if self.families != "auto" and not isinstance(self.families, Mapping):
            raise ValueError(
                f"families={self.families!r}: should be 'auto', or a dict of families by the names of columns"
            )

    # -- reading ---------------------------------------------------------------------------------------------

    def learned(self, x: Table) -> Self:
        """Which columns there are, and what each family learns of how to read its own.

        Raises
        ------
        ValueError
            If a column that is named is not there, or one has no family; it is named.
        """
        learned = replace(self, parts=grouped(self.families, self.others, self.unknown, x, self.codes))
        place = {name: i for i, name in enumerate([*learned.names, *learned.conditioned_on])}
        return replace(learned, order=tuple(place[name] for name in x.names if name in place))

    def asked(self, x: Table) -> dict[Any, Emission]:
        """The family of each column or group that is modelled, as it is before it learns to read."""
        pairs = asked(self.families, self.others, x, self.codes)
        return {names if len(names) > 1 else names[0]: family for names, family in pairs}

    def reading_as(self, other: Any) -> Self:
        """The same columns."""
        return replace(self, parts=other.parts, order=other.order)

    def read(self, x: Table) -> Array:
        """The columns as numbers: codes of categories, NaN where a cell is missing; what is given is last."""
        at = {name: j for j, name in enumerate(x.names)}
        found = self.blank(len(x), 0)
        for part in self.parts:
            with located(part.reads, x):
                columns = [x.columns[at[name]] for name in part.reads]
                found[:, part.taken] = part.family.read_columns(columns)
        return found

    def shown(self, x: Array) -> Any:
        """Rows as users have them: numbers, or objects if there are categories among them."""
        cells = [*self.shown_columns(x), *x[:, self.n_columns :].T]
        cells = [cells[j] for j in self.order]
        kind = object if any(column.dtype.kind not in "fiu" for column in cells) else np.float64
        return np.column_stack([column.astype(kind) for column in cells])

    def shown_columns(self, x: Array) -> list[Any]:
        """As each family shows its own."""
        return self._of_columns(part.family.shown_columns(part.of(x)) for part in self.parts)

    def modelled(self, x: Array) -> Array:
        """As each family has it of its own."""
        if not self.conditioned_on:
            return x
        return self._places(part.family.modelled(part.of(x)) for part in self.parts)

    def pictured(self, x: Array) -> Array:
        """As each family shows its own."""
        return self._places(part.family.pictured(part.of(x)) for part in self.parts)

    def ends(self, column: int) -> tuple[float, float] | None:
        """As the family of the column says."""
        part, j = self._of_column(column)
        return part.family.ends(j)

    def apart(self, x: Array) -> Array | None:
        """Coordinates for starts, in which groups count alike whatever their units."""
        return self.embed(self.describe(x, np.ones(len(x))), x)

    def blank(self, n_rows: int, n_features: int) -> Array:
        """Those of all families."""
        found = np.empty((n_rows, self.n_columns + len(self.conditioned_on)))
        for part in self.parts:
            found[:, part.taken] = part.family.blank(n_rows, len(part.taken))
        return found

    @property
    def conditioned_on(self) -> tuple[str, ...]:
        """Those of all families."""
        return tuple(dict.fromkeys(name for part in self.parts for name in part.family.conditioned_on))

    def width(self, n_columns: int) -> int:
        """One for each column that is modelled or given."""
        return self.n_columns + len(self.conditioned_on)

    @property
    def n_columns(self) -> int:
        """How many columns are modelled."""
        return sum(len(part.places) for part in self.parts)

    @property
    def names(self) -> list[str]:
        """Names of the columns that are modelled, in the order of the table."""
        return self._of_columns(part.names for part in self.parts)

    # -- the model -------------------------------------------------------------------------------------------

    def describe(self, x: Array, weights: Array) -> Parts:
        """What each family says of its columns."""
        return self._parts(part.family.describe(part.of(x), weights) for part in self.parts)

    def bind(self, description: Parts) -> Self:
        """Bind each family."""
        return self._with(part.family.bind(one) for part, one in self._zip(description))

    def per(self, unit: float) -> Self:
        """Each in the unit."""
        return self._with(part.family.per(unit) for part in self.parts)

    def start(self, description: Parts, n_components: int, rng: np.random.Generator) -> Parts:
        """Each family's own starting values."""
        pairs = self._zip(description)
        return self._parts(part.family.start(one, n_components, rng) for part, one in pairs)

    def log_density(self, params: Parts, x: Array) -> Array:
        """The sum over the groups."""
        densities = (part.family.log_density(one, part.of(x)) for part, one in self._zip(params))
        return np.asarray(reduce(np.add, densities))

    def expected_stats(self, params: Parts, x: Array, resp: Array) -> Parts:
        """Those of each group."""
        pairs = self._zip(params)
        return self._parts(part.family.expected_stats(one, part.of(x), resp) for part, one in pairs)

    def moved(self, stats: Parts, params: Parts) -> Parts:
        """Those of each group."""
        triples = zip(self.parts, stats, params, strict=True)
        return self._parts(part.family.moved(seen, one) for part, seen, one in triples)

    def m_step(self, stats: Parts, params: Parts, fixed: Collection[str] = ()) -> Parts:
        """Each group by itself."""
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
        """Those of all groups."""
        return {
            prefixed(part.name, name): value
            for part, seen, one in zip(self.parts, stats, params, strict=True)
            for name, value in part.family.gradient(seen, one).items()
        }

    def log_prior(self, params: Parts) -> float:
        """The sum over the groups."""
        return sum(part.family.log_prior(one) for part, one in self._zip(params))

    def spaces(self, params: Parts) -> Spaces:
        """Those of all groups."""
        return {
            prefixed(part.name, name): space
            for part, one in self._zip(params)
            for name, space in part.family.spaces(one).items()
        }

    def permute(self, params: Parts, order: Any) -> Parts:
        """Relabel the components of each group."""
        return self._parts(part.family.permute(one, order) for part, one in self._zip(params))

    def projected(self, params: Parts) -> Parts:
        """Each group without its rounding."""
        return self._parts(part.family.projected(one) for part, one in self._zip(params))

    def sample(self, params: Parts, labels: NDArray[np.int64], rng: np.random.Generator) -> Array:
        """Draw each group by itself."""
        found = self.blank(len(labels), 0)
        for part, one in self._zip(params):
            found[:, part.taken] = part.family.sample(one, labels, rng)
        return found

    def sample_given(
        self, params: Parts, labels: NDArray[np.int64], others: Array, rng: np.random.Generator
    ) -> Array:
        """Draw each group by itself."""
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
        """Those of all groups side by side."""
        pairs = self._zip(description)
        return np.hstack([part.family.standardised(one, part.of(x), weights) for part, one in pairs])

    def fill(self, description: Parts, x: Array) -> Array:
        """Missing cells where each family expects them."""
        return self._each(description, x, lambda family, one, cells: family.fill(one, cells))

    # -- missing cells ---------------------------------------------------------------------------------------

    def draw_missing(
        self, params: Parts, x: Array, labels: NDArray[np.int64], rng: np.random.Generator
    ) -> Array:
        """Each group given the label and its own observed cells."""
        return self._each(params, x, lambda family, one, cells: family.draw_missing(one, cells, labels, rng))

    def guess_missing(self, params: Parts, x: Array, resp: Array) -> Array:
        """Each group by its own family."""
        return self._each(params, x, lambda family, one, cells: family.guess_missing(one, cells, resp))

    def quantiles_of_missing(self, params: Parts, x: Array, resp: Array, probability: float) -> Array:
        """Each group by its own family."""
        return self._each(params, x, lambda family, *of: family.quantiles_of_missing(*of, resp, probability))

    def category_probabilities(self, params: Parts, x: Array, resp: Array) -> list[Array | None]:
        """Those of all groups, in the order of the columns."""
        return self._of_columns(
            part.family.category_probabilities(one, part.of(x), resp) for part, one in self._zip(params)
        )

    def categories_of_columns(self, n_columns: int) -> list[Any]:
        """Those of all groups."""
        return self._of_columns(part.family.categories_of_columns(len(part.places)) for part in self.parts)

    def split(
        self, x: Any, coordinates: Array | None, weights: Array, way: int, rng: np.random.Generator
    ) -> Array:
        """By the coordinates; without any, as the first group does."""
        if coordinates is not None:
            return super().split(x, coordinates, weights, way, rng)
        return self.parts[0].family.split(self.parts[0].of(x), None, weights, way, rng)

    def floor_active(self, params: Parts, fixed: Collection[str] = ()) -> NDArray[np.bool_] | None:
        """Components that rest on a floor in any group."""
        found = (p.family.floor_active(one, of_part(p.name, fixed)) for p, one in self._zip(params))
        known = [one for one in found if one is not None]
        return np.any(known, axis=0) if known else None

    def rows_needed(self, params: Parts, fixed: Collection[str] = ()) -> int:
        """As many as the most demanding group."""
        pairs = self._zip(params)
        return max(p.family.rows_needed(one, of_part(p.name, fixed)) for p, one in pairs)

    def rows_needed_in_all(self, params: Parts, n_components: int, fixed: Collection[str] = ()) -> int:
        """As many as the most demanding group."""
        return max(
            p.family.rows_needed_in_all(one, n_components, of_part(p.name, fixed))
            for p, one in self._zip(params)
        )

    def order_keys(self, params: Parts) -> Array | None:
        """Those of all groups."""
        keys = [part.family.order_keys(one) for part, one in self._zip(params)]
        known = [one for one in keys if one is not None]
        return np.hstack(known) if known else None

    # -- what users give and see -----------------------------------------------------------------------------

    def checked(self, name: str, value: Any, n_components: int, n_features: int | None, label: str) -> Array:
        """As its family checks it."""
        for part in self.parts:
            for inner in of_part(part.name, (name,)):
                return part.family.checked(inner, value, n_components, len(part.taken), label)
        return super().checked(name, value, n_components, n_features, label)

    def params(self, *args: Any, **values: Any) -> Parts:
        """Put those of all parts together, by their names."""
        return self._parts(part.family.params(**of_part(part.name, values)) for part in self.parts)

    def check_fitted(self, fitted: Any) -> None:
        """Of the columns that these settings name."""
        super().check_fitted(fitted)
        given = fitted.conditioned_on
        width = [*range(fitted.n_columns + len(given))]
        places = sorted(place for part in fitted.parts for place in part.places)
        beside = [
            part.given == tuple(fitted.n_columns + given.index(name) for name in part.family.conditioned_on)
            for part in fitted.parts
        ]
        if (
            not places
            or places != width[: fitted.n_columns]
            or sorted(fitted.order) != width
            or not all(beside)
        ):
            raise ValueError("its parts do not have each column once")

    def check(self, params: Any, n_components: int, n_features: int) -> None:
        """Each group by itself."""
        if not isinstance(params, Parts) or params.names != tuple(part.name for part in self.parts):
            raise ValueError(f"its params are not those of {listed([part.name for part in self.parts])}")
        for part, one in self._zip(params):
            part.family.check(one, n_components, len(part.taken))

    def moments(self, params: Parts) -> list[dict[Any, Array]]:
        """Those of all groups, in the order of the columns."""
        found: list[dict[Any, Array]] = [{}] * self.n_columns
        for part, one in self._zip(params):
            for place, moments in zip(part.places, part.family.moments(one), strict=False):
                found[place] = moments
        return found

    def n_values(self, params: Parts) -> Array:
        """Those of all groups; infinity where they are not so few."""
        found = np.full(self.n_columns, np.inf)
        for part, one in self._zip(params):
            sizes = part.family.n_values(one)
            found[list(part.places)] = np.inf if sizes is None else sizes
        return found

    def names_of(self, names: list[str] | None) -> list[str]:
        """Those that have a family."""
        return self.names

    def categories_of(self, column: int) -> list[Any] | None:
        """As the family of the column says."""
        part, j = self._of_column(column)
        return part.family.categories_of(j)

    def describe_components(self, params: Parts, names: Sequence[str], rows: Array, label: str) -> Components:
        """The tables of all groups one below the other; in words, the columns in which one stands out."""
        found = [
            part.family.describe_components(one, part.names, rows, label) for part, one in self._zip(params)
        ]
        lines = [line for one in found for line in one.lines]
        words = [said(phrases) for phrases in self.standing_out(params, names, rows / rows.sum())]
        return Components(lines, words, " ".join(dict.fromkeys(one.note for one in found)))

    def standing_out(
        self, params: Parts, names: Sequence[str], weights: Array
    ) -> list[list[tuple[float, str]]]:
        """Those of all groups, in the order of the columns."""
        found = [[(0.0, "")] * self.n_columns for _ in weights]
        for part, one in self._zip(params):
            for mine, theirs in zip(found, part.family.standing_out(one, part.names, weights), strict=True):
                for place, phrase in zip(part.places, theirs, strict=False):
                    mine[place] = phrase
        return found

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

    def _of_columns(self, found: Iterable[Sequence[Any]]) -> list[Any]:
        """What is said of the columns of each group, in the order of the columns."""
        cells: list[Any] = [None] * self.n_columns
        for part, own in zip(self.parts, found, strict=True):
            for place, one in zip(part.places, own, strict=False):
                cells[place] = one
        return cells

    def _parts(self, values: Any) -> Parts:
        return Parts(tuple(part.name for part in self.parts), tuple(values))

    def _with(self, families: Any) -> Self:
        pairs = zip(self.parts, families, strict=True)
        return replace(self, parts=tuple(replace(part, family=family) for part, family in pairs))

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
