"""What to be careful about in a segmentation: each kind of caution is a function."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from latently.core.findings import Finding, caution
from latently.report import fits
from latently.report.segmentation.analysis import SegmentationAnalysis
from latently.report.segmentation.residuals import Check, checks
from latently.wording import count, listed, number, some

FEWEST_ROWS, ROWS_PER_PARAMETER = 10, 5
FEWEST_VISITS = 3
SHORT_SEQUENCE = 10
HARDLY_STAYS = 2.0
ZERO_PROBABILITY = 1e-6
MOST_NAMED = 4


def cautions(a: SegmentationAnalysis) -> Iterator[Finding]:
    """All that there is to say, the gravest first."""
    yield from (caution("input", text) for text in a.notes)
    hint = (
        ". If BIC goes on asking for more, the states do not fit what is seen in them, or the series drifts"
    )
    yield from fits.trust(a, "state", "fewer states", hint)
    yield from _residuals(a)
    yield from _few_rows(a)
    yield from _short(a)
    if a.n_components > 1:
        yield from _few_visits(a)
        yield from _boundary(a)
        yield from _hardly_stays(a)
    text = "the states overlap, and those of single rows are close to guesses"
    yield from fits.overlap(a.n_unsure, a.n_rows, text)
    yield from fits.search(a, "state")
    if a.n_components > 1:
        yield caution(
            "hindsight",
            "the states and smoothed probabilities of each row know the rows after it: right for a look "
            "back, wrong for a backtest. For decisions at the time, there are the filtered ones, which use "
            "the past only; the parameters, though, were learned from all rows",
        )


def _residuals(a: SegmentationAnalysis) -> Iterator[Finding]:
    """What the residuals say is wrong, each kind once, whatever columns it is of."""
    family, found = a.family, checks(a)
    dependent = [check for check in found if check.dependent]
    if dependent:
        most = max(dependent, key=lambda check: abs(check.lag_one))
        up_to = "by" if len(dependent) == 1 else "by up to"
        text = (
            f"rows of {_columns(dependent)} depend on each other beyond what the states explain (forecast "
            f"residuals are correlated {up_to} {number(most.lag_one, 2)}): states may be cut out of a drift "
            "or a slow wave. Try differences from row to row"
        )
        yield _of_columns("dependent residuals", text, dependent, most)
    wide = [check for check in found if check.too_wide and not family.learns_spread]
    if wide:
        other = "--emission gaussian" if a.by_command else "GaussianHMM"
        text = (
            f"{family.noun} of {_columns(wide)} vary more within a state than a {family.called} distribution "
            f"does: try more states, or {other}"
        )
        yield _of_columns("too wide", text, wide, max(wide, key=lambda check: check.spread))
    far = [check for check in found if check.many_far and family.learns_spread]
    if far:
        has = "has" if len(far) == 1 else "have"
        text = (
            f"{_columns(far)} {has} more far-out rows than a {family.called} distribution in each state: "
            "some states may only stand in for a heavy tail"
        )
        most = max(far, key=lambda check: check.n_far)
        yield _of_columns("heavy tail", text, far, most, far=most.n_far)


def _columns(found: Sequence[Check]) -> str:
    return some([check.name for check in found], MOST_NAMED, "more column")


def _of_columns(kind: str, text: str, found: Sequence[Check], most: Check, **more: float) -> Finding:
    """A caution about some columns, with the numbers of the one it is most of."""
    numbers = {"standard_deviation": most.spread, "lag_one_correlation": most.lag_one}
    return caution(kind, text, "column", [check.column for check in found], **more, **numbers)


def _few_rows(a: SegmentationAnalysis) -> Iterator[Finding]:
    """States that rest on few rows, or a model of many parameters for its rows."""
    rows = a.shares * a.n_rows
    rare = np.flatnonzero(rows < FEWEST_ROWS)
    if len(rare):
        *others, last = np.round(rows[rare[:MOST_NAMED]]).astype(int)
        sizes = listed([*map(str, others), count(last, "row")])
        them = "it" if len(rare) == 1 else "them"
        text = (
            f"{_states(rare, 'rests', 'rest')} on about {sizes}: what is said of {them} is no more than "
            "a rough guess"
        )
        yield caution("few rows", text, "state", rare, least=rows[rare].min())
    seen = a.n_rows - a.n_empty_rows
    if seen < ROWS_PER_PARAMETER * a.model.n_parameters_:
        text = (
            f"{count(seen, 'row')} are few for {count(a.model.n_parameters_, 'parameter')}: other parameters "
            "would explain them nearly as well"
        )
        yield caution("many parameters", text, rows=seen, parameters=a.model.n_parameters_)


def _few_visits(a: SegmentationAnalysis) -> Iterator[Finding]:
    """A duration is known from visits, not from rows."""
    few = np.flatnonzero(a.visits < FEWEST_VISITS)
    if len(few):
        most = int(a.visits[few].max())
        times = {0: "not once", 1: "once", 2: "twice"}[most]
        at_most = "" if len(few) == 1 else " at most"
        their = "its duration and what follows it are" if len(few) == 1 else "their durations and exits are"
        text = (
            f"{_states(few, 'is', 'are')} visited {times}{at_most} on the path: {their} hardly known, "
            "however many rows there are"
        )
        yield caution("few visits", text, "state", few, most=most)


def _short(a: SegmentationAnalysis) -> Iterator[Finding]:
    lengths = np.diff(a.offsets)
    if a.n_sequences > 1:
        short = int((lengths < SHORT_SEQUENCE).sum())
        if short:
            have = "has" if short == 1 else "have"
            text = (
                f"{count(short, 'sequence')} of {a.n_sequences:,} {have} fewer than {SHORT_SEQUENCE} rows, "
                "which tell little of transitions"
            )
            yield caution("short", text, "sequence", np.flatnonzero(lengths < SHORT_SEQUENCE))
    elif a.n_components > 1 and a.n_rows < SHORT_SEQUENCE * a.n_components:
        text = f"{count(a.n_rows, 'row')} are a short series for {count(a.n_components, 'state')}"
        yield caution("short", text, rows=a.n_rows)


def _boundary(a: SegmentationAnalysis) -> Iterator[Finding]:
    """Probabilities at zero or one: never seen is not impossible."""
    transmat = np.asarray(a.model.transmat_)
    stays = np.flatnonzero(np.diag(transmat) > 1 - ZERO_PROBABILITY)
    if len(stays):
        text = (
            f"{_states(stays, 'is', 'are')} never left again in these data; no more is known of how it would "
            "end"
        )
        yield caution("never left", text, "state", stays)
    none = [(i, j) for i, j in np.argwhere(transmat < ZERO_PROBABILITY) if i != j and i not in stays]
    if none:
        steps = some([f"{i} to {j}" for i, j in none], MOST_NAMED)
        text = f"the probability to go from state {steps} came out as 0: these data need no such step, which"
        yield caution("zero transitions", f"{text} is no proof that there is none", "transition", none)
    never = a.family.never(a.emission, ZERO_PROBABILITY)
    if len(never):
        named = some([f"{a.symbols[s]} in state {k}" for k, s in never], MOST_NAMED)
        text = f"probabilities of symbols came out as 0 ({named}): where a new series has such a symbol, the"
        yield caution("zero symbols", f"{text} state is ruled out", "state and symbol", never)


def _hardly_stays(a: SegmentationAnalysis) -> Iterator[Finding]:
    """States that change at nearly every step are no segments."""
    fleeting = np.flatnonzero(a.durations < HARDLY_STAYS)
    if len(fleeting):
        text = (
            f"{_states(fleeting, 'lasts', 'last')} less than {HARDLY_STAYS:.0f} steps on average: it may be "
            "part of the shape of what is seen, such as a tail, and not a period of the series"
        )
        yield caution("fleeting", text, "state", fleeting, shortest=a.durations[fleeting].min())


def _states(which: np.ndarray, one: str, many: str) -> str:
    """State 2 rests; states 0 and 2 rest."""
    if len(which) == 1:
        return f"state {which[0]} {one}"
    shown = [str(k) for k in which[:MOST_NAMED]]
    return f"states {listed([*shown, 'others'] if len(which) > MOST_NAMED else shown)} {many}"
