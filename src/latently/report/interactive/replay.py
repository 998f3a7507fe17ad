"""A run of EM, step by step, as a page shows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from latently.checks.arrays import Array
from latently.core.array_source import ArraySource
from latently.core.em import Settings, run
from latently.core.exploration import FAILURES
from latently.estimators.likelihood import LikelihoodEstimator
from latently.estimators.likelihood.refits import Refit
from latently.report.interactive.recorder import MOST_FRAMES, Frame, Recorder, Track, thinned
from latently.wording import count, number

N_STARTS = 5
MOST_STEPS = 300
LEAST_TOL = 1e-6
FEWEST_ITERATES = 4  # iterates of a run that is worth looking at
MOST_ROWS = 5_000  # that a run is made on again
EQUAL_WITHIN = 1e-9
SAME_MAXIMUM = 1e-5  # per row: log-likelihoods of runs that ended at one maximum differ by no more


@dataclass(frozen=True)
class Replay:
    """A run of EM, step by step."""

    view: str  # how it is drawn: "scatter", "states" or "topics"
    note: str  # where the run comes from
    iterations: Sequence[int]  # numbers of the steps that are shown
    curve: Sequence[float]  # the log-likelihood, or what stands for it, at each step of the run
    others: Sequence[Sequence[float]]  # the same of runs from other starts
    label: str  # what a component is called
    content: dict[str, Any]  # what the view needs
    objective: str = "log-likelihood"  # what is climbed

    def data(self) -> dict[str, Any]:
        """All of it, to be written into a page."""
        runs = {"curve": _rounded(self.curve), "others": [_rounded(each) for each in self.others]}
        return {**vars(self), **runs}


@dataclass(frozen=True)
class Shown:
    """A run to be shown."""

    frames: list[Frame]  # its steps
    curve: list[float]  # what it climbed
    others: list[list[float]]  # the same of runs from other starts
    note: str  # where it comes from

    @classmethod
    def of(cls, track: Track, others: Iterable[Track], note: str) -> Self:
        """One run of several."""
        rest = [run.values for run in others if run is not track]
        return cls(thinned(track.frames, MOST_FRAMES), track.values, rest, note)

    def replay(
        self, view: str, label: str, content: dict[str, Any], objective: str = "log-likelihood"
    ) -> Replay:
        """As a view shows it."""
        steps = [frame.iteration for frame in self.frames]
        return Replay(view, self.note, steps, self.curve, self.others, label, content, objective)


def recorded(model: Any, last: float) -> tuple[Recorder, Track] | None:
    """The recorder that followed a fit to its end, and the run that ended there."""
    for recorder in model.callbacks or ():
        if isinstance(recorder, Recorder):
            for track in recorder.runs:
                if track.whole and abs(track.last - last) <= EQUAL_WITHIN * (1.0 + abs(last)):
                    return recorder, track
    return None


def shown_run(model: LikelihoodEstimator, source: ArraySource, all_rows: int) -> Shown | None:
    """The run that the fit was recorded on, or one that is made again.

    `source` has the rows that a run is made on again, of `all_rows`. None if no run came further than its
    start.
    """
    found = recorded(model, model.log_likelihood_)
    if found is not None and len(found[1].values) >= FEWEST_ITERATES:
        n_steps = count(len(found[1].values) - 1, "step")
        note = f"This is the run of the fit that was chosen, recorded on the way: {n_steps}."
        return Shown.of(found[1], found[0].runs, note)
    sound: list[Track] = []
    spurious: list[Track] = []
    with model._workers() as workers:
        refit = Refit.of(model, source, workers)
        em, n = replace(refit.em, fixed=tuple(model.fixed)), refit.description.n_observed or 1.0
        settings = Settings(
            max(LEAST_TOL, float(model.tol)), min(MOST_STEPS, int(model.max_iter)), em.fixed, changes=False
        )
        for start in _starts(model, refit, source):
            recorder = Recorder()
            try:
                result = run(em, start, replace(settings, callbacks=[recorder]), n)
            except FAILURES:
                continue
            doubted = em.model.diagnose(result.params, em.source.blocks(), em.fixed)
            (spurious if doubted else sound).append(recorder.best)
    best = max(sound or spurious, key=lambda track: track.last, default=None)
    if best is None or not best.whole:
        return None
    runs = [*sound, *spurious]
    note = _of_another(model, runs, best, n, len(source.row_weights), all_rows, doubted=not sound)
    if sound and any(track.last > best.last for track in spurious):
        note += " Grey runs that end higher are spurious: a component has shrunk onto a few rows."
    return Shown.of(best, runs, note)


def _starts(model: LikelihoodEstimator, refit: Refit, source: ArraySource) -> Iterator[Any]:
    """Starting values: those that were given, or the family's own at random, each from a seed."""
    if model._given():
        yield model._starts(refit.model, refit.description, source, np.random.default_rng(0))[0].draw(
            np.random.default_rng(0)
        )
        return
    latent, K = refit.model.latent, refit.model.n_components
    for seed in range(N_STARTS if K > 1 else 1):
        rng = np.random.default_rng(seed)
        start = refit.model.start(refit.description, rng)
        yield replace(start, latent=latent.dispersed(K, rng))


def _of_another(
    model: LikelihoodEstimator,
    runs: list[Track],
    best: Track,
    n: float,
    n_rows: int,
    all_rows: int,
    *,
    doubted: bool,
) -> str:
    """What is said of a run that was made for the page."""
    start = "one start" if len(runs) == 1 else f"{len(runs)} starts at random"
    start = "the starting values given" if model._given() else start
    this = "This run" if len(runs) == 1 else "The best of them, shown here,"
    where = "" if n_rows == all_rows else f", on {n_rows:,} of the {all_rows:,} rows"
    text = (
        f"The fit itself was not recorded, so plain EM was run again for this replay, from {start}{where}, "
        "without the search and the acceleration of the fit."
    )
    if n_rows < all_rows:
        return f"{text} It ends near the fit, not at it."
    if abs(n - model.n_observed_) > EQUAL_WITHIN * n:
        return f"{text} Rows count once each here, other than in the fit: it ends elsewhere."
    below = model.log_likelihood_ - best.last
    if abs(below) <= SAME_MAXIMUM * n:
        return f"{text} {this} ended where the fit did."
    if doubted:
        return (
            f"{text} {this} ended at a spurious maximum: a component has shrunk onto a few rows. The search "
            "of the fit turns such maxima down."
        )
    if below < 0:
        return (
            f"{text} {this} ended {number(-below, 2)} above the fit, which should be made with more starts."
        )
    return (
        f"{text} {this} ended {number(below, 2)} below the log-likelihood of the fit, whose search found a "
        "higher maximum: starts decide."
    )


def at(model: Any, params: Any) -> Any:
    """The estimator as it was with other parameters."""
    moment = copy(model)
    moment._set_params(model._model, params, model._outcome)
    return moment


def moments(model: LikelihoodEstimator, run: Shown, source: ArraySource) -> tuple[list[Any], list[Array]]:
    """The estimator at each step, labels as in the fit, and the probabilities it gives rows of them."""
    from scipy.optimize import linear_sum_assignment

    fitted, end = (each._posterior(source)[1] for each in (model, at(model, run.frames[-1].params)))
    order = linear_sum_assignment(-(np.nan_to_num(fitted).T @ np.nan_to_num(end)))[1]
    seen = [at(model, model._model.permute(frame.params, order)) for frame in run.frames]
    return seen, [np.nan_to_num(each._posterior(source)[1]) for each in seen]


def _rounded(values: Sequence[float]) -> list[float]:
    """As many digits as a curve needs."""
    return [float(f"{value:.9g}") for value in values]
