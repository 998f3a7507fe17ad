"""A product of families over groups of columns: for latent classes, mixed tables and mixed series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal, Self

import numpy as np

from latently.checks.columns import Table
from latently.core.declared import Parameter
from latently.core.parameters import Parts, of_part, prefixed
from latently.emissions.base import Array, Emission
from latently.emissions.columns.groups import Part, asked, grouped, located
from latently.emissions.columns.product import ProductFamily
from latently.emissions.described import Components, said
from latently.wording import listed


@dataclass(frozen=True)
class Columns(ProductFamily):
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
    codes: int | None = field(default=None, repr=False)
    parts: tuple[Part, ...] = field(default=(), repr=False)
    order: tuple[int, ...] = field(default=(), repr=False)

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
        return listed(dict.fromkeys(part.family.called for part in self.parts))

    @property
    def distributions(self) -> str:
        return f"{self.called} columns, independent within a component"

    @property
    def needs_spread(self) -> bool:  # type: ignore[override]
        """Whether any family does."""
        return any(part.family.needs_spread for part in self.parts)

    @property
    def compact(self) -> bool:  # type: ignore[override]
        """Whether all families are."""
        return all(part.family.compact for part in self.parts)

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
        return replace(self, parts=other.parts, order=other.order)

    def read(self, x: Table) -> Array:
        """The columns as numbers: codes of categories, NaN where a cell is missing; what is given is last."""
        at = {name: j for j, name in enumerate(x.names)}
        found = np.empty((len(x), self.width(0)))
        for part in self.parts:
            with located(part.reads, x):
                columns = [x.columns[at[name]] for name in part.reads]
                cells = part.family.read_columns(columns)
            if part.taken == tuple(range(found.shape[1])):
                return cells
            found[:, part.taken] = cells
        return found

    def shown(self, x: Array) -> Any:
        """Rows as users have them: numbers, or objects if there are categories among them."""
        cells = [*self.shown_columns(x), *x[:, self.n_columns :].T]
        cells = [cells[j] for j in self.order]
        kind = object if any(column.dtype.kind not in "fiu" for column in cells) else np.float64
        return np.column_stack([column.astype(kind) for column in cells])

    def shown_columns(self, x: Array) -> list[Any]:
        return self._of_columns(part.family.shown_columns(part.of(x)) for part in self.parts)

    def modelled(self, x: Array) -> Array:
        if not self.conditioned_on:
            return x
        return self._places(part.family.modelled(part.of(x)) for part in self.parts)

    def pictured(self, x: Array) -> Array:
        return self._places(part.family.pictured(part.of(x)) for part in self.parts)

    def ends(self, column: int) -> tuple[float, float] | None:
        part, j = self._of_column(column)
        return part.family.ends(j)

    def apart(self, x: Array) -> Array | None:
        """Coordinates for starts, in which groups count alike whatever their units."""
        return self.embed(self.describe(x, np.ones(len(x))), x)

    @property
    def names(self) -> list[str]:
        """Names of the columns that are modelled, in the order of the table."""
        return self._of_columns(part.names for part in self.parts)

    # -- what users give and see -----------------------------------------------------------------------------

    def checked(
        self, name: str, value: object, n_components: int, n_features: int | None, label: str
    ) -> Array:
        for part in self.parts:
            for inner in of_part(part.name, (name,)):
                return part.family.checked(inner, value, n_components, len(part.taken), label)
        return super().checked(name, value, n_components, n_features, label)

    def params(self, *args: Any, **values: Any) -> Parts:
        return self._parts(part.family.params(**of_part(part.name, values)) for part in self.parts)

    def check_fitted(self, fitted: Any) -> None:
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

    def check(self, params: Parts, n_components: int, n_features: int) -> None:
        if not isinstance(params, Parts) or params.names != tuple(part.name for part in self.parts):
            raise ValueError(f"its params are not those of {listed([part.name for part in self.parts])}")
        for part, one in self._zip(params):
            part.family.check(one, n_components, len(part.taken))

    def moments(self, params: Parts) -> list[dict[Any, Array]]:
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
        return self.names

    def place_of(self, name: str, at: Sequence[int], names: Sequence[str] | None) -> str:
        own = next((part for part in self.parts if name.startswith(prefixed(part.name, ""))), None)
        if own is None:
            return ""
        return own.family.place_of(name.removeprefix(prefixed(own.name, "")), at, own.names)

    def categories_of(self, column: int) -> list[Any] | None:
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
        found = [[(0.0, "")] * self.n_columns for _ in weights]
        for part, one in self._zip(params):
            for mine, theirs in zip(found, part.family.standing_out(one, part.names, weights), strict=True):
                for place, phrase in zip(part.places, theirs, strict=False):
                    mine[place] = phrase
        return found

    def bind(self, description: Parts) -> Self:
        return self._with(part.family.bind(one) for part, one in self._zip(description))

    def per(self, unit: float) -> Self:
        return self._with(part.family.per(unit) for part in self.parts)

    def _with(self, families: Any) -> Self:
        pairs = zip(self.parts, families, strict=True)
        return replace(self, parts=tuple(replace(part, family=family) for part, family in pairs))
