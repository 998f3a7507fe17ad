"""A run of EM, step by step, as a page shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from latently.core.blocks import ArraySource
from latently.core.em import Settings, run
from latently.core.exploration import FAILURES
from latently.estimators.likelihood.refits import Refit
from latently.report.interactive.recorder import Frame, Recorder
from latently.wording import count, number

Array = NDArray[np.float64]

STARTS = 5
MOST_STEPS = 300
LEAST_TOL = 1e-6
FEWEST = 4  # iterates of a run that is worth looking at
MOST_ROWS = 5_000  # that a run is made on again
EQUAL = 1e-9
SAME = 1e-5  # per row: log-likelihoods of runs that ended at one maximum differ by no more


@dataclass(frozen=True)
class Replay:
    """A run of EM, step by step.

    Parameters
    ----------
    view : str
        How it is drawn: "scatter", "states" or "topics".
    note : str
        Where the run comes from.
    iterations : sequence of int
        Numbers of the steps that are shown.
    curve : sequence of float
        The log-likelihood, or what stands for it, at each step of the run.
    others : sequence of sequence of float
        The same of runs from other starts.
    label : str
        What a component is called.
    content : dict
        What the view needs.
    objective : str
        What is climbed.
    """

    view: str
    note: str
    iterations: Sequence[int]
    curve: Sequence[float]
    others: Sequence[Sequence[float]]
    label: str
    content: dict[str, Any]
    objective: str = "log-likelihood"

    def data(self) -> dict[str, Any]:
        """All of it, to be written into a page."""
        runs = {"curve": _rounded(self.curve), "others": [_rounded(each) for each in self.others]}
        return {**vars(self), **runs}


@dataclass(frozen=True)
class Shown:
    """A run to be shown.

    Attributes
    ----------
    frames : list of Frame
        Its steps.
    curve : list of float
        What it climbed.
    others : list of list of float
        The same of runs from other starts.
    note : str
        Where it comes from.
    """

    frames: list[Frame]
    curve: list[float]
    others: list[list[float]]
    note: str

    @classmethod
    def of(cls, recorder: Recorder, note: str) -> Self:
        """The best run of those recorded."""
        best = recorder.best
        return cls(
            recorder.frames(), best.values, [run.values for run in recorder.runs if run is not best], note
        )

    def replay(
        self, view: str, label: str, content: dict[str, Any], objective: str = "log-likelihood"
    ) -> Replay:
        """As a view shows it."""
        steps = [frame.iteration for frame in self.frames]
        return Replay(view, self.note, steps, self.curve, self.others, label, content, objective)


def recorded(model: Any, last: float) -> Recorder | None:
    """The recorder that followed a fit to its end."""
    found = (one for one in model.callbacks or () if isinstance(one, Recorder) and one.runs)
    return next((one for one in found if abs(one.best.last - last) <= EQUAL * (1.0 + abs(last))), None)


def shown_run(model: Any, source: ArraySource, all_rows: int) -> Shown | None:
    """The run that the fit was recorded on, or one that is made again.

    Parameters
    ----------
    model : LikelihoodEstimator
        Fitted.
    source : ArraySource
        Rows that a run is made on again.
    all_rows : int
        How many there are in all.

    Returns
    -------
    Shown or None
        None if no run came further than its start.
    """
    found = recorded(model, model.log_likelihood_)
    if found is not None and len(found.best.values) >= FEWEST:
        n_steps = count(len(found.best.values) - 1, "step")
        return Shown.of(found, f"This is the best run of the fit, recorded on the way: {n_steps}.")
    recorder, n_rows = Recorder(), len(source.row_weights)
    with model._workers() as workers:
        refit = Refit.of(model, source, workers)
        em = replace(refit.em, fixed=tuple(model.fixed))
        settings = Settings(
            max(LEAST_TOL, float(model.tol)),
            min(MOST_STEPS, int(model.max_iter)),
            em.fixed,
            [recorder],
            changes=False,
        )
        for start in _starts(model, refit, source):
            try:
                run(em, start, settings, refit.description.n_observed or 1.0)
            except FAILURES:
                continue
    if not recorder.runs or len(recorder.best.values) < 2:
        return None
    return Shown.of(recorder, _of_another(model, recorder, n_rows, all_rows))


def _starts(model: Any, refit: Refit, source: ArraySource) -> Iterator[Any]:
    """Starting values: those that were given, or the family's own at random, each from a seed."""
    if model._given():
        yield model._starts(refit.model, refit.description, source, np.random.default_rng(0))[0].draw(
            np.random.default_rng(0)
        )
        return
    latent, K = refit.model.latent, refit.model.n_components
    for seed in range(STARTS if K > 1 else 1):
        rng = np.random.default_rng(seed)
        start = refit.model.start(refit.description, rng)
        yield replace(start, latent=latent.dispersed(K, rng))


def _of_another(model: Any, recorder: Recorder, n_rows: int, all_rows: int) -> str:
    """What is said of a run that was made for the page."""
    n = len(recorder.runs)
    start = (
        "the starting values given" if model._given() else "one start" if n == 1 else f"{n} starts at random"
    )
    best = "This run" if n == 1 else "The best of them, shown here,"
    where = "" if n_rows == all_rows else f", on {n_rows:,} of the {all_rows:,} rows"
    text = (
        f"The fit itself was not recorded, so plain EM was run again for this replay, from {start}{where}, "
        "without the search and the acceleration of the fit."
    )
    if n_rows < all_rows:
        return f"{text} It ends near the fit, not at it."
    below = model.log_likelihood_ - recorder.best.last
    if abs(below) <= SAME * n_rows:
        return f"{text} {best} ended where the fit did."
    if below < 0:
        return f"{text} {best} ended {number(-below, 2)} above the fit."
    return (
        f"{text} {best} ended {number(below, 2)} below the log-likelihood of the fit, whose "
        "search found a higher maximum: starts decide."
    )


def at(model: Any, params: Any) -> Any:
    """The estimator as it was with other parameters."""
    moment = copy(model)
    moment._set_params(model._model, params, model._outcome)
    return moment


def moments(model: Any, run: Shown, source: ArraySource) -> tuple[list[Any], list[Array]]:
    """The estimator at each step, labels as they are in the fit, and the probabilities it gives rows of them.

    Parameters
    ----------
    model : LikelihoodEstimator
        Fitted.
    run : Shown
        A run, its labels in any order.
    source : ArraySource
        The rows.
    """
    fitted, end = (each._posterior(source)[1] for each in (model, at(model, run.frames[-1].params)))
    order = linear_sum_assignment(-(np.nan_to_num(fitted).T @ np.nan_to_num(end)))[1]
    seen = [at(model, model._model.permute(frame.params, order)) for frame in run.frames]
    return seen, [np.nan_to_num(each._posterior(source)[1]) for each in seen]


def _rounded(values: Sequence[float]) -> list[float]:
    """As many digits as a curve needs."""
    return [float(f"{value:.9g}") for value in values]
