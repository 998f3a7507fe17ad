"""What the runs of a fit have come to: so that one that was broken off goes on, or its best is kept.

A fit is a sequence of runs of EM, each of which follows from its start, its settings and its data. So a fit
that is made again finds the runs that ended before in its journal, and those that did not at their last
E-step.
"""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

from latently.core.acceleration import Squarem
from latently.core.convergence import Progress

EVERY = 2.0  # seconds between two writes, at least
SHARE = 0.05  # of the time that goes into writing, at most


@dataclass(frozen=True)
class Step:
    """One line of the history: an iterate, and how it differs from the one before (NaN if not asked for)."""

    log_likelihood: float
    change: float


@dataclass(frozen=True)
class RunState:
    """Where a run is after an E-step at which it did not end.

    Attributes
    ----------
    params : tuple
        The last iterates, joined by plain steps.
    objectives : tuple of float
        Of each of them.
    stats : object
        Of the last.
    before : tuple of float
        Objectives of the run that ended where this one began.
    history : tuple of Step
        Of all iterates.
    n_e_steps : int
        So far.
    progress : Progress
        How far it has come.
    squarem : Squarem or None
        What its acceleration has learned.
    """

    params: tuple[Any, ...]
    objectives: tuple[float, ...]
    stats: Any
    before: tuple[float, ...]
    history: tuple[Step, ...]
    n_e_steps: int
    progress: Progress
    squarem: Squarem | None


class Journal:
    """The runs of a fit.

    Parameters
    ----------
    key : callable, optional
        ``key(em, params, settings, n, earlier)`` names a run by all that it follows from.
    save : callable, optional
        ``save(runs)`` writes them where another process finds them: by their names a `RunState`, or a
        `FitResult` of those that ended. It is called every few seconds, and may raise OSError.
    runs : dict
        What an earlier process wrote.

    Attributes
    ----------
    whole : object
        The source of all the data: runs on others are no more than a search.
    on_whole : dict
        Where runs on it are, or ended.
    elsewhere : tuple or None
        The highest objective of other runs, and its params.
    """

    def __init__(
        self,
        key: Callable[..., str] | None = None,
        save: Callable[[dict[str, Any]], None] | None = None,
        runs: dict[str, Any] | None = None,
    ) -> None:
        self._key, self._save, self._runs = key, save, runs or {}
        self._count = count()
        self._lock, self._due, self._warned = threading.Lock(), time.monotonic() + EVERY, False
        self.whole: Any = None
        self.on_whole: dict[str, Any] = {}
        self.elsewhere: tuple[float, Any] | None = None

    def find(self, em: Any, *how: Any) -> tuple[str, Any]:
        """The name of a run, and where it was or ended; None if it is new."""
        if self._key is None:
            return str(next(self._count)), None
        key = self._key(em, *how)
        return key, self._runs.get(key)

    def note(self, key: str, em: Any, at: Any, objective: float, params: Any) -> None:
        """Note where a run is, or ended."""
        if em.source is self.whole:
            self.on_whole[key] = at
        elif self.elsewhere is None or objective > self.elsewhere[0]:
            self.elsewhere = objective, params
        if self._save is not None:
            self._runs[key] = at
            if time.monotonic() >= self._due and self._lock.acquire(blocking=False):
                try:
                    self.write()
                finally:
                    self._lock.release()

    def write(self) -> None:
        """Write all that is known; the fit goes on if that fails.

        Warns
        -----
        UserWarning
            The first time that it fails.
        """
        if self._save is None:
            return
        begun = time.monotonic()
        try:
            self._save(dict(self._runs))
        except OSError as error:
            if not self._warned:
                warnings.warn(f"{error}; the fit goes on without a checkpoint", UserWarning, stacklevel=2)
            self._warned = True
        now = time.monotonic()
        self._due = now + max(EVERY, (now - begun) / SHARE)
