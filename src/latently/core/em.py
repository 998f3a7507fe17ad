"""The loop: one E-step over all blocks, one M-step, until there is nothing left to gain.

The map from params to params is `EMMap`; whatever makes it faster is wrapped round that. `run`
iterates it, keeps its history and guards the one promise EM makes: the objective cannot fall.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, Generic, Self

from latently.core.acceleration import Squarem
from latently.core.backends import Backend, SerialBackend
from latently.core.blocks import Block, BlockSource
from latently.core.callbacks import STOPPED, Callback, asked_to_stop
from latently.core.convergence import MAYBE_ROUNDING, ROUNDING, Progress, StoppingRule
from latently.core.errors import FitError, ObjectiveFellError, within_range
from latently.core.journal import RunState, Step
from latently.core.model import D, Model, P, S, StepMap
from latently.core.parameters import largest_change
from latently.core.spaces import Spaces

WORTHWHILE = 0.05  # part of the tolerance: a run whose leaps still gain more is not stopped
PACE = 5  # steps that tell how fast a run is
FARTHEST = 50  # steps at that pace to where a run has to get, beyond which it does not get there
IN_VAIN = "too slow for what it had to reach"


@dataclass(frozen=True)
class Settings:
    """How a run is made.

    Parameters
    ----------
    tol : float
        Gain still to come, per unit of weight, at which the run stops; 0 means exactly `max_iter` steps.
    max_iter : int
        Most EM steps.
    fixed : collection of str
        Names of the parameters that keep their starting values.
    callbacks : sequence of callable
        Each is called as ``callback(iteration, params, log_likelihood)`` after every E-step; True stops.
    accelerate : bool
        Whether SQUAREM may step in where progress is slow and linear. Never if `tol` is 0.
    changes : bool
        Whether the history says how far the parameters moved.
    to_reach : float or None
        Log-likelihood without which the run is in vain: it ends where its pace is too slow for that.
    """

    tol: float = 1e-8
    max_iter: int = 1000
    fixed: Collection[str] = ()
    callbacks: Sequence[Callback] = ()
    accelerate: bool = False
    changes: bool = True
    to_reach: float | None = None

    def in_vain(self, history: Sequence[Step]) -> bool:
        """Whether the last steps say that it would take too many to get where the run has to."""
        if self.to_reach is None or len(history) <= PACE:
            return False
        here, before = history[-1].log_likelihood, history[-1 - PACE].log_likelihood
        return self.to_reach - here > FARTHEST * max(here - before, 0.0) / PACE


@dataclass(frozen=True)
class FitResult(Generic[P]):
    """Where a run ended.

    Attributes
    ----------
    params : object
        The parameters.
    log_likelihood : float
        Theirs, from an E-step of their own.
    objective : float
        The log-likelihood (or bound) plus the log prior.
    history : tuple of Step
        One entry for each iterate: its log-likelihood and the largest relative parameter change to it.
    n_iter : int
        EM steps: the E-steps after the first one, those at proposals that were rejected included.
    converged : bool
        Whether the run ended because there was nothing left to gain.
    stop_reason : str
        Why it ended.
    rounding : float
        Objectives that differ by no more are equal for all that can be known.
    progress : Progress
        What a run that goes on from here needs to stop as one run would.
    stats : object
        Of the params; None if they were not kept.
    """

    params: P
    log_likelihood: float
    objective: float
    history: tuple[Step, ...]
    n_iter: int
    converged: bool
    stop_reason: str
    rounding: float
    progress: Progress
    stats: Any = None


@dataclass(frozen=True)
class EMMap(Generic[D, P, S]):
    """EM on some data as a map from params to params.

    Parameters
    ----------
    model : Model
        The model, bound to a description of the data.
    source : BlockSource
        The data.
    backend : Backend
        Who works on the blocks.
    fixed : collection of str
        Names of the parameters that keep their values.
    """

    model: Model[D, P, S]
    source: BlockSource
    backend: Backend = field(default_factory=SerialBackend)
    fixed: Collection[str] = ()

    def remembered(self) -> None:
        """Nothing."""

    def remember(self, memories: object) -> None:
        """Nothing."""

    def e_step(self, params: P) -> S:
        """Sum the expected statistics of all blocks."""
        return self.backend.fold(partial(self.model.e_step, params), self.source)

    def m_step(self, stats: S, params: P) -> P:
        """Return better params."""
        return self.model.m_step(stats, params, self.fixed)

    def objective(self, stats: S, params: P) -> float:
        """The objective at the params the statistics were taken at."""
        return float(stats.bound) + self.model.log_prior(params)

    def rounding_scale(self, stats: S, params: P) -> float:
        """Sum of its absolute terms, those that cancel within the terms of the bound included."""
        inner = self.model.inner_terms(stats, params)
        return float(stats.rounding_scale) + inner + abs(self.model.log_prior(params))


def describe(model: Model[D, P, S], source: BlockSource, backend: Backend) -> D:
    """Describe all of the data."""
    return backend.fold(partial(_described, model), source)


def _described(model: Model[D, P, S], block: Block, backend: Backend) -> D:
    return model.describe(block)


@within_range()
def run(
    em: StepMap[P, S], params: P, settings: Settings, n: float, earlier: Progress | None = None
) -> FitResult[P]:
    """Iterate EM from given params.

    Parameters
    ----------
    em : EMMap
        The map.
    params : object
        Starting values.
    settings : Settings
        Tolerance, limits, callbacks.
    n : float
        Sum of the weights: what `tol` is per unit of.
    earlier : Progress, optional
        Of the run that ended at these starting values, if there was one.

    Returns
    -------
    FitResult
        With the log-likelihood of the params it holds, from a final E-step.

    Raises
    ------
    FitError
        If the run cannot go on: a singular covariance, an impossible observation.
    ObjectiveFellError
        If the objective fell by more than 64 eps times the sum of its absolute terms.
    """
    journal = em.backend.journal
    key, found = journal.find(em, params, settings, n, earlier) if journal else ("", None)
    if isinstance(found, FitResult):
        return found
    if isinstance(found, RunState):
        now, ended = Iteration.resumed(em, params, settings, n, found), None
    else:
        now = Iteration.begun(em, params, settings, n, earlier)
        ended = now.ended()
    while ended is None:
        if journal:
            journal.note(key, em, now.state(), now.objectives[-1], now.track[-1].params)
        now.go_on()
        ended = now.ended()
    result = now.result(*ended)
    if journal:
        journal.note(key, em, replace(result, stats=None), result.objective, result.params)
    return result


@dataclass
class Iteration(Generic[P, S]):
    """A run between two steps."""

    em: StepMap[P, S]
    settings: Settings
    n: float
    first: P  # where it began
    track: list[_Point[P, S]]  # the last few iterates, joined by plain steps
    objectives: list[float]  # theirs, after those of an earlier run that ended where this one began
    history: list[Step]
    n_e_steps: int
    rule: StoppingRule
    squarem: Squarem | None

    @classmethod
    def begun(
        cls, em: StepMap[P, S], params: P, settings: Settings, n: float, earlier: Progress | None
    ) -> Self:
        """A run at its start."""
        rule, here = StoppingRule(settings.tol, n), _evaluate(em, params)
        squarem = Squarem() if settings.accelerate and settings.tol > 0 else None
        objectives = [*rule.resume(earlier, here.objective, here.rounding), here.objective]
        history = [Step(here.log_likelihood, float("inf"))]
        return cls(em, settings, n, params, [here], objectives, history, 1, rule, squarem)

    @classmethod
    def resumed(cls, em: StepMap[P, S], params: P, settings: Settings, n: float, state: RunState) -> Self:
        """A run from given params where it was."""
        rule = StoppingRule(settings.tol, n)
        rule.go_on(state.progress)
        em.remember(state.memories)
        objectives, history, squarem = list(state.objectives), list(state.history), copy(state.squarem)
        track = [_Point(em, *one) for one in zip(state.params, objectives[-len(state.params) :], strict=True)]
        track[-1] = replace(track[-1], stats=state.stats)
        return cls(em, settings, n, params, track, objectives, history, state.n_e_steps, rule, squarem)

    @cached_property
    def spaces(self) -> Spaces:
        """Where the parameters live; the units stay the same in a run."""
        found: Spaces = self.em.model.spaces(self.first)
        return found

    def state(self) -> RunState:
        """All that it takes to resume it."""
        return RunState(
            tuple(point.params for point in self.track),
            tuple(self.objectives),
            self.track[-1].stats,
            tuple(self.history),
            self.n_e_steps,
            self.rule.progress(self.objectives),
            copy(self.squarem),
            self.em.remembered(),
        )

    def ended(self) -> tuple[bool, str] | None:
        """Whether it converged and why it ends, if it ends here."""
        settings, here, iteration = self.settings, self.track[-1], self.n_e_steps - 1
        if asked_to_stop(settings.callbacks, iteration, here.params, self.history[-1].log_likelihood):
            return False, STOPPED
        counted = iteration == 0 and len(self.objectives) > 1  # by the run before
        ratio, gain = (self.squarem.ratio, self.squarem.gain) if self.squarem else (0.0, 0.0)
        met = not counted and self.rule.met(self.objectives, here.rounding, ratio)
        if met and gain <= WORTHWHILE * settings.tol * self.n:
            return True, f"converged: at most {settings.tol:g} per unit of weight still to be gained"
        if iteration >= settings.max_iter:
            return False, f"reached max_iter={settings.max_iter}"
        return (False, IN_VAIN) if settings.in_vain(self.history) else None

    def go_on(self) -> None:
        """Take a step: where it leaps, and that leads nowhere, a plain one after it."""
        em, here, squarem = self.em, self.track[-1], self.squarem
        plain = em.m_step(here.stats, here.params)
        proposal = following = None
        if squarem and self.n_e_steps < self.settings.max_iter:
            proposal = self._proposal(squarem, plain)
        if squarem and proposal is not None:
            following = _leap(em, squarem, here, proposal, MAYBE_ROUNDING * (abs(here.objective) + self.n))
            self.n_e_steps += 1
        if following is None:
            following = _evaluate(em, plain)
            self.n_e_steps += 1
            if following.objective < here.objective:
                _guard(here, following, em.model, self.n_e_steps - 1)
            self.track = [*self.track[-3:], following]
            self.objectives = [*self.objectives[-5:], following.objective]
        else:
            self.track, self.objectives = [following], [following.objective]
        changes = self.settings.changes
        change = largest_change(self.spaces, here.params, following.params) if changes else math.nan
        self.history.append(Step(following.log_likelihood, change))

    def _proposal(self, squarem: Squarem, plain: P) -> P | None:
        """Where the last plain steps are heading, if they are slow and what they head for is feasible."""
        if not squarem.ready(self.objectives[-len(self.track) :]):
            return None
        first, second = self.track[-2:]
        proposal: P | None = squarem.propose(self.spaces, first.params, second.params, plain)
        return proposal

    def result(self, converged: bool = False, reason: str = "") -> FitResult[P]:
        """What it has come to."""
        here = self.track[-1]
        return FitResult(
            here.params,
            self.history[-1].log_likelihood,
            here.objective,
            tuple(self.history),
            self.n_e_steps - 1,
            converged,
            reason,
            here.rounding(),
            self.rule.progress(self.objectives),
            here.stats,
        )


@dataclass(eq=False)  # frozen, each would take a microsecond to make
class _Point(Generic[P, S]):
    """An iterate and what its E-step says of it."""

    em: StepMap[P, S]
    params: P
    objective: float
    stats: Any = None  # of type S, where they are still needed

    @property
    def log_likelihood(self) -> float:
        return float(self.stats.bound)

    def rounding(self) -> float:
        """What rounding can do to the objective: asked for only where a difference is small or negative."""
        return ROUNDING * self._rounding_scale

    @cached_property
    def _rounding_scale(self) -> float:
        return self.em.rounding_scale(self.stats, self.params)


def _evaluate(em: StepMap[P, S], params: P) -> _Point[P, S]:
    stats = em.e_step(params)
    objective = em.objective(stats, params)
    if objective != objective:
        raise FitError("the objective is not a number")
    return _Point(em, params, objective, stats)


def _leap(
    em: StepMap[P, S], squarem: Squarem, here: _Point[P, S], proposal: P, clear: float
) -> _Point[P, S] | None:
    """The proposed iterate with its E-step, unless it gains no more than rounding, which `clear` is not."""
    try:
        point = _evaluate(em, em.model.projected(proposal))
    except FitError:
        point = None
    if point is None or not (point.objective - here.objective > clear or _gains(here, point)):
        squarem.rejected()
        return None
    squarem.accepted(point.objective - here.objective)
    return point


def _gains(before: _Point[P, S], after: _Point[P, S]) -> bool:
    """Whether the objective rose by more than rounding."""
    gain = after.objective - before.objective
    return gain > 0.0 and gain > max(before.rounding(), after.rounding())


def _guard(before: _Point[P, S], after: _Point[P, S], model: object, iteration: int) -> None:
    """Law 3: the objective never falls by more than rounding."""
    if _gains(after, before):
        raise ObjectiveFellError(
            f"the objective fell from {before.objective!r} to {after.objective!r} at iteration {iteration}: "
            f"the E-step and the M-step of {type(model).__name__} do not belong together; check its m_step "
            "against its expected_log_likelihood, or report this as a bug"
        )
