"""Things of several models or families side by side, by name: their params, statistics or descriptions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

from latently.core.statistics import shared


@dataclass(frozen=True)
class Parts:
    """Things that belong to named parts. Statistics of the same parts add up, part by part.

    Examples
    --------
    >>> one = Parts(("counts", "sizes"), (2.0, 0.5))
    >>> (one + one).values
    (4.0, 1.0)
    """

    names: tuple[str, ...] = shared()  # the parts
    values: tuple[Any, ...] = ()  # what each has

    def __iter__(self) -> Iterator[Any]:
        return iter(self.values)

    def __getitem__(self, name: str) -> Any:
        return self.values[self.names.index(name)]

    def __add__(self, other: Self) -> Self:
        return type(self)(self.names, tuple(a + b for a, b in zip(self.values, other.values, strict=True)))

    def __mul__(self, factor: float) -> Self:
        return type(self)(self.names, tuple(factor * value for value in self.values))

    __rmul__ = __mul__


def prefixed(part: str, name: str) -> str:
    """What a parameter of a part is called among those of all parts."""
    return f"{part}.{name}"


def of_part(part: str, names: Any) -> Any:
    """Of names of parameters, or of a mapping by such names, those of one part as it has them."""
    begin = prefixed(part, "")
    if hasattr(names, "items"):
        return {name[len(begin) :]: value for name, value in names.items() if name.startswith(begin)}
    return tuple(name[len(begin) :] for name in names if name.startswith(begin))
