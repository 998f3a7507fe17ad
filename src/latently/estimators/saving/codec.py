"""Estimators and frozen dataclasses as JSON and arrays, and back.

What JSON has no word for is an object of one key: ``{"array": name}``, ``{"tuple": [...]}``,
``{"mapping": {...}}`` or, if its keys are no strings, ``{"pairs": [[key, value], ...]}``,
``{"number": "inf"}``, and for arrays of text ``{"text": [...]}``, of symbols of any kind
``{"symbols": [...]}``. A dataclass is ``{"latently": class, "fields": {...}}``, or
``{"own": class, "fields": {...}}`` if the user wrote it; an estimator is
``{"estimator": class, "settings": {...}, "facts": {...}}``. A name is only ever looked up among classes that
are at hand: nothing that is read can name code to import.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, is_dataclass, replace
from functools import cache
from inspect import Parameter, signature
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np

from latently.checks.arrays import Cells
from latently.checks.settings import check_settings
from latently.emissions.base import Emission
from latently.emissions.known import visible

Classes = Mapping[str, type]
STORED = (type(None), bool, int, float, str, np.generic)


class Storable(ABC):
    """An estimator as a file sees it: settings, and facts that make it a fitted one."""

    @classmethod
    def _classes(cls) -> Iterable[type]:
        """The dataclasses that settings and facts are made of."""
        return ()

    @abstractmethod
    def _stored_settings(self) -> dict[str, Any]:
        """Constructor parameters, made of what a file can hold."""

    @abstractmethod
    def _facts(self) -> dict[str, Any]:
        """What makes it a fitted one, by name."""

    @abstractmethod
    def _restore(self, *args: Any, **facts: Any) -> None:
        """Check facts, and take them up."""


class UnknownClassError(ValueError):
    """A class of the user's is needed and was not handed in."""

    def __init__(self, name: str) -> None:
        super().__init__(f"needs the class {name}, which is not part of latently")
        self.name = name


@dataclass
class Encoder:
    """Turns values into JSON, and puts their arrays aside.

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

    # the dataclasses of latently that may be met; an estimator brings its own
    known: Classes = field(default_factory=dict)
    # the arrays met, by where they stood
    arrays: dict[str, Cells] = field(default_factory=dict)
    own: list[type] = field(default_factory=list)  # the user's classes met
    estimators: dict[str, type] = field(default_factory=dict)  # the classes of the estimators met

    def encode(self, value: object, where: str) -> Any:
        """Return the value as JSON, named by `where` it stands.

        It may be None, a number, a string, an array, a sequence or mapping of such, a dataclass, a family, or
        an estimator. Raises a ValueError if it is something else.
        """
        if isinstance(value, Storable):
            return self._encode_estimator(value, where)
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
        if isinstance(value, Mapping):
            pairs = enumerate(value.items())
            return {"pairs": [self.encode(list(pair), f"{where}.{i}") for i, pair in pairs]}
        if isinstance(value, Emission) or (is_dataclass(value) and not isinstance(value, type)):
            return self._encode_object(value, where)
        return self._encode_array(value, where)

    def _encode_estimator(self, estimator: Storable, where: str) -> Any:
        cls = type(estimator)
        self.estimators[cls.__name__] = cls
        inner = replace(self, known=_by_name(cls))
        begin = f"{where}." if where else ""
        return {
            "estimator": cls.__name__,
            "settings": {
                name: inner.encode(value, f"{begin}settings.{name}")
                for name, value in estimator._stored_settings().items()
            },
            "facts": {
                name: inner.encode(value, f"{begin}{name}") for name, value in estimator._facts().items()
            },
        }

    def _encode_object(self, value: object, where: str) -> Any:
        cls = type(value)
        if not is_dataclass(cls) and vars(value):
            raise ValueError(f"{where} is a {cls.__name__} with settings: make it a dataclass, to name them")
        ours = self.known.get(cls.__name__) is cls
        if not ours and cls not in self.own:
            self.own.append(cls)
        found = {name: self.encode(getattr(value, name), f"{where}.{name}") for name in _given(cls)}
        return {"latently" if ours else "own": cls.__name__, "fields": found}

    def _encode_array(self, value: object, where: str) -> Any:
        array = np.asarray(value)
        if array.ndim == 1 and array.dtype.kind == "U":
            return {"text": array.tolist()}
        if array.ndim == 1 and array.dtype.kind == "O" and all(isinstance(item, STORED) for item in array):
            return {"symbols": [self.encode(item, f"{where}.{i}") for i, item in enumerate(array)]}
        if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8 or where in self.arrays:
            raise ValueError(f"{where} is a {type(value).__name__}, which a file cannot hold")
        self.arrays[where] = array
        return {"array": where}


@dataclass(frozen=True)
class Decoder:
    """Turns JSON and arrays back into the values, each checked against the types its class declares."""

    arrays: Mapping[str, Cells]  # what `Encoder` put aside
    known: Classes = field(default_factory=dict)  # the dataclasses of latently
    # the user's classes. The dataclasses that their methods can see are at hand, too: a family knows its
    # params
    own: Sequence[type] = ()
    estimators: Classes = field(default_factory=dict)  # the classes that estimators may be of

    def decode(self, value: object, where: str) -> Any:
        """Return what `Encoder.encode` made JSON of, named by `where` it stands.

        Raises a ValueError if it is not what an encoder writes, or a field is not of the type that its class
        declares, and an UnknownClassError if a class of the user's is needed and not at hand.
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
            case {"pairs": list(items), **rest} if not rest:
                return dict(self.decode(items, where))
            case {"latently": str(name), "fields": dict(items), **rest} if not rest and name in self.known:
                found = self._fields(self.known[name], items, where)
                check_types(self.known[name], found, where)
                return self._object(self.known[name], found)
            case {"own": str(name), "fields": dict(items), **rest} if not rest:
                return self._object(self._own(name), self._fields(self._own(name), items, where))
            case {"estimator": str(name), "settings": dict(items), "facts": dict(facts), **rest} if not rest:
                return self._estimator(name, items, facts, where)
        raise ValueError(f"{where or 'it'} is {str(value)[:60]!r}, which says nothing")

    def _estimator(
        self, name: str, settings: Mapping[str, object], facts: Mapping[str, object], where: str
    ) -> Storable:
        if name not in self.estimators:
            allowed = ", ".join(self.estimators)
            raise ValueError(f"it is a {name}, and this version of latently knows {allowed}")
        cls: Any = self.estimators[name]
        unknown = sorted(set(settings) - set(cls._get_param_names()))
        if unknown:
            raise ValueError(f"it has a setting '{unknown[0]}', which {name} does not")
        inner, begin = replace(self, known=_by_name(cls)), f"{where}." if where else ""
        values = {key: inner.decode(item, f"{begin}settings.{key}") for key, item in settings.items()}
        check_types(cls.__init__, values, f"{begin}settings")
        estimator: Storable = cls(**values)
        check_settings(estimator)
        taken = {
            key: parameter.default is Parameter.empty
            for key, parameter in signature(cls._restore).parameters.items()
            if key != "self"
        }
        _check_names(facts, taken, where or "it", name)
        found = {key: inner.decode(item, f"{begin}{key}") for key, item in facts.items()}
        check_types(cls._restore, found, where)
        estimator._restore(**found)
        return estimator

    @staticmethod
    def _object(cls: type, values: dict[str, Any]) -> Any:
        """An instance, with what it has worked out already."""
        known = {name: values.pop(name) for name in _worked_out(cls) if name in values}
        made = cls(**values)
        if known:
            vars(made).update(known)
        return made

    def _symbols(self, items: list[Any], where: str) -> Cells:
        found = np.empty(len(items), dtype=object)
        for i, item in enumerate(items):
            found[i] = self.decode(item, f"{where}.{i}")
            if not isinstance(found[i], STORED):
                raise ValueError(f"{where}.{i} is {str(item)[:60]!r}, which is no symbol")
        return found

    def _fields(self, cls: type, items: Mapping[str, object], where: str) -> dict[str, Any]:
        _check_names(items, _given(cls), where, cls.__name__)
        return {name: self.decode(item, f"{where}.{name}") for name, item in items.items()}

    def _own(self, name: str) -> type:
        for cls in self.own:
            if cls.__name__ == name:
                return cls
        for seen in visible(*self.own):
            if seen.__name__ == name:
                return seen
        raise UnknownClassError(name)


def check_types(annotated: object, values: Mapping[str, object], where: str) -> None:
    """Check values against the annotations of a class or function.

    One of another type is refused and named, by `where` it stands.
    """
    hints = _hints(annotated)
    for name, value in values.items():
        if not _fits(value, hints[name]):
            place = f"{where}.{name}" if where else name
            raise ValueError(f"{place} is {str(value)[:60]!r}, which is not of the type it should be")


@cache
def _hints(annotated: object) -> dict[str, Any]:
    """Types by name, of what is stored beside the fields of a class as well."""
    worked_out = {name: get_type_hints(way)["return"] for name, way in _worked_out(annotated).items()}
    return get_type_hints(annotated) | worked_out


def _fits(value: Any, hint: Any) -> bool:
    origin, args = get_origin(hint), get_args(hint)
    if hasattr(origin, "__value__"):  # an alias, such as NDArray from NumPy 2.5 on
        return _fits(value, origin.__value__[args])
    if hint is Any:
        return True
    if origin in (Union, UnionType):
        return any(_fits(value, arg) for arg in args)
    if origin is Literal:
        return isinstance(value, str) and value in args
    if origin is np.ndarray:
        dtypes = get_args(args[1])
        return isinstance(value, np.ndarray) and (Any in dtypes or value.dtype.type in dtypes)
    if origin in (tuple, list):  # a list will do where a tuple is asked for: users give either
        return isinstance(value, (tuple, list)) and all(_fits(item, args[0]) for item in value)
    if origin is dict:
        return isinstance(value, dict) and all(_fits(item, args[1]) for item in value.values())
    if hint is float:
        return isinstance(value, (float, int))
    return isinstance(value, hint)


def _by_name(cls: Any) -> Classes:
    return {one.__name__: one for one in cls._classes()}


def _given(cls: type) -> dict[str, bool]:
    """The names of what makes an instance, and whether each is required."""
    if not is_dataclass(cls):
        return {}
    public = [f for f in fields(cls) if f.init and not f.name.startswith("_")]
    given = {f.name: f.default is MISSING and f.default_factory is MISSING for f in public}
    return given | dict.fromkeys(_worked_out(cls), True)


def _worked_out(cls: Any) -> dict[str, Callable[..., Any]]:
    """Cached properties that a class wants to be stored beside its fields, and how each is worked out."""
    return {name: getattr(cls, name).func for name in getattr(cls, "stored_beside", ())}


def _check_names(items: Mapping[str, object], given: Mapping[str, bool], where: str, what: str) -> None:
    odd = [name for name in items if name not in given]
    odd += [name for name, required in given.items() if required and name not in items]
    if odd:
        raise ValueError(f"{where} has no field '{odd[0]}', or one too many, for a {what}")
