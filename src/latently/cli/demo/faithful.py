"""Old Faithful: two kinds of eruption, and why BIC wants three components."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
from scipy.stats import skew

from latently import datasets, plots
from latently.cli.demo.chapter import Chapter, reworded
from latently.cli.progress import ShowProgress
from latently.emissions.gaussian import STRUCTURES
from latently.estimators.gaussian_mixture import GaussianMixture
from latently.report import Figure
from latently.report.fits import bic_figure, in_words
from latently.report.mixture import MixtureAnalysis, mixture_report
from latently.report.mixture.ridge import without_dip
from latently.selection.search import select
from latently.selection.table import Selection
from latently.wording import about, count, number, share

COLUMNS = ["eruption (minutes)", "wait until the next (minutes)"]
TRIED = range(1, 7)
SEED = 0
ABOUT = (
    "The geyser Old Faithful in Yellowstone erupts for one and a half to five minutes, and then rests "
    "for three quarters of an hour to an hour and a half. Nobody has labelled its eruptions. Which kinds are "
    "there?"
)


def old_faithful(show: ShowProgress) -> Chapter:
    """Fit mixtures of every family, and look closely at the best by BIC and at two components."""
    X = pl.DataFrame(datasets.load_faithful().data, schema=COLUMNS)
    grid = {"covariance_type": list(STRUCTURES), "n_components": list(TRIED)}
    selection = select(
        GaussianMixture(random_state=SEED), X, grid, progress=lambda i, n, at: show(i, n, in_words(at))
    )
    best: Any = selection.best_
    pair = GaussianMixture(2, random_state=SEED).fit(X)
    many = MixtureAnalysis(best, X, "Old Faithful", selection=selection, settings={"Seed": str(SEED)})
    two = MixtureAnalysis(pair, X, "Old Faithful")
    said = [
        f"{count(many.n_rows, 'eruption')} of Old Faithful, by {' and '.join(COLUMNS)}.",
        *_verdict(many, two),
    ]
    both = mixture_report(many), mixture_report(two)
    clusters = [one.tables["clusters"] for one in both]
    shown = [*clusters, both[0].tables["bic"]]
    tables = {**both[0].tables, "pair": replace(clusters[1], title=f"Clusters: {_choice(two)}")}
    page = reworded(both[0], ABOUT, said, figures=_figures(many, two, selection), tables=tables)
    return Chapter("Old Faithful", ABOUT, said, {"faithful": page}, shown)


def _verdict(many: MixtureAnalysis, two: MixtureAnalysis) -> list[str]:
    """Both values of BIC, and why the lower need not tell the number of kinds."""
    said = [
        f"BIC is lowest, {many.model.bic():.3f}, for {_choice(many)}; for {_choice(two)} it is "
        f"{two.model.bic():.3f}.",
        "BIC looks for the best density, not for the number of kinds. " + _shape(many, two),
    ]
    for i, j in without_dip(many.model):
        hill = "they are one mode, drawn with two Gaussians"
        said.append(f"Indeed there is no dip in the density between clusters {i} and {j}: {hill}.")
    said.append(
        f"With {many.n_components} components {share(many.n_unsure, many.n_rows)} of the eruptions are less "
        f"than 90% sure to be in their cluster, with two {about(two.n_unsure, two.n_rows)}."
    )
    icl = many.model.icl(many.X), two.model.icl(two.X)
    if icl[1] < icl[0]:
        said.append(
            f"ICL, which also asks that the clusters be told apart, is lower for two: {icl[1]:.1f} against "
            f"{icl[0]:.1f}."
        )
    return said


def _shape(many: MixtureAnalysis, two: MixtureAnalysis) -> str:
    """What one Gaussian cannot say of the long eruptions, and two can."""
    long = int(two.model.means_[:, 0].argmax())
    wide, narrow = two.deviations[long, 0], two.deviations[1 - long, 0]
    lean = skew(two.rows[two.labels == long, 0])
    parameters = many.model.n_parameters_, two.model.n_parameters_
    cost = f"for {parameters[0]} parameters in place of {parameters[1]}"
    return (
        f"Long eruptions vary {number(wide / narrow, 1)} times as much in length as short ones (standard "
        f"deviations {number(wide, 2)} and {number(narrow, 2)} minutes) and have a longer tail on one side "
        f"(skewness {number(lean, 1)}). Two Gaussians that overlap describe such a cluster better than one, "
        f"{'for as many parameters' if parameters[0] == parameters[1] else cost}."
    )


def _choice(a: MixtureAnalysis) -> str:
    return in_words({"covariance_type": a.model.covariance_type, "n_components": a.n_components})


def _figures(many: MixtureAnalysis, two: MixtureAnalysis, selection: Selection) -> list[Figure]:
    classic = GaussianMixture(2, n_init=1, init_params="random", acceleration=None, random_state=SEED)
    classic.fit(two.X)
    climb = Figure(
        "panels",
        lambda axes: plots.mixture_panels(classic, two.X, ax=axes),
        "The eruptions, two components that plain EM found from a start at random, and its climb: the "
        "likelihood rises slowly until the components have parted, and never falls.",
        n_axes=3,
    )
    text = f"Lowest in BIC: {_choice(many)}."
    best = Figure("best", lambda ax: plots.data(many.model, many.X, ax=ax), text)
    pair = Figure("pair", lambda ax: plots.data(two.model, two.X, ax=ax), f"Two kinds: {_choice(two)}.")
    unsure = Figure(
        "uncertainty",
        lambda ax: plots.uncertainty(many.model, many.X, ax=ax),
        "Where the components overlap, labels are close to guesses.",
    )
    return [climb, best, pair, *bic_figure(selection), unsure]
