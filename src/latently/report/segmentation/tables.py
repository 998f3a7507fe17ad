"""The numbers of a segmentation, as tables."""

from __future__ import annotations

from latently.core.findings import grave
from latently.estimators import CategoricalHMM, PoissonHMM
from latently.report.segmentation.analysis import SegmentationAnalysis
from latently.report.segmentation.states import duration, means, next_state, rates
from latently.report.table import Table
from latently.wording import EN_DASH, number, share

MOST_SYMBOLS = 30
MOST_STATES = 12


def states(a: SegmentationAnalysis) -> Table:
    """What is seen in each state, how much of the series is in it, how long it lasts and where it leads."""
    every = range(a.n_states)
    rows, note = _parameters(a)
    rows += [
        ["share", *(share(part) for part in a.shares)],
        ["rows on the path", *(f"{size:,}" for size in a.sizes)],
        ["visits on the path", *(f"{visits:,}" for visits in a.visits)],
    ]
    if a.n_states > 1:
        rows += [
            ["mean duration in steps", *(duration(a, k) for k in every)],
            ["likeliest next state", *(next_state(a, k) for k in every)],
        ]
        note += (
            " The share counts each row by its smoothed probabilities, the path by its likeliest story. The "
            "next state is that after leaving, with its probability."
        )
    return Table("States", ["", *(f"state {k}" for k in every)], rows, note)


def _parameters(a: SegmentationAnalysis) -> tuple[list[list[str]], str]:
    every = range(a.n_states)
    if isinstance(a.model, CategoricalHMM):
        symbols = list(a.model.categories_[:MOST_SYMBOLS])
        shown = [
            [f"{a.names[0]} = {symbol}", *(share(p) for p in a.model.emissionprob_[:, s])]
            for s, symbol in enumerate(symbols)
        ]
        more = len(a.model.categories_) - len(symbols)
        return shown, "Probability of each symbol in the state." + (
            f" {more} more symbols are in summary.json." if more > 0 else ""
        )
    if isinstance(a.model, PoissonHMM):
        of_states = [rates(a, k) for k in every]
        rows = [[f"mean of {name}", *(cells[j] for cells in of_states)] for j, name in enumerate(a.names)]
        return rows, "Mean count in each row; in a Poisson distribution the variance is the same."
    of_states = [means(a, k) for k in every]
    rows = [[name, *(cells[j] for cells in of_states)] for j, name in enumerate(a.names)]
    return rows, "Mean ± standard deviation in the state, in the units of the data."


def transitions(a: SegmentationAnalysis) -> Table | None:
    """Probabilities of the next step, from row to column; None where there is nowhere to go, or too many."""
    if not 1 < a.n_states <= MOST_STATES:
        return None
    rows = [
        [f"from {i}", *(number(p, 3) if p >= 0.0005 or p == 0 else "<0.001" for p in line)]
        for i, line in enumerate(a.model.transmat_)
    ]
    return Table(
        "Transitions",
        ["", *(f"to {k}" for k in range(a.n_states))],
        rows,
        "Probability of each state in the next row, given the state in this one.",
    )


def bic(a: SegmentationAnalysis) -> Table | None:
    """BIC by the number of states, in a line for each shape of covariances; None without a search."""
    if a.selection is None or len(a.selection.table_) < 2:
        return None
    fits = a.selection.table_
    families = list(dict.fromkeys(str(row.get("covariance_type", "BIC")) for row in fits))
    tried = sorted({row["n_components"] for row in fits})
    cells = [[family, *[EN_DASH] * len(tried)] for family in families]
    best = set()
    for i, row in enumerate(fits):
        at = families.index(str(row.get("covariance_type", "BIC"))), 1 + tried.index(row["n_components"])
        cells[at[0]][at[1]] = (
            "failed" if row["failure"] else number(row["bic"], 1) + "*" * bool(grave(row["diagnostics"]))
        )
        if i == a.selection.best_index_:
            best.add(at)
    note = "Lower is better; the best is marked."
    if any(grave(row["diagnostics"]) for row in fits):
        note += " A star marks a maximum that is not to be trusted."
    heads = ["states", *map(str, tried)]
    return Table("BIC by number of states", heads, cells, note, frozenset(best))
