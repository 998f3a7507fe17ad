"""What a setting may be: scikit-learn's constraints of parameters, in words, and the one check of them."""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from numbers import Integral, Real
from typing import Any, ParamSpec, TypeVar

import numpy as np
from sklearn.utils._param_validation import (
    Interval,
    InvalidParameterError,
    StrOptions,
    _Constraint,
    make_constraint,
)
from sklearn.utils.validation import check_is_fitted

from latently.checks.arrays import shown

P = ParamSpec("P")
R = TypeVar("R")


class Number(Interval):
    """Numbers of an interval, NumPy's too; a boolean is none."""

    def is_satisfied_by(self, val: Any) -> bool:
        """Whether it is such a number."""
        if isinstance(val, bool) or not isinstance(val, self.type):
            return False
        try:
            return (int if self.type is Integral else float)(val) in self
        except OverflowError:  # an integer beyond floats
            return False

    def __str__(self) -> str:
        if self.right is None:
            limits = f"{'of at least' if self.closed in ('left', 'both') else 'above'} {self.left:g}"
        else:
            words = {
                "left": "from {:,} to below {:,}",
                "right": "above {:,} and at most {:,}",
                "both": "from {:,} to {:,}",
                "neither": "between {:,} and {:,}",
            }
            limits = words[self.closed].format(self.left, self.right)
        return f"{'an integer' if self.type is Integral else 'a number'} {limits}"


class Such(_Constraint):
    """Values that a function accepts, and what they are in words."""

    def __init__(self, accepts: Callable[[Any], bool], words: str) -> None:
        super().__init__()
        self._accepts, self._words = accepts, words

    def is_satisfied_by(self, val: object) -> bool:
        """Whether it may be."""
        return self._accepts(val)

    def __str__(self) -> str:
        return self._words


def one_of(*names: str) -> StrOptions:
    """Some texts, in this order."""
    return StrOptions(dict.fromkeys(names).keys())


def key_of(registry: Mapping[str, object]) -> StrOptions:
    """The names in a registry, those that join it later included."""
    return StrOptions(registry.keys())


def names_such_as(name: str) -> Such:
    """Collections of names, with an example."""
    return Such(_holds(lambda one: isinstance(one, str)), f"a tuple of names, such as ('{name}',)")


def instance_of(cls: type) -> Such:
    """Objects of a class."""
    return Such(lambda val: isinstance(val, cls), f"a {cls.__name__}")


class Fitted(_Constraint):
    """Fitted estimators of some classes, and what they are in words."""

    def __init__(self, words: str, *classes: type) -> None:
        super().__init__()
        self._words, self._classes = words, classes

    def is_satisfied_by(self, val: object) -> bool:
        """Whether it is one of them, if it is fitted.

        Raises a NotFittedError if it is not fitted yet.
        """
        if not isinstance(val, self._classes):
            return False
        check_is_fitted(val)
        return True

    def __str__(self) -> str:
        return self._words


def _is_list(val: object) -> bool:
    return isinstance(val, (list, tuple, range)) or (hasattr(val, "__array__") and np.ndim(val) == 1)


def _is_iterable(val: object) -> bool:
    return (
        isinstance(val, Iterable)
        and not isinstance(val, (str, bytes, dict, set))
        and not hasattr(val, "tocsr")
        and getattr(val, "shape", None) != ()
    )


def _holds(kind: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """Whether something is a list, a tuple or a set of items of a kind."""
    return lambda val: isinstance(val, (list, tuple, set, frozenset)) and all(map(kind, val))


def _takes_three(val: Any) -> bool:
    """Whether something can be called with three arguments, as far as that is known."""
    try:
        inspect.signature(val).bind(0, None, 0.0)
    except TypeError:  # of what is not callable, too
        return False
    except ValueError:  # it does not say
        pass
    return True


WHOLE = Number(Integral, 1, None, closed="left")
COUNT = Number(Integral, 0, None, closed="left")
POSITIVE = Number(Real, 0, None, closed="neither")
TOLERANCE = Number(Real, 0, None, closed="both")
SHARE = Number(Real, 0, 1, closed="neither")
CALLBACKS = Such(_holds(_takes_three), "a list of functions of (iteration, params, value)")
INTEGER = Such(lambda val: isinstance(val, Integral) and not isinstance(val, bool), "an integer")
N_JOBS = Such(
    lambda val: isinstance(val, Integral) and not isinstance(val, bool) and val != 0,
    "an integer other than 0",
)
ARRAY = Such(lambda val: isinstance(val, (list, tuple)) or hasattr(val, "__array__"), "an array")
LIST = Such(_is_list, "a list")
ITERABLE = Such(_is_iterable, "a list")
NAME = Such(lambda val: isinstance(val, str), "a name")
PATH = Such(lambda val: isinstance(val, (str, os.PathLike)), "a path")
FUNCTION = Such(callable, "a function")
BOOLEAN = Such(lambda val: isinstance(val, (bool, np.bool_)), "True or False")
RANDOM_STATE = (
    COUNT,
    Such(lambda val: isinstance(val, (np.random.Generator, np.random.RandomState)), "a generator"),
    None,
)


def check_setting(name: str, value: object, *constraints: Any) -> None:
    """Refuse a value that meets none of some constraints.

    Constraints are as in scikit-learn's ``_parameter_constraints``. The error names the setting and what it
    may be, and is a ValueError and a TypeError.

    Examples
    --------
    >>> check_setting("n_init", "many", one_of("auto"), WHOLE)
    Traceback (most recent call last):
        ...
    sklearn.utils._param_validation.InvalidParameterError: n_init='many': should be 'auto' or an integer of
    at least 1
    """
    made = [one if isinstance(one, _Constraint) else make_constraint(one) for one in constraints]
    if any(one.is_satisfied_by(value) for one in made):
        return
    words: list[str] = []
    for one in made:
        words += map(repr, one.options) if isinstance(one, StrOptions) else [str(one)]
    named = len(made) == 1 and isinstance(made[0], StrOptions) and len(words) > 2
    listed = ", ".join(words) if named else " or ".join([", ".join(words[:-1]), words[-1]][-len(words) :])
    raise InvalidParameterError(f"{name}={shown(value)}: should be {'one of ' if named else ''}{listed}")


def checked(**constraints: tuple[Any, ...]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate a function, some arguments of which are checked before it is called.

    Examples
    --------
    >>> @checked(n=(WHOLE,))
    ... def first(words, n=1):
    ...     return words[:n]
    >>> first("abc", n=0)
    Traceback (most recent call last):
        ...
    sklearn.utils._param_validation.InvalidParameterError: n=0: should be an integer of at least 1
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        names = list(inspect.signature(function).parameters)

        @wraps(function)
        def called(*args: P.args, **kwargs: P.kwargs) -> R:
            given = dict(zip(names, args, strict=False)) | kwargs
            for name, allowed in constraints.items():
                if name in given:
                    check_setting(name, given[name], *allowed)
            return function(*args, **kwargs)

        return called

    return decorate


def check_settings(estimator: Any) -> None:
    """Check all settings of an estimator against its ``_parameter_constraints``.

    Raises an InvalidParameterError naming the first that is wrong (a ValueError and a TypeError).
    """
    known = estimator._parameter_constraints  # those that a subclass adds are its own
    for name, value in estimator.get_params(deep=False).items():
        if name in known:
            check_setting(name, value, *known[name])


def check_whole(name: str, value: Any, least: int = 1) -> int:
    """Return an integer of at least so much, as Python's.

    Raises an InvalidParameterError if it is none (a ValueError and a TypeError).
    """
    check_setting(name, value, Number(Integral, least, None, closed="left"))
    return int(value)


BYTES_IN = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30}


def bytes_of(memory_budget: int | str | None) -> int | None:
    """Number of bytes that `memory_budget` asks for; None if there is no limit.

    Raises a ValueError if it is neither None, nor a positive integer, nor a text such as "500MB".

    Examples
    --------
    >>> bytes_of("500MB"), bytes_of("1.5 GiB"), bytes_of(4096)
    (500000000, 1610612736, 4096)
    """
    if memory_budget is None:
        return None
    if isinstance(memory_budget, Integral) and not isinstance(memory_budget, bool) and memory_budget > 0:
        return int(memory_budget)
    if isinstance(memory_budget, str):
        found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) *([kmgt]?i?)b", memory_budget.strip().lower())
        if found and found[2] in BYTES_IN and float(found[1]) > 0:
            return int(float(found[1]) * BYTES_IN[found[2]])
    raise ValueError(
        f"memory_budget={shown(memory_budget)}: should be None, a number of bytes, or a text such as '500MB'"
    )
