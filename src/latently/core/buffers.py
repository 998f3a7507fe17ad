"""A pool of buffers that are used again: to touch new memory can cost more than to run a kernel."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod

import numpy as np
from numpy.typing import NDArray


class BufferPool:
    """Arrays to work in, which are free again afterwards and last as long as this object."""

    def __init__(self) -> None:
        self._free: list[NDArray[np.float64]] = []
        self._lock = threading.Lock()

    @contextmanager
    def buffer(self, shape: tuple[int, ...]) -> Iterator[NDArray[np.float64]]:
        """Yield an array of float64 with anything in it, for the time of the context."""
        size = prod(shape)
        with self._lock:
            fitting = [room for room in self._free if room.size >= size]
            chosen = min(fitting or self._free, key=len, default=None)
            if chosen is not None:
                self._free = [room for room in self._free if room is not chosen]
        if chosen is None or chosen.size < size:
            chosen = None  # one too small goes before there is a larger one
            chosen = np.empty(size)
        try:
            yield chosen[:size].reshape(shape)
        finally:
            with self._lock:
                self._free.append(chosen)
