"""The classes that files may name: families, their structures, and the dataclasses that these are made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import is_dataclass

from latently.core.parameters import Parts
from latently.emissions.base import Emission
from latently.emissions.categories import Categories
from latently.emissions.columns import Columns
from latently.emissions.gaussian import STRUCTURES
from latently.emissions.registry import FAMILIES


def known_classes() -> Iterator[type]:
    """The families, and the dataclasses that their methods can see: a family knows its params."""
    families: tuple[type[Emission], ...] = (*FAMILIES.values(), Columns, Categories)
    yield from (*families, Parts)
    for cls in (*families, *map(type, STRUCTURES.values())):
        yield from visible(cls)


def visible(cls: type) -> Iterator[type]:
    """The dataclasses that the methods of a class can see by name."""
    for function in (function for base in cls.__mro__ for function in vars(base).values()):
        for seen in getattr(function, "__globals__", {}).values():
            if isinstance(seen, type) and is_dataclass(seen):
                yield seen
