"""The loop: one E-step over all blocks, one M-step, until there is nothing left to gain.

The map from params to params is `EMMap`; whatever makes it faster is wrapped round that. `run`
iterates it, keeps its history and guards the one promise EM makes: the objective cannot fall.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic

from latently.core.blocks import Block, BlockSource
from latently.core.convergence import ROUNDING, StoppingRule
from latently.core.errors import FitError, ObjectiveFellError
from latently.core.executors import Executor, SerialExecutor
from latently.core.model import D, Model, P, S
from latently.core.parameters import largest_change
from latently.core.statistics import tree_sum

Callback = Callable[[int, Any, float], Any]
STOPPED = "stopped by a callback"


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
    """

    tol: float = 1e-8
    max_iter: int = 1000
    fixed: Collection[str] = ()
    callbacks: Sequence[Callback] = ()


@dataclass(frozen=True)
class Step:
    """One line of the history: an iterate, and how it differs from the one before."""

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
        One entry for each E-step: the log-likelihood and the largest relative parameter change.
    converged : bool
        Whether the run ended because there was nothing left to gain.
    stop_reason : str
        Why it ended.
    """

    params: P
    log_likelihood: float
    objective: float
    history: tuple[Step, ...]
    converged: bool
    stop_reason: str

    @property
    def n_iter(self) -> int:
        """Number of EM steps; the history has one entry more, for the last E-step."""
        return len(self.history) - 1


@dataclass(frozen=True)
class EMMap(Generic[D, P, S]):
    """EM on some data as a map from params to params.

    Parameters
    ----------
    model : Model
        The model, bound to a description of the data.
    source : BlockSource
        The data.
    executor : Executor
        Who works on the blocks.
    fixed : collection of str
        Names of the parameters that keep their values.
    """

    model: Model[D, P, S]
    source: BlockSource
    executor: Executor = field(default_factory=SerialExecutor)
    fixed: Collection[str] = ()

    def e_step(self, params: P) -> S:
        """Sum the expected statistics of all blocks."""

        def one(block: Block) -> S:
            return self.model.e_step(params, block, self.executor)

        return tree_sum(self.executor.map(one, self.source.blocks()))

    def m_step(self, stats: S, params: P) -> P:
        """Return better params."""
        return self.model.m_step(stats, params, self.fixed)

    def objective(self, stats: S, params: P) -> float:
        """The objective at the params the statistics were taken at."""
        return float(stats.bound) + self.model.log_prior(params)


def describe(model: Model[D, P, S], source: BlockSource, executor: Executor) -> D:
    """Describe all of the data."""
    return tree_sum(executor.map(model.describe, source.blocks()))


def run(em: EMMap[D, P, S], params: P, settings: Settings, n: float) -> FitResult[P]:
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
    objectives: list[float] = []
    history: list[Step] = []
    change = float("inf")
    while True:
        iteration = len(history)
        stats = em.e_step(params)
        objective = em.objective(stats, params)
        if objective != objective:
            raise FitError(f"the objective is not a number at iteration {iteration}")
        objectives.append(objective)
        history.append(Step(float(stats.bound), change))
        magnitude = float(stats.magnitude) + abs(objective - float(stats.bound))
        _guard(objectives, magnitude, em.model)

        stop = [bool(callback(iteration, params, float(stats.bound))) for callback in settings.callbacks]
        if any(stop):
            converged, reason = False, STOPPED
        elif rule.met(objectives, magnitude):
            converged = True
            reason = f"converged: at most {settings.tol:g} per unit of weight still to be gained"
        elif iteration >= settings.max_iter:
            converged, reason = False, f"reached max_iter={settings.max_iter}"
        else:
            better = em.m_step(stats, params)
            change = largest_change(em.model.spaces(params), params, better)
            params = better
            continue
        return FitResult(params, float(stats.bound), objective, tuple(history), converged, reason)


def _guard(objectives: list[float], magnitude: float, model: object) -> None:
    """Law 3: the objective never falls by more than rounding."""
    if len(objectives) > 1 and objectives[-2] - objectives[-1] > ROUNDING * magnitude:
        raise ObjectiveFellError(
            f"the objective fell from {objectives[-2]!r} to {objectives[-1]!r} at iteration "
            f"{len(objectives) - 1}: the E-step and the M-step of {type(model).__name__} do not belong "
            "together; check its m_step against its expected_log_likelihood, or report this as a bug"
        )
