"""Which columns of a table each family has: as the user says, or by type and values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import Array
from latently.checks.columns import Table
from latently.emissions.base import Emission
from latently.emissions.columns.inferred import family_for
from latently.emissions.reading import ImpossibleCellError
from latently.emissions.registry import family_of
from latently.wording import listed

MOST_TABULATED = 1000


@dataclass(frozen=True)
class Part:
    """Columns that one family has.

    Attributes
    ----------
    name : str
        What it is called among the parts.
    names : tuple of str
        Names of the columns.
    places : tuple of int
        Their positions in rows, in which those that are modelled come first, in the order of the table.
    family : Emission
        The family, which has learned to read them.
    given : tuple of int
        Positions of the columns that it reads and does not model.
    most : tuple of int or None
        The largest cell of each column in the fit, if all are whole numbers from 0, and not too many.
    """

    name: str
    names: tuple[str, ...]
    places: tuple[int, ...]
    family: Emission
    given: tuple[int, ...] = ()
    most: tuple[int, ...] | None = None

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """How many whole numbers from 0 each column can have; none if not so few."""
        return np.array(self.most or (), dtype=np.int64) + 1

    @cached_property
    def taken(self) -> tuple[int, ...]:
        """Positions of all columns that it reads."""
        return self.places + self.given

    @property
    def reads(self) -> tuple[str, ...]:
        """Their names."""
        return self.names + self.family.conditioned_on

    def of(self, x: Array) -> Array:
        """Its columns."""
        return x[:, self._index]

    @cached_property
    def _index(self) -> Any:
        first, n = self.places[0], len(self.taken)
        return slice(first, first + n) if self.taken == tuple(range(first, first + n)) else self.taken


class LookedUp(NamedTuple):
    """Parts whose columns hold few whole numbers from 0."""

    at: tuple[int, ...]  # which of all parts they are
    parts: tuple[Part, ...]
    columns: NDArray[np.int64]  # positions of all their columns
    sizes: tuple[int, ...]  # how many whole numbers from 0 each of these can have
    name: Any  # what tells them from others of the same data


@contextmanager
def located(names: Sequence[str], table: Table) -> Iterator[None]:
    """Where a cell of some columns is refused, say which of all columns it is in."""
    try:
        yield
    except ImpossibleCellError as error:
        place = table.names.index(names[error.column])
        raise ImpossibleCellError(error.row, place, error.why) from None


def grouped(
    families: object, others: str, unknown: str, table: Table, codes: int | None = None
) -> tuple[Part, ...]:
    """The parts of a table; columns of independent features of one kind are one part.

    Raises a ValueError if a column that is named is not there, one is named twice, or one is not named.
    """
    pairs = [
        (names, family.in_a_table(len(names), unknown), len(names) > 1)
        for names, family in asked(families, others, table, codes)
    ]
    kept = {name for names, _, _ in pairs for name in names}
    given = dict.fromkeys(name for _, family, _ in pairs for name in family.conditioned_on)
    places = {name: i for i, name in enumerate([*(name for name in table.names if name in kept), *given])}
    joined: list[tuple[list[str], Emission, bool]] = []
    for key, family, alone in sorted(pairs, key=lambda one: min(places[name] for name in one[0])):
        same = next((one for one in joined if not alone and not one[2] and _alike(one[1], family)), None)
        if same is None:
            joined.append((list(key), family, alone))
        else:
            same[0].extend(key)
    columns = dict(zip(table.names, table.columns, strict=True))
    parts: list[Part] = []
    for names, family, alone in joined:
        called = family.called.lower().replace(" ", "_")
        if alone or called in [part.name for part in parts]:
            called = f"{called}({', '.join(names)})"
        reads = [*names, *family.conditioned_on]
        with located(reads, table):
            learned = family.learned_of([columns[name] for name in reads])
            most = learned.largest([columns[name] for name in reads])
        where = tuple(places[name] for name in reads)
        own, beside = where[: len(names)], where[len(names) :]
        parts.append(Part(called, tuple(names), own, learned, beside, _few(most)))
    return tuple(parts)


def _few(most: Array | None) -> tuple[int, ...] | None:
    """The largest cell of each column, if a table can hold all up to it."""
    if most is None or not most.max() < MOST_TABULATED:
        return None
    return tuple(most.astype(int).tolist())


def _alike(one: Emission, other: Emission) -> bool:
    """Whether one bank serves the columns of both; settings by feature, as arrays, are for one only."""
    if not one.independent or one.__class__ is not other.__class__:
        return False
    names: Any = getattr(one, "__dataclass_fields__", ())
    pairs = [(getattr(one, name), getattr(other, name)) for name in names]
    return all(not isinstance(a, np.ndarray) and not isinstance(b, np.ndarray) and a == b for a, b in pairs)


def asked(
    families: Any, others: str, table: Table, codes: int | None
) -> Iterator[tuple[tuple[str, ...], Emission]]:
    """Names of columns that belong together, and their family."""
    every = isinstance(families, str) or others == "auto"  # column that is not named has a family, too
    given: Mapping[Any, Any] = {} if isinstance(families, str) else families
    named: set[str] = set()
    chosen: list[tuple[tuple[str, ...], Emission]] = []
    for key, value in given.items():
        names = tuple(map(str, key)) if isinstance(key, tuple) else (str(key),)
        for name in names:
            if name not in table.names:
                raise ValueError(f"families names column '{name}', and X has {listed(table.names)}")
            if name in named:
                raise ValueError(f"column '{name}' is given two families: leave one out")
            named.add(name)
        try:
            chosen.append((names, family_of(value)))
        except ValueError as error:
            raise ValueError(f"{_who(names)}: {error}") from error
    for names, family in chosen:
        for name in family.conditioned_on:
            who = f"the {family.called} family of '{names[0]}' is given column '{name}'"
            if name not in table.names:
                raise ValueError(f"{who}, and X has {listed(table.names)}")
            if name in named:
                raise ValueError(f"{who}, which has a family, too: leave that out")
    yield from chosen
    named |= {name for _, family in chosen for name in family.conditioned_on}
    rest = [column for column in table if column.name not in named]
    if every:
        for column in rest:
            yield (column.name,), family_for(column, codes)
    elif rest and others == "refuse":
        who, it = _who([column.name for column in rest]), "it" if len(rest) == 1 else "them"
        raise ValueError(
            f"no family is given for {who}: add {it}, or set others='auto' to choose by values, "
            f"others='drop' to leave {it} out"
        )
    elif not given:
        raise ValueError("families names no column, and others='drop' leaves out all others: name some")


def _who(names: Sequence[str]) -> str:
    quoted = listed([f"'{name}'" for name in names])
    return f"column{'s' * (len(names) > 1)} {quoted}"
