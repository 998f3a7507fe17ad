"""A progress bar over the E-steps of a fit."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from threading import RLock
from time import monotonic
from typing import Any

from tqdm.auto import tqdm


class Bar(tqdm):
    """A progress bar with a lock of this process.

    By default it is one that processes share: the system keeps that, and says so if a run is interrupted.
    """


Bar.set_lock(RLock())


@dataclass
class Pace:
    """How fast a run goes, and how far it seems to have to go, by its last steps."""

    n_rows: int  # rows of a pass
    tol: float  # gain still to come, for a row, at which the run ends
    seen: list[tuple[float, float]] = field(default_factory=list)

    def said(self, iteration: int, log_likelihood: float, now: float) -> str:
        """What there is to say after an E-step that ended at a time, in seconds.

        Examples
        --------
        >>> pace = Pace(n_rows=1000, tol=1e-4)
        >>> for step, value in enumerate((-900.0, -800.0, -750.0)):
        ...     text = pace.said(step, value, 2.0 * step)
        >>> text
        'log-likelihood -750, 500 rows/s, gain expected 0.05 a row, about 18 s left'
        """
        self.seen = [*(self.seen[-2:] if iteration else []), (now, log_likelihood)]
        text = f"log-likelihood {log_likelihood:.6g}"
        if len(self.seen) < 3 or not self.n_rows:
            return text
        (first, low), (_, middle), (last, high) = self.seen
        seconds = (last - first) / 2
        if seconds > 0:
            text += f", {self.n_rows / seconds:.3g} rows/s"
        if 0 < high - middle < middle - low:
            rate = (high - middle) / (middle - low)
            gain = (high - middle) * rate / (1 - rate) / self.n_rows
            text += f", gain expected {gain:.2g} a row"
            if 0 < self.tol < gain:
                text += f", about {math.log(self.tol / gain) / math.log(rate) * seconds:.2g} s left"
        return text


@contextmanager
def progress_bar(
    name: str, verbose: int, source: Any = None, tol: float = 0.0
) -> Iterator[Callable[[int, Any, float], None]]:
    """Yield a callback of EM that moves a bar, if `verbose` is above zero, and does nothing otherwise.

    Of data that are read in every pass a second bar shows how much of the pass is done.
    """
    if verbose <= 0:
        yield lambda iteration, params, log_likelihood: None
        return
    pace = Pace(0 if source is None else len(source.row_weights), tol)
    watchers: list[Any] = getattr(source, "watchers", [])
    with ExitStack() as bars:
        steps = bars.enter_context(Bar(desc=name, unit=" E-steps"))
        if hasattr(source, "watchers"):
            rows = bars.enter_context(Bar(desc="pass", unit=" rows", unit_scale=True, total=pace.n_rows))
            watchers.append(rows.update)
            bars.callback(watchers.clear)

        def show(iteration: int, params: object, log_likelihood: float) -> None:
            steps.set_postfix_str(pace.said(iteration, log_likelihood, monotonic()), refresh=False)
            steps.update()
            if watchers:
                rows.reset()

        yield show
