"""One thread at a time in the libraries a fit calls.

Threads come from the backend, over blocks. A BLAS that starts threads of its own under them fights
for the cores, is slower on cache-sized matrices, and sums in an order that depends on the number of
threads; an OpenMP team that was started once hangs in a forked child. The limit is a setting of the
whole process, so fits that run side by side share it: the first one in sets it, the last one out
restores it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController

_lock = threading.Lock()
_inside = 0
_original: dict[str, int] = {}


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


@contextmanager
def single_threaded_libraries() -> Iterator[None]:
    """Hold BLAS and OpenMP to one thread within the context; nested and concurrent use is safe.

    Some builds of OpenBLAS obey only the thread that set a limit first. So what the last one out could not
    restore is remembered, and restored by the next fit that can.
    """
    global _inside
    with _lock:
        _inside += 1
        for library in _controller().lib_controllers:
            threads = library.get_num_threads()
            if threads != 1:
                _original.setdefault(library.filepath, threads)
                library.set_num_threads(1)
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _restore()


def _restore() -> None:
    for library in _controller().lib_controllers:
        if library.filepath in _original:
            library.set_num_threads(_original[library.filepath])
            if library.get_num_threads() == _original[library.filepath]:
                del _original[library.filepath]
