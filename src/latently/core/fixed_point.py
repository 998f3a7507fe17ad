"""Iteration of maps that have no objective: until their statistics stand still."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from latently.core.callbacks import STOPPED, Callback, asked_to_stop
from latently.core.errors import FitError
from latently.core.memory import MemoryMap

P = TypeVar("P")


@dataclass(frozen=True)
class FixedPoint(Generic[P]):
    """Where such an iteration ended.

    Attributes
    ----------
    params : object
        The parameters.
    changes : tuple of float
        Relative change of the statistics in each pass.
    n_iter : int
        Passes.
    converged : bool
        Whether the statistics stood still.
    stop_reason : str
        Why it ended.
    """

    params: P
    changes: tuple[float, ...]
    n_iter: int
    converged: bool
    stop_reason: str


def iterate(
    em: MemoryMap[P, Any, Any],
    params: P,
    tol: float,
    max_iter: int,
    callbacks: Sequence[Callback] = (),
    between: Callable[[int, bool, P], P] = lambda _, rested, params: params,
) -> FixedPoint[P]:
    """Iterate until the statistics change by less than a part of themselves and nothing more is learned.

    Parameters
    ----------
    em : MemoryMap
        The map. Its statistics say by how much they differ from those before: ``stats.relative_change``.
    params : object
        Starting values.
    tol : float
        Relative change at which to stop; 0 means exactly `max_iter` passes.
    max_iter : int
        Most passes.
    callbacks : sequence of callable
        Each is called as ``callback(iteration, params, relative_change)`` after every pass; True stops.
    between : callable
        ``between(iteration, rested, params)`` gives the params to go on with: for what is learned now and
        then, and when the statistics rest. If these are the same params then, the iteration has converged.
    """
    changes: list[float] = []
    while True:
        params, change = _step(em, params)
        changes.append(change)
        n_iter = len(changes)
        if asked_to_stop(callbacks, n_iter, params, change):
            return FixedPoint(params, tuple(changes), n_iter, False, STOPPED)
        rested = tol > 0 and change <= tol
        better = between(n_iter, rested, params)
        if rested and better is params:
            reason = f"converged: statistics change by at most {tol:g} of themselves"
            return FixedPoint(params, tuple(changes), n_iter, True, reason)
        if n_iter >= max_iter:
            return FixedPoint(params, tuple(changes), n_iter, False, f"reached max_iter={max_iter}")
        params = better


def _step(em: MemoryMap[P, Any, Any], params: P) -> tuple[P, float]:
    """The params after a pass, and the change in it; statistics, which may be large, end here."""
    stats = em.e_step(params)
    change = float(stats.relative_change)
    if change != change:
        raise FitError("the expected counts are not numbers")
    return em.m_step(stats, params), change
