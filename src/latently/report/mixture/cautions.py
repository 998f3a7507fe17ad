"""What to be careful about: each doubt is a function that returns what it has to say."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from latently.core.findings import grave, joined
from latently.report.mixture.analysis import MixtureAnalysis
from latently.report.mixture.findings import in_words
from latently.report.mixture.ridge import without_dip
from latently.wording import count, listed, number, sentence, share

MUCH_UNSURE = 0.2
FEWEST_ROWS = 10
ROWS_PER_COLUMN = 4


def cautions(a: MixtureAnalysis) -> list[str]:
    """All that there is to say, as sentences, the gravest first."""
    doubts = (
        _doubtful,
        _not_converged,
        _edge,
        _higher_but_spurious,
        _small,
        _no_dip,
        _unsure,
        _empty_rows,
        _lonely,
        _failed,
    )
    return [sentence(text) for text in (*a.notes, *(text for doubt in doubts for text in doubt(a)))]


def _doubtful(a: MixtureAnalysis) -> Iterator[str]:
    if grave(a.mixture.diagnostics_):
        yield (
            f"this maximum of the likelihood is spurious: {joined(grave(a.mixture.diagnostics_))}. Ask for "
            "fewer components or a covariance type with fewer parameters"
        )


def _not_converged(a: MixtureAnalysis) -> Iterator[str]:
    if not a.mixture.converged_:
        yield f"EM had not converged: it {a.mixture.stop_reason_}. The numbers would still move"


def _edge(a: MixtureAnalysis) -> Iterator[str]:
    """The best number of components is the last of those tried, on either side."""
    if a.selection is None or a.selection.edge_ is None:
        return
    tried = sorted({row["n_components"] for row in a.selection.table_})
    if a.n_clusters < tried[-1]:
        yield (
            f"the best number of components, {a.n_clusters}, is the smallest that was tried: try fewer, "
            f"for example 1:{tried[-1]}"
        )
    else:
        yield (
            f"the best number of components, {a.n_clusters}, is the largest that was tried: try more, "
            f"for example {tried[0]}:{2 * tried[-1]}"
        )


def _higher_but_spurious(a: MixtureAnalysis) -> Iterator[str]:
    passed_over = a.mixture.restarts_.passed_over
    if passed_over:
        was = "maximum was" if len(passed_over) == 1 else "maxima were"
        yield (
            f"{len(passed_over)} higher but spurious {was} passed over ({passed_over[0].diagnostics[0]}): "
            "such a maximum describes a few rows, not the data"
        )
    if a.selection is None:
        return
    lower = [row for row in a.selection.table_ if grave(row["diagnostics"]) and row["bic"] < a.mixture.bic()]
    if lower and not grave(a.mixture.diagnostics_):
        first = min(lower, key=lambda row: row["bic"])
        yield (
            f"{in_words(first)} has a lower BIC, {number(first['bic'], 1)}, and was not chosen, because its "
            f"maximum is spurious: {grave(first['diagnostics'])[0]}"
        )


def _small(a: MixtureAnalysis) -> Iterator[str]:
    """Clusters of few rows, or of few for a covariance matrix of their own."""
    rows = np.round(a.mixture.weights_ * a.n_rows).astype(int)
    matrix = a.mixture.covariance_type == "full"
    fewest = max(FEWEST_ROWS, ROWS_PER_COLUMN * len(a.names)) if matrix else FEWEST_ROWS
    small = np.flatnonzero(rows < fewest)
    if not len(small):
        return
    who = f"cluster {small[0]} rests" if len(small) == 1 else f"clusters {listed(map(str, small))} rest"
    sizes = listed(f"{n:,}" for n in rows[small])
    what = "means and covariances" if matrix else "means and spreads"
    yield f"{who} on about {sizes} rows: too few for {what} to be more than rough guesses"


def _no_dip(a: MixtureAnalysis) -> Iterator[str]:
    pairs = without_dip(a.mixture)
    if pairs:
        between = listed(f"{i} and {j}" for i, j in pairs[:3])
        more = f" (and {len(pairs) - 3} more pairs)" if len(pairs) > 3 else ""
        yield (
            f"between clusters {between}{more} the density has no dip to speak of: they may be parts of one "
            "cluster that is not Gaussian. BIC looks for the best density, not for the number of kinds"
        )


def _unsure(a: MixtureAnalysis) -> Iterator[str]:
    if a.n_unsure > MUCH_UNSURE * a.n_rows:
        yield (
            f"{share(a.n_unsure, a.n_rows)} of the rows are less than 90% sure: the clusters overlap, and "
            "the labels of these rows are close to guesses"
        )


def _empty_rows(a: MixtureAnalysis) -> Iterator[str]:
    if a.n_empty_rows:
        lack, go, add = ("lacks", "goes", "adds") if a.n_empty_rows == 1 else ("lack", "go", "add")
        yield (
            f"{count(a.n_empty_rows, 'row')} {lack} all of the columns used: for want of anything else, it "
            f"{go} to the largest cluster, and {add} nothing to the fit"
        ).replace(" it go ", " they go ")


def _lonely(a: MixtureAnalysis) -> Iterator[str]:
    """Only one of many starts found the maximum."""
    restarts = a.mixture.restarts_
    if restarts.n_agreeing == 1 and len(restarts.runs) > 1:
        yield (
            f"only one of {len(restarts.runs)} starts reached this maximum, so there may be a higher one: "
            "try another seed and compare the log-likelihoods"
        )


def _failed(a: MixtureAnalysis) -> Iterator[str]:
    failures = [] if a.selection is None else [row for row in a.selection.table_ if row["failure"]]
    if failures:
        first = failures[0]
        yield (
            f"{count(len(failures), 'fit')} failed, the first ({in_words(first)}) because {first['failure']}"
        )
