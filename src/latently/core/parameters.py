"""The parameters of a model by their names, and what their spaces say of all of them together."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import Any, Self

import numpy as np

from latently.checks.arrays import Array
from latently.core.spaces import Spaces
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


def check_feasible(params: object, spaces: Spaces) -> None:
    """Refuse params that are NaN, or not in their spaces, if they have one.

    Raises a ValueError if one is; it is named.
    """
    for name, value in named(params).items():
        array = np.asarray(value)
        number = array.dtype.kind != "f" or not np.isnan(array).any()
        if not number or (name in spaces and not (np.isfinite(array).all() and spaces[name].feasible(array))):
            raise ValueError(f"its '{name}' is not feasible: not finite, or out of range")


def check_shape(params: object, name: str, shape: tuple[int, ...]) -> None:
    """Refuse params one of which is not there, or of another shape."""
    found = np.shape(named(params).get(name, ()))
    if found != shape:
        raise ValueError(f"its '{name}' has shape {found}, should be {shape}")


def dimension(spaces: Spaces, fixed: Collection[str] = ()) -> int:
    """Number of free parameters, those held left out."""
    return sum(space.dimension for name, space in spaces.items() if name not in fixed)


def feasible(spaces: Spaces, params: object) -> bool:
    """Whether each parameter lies in its space."""
    values = named(params)
    return all(space.feasible(values[name]) for name, space in spaces.items())


def largest_change(spaces: Spaces, old: object, new: object) -> float:
    """The largest change of any parameter, in units of its scale."""
    return float(np.abs(in_units(spaces, difference(spaces, old, new))).max(initial=0.0))


def difference(spaces: Spaces, old: object, new: object) -> dict[str, Array]:
    """What changed, by name."""
    before, after = named(old), named(new)
    return {name: after[name] - before[name] for name in spaces}


def in_units(spaces: Spaces, values: Mapping[str, Any]) -> Array:
    """Parameters, or changes of them, given by name, as one vector, in units of their scales."""
    return np.concatenate([(values[name] / space.scale).ravel() for name, space in spaces.items()] or [[]])


def inside(params: object, other: object, spaces: Spaces) -> Any:
    """Params a little way towards others where they are at ends of their spaces that the others are not at.

    What was learned from some of the data, and is to meet the rest, must not have made anything impossible.
    """
    values, others = named(params), named(other)
    return with_named(params, {name: one.inside(values[name], others[name]) for name, one in spaces.items()})


def named(params: object) -> dict[str, Any]:
    """The arrays of params by name, those of nested dataclasses included; those of parts have a prefix.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Inner:
    ...     rates: float
    >>> @dataclass(frozen=True)
    ... class Outer:
    ...     weights: float
    ...     emission: Inner
    >>> named(Outer(0.5, Inner(2.0)))
    {'weights': 0.5, 'rates': 2.0}
    """
    found: dict[str, Any] = {}
    if params.__class__ is Parts:
        for part, inner in zip(params.names, params, strict=True):
            found |= {prefixed(part, name): value for name, value in named(inner).items()}
        return found
    cls: Any = type(params)
    for name in _names(cls):
        value = getattr(params, name)
        if _nested(value.__class__):
            found |= named(value)
        else:
            found[name] = value
    return found


@cache
def _nested(cls: Any) -> bool:
    return is_dataclass(cls)


@cache
def _names(cls: Any) -> tuple[str, ...]:
    return tuple(f.name for f in fields(cls))


def with_named(params: object, values: Mapping[str, object]) -> Any:
    """The same params with other arrays under the given names."""
    if params.__class__ is Parts:
        pairs = zip(params.names, params, strict=True)
        return Parts(params.names, tuple(with_named(inner, of_part(part, values)) for part, inner in pairs))
    cls: Any = type(params)
    found = ((name, getattr(params, name)) for name in _names(cls))
    return cls(
        *[
            with_named(value, values) if _nested(value.__class__) else values.get(name, value)
            for name, value in found
        ]
    )
