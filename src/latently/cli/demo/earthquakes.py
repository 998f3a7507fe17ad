"""Earthquakes: quiet and restless years, and how late one knows which."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from latently import datasets
from latently.cli.demo.chapter import Chapter, chapter_of
from latently.cli.progress import ShowProgress
from latently.estimators.poisson_hmm import PoissonHMM
from latently.report.fits import in_words
from latently.report.segmentation import SegmentationAnalysis, segmentation_report
from latently.selection.search import select
from latently.wording import count, listed, number

TRIED = range(1, 5)
SEED = 0
COLUMN = "earthquakes"
# Minus log-likelihoods of Zucchini, MacDonald and Langrock (2016), chapter 3.
PUBLISHED = {1: 391.9189, 2: 342.3183, 3: 329.4603}
AHEAD = 3
ABOUT = (
    "Each year there are some earthquakes of magnitude 7 or more in the world, and their numbers vary more "
    "than those of events that know nothing of each other: quiet years come together, and so do restless "
    "ones. How many kinds of years are there, and when did they change?"
)
SHOWN = ("states", "transitions", "emissions", "bic", "residuals")


def large_earthquakes(show: ShowProgress) -> Chapter:
    """Fit Poisson hidden Markov models of some numbers of states, and look closely at the best by BIC."""
    found = datasets.load_earthquakes()
    X = pl.DataFrame(found.data, schema=[COLUMN])
    selection = select(
        PoissonHMM(startprob="stationary", random_state=SEED),
        X,
        {"n_components": list(TRIED)},
        progress=lambda i, n, at: show(i, n, f"earthquakes: {in_words(at, 'state')}"),
    )
    a = SegmentationAnalysis(
        selection.best_,
        X,
        "the earthquakes, 1900 to 2006",
        names=[COLUMN],
        time=found.year,
        time_name="year",
        selection=selection,
        settings={"Seed": str(SEED)},
    )
    report = segmentation_report(a)
    said = [
        f"{int(found.data.sum()):,} earthquakes of magnitude 7 or more in {count(a.n_rows, 'year')}: a mean "
        f"of {number(found.data.mean(), 1)} a year with a variance of {number(found.data.var(ddof=1), 1)}, "
        "where a single Poisson distribution would have both the same.",
        *report.said[1:],
        _restless(a, found.year),
        _published(a),
        _next_years(a, int(found.year[-1])),
    ]
    chapter = chapter_of(report, "earthquakes", "Earthquakes", ABOUT, said, SHOWN)
    return replace(chapter, tables=[report.tables["states"], report.tables["bic"]])


def _restless(a: SegmentationAnalysis, year: np.ndarray) -> str:
    """The years of the state with the highest rate."""
    top = a.n_components - 1
    first = np.flatnonzero(a.begins & (a.path == top))
    ends = [*np.flatnonzero(a.begins)[1:], a.n_rows]
    spans = [(year[t], year[min(e for e in ends if e > t) - 1]) for t in first]
    written = listed(f"{low} to {high}" if high > low else f"{low}" for low, high in spans)
    return f"The most restless years (state {top}) were {written}."


def _published(a: SegmentationAnalysis) -> str:
    """Whether the fits reach the published maxima."""
    assert a.selection is not None
    fits = {row["n_components"]: -row["log_likelihood"] for row in a.selection.table_}
    both = [k for k in fits if k in PUBLISHED]
    apart = max(abs(fits[k] - PUBLISHED[k]) for k in both)
    cells = listed(f"{fits[k]:.4f} ({count(k, 'state')})" for k in both)
    verdict = "as published" if apart < 1e-3 else f"up to {apart:.4f} off those published"
    return (
        f"Minus the log-likelihood is {cells}: {verdict} by Zucchini, MacDonald and Langrock, who settle on "
        "three states, too."
    )


def _next_years(a: SegmentationAnalysis, last: int) -> str:
    ahead = a.model.forecast(a.X, steps=AHEAD).mean[:, 0]
    means = listed(f"{mean:.1f}" for mean in ahead)
    return (
        f"For {last + 1} to {last + AHEAD} the model of all years up to {last} expects {means}: the state of "
        f"{last} at first, then slowly the mean of all."
    )
