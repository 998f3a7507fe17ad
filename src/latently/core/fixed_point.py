"""Iteration of maps that have no objective: until their statistics stand still."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from latently.core.callbacks import INTERRUPTED, STOPPED, asked_to_stop
from latently.core.em import Settings
from latently.core.errors import FitError
from latently.core.memory import MemoryMap

P = TypeVar("P")
Between = Callable[[Sequence[float], bool, P], P | None]


@dataclass(frozen=True)
class FixedPoint(Generic[P]):
    """Where such an iteration is, or ended."""

    params: P
    changes: tuple[float, ...] = ()  # relative change of the statistics in each pass
    converged: bool = False  # whether the statistics stood still
    stop_reason: str = ""  # why it ended; empty as long as it goes on
    # what is remembered of each block, where it is to be kept
    memories: list[Any] | None = None

    @property
    def n_iter(self) -> int:
        """Passes."""
        return len(self.changes)


def iterate(
    em: MemoryMap[P, Any, Any],
    params: P,
    settings: Settings,
    between: Between[P] = lambda _, rested, params: params,
) -> FixedPoint[P]:
    """Iterate until the statistics change by less than a part of themselves and nothing more is learned.

    Statistics say by how much they differ from those before, ``stats.relative_change``; where that is `tol`,
    the iteration stops, and 0 means exactly `max_iter` passes. Callbacks are called as ``callback(iteration,
    params, relative_change)`` after every pass; True stops. ``between(changes, rested, params)`` gives the
    params to go on with: for what is learned now and then, and when the statistics rest. If these are the
    same params then, the iteration has converged; None ends it. An interrupted one ends with its last params
    if its journal is to keep them.
    """
    journal = em.backend.journal
    key, at = journal.find(em, params, settings, 0.0, None) if journal else ("", None)
    at = at or FixedPoint(params)
    if at.memories is not None:
        em.remember(at.memories)
    while not at.stop_reason:
        try:
            if journal and journal.interrupted:  # in what came before
                raise KeyboardInterrupt
            at = _next(em, at, settings, between)
        except KeyboardInterrupt:
            if not (journal and journal.ends_here()):
                raise
            return replace(at, stop_reason=INTERRUPTED)
        if journal and (journal.due or at.stop_reason):
            journal.note(key, em, replace(at, memories=em.remembered()), 0.0, at.params)
    return at


def _next(
    em: MemoryMap[P, Any, Any],
    at: FixedPoint[P],
    settings: Settings,
    between: Between[P],
) -> FixedPoint[P]:
    """After one more pass."""
    params, change = _step(em, at.params)
    changes = (*at.changes, change)
    if asked_to_stop(settings.callbacks, len(changes), params, change):
        return FixedPoint(params, changes, stop_reason=STOPPED)
    rested = settings.tol > 0 and change <= settings.tol
    better = between(changes, rested, params)
    if rested and better is params:
        reason = f"converged: statistics change by at most {settings.tol:g} of themselves"
        return FixedPoint(params, changes, True, reason)
    if better is None:
        return FixedPoint(params, changes, stop_reason=STOPPED)
    if len(changes) >= settings.max_iter:
        return FixedPoint(params, changes, stop_reason=f"reached max_iter={settings.max_iter}")
    return FixedPoint(better, changes)


def _step(em: MemoryMap[P, Any, Any], params: P) -> tuple[P, float]:
    """The params after a pass, and the change in it; statistics, which may be large, end here."""
    stats = em.e_step(params)
    change = float(stats.relative_change)
    if change != change:
        raise FitError("the expected counts are not numbers")
    return em.m_step(stats, params), change
