"""Callbacks: what users see of a run while it goes on, and how they stop it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Callback = Callable[[int, Any, float], Any]
STOPPED = "stopped by a callback"
INTERRUPTED = "interrupted"


def later(callback: Callback, n: int) -> Callback:
    """A callback of a run that goes on after so many iterations."""
    return lambda iteration, params, value: callback(n + iteration, params, value)


def asked_to_stop(callbacks: Sequence[Callback], iteration: int, params: object, value: float) -> bool:
    """Call all callbacks; whether one of them says to stop.

    Raises a TypeError if one returns what is neither true nor false, such as an array.
    """
    stop = False
    for callback in callbacks:
        answer = callback(iteration, params, value)
        try:
            stop = bool(answer) or stop
        except Exception:
            raise TypeError(
                f"a callback returned a {type(answer).__name__}, which is neither true nor false: let it "
                "return True to stop, or nothing to go on"
            ) from None
    return stop
