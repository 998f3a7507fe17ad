"""A segmentation on a page: what was found, the pictures, the numbers, how to go on, how it was computed."""

from __future__ import annotations

from collections.abc import Sequence

from latently.estimators import CategoricalHMM, PoissonHMM
from latently.report.figure import Figure
from latently.report.page import (
    Markup,
    Section,
    bullets,
    code,
    definitions,
    figures,
    page,
    paragraph,
    side_by_side,
    table,
    tiles,
    warning,
)
from latently.report.segmentation import tables
from latently.report.segmentation.analysis import SegmentationAnalysis
from latently.report.segmentation.cautions import cautions
from latently.report.segmentation.figures import segmentation_figures
from latently.report.segmentation.findings import findings, headline
from latently.version import __version__
from latently.wording import count, number, share

STARTS = {
    "free": "a distribution of its own",
    "stationary": "the stationary distribution: the series is a piece of something that has long gone on",
    "uniform": "the even distribution",
}
LOADED = """\
import latently

model = latently.load("model.latently")
model.filter(X)       # states by the past alone: for decisions at the time
model.smooth(X)       # states given all rows: for a look back
model.predict(X)      # the likeliest path
"""
AHEAD = """\
model.forecast(X, steps=3).states  # what comes next
"""


def segmentation_page(a: SegmentationAnalysis, pictures: Sequence[Figure] | None = None) -> str:
    """The whole page of one segmentation.

    Parameters
    ----------
    a : SegmentationAnalysis
        The model and how it came about.
    pictures : sequence of Figure, optional
        Those to show. Default: `segmentation_figures`.

    Returns
    -------
    str
        HTML that needs no other file.

    Examples
    --------
    >>> from latently import PoissonHMM, datasets
    >>> from latently.report.segmentation import SegmentationAnalysis
    >>> counts = datasets.load_earthquakes().data
    >>> model = PoissonHMM(2, startprob="stationary", random_state=0).fit(counts)
    >>> html = segmentation_page(SegmentationAnalysis(model, counts, "quakes.csv", ["count"]))
    >>> "2 states in the 107 rows of quakes.csv" in html
    True
    """
    first, *more = findings(a)
    doubts = cautions(a)
    careful = [warning("What to be careful about", doubts)] if doubts else []
    sections = [
        Section("What was found", [_tiles(a), bullets(more), *careful]),
        Section("Pictures", [figures(segmentation_figures(a) if pictures is None else pictures)]),
        Section("Numbers", [numbers(a)]),
        Section("How to go on", _going_on(a)),
        Section("How it was computed", [how(a)]),
    ]
    return page(headline(a), first, sections, f"latently {__version__}")


def _tiles(a: SegmentationAnalysis) -> Markup:
    facts = [
        ("states", f"{a.n_states}"),
        ("rows", f"{a.n_rows:,}"),
        ("changes of state", f"{a.n_changes:,}"),
        ("BIC", number(a.model.bic(), 1)),
        ("rows less than 90% sure", share(a.n_unsure, a.n_rows)),
    ]
    if a.n_sequences > 1:
        facts.insert(2, ("sequences", f"{a.n_sequences:,}"))
    return tiles(facts)


def numbers(a: SegmentationAnalysis) -> Markup:
    """Its tables: states, transitions, BIC."""
    shown = [tables.states(a), tables.transitions(a), tables.bic(a)]
    return side_by_side(table(one) for one in shown if one is not None)


def _going_on(a: SegmentationAnalysis) -> list[Markup]:
    return [
        definitions(
            [
                ("result.csv", "The table, with the state of each row and its probabilities."),
                ("latently predict model.latently new.csv", "The same for a new table."),
                ("model.latently", "The model, to be loaded:"),
            ]
        ),
        code(LOADED + (AHEAD if a.n_sequences == 1 else "")),
        paragraph(
            "X holds the columns of the model in the order of time, NaN (None for symbols) where a cell is "
            "missing; several sequences are a list of such. The page of the documentation on hidden Markov "
            "models says what each verb means, and its page of formulas (from 'Forward and backward' on) how "
            "it is computed."
        ),
    ]


def how(a: SegmentationAnalysis) -> Markup:
    """How it was computed."""
    model = a.model
    facts = [
        ("Software", f"latently {__version__}"),
        ("Model", f"Hidden Markov model, {_emission(a)}, fitted by expectation maximisation"),
        ("First state", f"drawn from {STARTS[model.startprob]}"),
        ("Missing cells", "left out of the likelihood, never filled in; a row without any is a step of time"),
        *a.settings.items(),
        ("Log-likelihood", f"{number(model.log_likelihood_, 6)} with {model.n_parameters_} parameters"),
        ("Why it stopped", f"{model.stop_reason_}, after {count(model.n_iter_, 'step')}"),
        ("Restarts", str(model.restarts_)),
        ("Columns used", ", ".join(a.names)),
    ]
    if a.left_out:
        facts.append(("Columns left out", ", ".join(f"{name} ({why})" for name, why in a.left_out.items())))
    return definitions(facts)


def _emission(a: SegmentationAnalysis) -> str:
    if isinstance(a.model, CategoricalHMM):
        return "categorical in each state"
    if isinstance(a.model, PoissonHMM):
        return "Poisson in each state"
    return f"normal in each state, {a.model.covariance_type} covariances"
