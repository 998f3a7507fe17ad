"""The numbers of a mixture, as tables."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from latently.core.findings import grave
from latently.report.mixture.analysis import MixtureAnalysis
from latently.report.table import Table
from latently.wording import EN_DASH, decimals, number, share

MOST_CORRELATED = 8
MOST_LEVELS = 30


def clusters(a: MixtureAnalysis) -> Table:
    """Sizes, weights, and means with standard deviations, in the units of the data."""
    rows = [
        ["rows", *(f"{size:,}" for size in a.sizes)],
        ["weight", *(share(weight) for weight in a.mixture.weights_)],
    ]
    for j, feature in enumerate(a.names):
        digits = decimals(a.deviations[:, j])
        cells = zip(a.mixture.means_[:, j], a.deviations[:, j], strict=True)
        rows.append([feature, *(f"{number(mean, digits)} ± {number(sd, digits)}" for mean, sd in cells)])
    return Table(
        "Clusters",
        ["", *(f"cluster {k}" for k in range(a.n_clusters))],
        rows,
        "Mean ± standard deviation within the cluster, in the units of the data. The weight is the share of "
        "the mixture; rows are counted by their likeliest cluster.",
    )


def correlations(a: MixtureAnalysis) -> Table | None:
    """Correlations of pairs of columns within each cluster; None where the mixture has none, or too many."""
    if a.mixture.covariance_type in ("diag", "spherical") or not 1 < len(a.names) <= MOST_CORRELATED:
        return None
    shared = a.mixture.covariance_type == "tied"
    heads = ["every cluster"] if shared else [f"cluster {k}" for k in range(a.n_clusters)]
    rows = [
        [f"{a.names[i]} and {a.names[j]}", *(number(a.correlations[k, i, j], 2) for k in range(len(heads)))]
        for i, j in combinations(range(len(a.names)), 2)
    ]
    return Table(
        "Correlations", ["", *heads], rows, "Within the cluster: what is left when the means are taken out."
    )


def bic(a: MixtureAnalysis) -> Table | None:
    """BIC of all fits, numbers of components down and families across; None without a search."""
    if a.selection is None:
        return None
    table = a.selection.table_
    families = list(dict.fromkeys(str(row.get("covariance_type", "BIC")) for row in table))
    tried = sorted({row["n_components"] for row in table})
    cells = [[str(k), *[EN_DASH] * len(families)] for k in tried]
    best = set()
    for i, row in enumerate(table):
        at = tried.index(row["n_components"]), 1 + families.index(str(row.get("covariance_type", "BIC")))
        cells[at[0]][at[1]] = (
            "failed" if row["failure"] else number(row["bic"], 1) + "*" * bool(grave(row["diagnostics"]))
        )
        if i == a.selection.best_index_:
            best.add(at)
    note = "Lower is better; the best is marked."
    if any(grave(row["diagnostics"]) for row in table):
        note += " A star marks a spurious maximum, which is not to be trusted."
    return Table("BIC", ["components", *families], cells, note, frozenset(best))


def truth(a: MixtureAnalysis) -> Table | None:
    """How many rows of each true label are in each cluster; None without a truth, or with too many labels."""
    if a.agreement is None or a.truth is None or len(a.agreement.levels) > MOST_LEVELS:
        return None
    counts = np.pad(a.agreement.counts, ((0, 0), (0, a.n_clusters - a.agreement.counts.shape[1])))
    rows = [
        [level, *(f"{n:,}" for n in line)] for level, line in zip(a.agreement.levels, counts, strict=True)
    ]
    return Table(
        f"{a.truth.name} against clusters",
        [a.truth.name, *(f"cluster {k}" for k in range(a.n_clusters))],
        rows,
    )
