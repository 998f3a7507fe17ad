"""Many starts, and the best of them finished.

The likelihood of most models has many maxima, and the start decides which one EM climbs to. So a search on a
part of the data looks for the highest (`core.exploration`), and the best it finds are finished on all of
them. A failed run never fails the fit, and a maximum of which the model finds that it is spurious loses to
one that it does not.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from latently.core.callbacks import INTERRUPTED, STOPPED
from latently.core.choices import ranked
from latently.core.em import EMMap, FitResult, Iteration, Settings, run
from latently.core.errors import FitError, ObjectiveFellError, ObjectiveFellWarning, within_range
from latently.core.exploration import (
    AGREEMENT,
    FAILURES,
    Candidate,
    Explorer,
    Hopeless,
    Plan,
    Start,
    drawn,
    failed,
)
from latently.core.findings import Finding
from latently.core.model import D, P, S
from latently.core.moves import Move
from latently.core.parameters import inside
from latently.core.saddles import beyond_saddles
from latently.wording import count


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
    moves : tuple of Move
        What led there beside EM.
    """

    kind: str
    log_likelihood: float | None
    n_iter: int
    finished: bool
    failure: str | None = None
    diagnostics: tuple[Finding, ...] = ()
    moves: tuple[Move, ...] = ()


@dataclass(frozen=True)
class Found:
    """A maximum, and how often it was found.

    Attributes
    ----------
    log_likelihood : float
        Its height, on the data that the search looked at.
    times : int
        How many runs came to it.
    moves : tuple of Move
        What led there the first time, beside EM.
    """

    log_likelihood: float
    times: int
    moves: tuple[Move, ...] = ()
    _params: object = field(default=None, repr=False, compare=False)  # in no file; labels in any order


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
    maxima : tuple of Found
        The maxima that runs came to, the best first and those not to be trusted last.
    """

    runs: tuple[Run, ...]
    n_agreeing: int
    passed_over: tuple[Run, ...]
    rounding: float = 0.0
    maxima: tuple[Found, ...] = ()
    # log-likelihoods at which batches of starts ended, if more would have followed had they been allowed
    _left_open: tuple[float, ...] | None = field(default=None, repr=False, compare=False)  # in no file

    @property
    def unseen(self) -> float:
        """The chance that one more run would have come to a maximum that none came to so far.

        Turing's estimate: the share of the runs whose maximum was found once.

        References
        ----------
        .. [1] Good, I. J. (1953). The population frequencies of species and the estimation of population
           parameters. Biometrika 40, 237-264, section 2.
        """
        times = [found.times for found in self.maxima]
        return sum(n == 1 for n in times) / max(sum(times), 1)

    @property
    def n_failed(self) -> int:
        """How many runs failed."""
        return sum(run.failure is not None for run in self.runs)

    def __str__(self) -> str:
        finished = sum(run.finished for run in self.runs)
        starts = count(len(self.runs), "start")
        text = f"{starts}, {finished} finished, {self.n_agreeing} at the same maximum as the best"
        if self.n_failed:
            text += f", {self.n_failed} failed"
        if self.passed_over:
            best = max(run.log_likelihood or -np.inf for run in self.passed_over)
            text += f"; {len(self.passed_over)} higher but spurious (up to {best:.6g}): "
            text += str(self.passed_over[0].diagnostics[0])
        return text


def search(
    em: EMMap[D, P, S],
    starts: Sequence[Start[P]],
    settings: Settings,
    n: float,
    rng: np.random.Generator,
    plan: Plan | None,
    finish: Callable[..., FitResult[P]] = run,
    arranged: Callable[[P], P] = lambda params: params,
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
    finish : callable
        How runs on all the data are made: `core.em.run`, or what takes its place.
    arranged : callable
        Params with their labels in the order in which diagnostics name them.

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
    if plan is None:
        streams = zip(starts, rng.spawn(len(starts)), strict=True)
        candidates = list(em.backend.map(lambda one: drawn(*one), streams))
        lost: list[Candidate[P]] = []
        enough, partly, left_open, n_small = len(candidates), False, None, n
    else:
        small = replace(em, source=em.source.subsample(plan.n_units, rng).in_memory())
        n_small = sum(float(block.row_weights.sum()) for block in small.source.blocks())
        partly = len(small.source) < len(em.source)
        if partly and plan.hopeless is not None:
            plan = replace(plan, hopeless=_of_all(em, plan.hopeless, n / n_small))
        explorer = Explorer(small, plan, n_small)
        explorer.explore(starts, rng)
        candidates, lost = [maximum.candidate for maximum in explorer.maxima], explorer.lost
        maxima = [
            Found(one.log_likelihood or 0.0, 1 + one.twins, one.moves, one.params) for one in candidates
        ]
        enough = plan.finish if partly else 1
        left_open = explorer.heights if explorer.left_open else None
    ends: list[tuple[FitResult[P], Run, int]] = []
    for i, candidate in enumerate(candidates):
        if candidate.params is None:
            lost.append(candidate)
            continue
        params = candidate.params
        if partly:
            params = inside(params, candidate.begun, em.model.spaces(params))
        try:
            result = finish(em, params, settings, n, candidate.earlier)
        except FAILURES as error:
            lost.append(failed(candidate, error))
            continue
        diagnostics = em.model.diagnose(arranged(result.params), em.source.blocks(), em.fixed)
        record = Run(
            candidate.kind, result.log_likelihood, result.n_iter, True, None, diagnostics, candidate.moves
        )
        ends.append((result, record, 1 + candidate.twins))
        sound = any(not record.diagnostics for _, record, _ in ends)
        if result.stop_reason == STOPPED or (sound and len(ends) >= enough):
            lost += candidates[i + 1 :]
            break
    reasons = [candidate.failure for candidate in lost if candidate.failure]
    fell = [reason for reason in reasons if isinstance(reason, ObjectiveFellError)]
    if not ends:
        what = f"all {len(starts)} runs failed; the first" if len(starts) > 1 else "the run failed"
        raise (ObjectiveFellError if fell else FitError)(f"{what} because {(fell or reasons)[0]}")
    if fell:
        text = f"{len(fell)} of {len(starts)} runs ended: {fell[0]}"
        warnings.warn(text, ObjectiveFellWarning, stacklevel=4)
    ends = ranked(ends, lambda end: end[0].objective, lambda end: end[0].rounding)
    ends.sort(key=lambda end: bool(end[1].diagnostics))
    ends[0] = _beyond_saddles(em, *ends[0], settings, n, arranged)
    best, chosen, _ = ends[0]
    runs = (*(record for _, record, _ in ends), *map(_record, lost))
    agreeing = sum(
        size for result, _, size in ends if abs(result.objective - best.objective) <= AGREEMENT * n
    )
    passed_over = tuple(
        record
        for result, record, _ in ends
        if record.diagnostics and not chosen.diagnostics and result.objective > best.objective + best.rounding
    )
    if plan is None:
        maxima = _maxima(ends, n)
    restarts = Restarts(runs, agreeing, passed_over, best.rounding, tuple(maxima))
    if left_open is not None:
        heights = _seen_of_all(left_open, best.log_likelihood, n / n_small)
        restarts = replace(restarts, _left_open=tuple(heights))
    return best, chosen.diagnostics, restarts


def _of_all(em: EMMap[D, P, S], hopeless: Hopeless, factor: float) -> Hopeless:
    """Whether to look on is in vain, by maxima on a part of the data that is a `factor`-th of them."""

    def on_all(heights: Sequence[float], params: P, _: float) -> bool:
        try:
            with within_range():
                here = em.e_step(params).bound
        except FitError:
            return False
        return hopeless(_seen_of_all(heights, here, factor), params, factor - 1.0)

    return on_all


def _seen_of_all(heights: Sequence[float], best: float, factor: float) -> list[float]:
    """Log-likelihoods of all the data, about, from those of a part and that of the best of these."""
    return [best + factor * (height - max(heights)) for height in heights]


def interrupted(
    em: EMMap[D, P, S], settings: Settings, n: float, arranged: Callable[[P], P]
) -> tuple[FitResult[P], tuple[Finding, ...], Restarts] | None:
    """What a search that was broken off has come to, by its journal; None if no run had begun.

    Where none had on all the data, the best of the others is evaluated on them.
    """
    journal = em.backend.journal
    if journal is None or not journal.keep:
        return None
    ends = [
        at if isinstance(at, FitResult) else Iteration.resumed(em, at.params[-1], settings, n, at).result()
        for at in list(journal.on_whole.values())
    ]
    if not ends and journal.elsewhere is not None:
        ends = [run(em, journal.elsewhere[1], replace(settings, max_iter=0, callbacks=()), n)]
    if not ends:
        return None
    diagnosed = [(end, em.model.diagnose(arranged(end.params), em.source.blocks(), em.fixed)) for end in ends]
    best, diagnostics = max(diagnosed, key=lambda one: (not one[1], one[0].objective))
    best = replace(best, converged=False, stop_reason=INTERRUPTED)
    record = Run(INTERRUPTED, best.log_likelihood, best.n_iter, False, None, diagnostics)
    return best, diagnostics, Restarts((record,), 1, (), best.rounding)


def _beyond_saddles(
    em: EMMap[D, P, S],
    result: FitResult[P],
    record: Run,
    size: int,
    settings: Settings,
    n: float,
    arranged: Callable[[P], P],
) -> tuple[FitResult[P], Run, int]:
    """The chosen run, and on from its end if that is a saddle and what is above it no worse to be trusted."""
    better = beyond_saddles(em, result, settings, n)
    if better is result:
        return result, record, size
    diagnostics = em.model.diagnose(arranged(better.params), em.source.blocks(), em.fixed)
    if diagnostics and not record.diagnostics:
        return result, record, size
    ended = replace(
        record, log_likelihood=better.log_likelihood, n_iter=better.n_iter, diagnostics=diagnostics
    )
    return better, ended, 1


def _record(candidate: Candidate[P]) -> Run:
    failure = None if candidate.failure is None else str(candidate.failure)
    return Run(
        candidate.kind, candidate.log_likelihood, candidate.n_iter, False, failure, (), candidate.moves
    )


def _maxima(ends: list[tuple[FitResult[P], Run, int]], n: float) -> list[Found]:
    """The distinct maxima of runs, in their order."""
    found: list[Found] = []
    for result, _, size in ends:
        if found and abs(found[-1].log_likelihood - result.log_likelihood) <= AGREEMENT * n:
            found[-1] = replace(found[-1], times=found[-1].times + size)
        else:
            found.append(Found(result.log_likelihood, size, _params=result.params))
    return found
