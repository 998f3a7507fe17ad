"""What to be careful about in an imputation: each kind of caution is a function."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from latently.core.findings import Finding, caution
from latently.estimators.informative import NEVER_TOGETHER
from latently.report.fits import converged
from latently.report.imputation.analysis import ImputationAnalysis
from latently.report.imputation.filled import MOST_NAMED, mostly_missing, names_of, spurious, still_empty
from latently.wording import count, exact, listed, number, percent, share

UNLIKELY = 0.01
MUCH_OUTSIDE = 0.05
HARDLY_EXPLAINED = 0.1
ROWS_PER_COLUMN = 10
MOST_CODES = 2


def cautions(a: ImputationAnalysis) -> Iterator[Finding]:
    """All that there is to say, the gravest first."""
    yield from (caution("input", text) for text in a.notes)
    yield from converged(a.model)
    yield from a.model.diagnostics_
    yield from _starts_apart(a)
    yield from spurious(a)
    yield from _coverage(a)
    if a.n_rows < ROWS_PER_COLUMN * len(a.names):
        text = (
            f"{count(a.n_rows, 'row')} are few for the covariances of {count(len(a.names), 'column')}: name "
            "fewer columns, or set a prior"
        )
        yield caution("few rows", text, rows=a.n_rows)
    yield from _columns(a)
    yield from _outside(a)
    yield from _unexplained(a)
    if a.n_empty_rows:
        lack, their = ("lacks", "its") if a.n_empty_rows == 1 else ("lack", "their")
        text = (
            f"{count(a.n_empty_rows, 'row')} {lack} all of the columns used: {their} cells are filled in "
            "with the means, and add nothing to the fit"
        )
        yield caution("empty rows", text, "row", rows=a.n_empty_rows)
    yield from still_empty(a)
    if a.model.prior not in (None, "auto"):
        text = f"the {a.model.prior} prior was asked for, and pulls what was estimated a little away from"
        yield caution("asked prior", f"{text} maximum likelihood")


def _starts_apart(a: ImputationAnalysis) -> Iterator[Finding]:
    starts = a.starts
    if starts is None or starts.agree:
        return
    n = len(starts.log_likelihoods)
    if starts.higher:
        gain = float(starts.objectives.max() - starts.objective)
        text = (
            f"one of {n} starts far apart ended {number(gain, 3)} higher than the fit: what is filled in is "
            "not from the best maximum"
        )
        yield caution("higher start", text, gain=gain)
    elif not starts.level:
        apart = float(np.ptp(starts.log_likelihoods))
        text = (
            f"fits from {n} starts far apart did not end at one maximum (their log-likelihoods are up to "
            f"{number(apart, 3)} apart): too much is missing to tell the parameters; leave columns out, or "
            "set a prior"
        )
        yield caution("starts apart", text, apart=apart)
    elif not any(found.kind == NEVER_TOGETHER for found in a.model.diagnostics_):
        text = (
            f"fits from {n} starts far apart ended equally high with different parameters: the data do not "
            "determine them, and results depend on where a fit starts; leave columns out, or set a prior"
        )
        yield caution("undetermined", text, starts=n)


def _coverage(a: ImputationAnalysis) -> Iterator[Finding]:
    """Fewer hidden cells in their intervals than chance would leave out."""
    from scipy.stats import binom

    found = a.overimputation
    if found is None:
        text = "there are too few rows to hide some cells and see how well they are predicted"
        yield caution("unchecked", text)
        return
    n, inside = len(found.true), int(found.inside.sum())
    if binom.cdf(inside, n, found.level) < UNLIKELY:
        more = "--components" if a.by_command else "n_components"
        text = (
            f"only {share(inside, n)} of the hidden cells lie in their {percent(found.level)} intervals: the "
            "model does not fit these columns, and its intervals are too narrow. Skewed columns may need "
            f"a logarithm, clusters or bends more {more}"
        )
        yield caution("coverage", text, hidden=n, inside=inside)


def _columns(a: ImputationAnalysis) -> Iterator[Finding]:
    """Columns that are hardly there, or hold two values only, which are no amounts."""
    yield from mostly_missing(a)
    few = [len(np.unique(a.rows[~a.missing[:, j], j])) for j in a.incomplete]
    codes = [j for j, n in zip(a.incomplete, few, strict=True) if n <= MOST_CODES < a.n_rows // 2]
    if codes:
        hold = "column {} holds" if len(codes) == 1 else "columns {} hold"
        text = (
            f"{hold.format(names_of(a, codes))} two values only: if they are codes and no amounts, what was "
            "filled in between them means nothing"
        )
        yield caution("codes", text, "column", codes)


def _outside(a: ImputationAnalysis) -> Iterator[Finding]:
    """Columns of which the model draws much that was never observed: it is wrong for them."""
    shares = a.drawn_outside.sum(axis=0)
    wrong = [j for j in np.argsort(-shares, kind="stable") if shares[j] > MUCH_OUTSIDE]
    if wrong:
        options = "--min and --max hold" if a.by_command else "min_value and max_value hold"
        free = a.model.min_value is None and a.model.max_value is None
        bare = ". None were rounded or clipped, which would bias what is computed from them" if free else ""
        text = (
            f"{listed(_beyond(a, j) for j in wrong[:MOST_NAMED])} lie outside the observed range of their "
            "column. A normal distribution knows no limits: a skewed column may need a logarithm, and "
            f"{options} draws within limits that are known{bare}"
        )
        yield caution("drawn outside", text, "column", wrong, share=shares[wrong[0]])


def _beyond(a: ImputationAnalysis, j: int) -> str:
    """How much of what is drawn of a column lies beyond what was observed of it."""
    below, above = a.drawn_outside[:, j]
    ends = [f"{share(below)} below {exact(a.least[j])}"] if below else []
    ends += [f"{share(above)} above {exact(a.greatest[j])}"] if above else []
    if a.least[j] >= 0 and below:
        negative = float(np.mean([(table[a.missing[:, j], j] < 0).mean() for table in a.tables]))
        ends += [f"{share(negative)} negative, which no observed one is"] if negative else []
    return f"{share(below + above)} of the drawn cells of {a.names[j]} ({', '.join(ends)})"


def _unexplained(a: ImputationAnalysis) -> Iterator[Finding]:
    hardly = [j for j in a.incomplete if a.explained[j] < HARDLY_EXPLAINED]
    if hardly and len(a.names) > 1:
        be, their = ("is", "its") if len(hardly) == 1 else ("are", "their")
        text = (
            f"the other columns tell next to nothing of {names_of(a, hardly)}, which {be} filled in close to "
            f"{their} mean"
        )
        yield caution("unexplained", text, "column", hardly, most=a.explained[hardly].max())
