"""The numbers of an imputation, as tables."""

from __future__ import annotations

import numpy as np

from latently.report.imputation.analysis import ImputationAnalysis
from latently.report.table import Table
from latently.wording import EN_DASH, decimals, exact, number, share

MOST_PATTERNS = 12
MOST_NAMED = 6


def columns(a: ImputationAnalysis) -> Table:
    """What each column lacks, what is observed of it, and what the model says, in the units of the data."""
    rows = []
    for j, name in enumerate(a.names):
        observed = a.rows[~a.missing[:, j], j]
        filled = a.completed[a.missing[:, j], j]
        digits = decimals([a.deviations[j]])

        def both(mean: float, spread: float, digits: int = digits) -> str:
            return f"{number(mean, digits)} ± {number(spread, digits)}"

        rows.append(
            [
                name,
                f"{len(filled):,} ({share(len(filled), a.n_rows)})" if len(filled) else "none",
                both(observed.mean(), observed.std()),
                both(a.imputer.mean_[j], a.deviations[j]),
                f"{exact(observed.min())} to {exact(observed.max())}",
                f"{number(filled.min(), digits)} to {number(filled.max(), digits)}"
                if len(filled)
                else EN_DASH,
                f"{int(a.outside[:, j].sum()):,}" if len(filled) else EN_DASH,
                share(a.explained[j]),
            ]
        )
    return Table(
        "Columns",
        ["", "missing", "observed", "by the model", "observed range", "filled in", "outside", "explained"],
        rows,
        "Mean ± standard deviation, in the units of the data: of the observed cells, and by maximum "
        "likelihood from all of them. Outside: filled cells beyond the observed range. Explained: the share "
        "of the variance that the other columns tell, by the model.",
    )


def patterns(a: ImputationAnalysis) -> Table:
    """Which columns are missing together, the most frequent first."""
    found = a.patterns
    rows = []
    for observed, n in zip(found.observed[:MOST_PATTERNS], found.counts[:MOST_PATTERNS], strict=True):
        lacking = [a.names[j] for j in np.flatnonzero(~observed)]
        more = f" and {len(lacking) - MOST_NAMED} more" if len(lacking) > MOST_NAMED else ""
        what = ", ".join(lacking[:MOST_NAMED]) + more if lacking else "nothing"
        rows.append([what, f"{n:,}", share(n, a.n_rows)])
    rest = len(found.counts) - len(rows)
    note = f"The most frequent of {len(found.counts):,} patterns." if rest > 0 else ""
    return Table("What is missing together", ["missing", "rows", "share"], rows, note)
