"""A progress bar over the E-steps of a fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any

from tqdm.auto import tqdm


class Bar(tqdm):
    """A progress bar with a lock of this process.

    By default it is one that processes share: the system keeps that, and says so if a run is interrupted.
    """


Bar.set_lock(RLock())


@contextmanager
def progress_bar(name: str, verbose: int) -> Iterator[Callable[[int, Any, float], None]]:
    """Yield a callback of EM that moves a bar, if `verbose` is above zero, and does nothing otherwise."""
    if verbose <= 0:
        yield lambda iteration, params, log_likelihood: None
        return
    with Bar(desc=name, unit=" E-steps") as bar:

        def show(iteration: int, params: Any, log_likelihood: float) -> None:
            bar.set_postfix_str(f"log-likelihood {log_likelihood:.6g}", refresh=False)
            bar.update()

        yield show
