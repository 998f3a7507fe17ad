"""A mixture on a page: what was found, the pictures, the numbers, the doubts, and how it was computed."""

from __future__ import annotations

from collections.abc import Sequence

from latently.report.figure import Figure
from latently.report.mixture import tables
from latently.report.mixture.analysis import MixtureAnalysis
from latently.report.mixture.cautions import cautions
from latently.report.mixture.figures import mixture_figures
from latently.report.mixture.findings import findings, headline
from latently.report.page import (
    Markup,
    Section,
    bullets,
    definitions,
    figures,
    page,
    side_by_side,
    table,
    tiles,
    warning,
)
from latently.version import __version__
from latently.wording import count, number, share


def mixture_page(a: MixtureAnalysis, pictures: Sequence[Figure] | None = None) -> str:
    """The whole page of one mixture.

    Parameters
    ----------
    a : MixtureAnalysis
        The mixture and how it came about.
    pictures : sequence of Figure, optional
        Those to show. Default: `mixture_figures`.

    Returns
    -------
    str
        HTML that needs no other file.

    Examples
    --------
    >>> from latently import GaussianMixture, datasets
    >>> X = datasets.load_faithful().data
    >>> mixture = GaussianMixture(2, random_state=0).fit(X)
    >>> html = mixture_page(MixtureAnalysis(mixture, X, "faithful.csv"))
    >>> "2 clusters in the 272 rows of faithful.csv" in html
    True
    """
    first, *more = findings(a)
    doubts = cautions(a)
    careful = [warning("What to be careful about", doubts)] if doubts else []
    sections = [
        Section("What was found", [_tiles(a), bullets(more), *careful]),
        Section("Pictures", [figures(mixture_figures(a) if pictures is None else pictures)]),
        Section("Numbers", [numbers(a)]),
        Section("How it was computed", [how(a)]),
    ]
    return page(headline(a), first, sections, f"latently {__version__}")


def _tiles(a: MixtureAnalysis) -> Markup:
    facts = [
        ("clusters", f"{a.n_clusters}"),
        ("rows", f"{a.n_rows:,}"),
        ("columns used", f"{len(a.names)}"),
        ("BIC", number(a.mixture.bic(), 1)),
        ("rows less than 90% sure", share(a.n_unsure, a.n_rows)),
    ]
    if a.agreement is not None:
        facts.append(("adjusted Rand index", number(a.agreement.adjusted_rand, 3)))
    return tiles(facts)


def numbers(a: MixtureAnalysis) -> Markup:
    """Its tables: clusters, BIC, correlations, truth."""
    shown = [tables.clusters(a), tables.bic(a), tables.correlations(a), tables.truth(a)]
    return side_by_side(table(one) for one in shown if one is not None)


def how(a: MixtureAnalysis) -> Markup:
    """How it was computed."""
    mixture = a.mixture
    facts = [
        ("Software", f"latently {__version__}"),
        (
            "Model",
            f"Gaussian mixture, {mixture.covariance_type} covariances, fitted by expectation maximisation",
        ),
        *a.settings.items(),
        ("Log-likelihood", f"{number(mixture.log_likelihood_, 6)} with {mixture.n_parameters_} parameters"),
        ("Why it stopped", f"{mixture.stop_reason_}, after {count(mixture.n_iter_, 'step')}"),
        ("Restarts", str(mixture.restarts_)),
        ("Columns used", ", ".join(a.names)),
    ]
    if a.left_out:
        facts.append(("Columns left out", ", ".join(f"{name} ({why})" for name, why in a.left_out.items())))
    return definitions(facts)
