"""What was found, in words."""

from __future__ import annotations

import numpy as np

from latently.core.findings import grave
from latently.report.mixture.analysis import MixtureAnalysis
from latently.wording import count, decimals, listed, number, share

STANDS_OUT = 0.5
MOST_NAMED = 3
MOST_LISTED = 8
STRONG = 10.0
FAMILIES = {
    "full": "Each cluster has a shape of its own",
    "tied": "All clusters have one shape",
    "diag": "Each cluster has spreads of its own, and no correlations",
    "spherical": "Each cluster is round",
}


def headline(a: MixtureAnalysis) -> str:
    """The first sentence."""
    clusters = count(a.n_clusters, "cluster")
    return f"{clusters} in the {count(a.n_rows, 'row')} of {a.source}"


def findings(a: MixtureAnalysis) -> list[str]:
    """Sentences, the most important first."""
    said = [_kind(a)]
    if a.n_clusters > 1:
        said += [_cluster(a, k) for k in range(a.n_clusters)]
        said.append(_certainty(a))
    if a.n_missing:
        said.append(_missing(a))
    if a.selection is not None and len(a.selection.table_) > 1:
        said.append(_choice(a))
    if a.agreement is not None and a.truth is not None:
        said.append(_agreement(a))
    return said


def _kind(a: MixtureAnalysis) -> str:
    """By which columns, and of which shape."""
    columns = f"{count(len(a.names), 'column')}"
    columns += f": {listed(a.names)}" if len(a.names) <= MOST_LISTED else ""
    if a.n_clusters == 1:
        return f"One Gaussian describes all rows. Seen by {columns}."
    kind = a.mixture.covariance_type
    return f"Told apart by {columns}. {FAMILIES[kind]} ({kind} covariances)."


def _cluster(a: MixtureAnalysis, k: int) -> str:
    """The size of a cluster, and the features in which it stands out."""
    far = a.standing_out[k]
    order = np.argsort(-np.abs(far), kind="stable")
    told = [int(j) for j in order if abs(far[j]) >= STANDS_OUT][:MOST_NAMED]
    means = a.mixture.means_[k]
    words = [
        f"{'high' if far[j] > 0 else 'low'} {a.names[j]} ({number(means[j], decimals(a.deviations[:, j]))})"
        for j in told
    ]
    about = listed(words) if words else "near the middle in every column"
    return f"Cluster {k} holds {count(a.sizes[k], 'row')} ({share(a.sizes[k], a.n_rows)}): {about}."


def _certainty(a: MixtureAnalysis) -> str:
    if not a.n_unsure:
        return "Every row is at least 90% sure to be in its cluster."
    be, their = ("is", "its") if a.n_unsure == 1 else ("are", "their")
    unsure = f"{count(a.n_unsure, 'row')} ({share(a.n_unsure, a.n_rows)})"
    return f"{unsure} {be} less than 90% sure to be in {their} cluster."


def _missing(a: MixtureAnalysis) -> str:
    """How much was not there, and what became of it."""
    holes = f"{count(a.n_missing, 'cell')} of {a.missing.size:,}"
    rows = f"{count(a.n_holed_rows, 'row')} ({share(a.n_holed_rows, a.n_rows)})"
    be, lacks, counts, has = (
        ("is", "lacks it", "counts", "it has")
        if a.n_missing == 1
        else ("are", "lack some", "count", "they have")
    )
    if a.n_missing > 1 and a.n_holed_rows == 1:
        lacks, counts, has = "lacks some", "counts", "it has"
    return f"{holes} {be} missing: {rows} {lacks} and {counts} with the cells {has}. Nothing was filled in."


def _choice(a: MixtureAnalysis) -> str:
    """How clearly BIC chose."""
    assert a.selection is not None
    best = a.selection.best_params_
    rivals = [row for i, row in enumerate(a.selection.table_) if i != a.selection.best_index_]
    others = [row for row in rivals if not row["failure"] and not grave(row["diagnostics"])]
    among = count(len(a.selection.table_), "fit")
    chosen = f"BIC chose {in_words(best)} ({number(a.mixture.bic(), 1)}) among {among}"
    if not others:
        return f"{chosen}."
    second = min(others, key=lambda row: row["bic"])
    gap = second["bic"] - a.mixture.bic()
    verdict = "a clear choice" if gap > STRONG else "not far enough to rule it out"
    return f"{chosen}; next comes {in_words(second)}, {number(gap, 1)} above: {verdict}."


def in_words(params: dict[str, object]) -> str:
    """The words for a choice: 3 components with tied covariances."""
    n = count(int(str(params["n_components"])), "component")
    return f"{n} with {params['covariance_type']} covariances" if "covariance_type" in params else n


def _agreement(a: MixtureAnalysis) -> str:
    assert a.agreement is not None
    assert a.truth is not None
    said = f"Against the truth in {a.truth.name}: adjusted Rand index {number(a.agreement.adjusted_rand, 3)}"
    said += " (1 is the same partition, 0 what chance gives)"
    if a.silhouette is not None:
        said += f"; silhouette {number(a.silhouette, 3)}"
    if a.agreement.n_unlabelled:
        said += f"; {count(a.agreement.n_unlabelled, 'row')} without a label did not count"
    return said + "."
