"""One BLAS thread at a time inside a fit.

Threads come from the executor, over blocks. A BLAS that starts threads of its own under them fights
for the cores, is slower on cache-sized matrices, and sums in an order that depends on the number of
threads. The limit is a setting of the whole process, so fits that run side by side share it: the
first one in sets it, the last one out restores it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController

_lock = threading.Lock()
_inside = 0
_limiter: Any = None


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


@contextmanager
def single_threaded_blas() -> Iterator[None]:
    """Hold BLAS to one thread within the context; nested and concurrent use is safe."""
    global _inside, _limiter
    with _lock:
        if _inside == 0:
            _limiter = _controller().limit(limits=1, user_api="blas")
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _limiter.restore_original_limits()
                _limiter = None
