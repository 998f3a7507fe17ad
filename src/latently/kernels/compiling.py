"""How kernels are compiled: lazily, without the interpreter's lock, and kept on disk where they can be."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import njit

_announced = False


def kernel(**flags: Any) -> Callable[[Callable[..., Any]], Any]:
    """Decorate an entry point of compiled code.

    It is compiled at its first call. The machine code is cached beside the module or in the user's
    cache folder; where neither can be written it is compiled anew in each process. The first
    compilation of a process says so in one line.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        try:
            compiled = njit(nogil=True, cache=True, **flags)(function)
        except RuntimeError:  # Numba's way to say that no cache folder can be written
            compiled = njit(nogil=True, **flags)(function)

        def call(*arguments: Any) -> Any:
            if not compiled.signatures and not _cached(compiled):
                _announce()
            return compiled(*arguments)

        call.__doc__, call.__name__ = function.__doc__, function.__name__
        return call

    return decorate


def _cached(compiled: Any) -> bool:
    """Whether there seems to be machine code of the function on disk."""
    folder = getattr(getattr(compiled, "_cache", None), "cache_path", None)
    name = compiled.py_func.__qualname__
    return folder is not None and any(Path(folder).glob(f"*.{name}-*.nbi"))


def _announce() -> None:
    global _announced
    if not _announced:
        _announced = True
        print("latently: compiling its kernels, this once (a few seconds)", file=sys.stderr, flush=True)
