"""How kernels are compiled: lazily, without the interpreter's lock, and kept on disk where they can be."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

from latently.announcing import announce

# Sums may be taken in any order, so that they can be taken side by side; NaN and infinity stay what they are.
FLAGS: dict[str, Any] = {
    "fastmath": {"contract", "nsz", "reassoc"},
    "nogil": True,
    "error_model": "numpy",
    "no_cfunc_wrapper": True,  # nobody calls a kernel from C
}

# Parts are inlined. The machine code of a part that stands by itself is that of whichever kernel brought it
# along first, and differs in rounding: bits would hang on what was compiled, or loaded, before. Nor can they
# be called from Python: what that needs would be one more copy of each to be compiled.
INLINED: Any = {**FLAGS, "forceinline": True, "no_cpython_wrapper": True}

part = njit(**INLINED)
# A part whose sums keep the order in which they are written: where large numbers are to cancel first.
ordered = njit(**{**INLINED, "fastmath": {"contract", "nsz"}})

# Of the sources of all kernels: Numba's cache of one knows its own file, and not those of the parts in it.
STAMP = sha256(
    b"".join(file.read_bytes() for file in sorted(Path(__file__).parent.rglob("*.py")))
).hexdigest()

# What a part is first called with: a literal 0 is a type of its own, and the part would be compiled again.
ZERO = np.int64(0)


@intrinsic
def full_width(typingctx):
    """Let the loops of a kernel fill registers of 512 bits, where there are any; LLVM would use half."""

    def codegen(context, builder, signature, arguments):
        set.add(builder.function.attributes, '"prefer-vector-width"="512"')  # llvmlite knows no such names
        return context.get_dummy_value()

    return types.void(), codegen


@part
def copy(values, out):
    """Write one row to another. NumPy's assignment compiles, for seconds, what it has to say of shapes."""
    for i in range(len(values)):
        out[i] = values[i]


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate an entry point of compiled code; what it calls is decorated with `part`.

    It is compiled at its first call. The machine code is cached beside the module or in the user's
    cache folder, under a name that changes with any kernel's source; where neither can be written it is
    compiled anew in each process. The first compilation of a process says so in one line. Arrays that may not
    be written to, such as memory maps, need no machine code of their own: a kernel writes to no array of a
    user's.
    """
    name = function.__qualname__
    function.__qualname__ = _in_cache(name)
    try:
        compiled = njit(cache=True, **FLAGS)(function)
    except RuntimeError:  # Numba's way to say that no cache folder can be written
        compiled = njit(**FLAGS)(function)
    function.__qualname__ = name

    called = False

    @wraps(function)
    def call(*arguments: Any) -> Any:
        nonlocal called
        if not called and not compiled.signatures and not _cached(compiled):
            announce("compiling its kernels, this once (a few seconds)")
        called = True  # it takes longer to look for signatures than many a kernel runs
        return compiled(*map(_as_writable, arguments))

    return call


class _Memory:
    """That of an array, as NumPy describes it, without the mark that it may not be written to."""

    def __init__(self, array: np.ndarray) -> None:
        address, _ = array.__array_interface__["data"]
        self.__array_interface__ = {**array.__array_interface__, "data": (address, False)}
        self.array = array  # which must live as long


def _as_writable(argument: Any) -> Any:
    if isinstance(argument, np.ndarray) and not argument.flags.writeable:
        return np.asarray(_Memory(argument))
    return argument


def _in_cache(name: str) -> str:
    """What a kernel is called in the cache."""
    return f"{name}_{STAMP[:16]}"


def _cached(compiled: Any) -> bool:
    """Whether there seems to be machine code of the function on disk."""
    folder = getattr(getattr(compiled, "_cache", None), "cache_path", None)
    name = _in_cache(compiled.py_func.__qualname__)
    return folder is not None and any(Path(folder).glob(f"*.{name}-*.nbi"))
