"""The classes that files may name: families, their structures, and the dataclasses that these are made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import is_dataclass
from functools import cache

from latently.core.parameters import Parts
from latently.emissions.base import Emission
from latently.emissions.categories import Categories
from latently.emissions.columns import Columns
from latently.emissions.gaussian import STRUCTURES
from latently.emissions.registry import FAMILIES


def known_classes() -> tuple[type, ...]:
    """The families, and the dataclasses that their methods can see: a family knows its params."""
    return _known((*FAMILIES.values(), Columns, Categories), tuple(map(type, STRUCTURES.values())))


@cache  # for as long as nobody adds one
def _known(families: tuple[type[Emission], ...], structures: tuple[type, ...]) -> tuple[type, ...]:
    return (*families, Parts, *visible(*families, *structures))


def visible(*classes: type) -> Iterator[type]:
    """The dataclasses that the methods of some classes can see by name."""
    functions = (function for cls in classes for base in cls.__mro__ for function in vars(base).values())
    scopes = (getattr(function, "__globals__", {}) for function in functions)
    for scope in {id(scope): scope for scope in scopes}.values():  # a module has many functions
        for seen in scope.values():
            if isinstance(seen, type) and is_dataclass(seen):
                yield seen
