"""Many short runs from different starts; the best of them finished.

The likelihood of most models has many maxima, and the start decides which one EM climbs to. So
many starts run for a few steps, on a subsample of the units where there are many; the more
promising half goes on for twice as long, until a handful is left; and those are finished on all
the data (Biernacki, Celeux & Govaert 2003, "emEM"). A failed run never fails the fit, and a maximum
of which the model finds that it is spurious loses to one that it does not.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Generic

import numpy as np

from latently.core.blocks import BlockSource
from latently.core.choices import ranked
from latently.core.convergence import Progress, remaining_gain
from latently.core.em import STOPPED, EMMap, FitResult, Settings, run
from latently.core.errors import FitError, ObjectiveFellError, ObjectiveFellWarning, within_range
from latently.core.findings import Finding
from latently.core.model import D, P, S
from latently.core.saddles import beyond_saddles

AGREEMENT = 1e-6
FORESIGHT = 20
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


@dataclass(frozen=True)
class Plan:
    """How many runs, how long, and on how much.

    Parameters
    ----------
    short_iter : int
        EM steps of each start before the first cut; doubled at each further one.
    finish : int
        Runs that are finished on all the data.
    n_units : int
        Units in the subsample of the short runs.
    short_tol : float
        Gain still to come, per unit of weight, at which a short run ends early.
    """

    short_iter: int = 15
    finish: int = 6
    n_units: int = 5000
    short_tol: float = 1e-5


@dataclass(frozen=True)
class Run:
    """What became of one start.

    Attributes
    ----------
    kind : str
        How it was started.
    log_likelihood : float or None
        Where it ended, on the data it ran on; None if it failed.
    n_iter : int
        EM steps it took on these data.
    finished : bool
        Whether it ran to its end on all the data.
    failure : str or None
        Why it failed.
    diagnostics : tuple of Finding
        Why its maximum should not be trusted.
    """

    kind: str
    log_likelihood: float | None
    n_iter: int
    finished: bool
    failure: str | None = None
    diagnostics: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Restarts:
    """All runs of a fit.

    Attributes
    ----------
    runs : tuple of Run
        Every start, the finished ones first and the best of them foremost.
    n_agreeing : int
        How many runs reached the maximum of the chosen one, those cut short there included.
    passed_over : tuple of Run
        Runs with a higher log-likelihood whose maximum is not to be trusted.
    rounding : float
        Log-likelihoods near that of the best that differ by no more are equal for all that can be known.
    """

    runs: tuple[Run, ...]
    n_agreeing: int
    passed_over: tuple[Run, ...]
    rounding: float = 0.0

    @property
    def n_failed(self) -> int:
        """How many runs failed."""
        return sum(run.failure is not None for run in self.runs)

    def __str__(self) -> str:
        finished = sum(run.finished for run in self.runs)
        text = (
            f"{len(self.runs)} starts, {finished} finished, {self.n_agreeing} at the same maximum as the best"
        )
        if self.n_failed:
            text += f", {self.n_failed} failed"
        if self.passed_over:
            best = max(run.log_likelihood or -np.inf for run in self.passed_over)
            text += f"; {len(self.passed_over)} higher but spurious (up to {best:.6g}): "
            text += str(self.passed_over[0].diagnostics[0])
        return text


@dataclass
class _Candidate(Generic[P]):
    kind: str
    params: P | None
    objective: float = -np.inf
    promise: float = -np.inf
    log_likelihood: float | None = None
    n_iter: int = 0
    failure: ValueError | None = None
    twins: int = 0
    earlier: Progress | None = None


def search(
    em: EMMap[D, P, S],
    starts: Sequence[Start[P]],
    settings: Settings,
    n: float,
    rng: np.random.Generator,
    plan: Plan | None,
) -> tuple[FitResult[P], tuple[Finding, ...], Restarts]:
    """Run EM from many starts and return the best fit that is not spurious.

    Parameters
    ----------
    em : EMMap
        The map on all the data.
    starts : sequence of Start
        Where from. Each gets a random stream of its own.
    settings : Settings
        Of the finished runs.
    n : float
        Sum of the weights of all the data.
    rng : Generator
        Source of all that is random.
    plan : Plan or None
        How the field is narrowed down; None finishes every start.

    Returns
    -------
    best : FitResult
        The best run.
    diagnostics : tuple of Finding
        Why its maximum should not be trusted: empty unless all finished runs are spurious.
    restarts : Restarts
        The record of all runs.

    Raises
    ------
    FitError, ObjectiveFellError
        If every run failed, with the reason of the first; the latter if it is that of any.

    Warns
    -----
    ObjectiveFellWarning
        If it is the reason of some, and others did not fail.

    References
    ----------
    .. [1] Biernacki, C., Celeux, G. and Govaert, G. (2003). Choosing starting values for the EM algorithm.
       Computational Statistics & Data Analysis 41, 561-575, section 3.
    """
    streams = zip(starts, rng.spawn(len(starts)), strict=True)
    candidates = list(em.backend.map(lambda drawn: _draw(*drawn), streams))
    lost: list[_Candidate[P]] = []
    if plan is not None and len(candidates) > plan.finish:
        candidates, lost = _narrow(em, candidates, plan, n, rng)

    ends: list[tuple[FitResult[P], Run, int]] = []
    failed: list[_Candidate[P]] = []
    for candidate in candidates:
        if candidate.params is None:
            failed.append(candidate)
            continue
        try:
            result = run(em, candidate.params, settings, n, candidate.earlier)
        except FAILURES as error:
            failed.append(_Candidate(candidate.kind, None, failure=error.with_traceback(None)))
            continue
        diagnostics = em.model.diagnose(result.params, em.source.blocks(), em.fixed)
        record = Run(candidate.kind, result.log_likelihood, result.n_iter, True, None, diagnostics)
        ends.append((result, record, 1 + candidate.twins))
        if result.stop_reason == STOPPED:
            break
    reasons = [candidate.failure for candidate in (*failed, *lost) if candidate.failure]
    fell = [reason for reason in reasons if isinstance(reason, ObjectiveFellError)]
    if not ends:
        what = f"all {len(starts)} runs failed; the first" if len(starts) > 1 else "the run failed"
        raise (ObjectiveFellError if fell else FitError)(f"{what} because {(fell or reasons)[0]}")
    if fell:
        text = f"{len(fell)} of {len(starts)} runs ended: {fell[0]}"
        warnings.warn(text, ObjectiveFellWarning, stacklevel=4)
    ends = ranked(ends, lambda end: end[0].objective, lambda end: end[0].rounding)
    ends.sort(key=lambda end: bool(end[1].diagnostics))
    ends[0] = _beyond_saddles(em, *ends[0], settings, n)
    best, chosen, _ = ends[0]
    runs = (*(record for _, record, _ in ends), *map(_record, (*failed, *lost)))
    agreeing = sum(
        size for result, _, size in ends if abs(result.objective - best.objective) <= AGREEMENT * n
    )
    passed_over = tuple(
        record
        for result, record, _ in ends
        if record.diagnostics and not chosen.diagnostics and result.objective > best.objective + best.rounding
    )
    return best, chosen.diagnostics, Restarts(runs, agreeing, passed_over, best.rounding)


def _beyond_saddles(
    em: EMMap[D, P, S], result: FitResult[P], record: Run, size: int, settings: Settings, n: float
) -> tuple[FitResult[P], Run, int]:
    """The chosen run, and on from its end if that is a saddle and what is above it no worse to be trusted."""
    better = beyond_saddles(em, result, settings, n)
    if better is result:
        return result, record, size
    diagnostics = em.model.diagnose(better.params, em.source.blocks(), em.fixed)
    if diagnostics and not record.diagnostics:
        return result, record, size
    ended = replace(
        record, log_likelihood=better.log_likelihood, n_iter=better.n_iter, diagnostics=diagnostics
    )
    return better, ended, 1


def _draw(start: Start[P], rng: np.random.Generator) -> _Candidate[P]:
    try:
        with within_range():
            return _Candidate(start.kind, start.draw(rng), earlier=start.earlier)
    except FAILURES as error:
        return _Candidate(start.kind, None, failure=error.with_traceback(None))


def _narrow(
    em: EMMap[D, P, S], candidates: list[_Candidate[P]], plan: Plan, n: float, rng: np.random.Generator
) -> tuple[list[_Candidate[P]], list[_Candidate[P]]]:
    """Halve the field in rounds of short runs until `plan.finish` distinct ones are left."""
    source: BlockSource = em.source.subsample(plan.n_units, rng)
    small = replace(em, source=source)
    n_small = sum(float(block.weights.sum()) for block in source.blocks())
    lost: list[_Candidate[P]] = []
    max_iter = plan.short_iter
    while len(candidates) > plan.finish:
        settings = Settings(plan.short_tol, max_iter, em.fixed, accelerate=True, changes=False)
        short = partial(_advance, small, settings, n_small)
        candidates = list(em.backend.map(short, candidates))
        candidates = ranked(candidates, lambda candidate: candidate.promise, lambda _: AGREEMENT * n_small)
        keep = max(plan.finish, len(candidates) // 2)
        distinct: list[_Candidate[P]] = []
        rest: list[_Candidate[P]] = []
        for candidate in candidates:
            twin = next((other for other in distinct if _same(candidate, other, n_small)), None)
            if twin is not None:
                twin.twins += 1 + candidate.twins
            full = len(distinct) >= keep or candidate.failure is not None
            (rest if twin is not None or full else distinct).append(candidate)
        lost += rest
        if not distinct or len(distinct) == len(candidates):
            return distinct or candidates[:1], lost
        candidates = distinct
        max_iter *= 2
    return candidates, lost


def _same(one: _Candidate[P], other: _Candidate[P], n: float) -> bool:
    return one.params is not None and abs(one.objective - other.objective) <= AGREEMENT * n


def _advance(em: EMMap[D, P, S], settings: Settings, n: float, candidate: _Candidate[P]) -> _Candidate[P]:
    """The candidate after a short run."""
    if candidate.params is None:
        return candidate
    try:
        result: FitResult[Any] = run(em, candidate.params, settings, n)
    except FAILURES as error:
        return _Candidate(candidate.kind, None, failure=error.with_traceback(None))
    return _Candidate(
        candidate.kind,
        result.params,
        result.objective,
        result.objective + _still_to_come(result),
        result.log_likelihood,
        candidate.n_iter + result.n_iter,
        twins=candidate.twins,
    )


def _still_to_come(result: FitResult[Any]) -> float:
    """What a run may yet gain, as far as its last steps tell: slow starts are not cut off for being slow."""
    if len(result.history) < 3:
        return 0.0
    first, second, third = (step.log_likelihood for step in result.history[-3:])
    return min(remaining_gain(first, second, third), FORESIGHT * max(third - second, 0.0))


def _record(candidate: _Candidate[Any]) -> Run:
    failure = None if candidate.failure is None else str(candidate.failure)
    return Run(candidate.kind, candidate.log_likelihood, candidate.n_iter, False, failure)
