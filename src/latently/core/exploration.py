"""A search for the highest maximum on a part of the data, batch by batch of starts.

Starts run for a few steps, the more promising half for twice as long, until one is left (Biernacki, Celeux &
Govaert 2003, "emEM"); it goes on to its maximum, and by moves to higher ones (`core.moves`). Once two batches
end at the same maximum, and none higher, that is taken for the best; where data are easy the starts of the
first batch agree, and that is all there is to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from typing import Any, Generic, cast

import numpy as np

from latently.core.choices import ranked
from latently.core.convergence import Progress
from latently.core.em import EMMap, FitResult, Settings, run
from latently.core.errors import FitError, ObjectiveFellError, within_range
from latently.core.model import D, P, S
from latently.core.moves import Climber, End, Move, promise

AGREEMENT = 1e-6  # per unit of weight: objectives of runs that ended at one maximum differ by no more
FAILURES = (FitError, ObjectiveFellError)
GAIN_LEFT = AGREEMENT / 10  # gain still to come at the end of a batch
NEARLY_ALL = 0.9
MOST_SHORT_STEPS = 500  # to there
WORTH_A_MOVE = 1e-5  # gain that a move is worth
Hopeless = Callable[[Sequence[float], Any, float], bool]


@dataclass(frozen=True)
class Start(Generic[P]):
    """A way to draw starting values."""

    kind: str  # its name, for the record
    draw: Callable[[np.random.Generator], P]
    earlier: Progress | None = None  # of the run that ended there, if this one goes on from it


@dataclass(frozen=True)
class Plan:
    """How many runs, how long, and on how much."""

    batch: int = 4  # starts of a batch
    short_iter: int = 15  # EM steps of each start before the first cut; doubled at each further one
    finish: int = 3  # runs that are finished on all the data
    moves: bool = True  # whether to move on from where batches end
    most_steps: int = 4000  # EM steps of maxima and moves after which no further batch begins
    # batches that end at the best maximum before it is taken for the highest, one more if moves led there
    agreeing: int = 2
    unanimous: int = 4  # starts that are enough if nearly all so far end at one maximum
    most_batches: int | None = None  # after which the search is left open if it has not come to its end
    # whether to look on is in vain, by the log-likelihoods at which batches ended, of all the data, the best
    # params, and how many more data there are, in units of those that were looked at
    hopeless: Hopeless | None = None
    n_units: int = 5000  # units in the subsample of the short runs
    short_tol: float = 1e-5  # gain still to come, per unit of weight, at which a short run ends early


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
    twins: int = 0  # other starts that came to the same place
    earlier: Progress | None = None  # of the run that ended there, if one goes on from it
    moves: tuple[Move, ...] = ()  # what led there beside EM
    begun: P | None = None  # where it started


@dataclass(eq=False)
class Maximum(Generic[P]):
    """A maximum that batches of starts came to."""

    start: Candidate[P]  # the start that came there first
    end: End[P]  # the maximum
    batches: int = 1  # how many batches came there
    # its objective, and those of maxima from which moves led there
    heights: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.heights = self.heights or self.end.heights

    @property
    def candidate(self) -> Candidate[P]:
        """The start where it is now."""
        return replace(_at(self.start, self.end.result), moves=self.end.moves)


class Explorer(Generic[D, P]):
    """Searches on some of the units, `n` being the sum of their weights."""

    def __init__(self, em: EMMap[D, P, S], plan: Plan, n: float) -> None:
        self._em, self._plan, self._n = em, plan, n
        settings = Settings(GAIN_LEFT, MOST_SHORT_STEPS, em.fixed, accelerate=True, changes=False)
        self._climber = Climber(em, settings, n, WORTH_A_MOVE)
        self.maxima: list[Maximum[P]] = []  # distinct ones, the best first and those not to be trusted last
        # starts that failed, that others were ahead of, or that came to one of these, too
        self.lost: list[Candidate[P]] = []
        self.heights: list[float] = []  # log-likelihoods at which batches ended, of what can be trusted
        self.left_open = False  # whether more batches would have followed, had more been allowed

    def explore(self, starts: Sequence[Start[P]], rng: np.random.Generator) -> None:
        """Take batches of starts until the best maximum has been found often enough, or none are left."""
        plan, moves = self._plan, self._plan.moves and not self._em.fixed
        left, n_starts, n_batches = iter(starts), 0, 0
        while batch := list(islice(left, plan.batch)):
            streams = zip(batch, rng.spawn(len(batch)), strict=True)
            found = self._batch(list(self._em.backend.map(lambda one: drawn(*one), streams)))
            if found is None:
                continue
            in_vain = plan.hopeless is not None and found.end.diagnostics  # others have sound maxima
            found = self._climbed(found, rng) if moves and not in_vain else found
            self._add(found)
            best, n_starts, n_batches = self.maxima[0], n_starts + len(batch), n_batches + 1
            if not found.end.diagnostics:
                self.heights.append(found.end.result.log_likelihood)
            if plan.hopeless and self.heights and plan.hopeless(self.heights, best.end.result.params, 0.0):
                break
            agreed = n_starts >= plan.unanimous and 1 + best.start.twins >= NEARLY_ALL * n_starts
            enough = best.batches >= plan.agreeing + bool(best.end.moves)
            settled = (agreed and not best.end.moves) or enough
            if (settled and not best.end.diagnostics) or self._climber.n_steps > plan.most_steps:
                break
            if n_batches == plan.most_batches:
                self.left_open = True
                break

    def _add(self, found: Maximum[P]) -> None:
        """Note a maximum, once only if it is there already."""
        slack = AGREEMENT * self._n
        objective = found.end.result.objective
        twin = next((one for one in self.maxima if abs(one.end.result.objective - objective) <= slack), None)
        if twin is not None:
            twin.start.twins += 1 + found.start.twins
            twin.batches += 1
            twin.heights += found.heights
            self.lost.append(found.candidate)
            return
        self.maxima = ranked([*self.maxima, found], lambda one: one.end.result.objective, lambda _: slack)
        self.maxima.sort(key=lambda one: bool(one.end.diagnostics))

    def _batch(self, candidates: list[Candidate[P]]) -> Maximum[P] | None:
        """The maximum of a batch, one that can be trusted if there is one; None if all starts failed."""
        field = self._narrowed(candidates)
        best: Maximum[P] | None = None
        while field and (best is None or best.end.diagnostics):
            candidate = field.pop(0)
            try:
                end = self._climber.end(cast(P, candidate.params))
            except FAILURES as error:
                self.lost.append(failed(candidate, error))
                continue
            found = Maximum(candidate, end)
            if best is None or not end.diagnostics:
                self.lost += [best.candidate] if best else []
                best = found
            else:
                self.lost.append(found.candidate)
        self.lost += field
        return best

    def _climbed(self, found: Maximum[P], rng: np.random.Generator) -> Maximum[P]:
        """What moves lead to: from a maximum by itself, and with parts of the best one so far.

        What they led to from there once before is not looked for again.
        """
        height, slack = found.end.result.objective, AGREEMENT * self._n
        for one in self.maxima:
            if any(abs(height - other) <= slack for other in one.heights):
                return replace(found, end=one.end)
        try:
            end = self._climber.climbed(found.end, rng)
            best = self.maxima[0].end if self.maxima else end
            if abs(best.result.objective - end.result.objective) > slack:
                high, low = (best, end) if best.result.objective > end.result.objective else (end, best)
                crossed = self._climber.crossed(high, low, rng)
                end = end if crossed is None else self._climber.climbed(crossed, rng)
        except ObjectiveFellError as error:
            self.lost.append(failed(Candidate("move", None), error))
            return found
        return Maximum(found.start, end, heights=[height, *end.heights])

    def _narrowed(self, candidates: list[Candidate[P]]) -> list[Candidate[P]]:
        """The distinct ones of the most promising, best first, after runs that double in length."""
        tol, steps, keep = self._plan.short_tol, self._plan.short_iter, len(candidates)
        while True:
            settings = Settings(tol, steps, self._em.fixed, accelerate=True, changes=False)
            candidates = list(self._em.backend.share(partial(self._advanced, settings), candidates))
            candidates = ranked(candidates, lambda candidate: candidate.promise, lambda _: tol * self._n)
            distinct: list[Candidate[P]] = []
            for candidate in candidates:
                twin = next((one for one in distinct if self._same(one, candidate)), None)
                if twin is not None:
                    twin.twins += 1 + candidate.twins
                if twin is not None or candidate.failure is not None:
                    self.lost.append(candidate)
                else:
                    distinct.append(candidate)
            steps, keep = 2 * steps, keep // 2
            if keep <= 1 or len(distinct) <= 1:
                return distinct
            self.lost += distinct[keep:]
            candidates = distinct[:keep]

    def _same(self, one: Candidate[P], other: Candidate[P]) -> bool:
        return abs(one.objective - other.objective) <= 2 * self._plan.short_tol * self._n

    def _advanced(self, settings: Settings, candidate: Candidate[P]) -> Candidate[P]:
        """The candidate after a short run."""
        if candidate.params is None:
            return candidate
        try:
            return _at(candidate, run(self._em, candidate.params, settings, self._n))
        except FAILURES as error:
            return failed(candidate, error)


def _at(candidate: Candidate[P], result: FitResult[P]) -> Candidate[P]:
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
