"""What a page shows, and what comes next, as lines of Python."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from latently import emissions
from latently.report.html import Markup, code, definitions

OF_THE_RUN = ("callbacks", "verbose", "checkpoint")  # settings that change no result
UNREAD = "X = ...  # the table\n"


def constructed(model: Any, written: Mapping[str, str] | None = None) -> str:
    """An estimator as it is made: settings that are not the defaults, some as they are to be written.

    Examples
    --------
    >>> from latently import GaussianMixture
    >>> constructed(GaussianMixture(3, covariance_type="tied", random_state=0))
    "latently.GaussianMixture(n_components=3, covariance_type='tied', random_state=0)"
    """
    defaults = {name: one.default for name, one in inspect.signature(type(model)).parameters.items()}
    given = {
        name: value
        for name, value in model.get_params(deep=False).items()
        if name not in OF_THE_RUN and not isinstance(value, np.random.Generator)
    }
    changed = [name for name in defaults if name in given and not _equal(given[name], defaults[name])]
    settings = {name: _written(given[name]) for name in changed} | dict(written or {})
    return (
        f"latently.{type(model).__name__}({', '.join(f'{name}={text}' for name, text in settings.items())})"
    )


def same_in_python(
    model: object, reading: str, verbs: str, fit: str = "X", written: Mapping[str, str] | None = None
) -> str:
    """Lines that fit the model again and ask it what the page says.

    `reading` are lines that read the table into ``X``, empty if it is not known where that comes from;
    `verbs` is what is asked of the model, and `written` how some of its settings are to be written.
    """
    made = constructed(model, written)
    families = sorted(set(re.findall(r"\b([A-Z]\w+)\(", made)) & set(emissions.__all__))
    imports = f"from latently.emissions import {', '.join(families)}\n" if families else ""
    return f"import latently\n{imports}{reading or UNREAD}\nmodel = {made}.fit({fit})\n{verbs}"


def with_new(new: str, files: Sequence[tuple[str, str]], verbs: str, *, command: bool) -> list[Markup]:
    """What a model says of `new` data: after the command, which wrote files, or for who has it in Python."""
    if not command:
        return [code(f'model.save("model.latently")  # for latently.load\n{verbs}')]
    predict = f"latently predict model.latently {new}", "The same for new ones."
    facts = [*files, predict, ("model.latently", "The model, to be loaded:")]
    return [definitions(facts), code(f'import latently\n\nmodel = latently.load("model.latently")\n{verbs}')]


def _written(value: object) -> str:
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{name!r}: {_written(one)}' for name, one in value.items())}}}"
    if is_dataclass(value) and not isinstance(value, type):
        given = {one.name: getattr(value, one.name) for one in fields(value) if one.init}
        usual = {one.name: one.default for one in fields(value)}
        changed = (f"{name}={_written(own)}" for name, own in given.items() if not _equal(own, usual[name]))
        return f"{type(value).__name__}({', '.join(changed)})"
    text = repr(value.tolist() if isinstance(value, np.ndarray) else value)
    return (
        re.sub(r"\b(inf|nan)\b", r'float("\1")', text)
        if isinstance(value, np.ndarray | list | tuple | float)
        else text
    )


def _equal(a: object, b: object) -> bool:
    same = a is b or a == b
    return bool(np.all(same))
