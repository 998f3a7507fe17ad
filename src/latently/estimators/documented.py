"""Docstrings that say once what many share.

A method that overrides another says what is special to it: sections of numpydoc that it leaves out are those
of the other. Parameters that neither describes are described by a table of their owner's. They come in the
order of the signature.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from textwrap import dedent
from typing import Any, ClassVar

SECTIONS = (
    "Parameters",
    "Attributes",
    "Returns",
    "Raises",
    "Warns",
    "See Also",
    "Notes",
    "References",
    "Examples",
)
HEADING = re.compile(rf"^({'|'.join(SECTIONS)})\n-+\n", re.MULTILINE)


def entries(text: str) -> dict[str, str]:
    """Descriptions of parameters in numpydoc's form, by name; one may be of several.

    Examples
    --------
    >>> described = entries('''
    ... X : array
    ...     The rows.
    ... low, high : float
    ...     Limits.
    ... ''')
    >>> list(described)
    ['X', 'low', 'high']
    >>> print(described["X"])
    X : array
        The rows.
    """
    parts = [part.rstrip() for part in re.split(r"^(?=\S)", dedent(text), flags=re.MULTILINE)]
    heads = [part.partition("\n")[0].partition(" : ")[0] for part in parts]
    return {name: part for head, part in zip(heads, parts, strict=True) for name in head.split(", ") if name}


def sections(docstring: str) -> dict[str, str]:
    """Parts of a docstring by their headings, what stands before all headings under an empty one."""
    before, *rest = HEADING.split(inspect.cleandoc(docstring))
    return {"": before.strip()} | {
        name: part.rstrip() for name, part in zip(rest[::2], rest[1::2], strict=True)
    }


def described(docstring: str, names: Iterable[str], table: Mapping[str, str], inherited: str = "") -> str:
    """A docstring with all that it leaves out.

    The docstring says what is special; the table describes parameters by name, and `inherited` is the
    docstring of what is overridden.
    """
    own, other = sections(docstring), sections(inherited)
    known = {**table, **entries(other.get("Parameters", "")), **entries(own.get("Parameters", ""))}
    return _written(
        {**other, **{name: part for name, part in own.items() if part}, "Parameters": _listed(known, names)}
    )


COMMON = entries(
    """
    y : None
        Ignored; there for scikit-learn's conventions.
    sample_weight : array-like of shape (n_samples,), or float, optional
        How often each row counts; integers are the same as repeated rows.
    to : str or path-like, optional
        A file (.parquet, .arrow or .csv) to write to instead of returning an array, row by row; its path is
        returned.
    random_state : None, int, Generator or RandomState
        None takes the estimator's own. An integer repeats, a generator is drawn from.
    """
)


class Described:
    """A class whose methods are described when it is made."""

    described: ClassVar[Mapping[str, str]] = {}  # what their parameters are, by name, beside `COMMON`

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name, method in vars(cls).items() if _is_ours(cls) else ():
            function = getattr(method, "__func__", method)
            if not name.startswith("_") and inspect.isfunction(function):
                overridden = getattr(super(cls, cls), name, None)
                inherited = (_is_ours(overridden) and overridden.__doc__) or ""
                names = inspect.signature(function).parameters
                function.__doc__ = described(
                    function.__doc__ or "", names, {**COMMON, **cls.described}, inherited
                )


def describe_class(cls: Any) -> None:
    """Describe all settings and attributes of a class, as it or the nearest of its bases does."""
    own = sections(cls.__doc__)
    settings, attributes = entries(own.get("Parameters", "")), entries(own.get("Attributes", ""))
    for base in cls.__mro__[1:]:
        if _is_ours(base):
            parts = sections(vars(base).get("__doc__") or "")
            settings = {**entries(parts.get("Parameters", "")), **settings}
            others = entries(parts.get("Attributes", ""))
            attributes |= {name: text for name, text in others.items() if name not in attributes}
            own.setdefault("References", parts.get("References", ""))
    listed = {
        "Parameters": _listed(settings, inspect.signature(cls).parameters),
        "Attributes": _listed(attributes, attributes),
    }
    cls.__doc__ = _written({**own, **listed})


def _is_ours(one: object) -> bool:
    """Whether a class or a function is of this package: docstrings of others are left alone."""
    return getattr(one, "__module__", "").partition(".")[0] == __name__.partition(".")[0]


def _listed(known: Mapping[str, str], names: Iterable[str]) -> str:
    """Descriptions of these names, once each: one may be of several."""
    return "\n".join(dict.fromkeys(known[name] for name in names if name in known))


def _written(parts: Mapping[str, str]) -> str:
    named = [f"{name}\n{'-' * len(name)}\n{parts[name]}" for name in SECTIONS if parts.get(name)]
    return "\n\n".join([parts[""], *named]) + "\n"
