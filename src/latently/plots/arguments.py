"""What the arguments of pictures may be, and what is said of them in docstrings.

Models are known to their own pictures only: to draw one kind imports no other.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from numbers import Real
from typing import Any, ParamSpec, TypeVar

import numpy as np

from latently.checks.settings import COUNT, LIST, NAME, Number, Such, checked
from latently.estimators.documented import described
from latently.plots import canvas
from latently.plots.fonts import fit_fonts

P = ParamSpec("P")
R = TypeVar("R")

FEATURE = (COUNT, NAME)
FEATURES = (LIST, None)
RELEVANCE = (Number(Real, 0, 1, closed="both"),)
AXES = (canvas.AXES, None)


def found_by(cls: type, maker: str) -> tuple[Any, ...]:
    """What a function of latently returned."""
    return (Such(lambda value: isinstance(value, cls), f"what latently.{maker} returned"),)


@dataclass(frozen=True)
class Models:
    """Models that there are pictures of; their pictures are at home beside this."""

    allowed: tuple[Any, ...]  # what an argument is checked for
    called: str = ""  # their classes, in docstrings
    arguments: Mapping[str, str] = field(default_factory=dict)  # what is said of arguments of their pictures


RAISES = "Raises\n------\n"
DRAWN_ON = "Returns\n-------\n{}\n    The axes drawn on.\n\n"
NEEDS = f"{RAISES}ImportError\n    If matplotlib is not installed.\n"


def picture(
    of: Models | None = None, /, **constraints: tuple[Any, ...]
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate a function that draws: its arguments are checked, and its docstring is completed.

    Where it draws models of some kind, the first argument is one.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)
        known: dict[str, str] = {}
        allowed = constraints
        if of is not None:
            model = next(iter(signature.parameters))
            allowed = {model: of.allowed, **constraints}
            known = {**of.arguments, **({model: f"{model} : {of.called}\n    Fitted."} if of.called else {})}
        draw = checked(**allowed)(function)

        @wraps(draw)
        def drawing(*args: P.args, **kwargs: P.kwargs) -> R:
            axes = draw(*args, **kwargs)
            fit_fonts(np.ravel(np.asarray(axes, dtype=object))[0].figure)
            return axes

        own = inspect.cleandoc(function.__doc__ or "").replace(RAISES, NEEDS)
        drawn = "Axes" if signature.return_annotation == "Axes" else "array of Axes"
        axes = {"ax": f"ax : {drawn}, optional\n    Where to draw. Default: a new figure."}
        drawing.__doc__ = described(own, signature.parameters, axes | known, DRAWN_ON.format(drawn) + NEEDS)
        return drawing

    return decorate
