"""The loop: one E-step over all blocks, one M-step, until there is nothing left to gain.

The map from params to params is `EMMap`; whatever makes it faster is wrapped round that. `run`
iterates it, keeps its history and guards the one promise EM makes: the objective cannot fall.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, Protocol

from latently.core.acceleration import Squarem
from latently.core.backends import Backend, SerialBackend
from latently.core.blocks import BlockSource
from latently.core.convergence import ROUNDING, SMALL, Progress, StoppingRule
from latently.core.errors import FitError, ObjectiveFellError, within_range
from latently.core.model import D, Model, P, S
from latently.core.parameters import largest_change
from latently.core.spaces import Spaces

Callback = Callable[[int, Any, float], Any]
STOPPED = "stopped by a callback"
WORTHWHILE = 0.05  # part of the tolerance: a run whose leaps still gain more is not stopped


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
    """

    tol: float = 1e-8
    max_iter: int = 1000
    fixed: Collection[str] = ()
    callbacks: Sequence[Callback] = ()
    accelerate: bool = False
    changes: bool = True


@dataclass(frozen=True)
class Step:
    """One line of the history: an iterate, and how it differs from the one before (NaN if not asked for)."""

    log_likelihood: float
    change: float


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


class StepMap(Protocol[P, S]):
    """What a run needs of a map from params to params."""

    @property
    def model(self) -> Any:
        """The model: its spaces, and how it settles params that were extrapolated."""
        ...

    def e_step(self, params: P) -> S:
        """Return the expected statistics of all data."""
        ...

    def m_step(self, stats: S, params: P) -> P:
        """Return better params."""
        ...

    def objective(self, stats: S, params: P) -> float:
        """The objective at the params the statistics were taken at."""
        ...

    def rounding_scale(self, stats: S, params: P) -> float:
        """Sum of its absolute terms: what its rounding error is relative to."""
        ...


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

    def e_step(self, params: P) -> S:
        """Sum the expected statistics of all blocks."""
        return self.backend.fold(lambda block: self.model.e_step(params, block, self.backend), self.source)

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


def asked_to_stop(callbacks: Sequence[Callback], iteration: int, params: object, value: float) -> bool:
    """Call all callbacks; whether one of them says to stop.

    Raises
    ------
    TypeError
        If one returns what is neither true nor false, such as an array.
    """
    stop = False
    for callback in callbacks:
        answer = callback(iteration, params, value)
        try:
            stop = bool(answer) or stop
        except Exception:
            raise TypeError(
                f"a callback returned a {type(answer).__name__}, which is neither true nor false: let it "
                "return True to stop, or nothing to go on"
            ) from None
    return stop


def describe(model: Model[D, P, S], source: BlockSource, backend: Backend) -> D:
    """Describe all of the data."""
    return backend.fold(model.describe, source)


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
    rule = StoppingRule(settings.tol, n)
    spaces = em.model.spaces(params)  # whose units stay the same in a run
    squarem = Squarem() if settings.accelerate and settings.tol > 0 else None
    here = _evaluate(em, params)
    track = [here]  # the last few iterates, joined by plain steps
    before = rule.resume(earlier, here.objective, here.rounding)
    history = [Step(here.log_likelihood, float("inf"))]
    n_e_steps = 1
    while True:
        iteration = n_e_steps - 1
        objectives = [*before, *(point.objective for point in track)]
        if asked_to_stop(settings.callbacks, iteration, here.params, here.log_likelihood):
            converged, reason = False, STOPPED
        elif (
            not (before and iteration == 0)  # this iterate was counted by the run before
            and rule.met(objectives, here.rounding, squarem.ratio if squarem else 0.0)
            and not (squarem and squarem.gain > WORTHWHILE * settings.tol * n)
        ):
            converged = True
            reason = f"converged: at most {settings.tol:g} per unit of weight still to be gained"
        elif iteration >= settings.max_iter:
            converged, reason = False, f"reached max_iter={settings.max_iter}"
        else:
            plain = em.m_step(here.stats, here.params)
            proposal = None
            if squarem and iteration + 1 < settings.max_iter:
                proposal = _proposal(spaces, squarem, track, plain)
            following = None
            if squarem and proposal is not None:
                following = _leap(em, squarem, here, proposal, SMALL * (abs(here.objective) + n))
            n_e_steps += 1 if proposal is not None else 0
            if following is None:
                following = _evaluate(em, plain)
                n_e_steps += 1
                _guard(here, following, em.model, n_e_steps - 1)
                track = [*track[-3:], following]
            else:
                track, before = [following], []
            change = largest_change(spaces, here.params, following.params) if settings.changes else math.nan
            here = following
            history.append(Step(here.log_likelihood, change))
            continue
        return FitResult(
            here.params,
            here.log_likelihood,
            here.objective,
            tuple(history),
            iteration,
            converged,
            reason,
            here.rounding(),
            rule.progress(objectives),
        )


@dataclass(frozen=True)
class _Point(Generic[P, S]):
    """An iterate and what its E-step says of it."""

    em: StepMap[P, S]
    params: P
    stats: S
    objective: float

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
    return _Point(em, params, stats, objective)


def _proposal(spaces: Spaces, squarem: Squarem, track: list[_Point[P, S]], plain: P) -> P | None:
    """Where the last plain steps are heading, if they are slow and what they head for is feasible."""
    if not squarem.ready([point.objective for point in track]):
        return None
    first, second = track[-2:]
    proposal: P | None = squarem.propose(spaces, first.params, second.params, plain)
    return proposal


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
