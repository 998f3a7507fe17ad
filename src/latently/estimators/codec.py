"""Frozen dataclasses as JSON and arrays, and back.

What JSON has no word for is an object of one key: ``{"array": name}``, ``{"tuple": [...]}``,
``{"mapping": {...}}``, ``{"number": "inf"}``, and for arrays of text ``{"text": [...]}``, of symbols of any
kind ``{"symbols": [...]}``. A dataclass is ``{"latently": class, "fields": {...}}``, or
``{"own": class, "fields": {...}}`` if the user wrote it. A name is only ever looked up among classes that
are at hand: nothing that is read can name code to import.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

from latently.emissions.base import Emission
from latently.estimators.first_format import renewed

Classes = Mapping[str, type]
PLAIN = (type(None), bool, int, float, str, np.generic)


class UnknownClassError(ValueError):
    """A class of the user's is needed and was not handed in.

    Parameters
    ----------
    name : str
        The name of the class.
    """

    def __init__(self, name: str) -> None:
        super().__init__(f"needs the class {name}, which is not part of latently")
        self.name = name


@dataclass
class Encoder:
    """Turns values into JSON, and puts their arrays aside.

    Parameters
    ----------
    known : mapping of str to type
        The dataclasses of latently that may be met.

    Attributes
    ----------
    arrays : dict of str to array
        The arrays met, by where they stood.
    own : list of type
        The user's classes met.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> @dataclass(frozen=True)
    ... class Rates:
    ...     rates: np.ndarray
    ...     unit: str | None = None
    >>> encoder = Encoder({"Rates": Rates})
    >>> encoder.encode(Rates(np.array([2.0])), "params")
    {'latently': 'Rates', 'fields': {'rates': {'array': 'params.rates'}, 'unit': None}}
    >>> encoder.arrays
    {'params.rates': array([2.])}
    """

    known: Classes
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)
    own: list[type] = field(default_factory=list)

    def encode(self, value: Any, where: str) -> Any:
        """Return the value as JSON.

        Parameters
        ----------
        value : object
            None, a number, a string, an array, a sequence or mapping of such, a dataclass, or a family.
        where : str
            Where it stands, to name it.

        Raises
        ------
        ValueError
            If it is something else.
        """
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, float) and not math.isfinite(value):
            return {"number": str(value)}
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        if isinstance(value, (list, tuple)):
            listed = [self.encode(item, f"{where}.{i}") for i, item in enumerate(value)]
            return listed if isinstance(value, list) else {"tuple": listed}
        if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
            return {"mapping": {key: self.encode(item, f"{where}.{key}") for key, item in value.items()}}
        if isinstance(value, Emission) or (is_dataclass(value) and not isinstance(value, type)):
            return self._encode_object(value, where)
        return self._encode_array(value, where)

    def _encode_object(self, value: Any, where: str) -> Any:
        cls = type(value)
        if not is_dataclass(cls) and vars(value):
            raise ValueError(f"{where} is a {cls.__name__} with settings: make it a dataclass, to name them")
        ours = self.known.get(cls.__name__) is cls
        if not ours and cls not in self.own:
            self.own.append(cls)
        found = {name: self.encode(getattr(value, name), f"{where}.{name}") for name in _given(cls)}
        return {"latently" if ours else "own": cls.__name__, "fields": found}

    def _encode_array(self, value: Any, where: str) -> Any:
        array = np.asarray(value)
        if array.ndim == 1 and array.dtype.kind == "U":
            return {"text": array.tolist()}
        if array.ndim == 1 and array.dtype.kind == "O" and all(isinstance(item, PLAIN) for item in array):
            return {"symbols": [self.encode(item, f"{where}.{i}") for i, item in enumerate(array)]}
        if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8 or where in self.arrays:
            raise ValueError(f"{where} is a {type(value).__name__}, which a file cannot hold")
        self.arrays[where] = array
        return {"array": where}


@dataclass(frozen=True)
class Decoder:
    """Turns JSON and arrays back into the values, each checked against the types its class declares.

    Parameters
    ----------
    arrays : mapping of str to array
        What `Encoder` put aside.
    known : mapping of str to type
        The dataclasses of latently.
    own : sequence of type
        The user's classes. The dataclasses that their methods can see are at hand, too: a family knows
        its params.
    """

    arrays: Mapping[str, NDArray[Any]]
    known: Classes
    own: Sequence[type] = ()

    def decode(self, value: Any, where: str) -> Any:
        """Return what was encoded.

        Parameters
        ----------
        value : object
            What `Encoder.encode` returned.
        where : str
            Where it stands, to name it.

        Raises
        ------
        ValueError
            If it is not what an encoder writes, or a field is not of the type that its class declares.
        UnknownClassError
            If a class of the user's is needed and not at hand (a ValueError, too).
        """
        match value:
            case None | bool() | int() | float() | str():
                return value
            case list():
                return [self.decode(item, f"{where}.{i}") for i, item in enumerate(value)]
            case {"array": str(name), **rest} if not rest and name in self.arrays:
                return self.arrays[name]
            case {"number": ("inf" | "-inf" | "nan") as number, **rest} if not rest:
                return float(number)
            case {"tuple": list(items), **rest} if not rest:
                return tuple(self.decode(items, where))
            case {"text": list(items), **rest} if not rest and all(isinstance(item, str) for item in items):
                return np.array(items, dtype=str)
            case {"symbols": list(items), **rest} if not rest:
                return self._symbols(items, where)
            case {"mapping": dict(items), **rest} if not rest:
                return {key: self.decode(item, f"{where}.{key}") for key, item in items.items()}
            case {"latently": str(name), "fields": dict(items), **rest} if not rest:
                name, given = renewed(name, items)
                if name in self.known:
                    found = self._fields(self.known[name], given, where)
                    check_types(self.known[name], found, where)
                    return self.known[name](**found)
            case {"own": str(name), "fields": dict(items), **rest} if not rest:
                cls = self._own(name)
                return cls(**self._fields(cls, items, where))
        raise ValueError(f"{where} is {str(value)[:60]!r}, which says nothing")

    def _symbols(self, items: list[Any], where: str) -> NDArray[Any]:
        found = np.empty(len(items), dtype=object)
        for i, item in enumerate(items):
            found[i] = self.decode(item, f"{where}.{i}")
            if not isinstance(found[i], PLAIN):
                raise ValueError(f"{where}.{i} is {str(item)[:60]!r}, which is no symbol")
        return found

    def _fields(self, cls: type, items: Mapping[str, Any], where: str) -> dict[str, Any]:
        given = _given(cls)
        odd = [name for name in items if name not in given]
        odd += [name for name, required in given.items() if required and name not in items]
        if odd:
            raise ValueError(f"{where} has no field '{odd[0]}', or one too many, for a {cls.__name__}")
        return {name: self.decode(item, f"{where}.{name}") for name, item in items.items()}

    def _own(self, name: str) -> type:
        for cls in self.own:
            if cls.__name__ == name:
                return cls
        for cls in self.own:
            for function in vars(cls).values():
                seen = getattr(function, "__globals__", {}).get(name)
                if isinstance(seen, type) and is_dataclass(seen):
                    return seen
        raise UnknownClassError(name)


def check_types(annotated: Any, values: Mapping[str, Any], where: str) -> None:
    """Check values against the annotations of a class or function.

    Parameters
    ----------
    annotated : class or function
        What declares the types.
    values : mapping of str to object
        The values, by name.
    where : str
        Where they stand, to name them.

    Raises
    ------
    ValueError
        If one is of another type; it is named.
    """
    hints = get_type_hints(annotated)
    for name, value in values.items():
        if not _fits(value, hints[name]):
            raise ValueError(f"{where}.{name} is {str(value)[:60]!r}, which is not of the type it should be")


def _fits(value: Any, hint: Any) -> bool:
    origin, args = get_origin(hint), get_args(hint)
    if hint is Any:
        return True
    if origin in (Union, UnionType):
        return any(_fits(value, arg) for arg in args)
    if origin is Literal:
        return isinstance(value, str) and value in args
    if origin is np.ndarray:
        return isinstance(value, np.ndarray) and value.dtype.type in get_args(args[1])
    if origin in (tuple, list):  # a list will do where a tuple is asked for: users give either
        return isinstance(value, (tuple, list)) and all(_fits(item, args[0]) for item in value)
    if origin is dict:
        return isinstance(value, dict) and all(_fits(item, args[1]) for item in value.values())
    if hint is float:
        return isinstance(value, (float, int))
    return isinstance(value, hint)


def _given(cls: type) -> dict[str, bool]:
    """The names of what makes an instance, and whether each is required."""
    if not is_dataclass(cls):
        return {}
    return {f.name: f.default is MISSING and f.default_factory is MISSING for f in fields(cls) if f.init}
