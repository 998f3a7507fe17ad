"""Where runs start, and what becomes of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic

import numpy as np

from latently.core.convergence import Progress
from latently.core.em import FitResult
from latently.core.errors import FitError, ObjectiveFellError, within_range
from latently.core.model import P
from latently.core.moves import Move, promise

FAILURES = (FitError, ObjectiveFellError)


@dataclass(frozen=True)
class Start(Generic[P]):
    """A way to draw starting values.

    Parameters
    ----------
    kind : str
        Its name, for the record.
    draw : callable
        Called with a generator; returns params.
    earlier : Progress, optional
        Of the run that ended there, if this one goes on from it.
    """

    kind: str
    draw: Callable[[np.random.Generator], P]
    earlier: Progress | None = None


@dataclass(eq=False)
class Candidate(Generic[P]):
    """A start, and what has become of it so far."""

    kind: str  # of the start
    params: P | None  # where it got to; None if it failed
    # the objective there, and where that seems to be heading
    objective: float = -np.inf
    promise: float = -np.inf
    log_likelihood: float | None = None  # on the data that were looked at
    n_iter: int = 0  # EM steps so far
    failure: ValueError | None = None  # why it failed
    twins: int = 0  # other runs that came to the same place
    earlier: Progress | None = None  # of the run that ended there, if one goes on from it
    moves: tuple[Move, ...] = ()  # what led there beside EM
    begun: P | None = None  # where it started
    alone: bool = True  # whether it came there without moves


def at(candidate: Candidate[P], result: FitResult[P]) -> Candidate[P]:
    """A candidate where a run has brought it."""
    return replace(
        candidate,
        params=result.params,
        objective=result.objective,
        promise=promise(result),
        log_likelihood=result.log_likelihood,
        n_iter=candidate.n_iter + result.n_iter,
        earlier=None,
    )


def drawn(start: Start[P], rng: np.random.Generator) -> Candidate[P]:
    """The candidate of a start."""
    candidate: Candidate[P] = Candidate(start.kind, None, earlier=start.earlier)
    try:
        with within_range():
            params = start.draw(rng)
            return replace(candidate, params=params, begun=params)
    except FAILURES as error:
        return failed(candidate, error)


def failed(candidate: Candidate[P], error: ValueError) -> Candidate[P]:
    """A candidate that cannot go on."""
    return Candidate(candidate.kind, None, failure=error.with_traceback(None))
