"""From an estimator's settings to a fit and what it leaves: where the surface meets the engine."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from latently.core.em import EMMap, FitResult, Settings, run
from latently.core.errors import SpuriousMaximumWarning
from latently.core.exploration import Hopeless, Plan, Start
from latently.core.findings import Finding, joined
from latently.core.model import D, P, S
from latently.core.restarts import Restarts, Run, interrupted, search
from latently.estimators.inputs import Array
from latently.estimators.progress import progress_bar

MIXTURE_STARTS = 48
MOVABLE = 2  # components, of which a move is a new start


@dataclass(frozen=True)
class Fit:
    """What a fit leaves for an estimator to show."""

    result: FitResult[Any]  # the best run
    diagnostics: tuple[Finding, ...]  # why its maximum should not be trusted
    restarts: Restarts  # the record of all runs
    n_observed: float  # sum of the weights of the rows with any observed cell
    # how the labels were put in order; the statistics of the run are those before. None if they were not
    order: NDArray[np.int64] | None


def fit(
    em: EMMap[D, P, S],
    starts: Sequence[Start[Any]],
    settings: Settings,
    n_observed: float,
    rng: np.random.Generator,
    *,
    arrange: Callable[[P], tuple[P, NDArray[np.int64] | None]],
    plan: Plan | None,
    verbose: int,
    name: str,
    unit: float = 1.0,
    finish: Callable[..., FitResult[Any]] = run,
) -> Fit:
    """Search from the starts, and warn of what the user should know.

    `n_observed` is the weight of the rows with any observed cell, and `unit` what a weight of one stands for
    in the weights that the user gave. `arrange` returns params with their labels in the order in which the
    user will see them, and that order; `finish` makes runs on all the data. Above zero, `verbose` shows a
    progress bar of a `name`.

    Warns with a ConvergenceWarning if the best run reached `max_iter` while `tol` was positive, or the fit
    was interrupted and is to be kept; with an ObjectiveFellWarning if the objective fell in a run: a bug in
    the model, which the run did not survive; with a SpuriousMaximumWarning if the best run rests on a floor
    or on too few rows.
    """
    if em.backend.journal is not None:
        em.backend.journal.begin(em.source)
    with progress_bar(name, verbose, em.source, settings.tol) as show:
        callbacks = [_in_units(callback, unit) for callback in (*settings.callbacks, show)]
        settings = replace(settings, callbacks=callbacks)
        try:
            result, diagnostics, restarts = search(
                em, starts, settings, n_observed, rng, plan, finish, lambda params: arrange(params)[0]
            )
        except KeyboardInterrupt:
            kept = interrupted(em, settings, n_observed, lambda params: arrange(params)[0])
            if kept is None:
                raise
            result, diagnostics, restarts = kept
            assert em.backend.journal  # which kept them
            em.backend.journal.interrupted = True
            warnings.warn(
                f"the fit was interrupted after {result.n_iter} EM steps: it has the best parameters so far",
                ConvergenceWarning,
                stacklevel=4,
            )
    if result.stats is None:  # of a run that ended in an earlier process
        result = replace(result, stats=em.e_step(result.params))
    params, order = arrange(result.params)
    result = replace(result, params=params)
    if not settings.max_iter:
        diagnostics = ()  # starting values are no maximum
    if not result.converged and settings.tol > 0 and 0 < settings.max_iter <= result.n_iter:
        warnings.warn(
            f"EM {result.stop_reason} before the gain still to come fell below tol={settings.tol:g} per row; "
            "increase max_iter or tol",
            ConvergenceWarning,
            stacklevel=4,
        )
    warn_of_spurious(diagnostics, stacklevel=5)
    return _scaled(Fit(result, diagnostics, restarts, n_observed, order), unit)


def warn_of_spurious(diagnostics: Sequence[Finding], stacklevel: int) -> None:
    """Warn of a maximum that should not be trusted, if there is a reason.

    Warns with a SpuriousMaximumWarning with all reasons.
    """
    if diagnostics:
        warnings.warn(
            f"this maximum of the likelihood is spurious: {joined(diagnostics)}. Lower n_components, or "
            "choose a family with fewer parameters or a higher floor",
            SpuriousMaximumWarning,
            stacklevel=stacklevel,
        )


def _in_units(callback: Callable[..., object], unit: float) -> Callable[..., Any]:
    """A callback that sees log-likelihoods by the weights that the user gave."""
    return lambda iteration, params, log_likelihood: callback(iteration, params, unit * log_likelihood)


def _scaled(fitted: Fit, unit: float) -> Fit:
    """A fit with all that sums over rows multiplied."""

    def run_of(run: Run) -> Run:
        return run if run.log_likelihood is None else replace(run, log_likelihood=unit * run.log_likelihood)

    result, restarts = fitted.result, fitted.restarts
    history = [replace(step, log_likelihood=unit * step.log_likelihood) for step in result.history]
    result = replace(
        result,
        log_likelihood=unit * result.log_likelihood,
        objective=unit * result.objective,
        rounding=unit * result.rounding,
        history=tuple(history),
    )
    runs, passed_over = tuple(map(run_of, restarts.runs)), tuple(map(run_of, restarts.passed_over))
    maxima = tuple(replace(one, log_likelihood=unit * one.log_likelihood) for one in restarts.maxima)
    heights = restarts._left_open and tuple(unit * height for height in restarts._left_open)
    restarts = Restarts(runs, restarts.n_agreeing, passed_over, result.rounding, maxima, heights)
    return replace(fitted, result=result, restarts=restarts, n_observed=unit * fitted.n_observed)


def make_plan(
    n_init: int | str,
    search: str,
    n_components: int,
    n_starts: int,
    max_iter: int,
    n_units: int,
    finish: int = 3,
    agreeing: int = 2,
    hopeless: Hopeless | None = None,
    *,
    brief: bool = False,
) -> Plan | None:
    """The plan that `n_init` and `search` ask for; None finishes every start, and no more.

    "auto" takes starts batch by batch until the best maximum has been found often enough; an integer is a
    number of starts. Where there are to be no steps, all starting values are looked at as they are. `finish`
    runs are made on all the data, and so many batches should agree, unless it is `hopeless` to look on. A
    `brief` search is left open after so many batches, and its best run alone is made on all the data.
    """
    if max_iter == 0 or (n_starts == 1 and search != "moves"):
        return None
    if n_init == "auto":
        moves = search != "starts" and n_components > MOVABLE
        plan = Plan(n_units=n_units, finish=finish, agreeing=agreeing, hopeless=hopeless)
        plan = replace(plan, finish=1, most_batches=agreeing) if brief else plan
        return plan if moves else replace(plan, moves=False, agreeing=4, unanimous=8)
    if search != "moves":
        return None
    return Plan(1, n_units=n_units, finish=finish, agreeing=n_starts + 1, unanimous=n_starts)


def n_starts(n_init: int | str) -> int:
    """How many starts `n_init` asks for."""
    return MIXTURE_STARTS if n_init == "auto" else int(n_init)


@dataclass(frozen=True)
class Outcome:
    """What a fit leaves: each field or property is an attribute of that name and an underscore."""

    log_likelihood: float
    log_likelihood_history: Array
    converged: bool
    stop_reason: str
    n_iter: int
    restarts: Restarts
    n_observed: float
    diagnostics: tuple[Finding, ...] = ()
    dtype: Literal["float32", "float64"] = "float64"  # of the data, in which parameters are shown
    parameter_change_history: Array | None = None
    profile_errors: Array | None = None  # of latent classes

    @classmethod
    def of(cls, fitted: Fit, diagnostics: tuple[Finding, ...] = (), dtype: Any = "float64") -> Self:
        """The record of a fit."""
        result = fitted.result
        return cls(
            log_likelihood=result.log_likelihood,
            log_likelihood_history=np.array([step.log_likelihood for step in result.history]),
            converged=result.converged,
            stop_reason=result.stop_reason,
            n_iter=result.n_iter,
            restarts=fitted.restarts,
            n_observed=fitted.n_observed,
            diagnostics=(*fitted.diagnostics, *diagnostics),
            dtype=dtype,
            parameter_change_history=np.array([step.change for step in result.history]),
        )

    @property
    def lower_bound(self) -> float:
        """Log-likelihood per observed row."""
        return self.log_likelihood / self.n_observed

    @property
    def lower_bounds(self) -> list[float]:
        """The same at each iterate."""
        history: list[float] = (self.log_likelihood_history / self.n_observed).tolist()
        return history

    def check(self) -> None:
        """Refuse a record that is not whole."""
        history, changes = self.log_likelihood_history, self.parameter_change_history
        numbers = [self.log_likelihood, self.n_observed, *history.flat]
        whole = changes is None or (changes.shape == history.shape and not np.isnan(changes).any())
        if history.ndim != 1 or not whole or not np.isfinite(numbers).all():
            raise ValueError(
                "the record of its fit is not whole: histories differ in length or are not finite"
            )
