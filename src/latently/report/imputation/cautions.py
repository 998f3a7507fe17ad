"""What to be careful about: each doubt is a function that returns what it has to say."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.stats import binom

from latently.core.findings import grave, joined
from latently.estimators.diagnostics import NEVER_TOGETHER
from latently.report.imputation.analysis import ImputationAnalysis
from latently.report.imputation.findings import percent
from latently.wording import count, exact, listed, number, sentence, share

UNLIKELY = 0.01
MUCH_OUTSIDE = 0.05
MUCH_MISSING = 0.5
HARDLY_TOLD = 0.1
ROWS_PER_COLUMN = 10
MOST_CODES = 2
MOST_NAMED = 6


def cautions(a: ImputationAnalysis) -> list[str]:
    """All that there is to say, as sentences, the gravest first."""
    doubts = (
        _not_converged,
        _diagnosed,
        _starts_apart,
        _spurious,
        _coverage,
        _few_rows,
        _mostly_missing,
        _codes,
        _outside,
        _hardly_told,
        _empty_rows,
        _still_empty,
        _prior,
    )
    return [sentence(text) for text in (*a.notes, *(text for doubt in doubts for text in doubt(a)))]


def _not_converged(a: ImputationAnalysis) -> Iterator[str]:
    if not a.imputer.converged_:
        yield f"EM had not converged: it {a.imputer.stop_reason_}. The numbers would still move"


def _diagnosed(a: ImputationAnalysis) -> Iterator[str]:
    for found in a.imputer.diagnostics_:
        yield str(found)


def _starts_apart(a: ImputationAnalysis) -> Iterator[str]:
    if a.starts is None or a.starts.agree:
        return
    if a.starts.higher:
        gain = number(float(a.starts.objectives.max() - a.starts.objective), 3)
        yield (
            f"one of {len(a.starts.objectives)} starts far apart ended {gain} higher than the fit: what is "
            "filled in is not from the best maximum"
        )
    elif a.starts.level:
        if not any(found.kind == NEVER_TOGETHER for found in a.imputer.diagnostics_):
            yield (
                f"fits from {len(a.starts.log_likelihoods)} starts far apart ended equally high with "
                "different parameters: the data do not determine them, and results depend on where a fit "
                "starts; leave columns out, or set a prior"
            )
    else:
        apart = number(float(np.ptp(a.starts.log_likelihoods)), 3)
        yield (
            f"fits from {len(a.starts.log_likelihoods)} starts far apart did not end at one maximum (their "
            f"log-likelihoods are up to {apart} apart): too much is missing to tell the parameters; "
            "leave columns out, or set a prior"
        )


def _spurious(a: ImputationAnalysis) -> Iterator[str]:
    doubts = grave(a.imputer.mixture_.diagnostics_)
    if a.imputer.n_components > 1 and doubts:
        yield f"this maximum of the likelihood is spurious: {joined(doubts)}. Ask for fewer components"


def _coverage(a: ImputationAnalysis) -> Iterator[str]:
    """Fewer hidden cells in their intervals than chance would leave out."""
    found = a.overimputation
    if found is None:
        yield "there are too few rows to hide some cells and see how well they are predicted"
        return
    n, inside = len(found.true), int(found.inside.sum())
    if binom.cdf(inside, n, found.level) < UNLIKELY:
        yield (
            f"only {share(inside, n)} of the hidden cells lie in their {percent(found.level)} intervals: the "
            "model does not fit these columns, and its intervals are too narrow. Skewed columns may need "
            "a logarithm, clusters or bends more --components"
        )


def _few_rows(a: ImputationAnalysis) -> Iterator[str]:
    if a.n_rows < ROWS_PER_COLUMN * len(a.names):
        yield (
            f"{count(a.n_rows, 'row')} are few for the covariances of {count(len(a.names), 'column')}: name "
            "fewer columns, or set a prior"
        )


def _mostly_missing(a: ImputationAnalysis) -> Iterator[str]:
    mostly = [j for j in a.holed if a.missing[:, j].mean() > MUCH_MISSING]
    if mostly:
        yield f"most of {_named(a, mostly)} is missing: what was filled in is model more than data"


def _codes(a: ImputationAnalysis) -> Iterator[str]:
    """Columns that hold two values only, which are no amounts."""
    codes = [
        j for j in a.holed if len(np.unique(a.rows[~a.missing[:, j], j])) <= MOST_CODES < len(a.rows) // 2
    ]
    if codes:
        hold = "column {} holds" if len(codes) == 1 else "columns {} hold"
        yield (
            f"{hold.format(_named(a, codes))} two values only: if they are codes and no amounts, what was "
            "filled in between them means nothing"
        )


def _outside(a: ImputationAnalysis) -> Iterator[str]:
    """Columns of which the model draws much that was never observed: it is wrong for them."""
    shares = a.drawn_outside.sum(axis=0)
    wrong = [j for j in np.argsort(-shares, kind="stable") if shares[j] > MUCH_OUTSIDE]
    if wrong:
        told = listed(_beyond(a, j) for j in wrong[:MOST_NAMED])
        options = "--min and --max hold" if a.drawn else "min_value and max_value hold"
        free = a.imputer.min_value is None and a.imputer.max_value is None
        bare = ". None were rounded or clipped, which would bias what is computed from them" if free else ""
        yield (
            f"{told} lie outside the observed range of their column. A normal distribution knows no limits: "
            f"a skewed column may need a logarithm, and {options} draws within limits that are known{bare}"
        )


def _beyond(a: ImputationAnalysis, j: int) -> str:
    """How much of what is drawn of a column lies beyond what was observed of it."""
    below, above = a.drawn_outside[:, j]
    ends = [f"{share(below)} below {exact(a.least[j])}"] if below else []
    ends += [f"{share(above)} above {exact(a.greatest[j])}"] if above else []
    if a.least[j] >= 0 and below:
        negative = float(np.mean([(table[a.missing[:, j], j] < 0).mean() for table in a.tables]))
        ends += [f"{share(negative)} negative, which no observed one is"] if negative else []
    return f"{share(below + above)} of the drawn cells of {a.names[j]} ({', '.join(ends)})"


def _hardly_told(a: ImputationAnalysis) -> Iterator[str]:
    hardly = [j for j in a.holed if a.explained[j] < HARDLY_TOLD]
    if hardly and len(a.names) > 1:
        be, their = ("is", "its") if len(hardly) == 1 else ("are", "their")
        yield (
            f"the other columns tell next to nothing of {_named(a, hardly)}, which {be} filled in close to "
            f"{their} mean"
        )


def _empty_rows(a: ImputationAnalysis) -> Iterator[str]:
    if a.n_empty_rows:
        lack, their = ("lacks", "its") if a.n_empty_rows == 1 else ("lack", "their")
        yield (
            f"{count(a.n_empty_rows, 'row')} {lack} all of the columns used: {their} cells are filled in "
            "with the means, and add nothing to the fit"
        )


def _still_empty(a: ImputationAnalysis) -> Iterator[str]:
    if a.still_empty:
        first = list(a.still_empty.items())[:MOST_NAMED]
        more = ["others"] if len(a.still_empty) > len(first) else []
        cells = listed([*(f"{n:,} of {name}" for name, n in first), *more])
        yield f"cells stay empty in columns that are not in the model: {cells}"


def _prior(a: ImputationAnalysis) -> Iterator[str]:
    if a.imputer.prior not in (None, "auto"):
        yield (
            f"the {a.imputer.prior} prior was asked for, and pulls what was estimated a little away from "
            "maximum likelihood"
        )


def _named(a: ImputationAnalysis, columns: list[int]) -> str:
    names = [a.names[j] for j in columns[:MOST_NAMED]]
    return listed(
        [*names, count(len(columns) - MOST_NAMED, "more column")] if len(columns) > MOST_NAMED else names
    )
