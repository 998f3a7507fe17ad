"""What the runs of a fit have come to: so that one that was broken off goes on, or its best is kept.

A fit is a sequence of runs of EM, each of which follows from its start, its settings and its data. So a fit
that is made again finds the runs that ended before in its journal, and those that did not at their last
E-step.
"""

from __future__ import annotations

import threading
import time
import warnings
from dataclasses import dataclass
from itertools import count
from typing import Any, Protocol

from latently.core.acceleration import Squarem
from latently.core.convergence import Progress

SECONDS_BETWEEN = 2.0  # seconds between two writes, at least
WRITING_SHARE = 0.03  # of the time that goes into writing, at most


@dataclass(frozen=True)
class Step:
    """One line of the history: an iterate, and how it differs from the one before (NaN if not asked for)."""

    log_likelihood: float
    change: float


@dataclass(frozen=True)
class RunState:
    """Where a run is after an E-step at which it did not end."""

    params: tuple[Any, ...]  # the last iterates, joined by plain steps
    # of each of them, after those of an earlier run that ended where this one began
    objectives: tuple[float, ...]
    stats: Any  # of the last
    history: tuple[Step, ...]  # of all iterates
    n_e_steps: int  # so far
    progress: Progress  # how far it has come
    squarem: Squarem | None  # what its acceleration has learned
    # what is remembered of each block from one E-step to the next, if anything is
    memories: list[Any] | None = None


class Store(Protocol):
    """Where runs are written so that another process finds them."""

    def key(self, em: object, params: Any, settings: object, n: float, earlier: object) -> str:
        """Name a run by all that it follows from."""
        ...

    def found(self, key: str, em: object) -> Any:
        """Where a run was in an earlier process, or ended; None if it is new."""
        ...

    def write(self, runs: dict[str, Any]) -> None:
        """Write where runs are, or ended, by their names; OSError if that cannot be."""
        ...


class Journal:
    """The runs of a fit.

    Parameters
    ----------
    store : Store, optional
        Where they are written, every few seconds.
    keep : bool
        Whether an interrupted fit is to be kept.

    Attributes
    ----------
    whole : object
        The source of all the data: runs on others are no more than a search.
    on_whole : dict
        By a name, a `RunState` of each run on it, or the `FitResult` if it ended.
    elsewhere : tuple or None
        The highest objective of other runs, and its params; the last ones of a run that passes in steps.
    interrupted : bool
        Whether the fit was.
    """

    def __init__(self, store: Store | None = None, *, keep: bool = False) -> None:
        self._store, self.keep = store, keep
        self._new: dict[str, Any] = {}
        self._names, self._lock, self._due, self._failed = count(), threading.Lock(), _soon(0.0), False
        self.interrupted = False
        self.begin(None)

    def begin(self, whole: object) -> None:
        """Begin a fit to such a source; runs of earlier fits are not kept in place of its own."""
        self.whole = whole
        self.on_whole: dict[str, Any] = {}
        self.elsewhere: tuple[float, Any] | None = None

    def ends_here(self) -> bool:
        """Whether an interrupted fit ends with what it has come to, and is to be kept."""
        self.interrupted = self.keep
        return self.keep

    def find(self, em: object, *how: Any) -> tuple[str, Any]:
        """The name of a run, and where it was or ended; None if it is new."""
        if self._store is None:
            return str(next(self._names)), None
        key = self._store.key(em, *how)
        return key, self._new.get(key) or self._store.found(key, em)

    def note(self, key: str, em: Any, at: Any, objective: float, params: Any) -> None:
        """Note where a run is, or ended; without `em`, and at infinity, one that passes in steps."""
        if em is not None and em.source is self.whole:
            self.on_whole[key] = at
        elif self.elsewhere is None or objective >= self.elsewhere[0]:
            self.elsewhere = objective, params
        if self._store is None:
            return
        self._new[key] = at
        if self.due and self._lock.acquire(blocking=False):
            try:
                self.write()
            finally:
                self._lock.release()

    @property
    def due(self) -> bool:
        """Whether what is noted now is written."""
        return self._store is not None and time.monotonic() >= self._due

    def write(self) -> None:
        """Write all that is new; the fit goes on if that fails.

        Warns with a UserWarning the first time that it fails.
        """
        if self._store is None:
            return
        begun = time.monotonic()
        try:
            self._store.write(dict(self._new))
        except OSError as error:
            if not self._failed:
                warnings.warn(f"{error}; the fit goes on without", UserWarning, stacklevel=2)
            self._failed = True
        self._due = _soon(time.monotonic() - begun)


def _soon(took: float) -> float:
    """When to write next, after it took so many seconds."""
    return time.monotonic() + max(SECONDS_BETWEEN, took / WRITING_SHARE)
