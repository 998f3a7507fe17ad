"""What is missing and what was filled in, in words."""

from __future__ import annotations

import numpy as np

from latently.estimators.imputation.diagnosis import DispersedStarts
from latently.report.imputation.analysis import ImputationAnalysis
from latently.wording import count, decimals, exact, listed, number, share

MOST_LISTED = 8
SIGNIFICANT = 0.05


def headline(a: ImputationAnalysis) -> str:
    """The first sentence."""
    return f"{count(a.n_missing, 'missing cell')} of {a.source} filled in"


def findings(a: ImputationAnalysis) -> list[str]:
    """Sentences, the most important first."""
    said = [_how_much(a), _where(a), mcar_in_words(a), _outside(a)]
    if a.overimputation is not None:
        said.append(_check(a))
    return [*said, _draws(a)]


def _how_much(a: ImputationAnalysis) -> str:
    return (
        f"{share(a.n_missing, a.missing.size)} of the cells are missing: {a.n_missing:,} of "
        f"{a.missing.size:,}, in {a.n_holed_rows:,} of {count(a.n_rows, 'row')} "
        f"({share(a.n_holed_rows, a.n_rows)})."
    )


def _where(a: ImputationAnalysis) -> str:
    counts = a.missing.sum(axis=0)
    named = [f"{a.names[j]} {counts[j]:,} ({share(counts[j], a.n_rows)})" for j in a.holed]
    shown = named[:MOST_LISTED]
    if len(named) > MOST_LISTED:
        shown.append(f"{count(len(named) - MOST_LISTED, 'more column')} with fewer")
    lacking = f"Missing cells: {listed(shown)}"
    whole = [a.names[j] for j in np.flatnonzero(counts == 0)]
    if not whole:
        return f"{lacking}; no column is complete."
    is_are = "is" if len(whole) == 1 else "are"
    which = listed(whole) if len(whole) <= MOST_LISTED else f"{len(whole)} columns"
    return f"{lacking}; {which} {is_are} complete."


def mcar_in_words(a: ImputationAnalysis) -> str:
    """Little's test, and what it does not say."""
    asks = (
        "The imputation asks for less: that it depends only on cells that are observed whether one is "
        "missing. No test can show that."
    )
    if a.test is None:
        return (
            "Little's test of whether cells are missing completely at random cannot be made on this table. "
            + asks
        )
    p = "p < 0.001" if a.test.p_value < 0.001 else f"p = {a.test.p_value:.3f}"
    freedom = f"{a.test.df:,} degrees of freedom" if a.test.df > 1 else "1 degree of freedom"
    numbers = f"(chi-squared {number(a.test.statistic, 1)} with {freedom}, {p})"
    if a.test.p_value < SIGNIFICANT:
        return (
            f"Cells are not missing completely at random, says Little's test {numbers}: rows that lack cells "
            f"differ from complete ones in what is known of them, so complete rows alone may mislead. {asks}"
        )
    return (
        f"Little's test finds no sign that cells are not missing completely at random {numbers}, which is no "
        f"proof that they are. {asks}"
    )


def _outside(a: ImputationAnalysis) -> str:
    return f"{_filled_outside(a)} {_drawn_outside(a)}"


def _drawn_outside(a: ImputationAnalysis) -> str:
    shares = a.drawn_outside.sum(axis=0)
    beyond = [j for j in np.argsort(-shares, kind="stable") if shares[j] > 0]
    if not beyond:
        return "So does every drawn one." if not a.outside.any() else "No drawn one does."
    shown = [f"{share(shares[j])} of {a.names[j]}" for j in beyond[:MOST_LISTED]]
    more = " and fewer of others" if len(beyond) > MOST_LISTED else ""
    n = a.missing.sum(axis=0)
    return (
        f"Of the drawn cells {share(float(shares @ n), n.sum())} lie outside it ({', '.join(shown)}{more})."
    )


def _filled_outside(a: ImputationAnalysis) -> str:
    n = int(a.outside.sum())
    if not n:
        return "Every filled cell lies within the observed range of its column."
    where = []
    for j in np.flatnonzero(a.outside.any(axis=0)):
        cells = a.completed[a.outside[:, j], j]
        below, above = a.least[j] - cells.min(), cells.max() - a.greatest[j]
        ends = []
        if below > 0:
            lowest = number(cells.min(), decimals([a.deviations[j], below]))
            ends.append(f"down to {lowest}, least observed {exact(a.least[j])}")
        if above > 0:
            highest = number(cells.max(), decimals([a.deviations[j], above]))
            ends.append(f"up to {highest}, greatest observed {exact(a.greatest[j])}")
        where.append(f"{len(cells):,} of {a.names[j]}: {'; '.join(ends)}")
    lie, their = ("lies", "its") if n == 1 else ("lie", "their")
    shown = where[:MOST_LISTED] + (["..."] if len(where) > MOST_LISTED else [])
    return (
        f"{n:,} of the {count(a.n_missing, 'filled cell')} {lie} outside the observed range of {their} "
        f"column ({'; '.join(shown)})."
    )


def _check(a: ImputationAnalysis) -> str:
    found = a.overimputation
    assert found is not None
    n, inside = len(found.true), int(found.inside.sum())
    lie, their = ("lies", "its") if inside == 1 else ("lie", "their")
    return (
        f"As a check, {count(n, 'observed cell')} were hidden and predicted: {inside:,} "
        f"({share(inside, n)}) {lie} in {their} {percent(found.level)} interval."
    )


def _draws(a: ImputationAnalysis) -> str:
    which = f"the {a.n_tables} tables of {a.drawn}" if a.drawn else f"the {a.n_tables} drawn tables"
    single = "completed.csv" if a.drawn else "the completed table"
    return (
        f"For standard errors use {which}, not {single}: run the analysis on each and join the results with "
        "latently.pool. A completed table takes what was filled in for observed, and so looks surer than it "
        "is."
    )


def starts_in_words(starts: DispersedStarts) -> str:
    """Where fits from starts far apart ended."""
    ended = "at one maximum" if starts.level else "at more than one maximum"
    parameters = ", with different parameters" if starts.level and not starts.agree else ""
    return f"{len(starts.log_likelihoods)}, scattered far apart, ended {ended}{parameters}"


def percent(level: float) -> str:
    """A level in percent, with the digits it has."""
    return f"{100 * level:.6g}%"
