"""Names of a package that are imported when they are first used: who wants one need not wait for all."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any


class Deferred(Mapping[str, Any]):
    """What names stand for, each imported when it is first asked for.

    Parameters
    ----------
    package : str
        Where they are at home.
    homes : mapping of str to str
        The module of each name, within the package; a name that is its own home is a module.

    Examples
    --------
    >>> found = Deferred("latently", {"pool": "metrics", "metrics": "metrics"})
    >>> found["pool"] is found["metrics"].pool
    True
    """

    def __init__(self, package: str, homes: Mapping[str, str]) -> None:
        self._package, self._homes = package, homes

    def __iter__(self) -> Iterator[str]:
        return iter(self._homes)

    def __len__(self) -> int:
        return len(self._homes)

    def __getitem__(self, name: str) -> Any:
        module = import_module(f"{self._package}.{self._homes[name]}")
        return module if self._homes[name] == name else getattr(module, name)


def deferred(package: str, homes: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """What a package needs as its ``__getattr__`` and ``__dir__``: see `Deferred`."""
    known = Deferred(package, homes)

    def find(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found = known[name]
        if homes[name] != name:
            setattr(sys.modules[package], name, found)
        return found

    def names() -> list[str]:
        own = (name for name in vars(sys.modules[package]) if name.startswith("__"))
        return sorted({*own, *homes})

    return find, names
