"""The families that are known by name: one more is one line here, and a file of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import is_dataclass
from typing import Any

from latently.emissions.base import Emission
from latently.emissions.categorical import Categorical
from latently.emissions.gaussian import STRUCTURES, Gaussian
from latently.emissions.poisson import Poisson

#: The families by name, as models, files and the command's `--emission` know them.
FAMILIES: dict[str, type[Emission]] = {
    "gaussian": Gaussian,
    "poisson": Poisson,
    "categorical": Categorical,
}


def family_of(emission: Emission | str) -> Emission:
    """A family, which may be given by its name."""
    return FAMILIES[emission]() if isinstance(emission, str) else emission


def known_classes() -> Iterator[type[Any]]:
    """The families, and the dataclasses that their methods can see: a family knows its params."""
    yield from FAMILIES.values()
    for cls in (*FAMILIES.values(), *map(type, STRUCTURES.values())):
        yield from visible(cls)


def visible(cls: type[Any]) -> Iterator[type[Any]]:
    """The dataclasses that the methods of a class can see by name."""
    for function in vars(cls).values():
        for seen in getattr(function, "__globals__", {}).values():
            if isinstance(seen, type) and is_dataclass(seen):
                yield seen
