"""What to be careful about: each doubt is a function that returns what it has to say."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from latently.core.findings import grave, joined
from latently.estimators import CategoricalHMM, GaussianHMM, PoissonHMM
from latently.report.segmentation.analysis import SegmentationAnalysis
from latently.report.segmentation.findings import in_words
from latently.report.segmentation.residuals import checks
from latently.wording import count, listed, number, sentence, share

FEWEST_ROWS = 10
FEWEST_VISITS = 3
ROWS_PER_PARAMETER = 5
SHORT = 10
MUCH_UNSURE = 0.2
HARDLY_STAYS = 2.0
NEVER = 1e-6
MOST_NAMED = 4


def cautions(a: SegmentationAnalysis) -> list[str]:
    """All that there is to say, as sentences, the gravest first."""
    doubts = (
        _doubtful,
        _not_converged,
        _edge,
        _higher_but_doubtful,
        _residuals,
        _few_rows,
        _few_visits,
        _short,
        _boundary,
        _hardly_stays,
        _unsure,
        _lonely,
        _failed,
        _future,
    )
    return [sentence(text) for text in (*a.notes, *(text for doubt in doubts for text in doubt(a)))]


def _doubtful(a: SegmentationAnalysis) -> Iterator[str]:
    if grave(a.model.diagnostics_):
        yield (
            f"this maximum of the likelihood is not to be trusted: "
            f"{joined(grave(a.model.diagnostics_))}. Ask for fewer states"
        )


def _not_converged(a: SegmentationAnalysis) -> Iterator[str]:
    if not a.model.converged_:
        yield f"EM had not converged: it {a.model.stop_reason_}. The numbers would still move"


def _edge(a: SegmentationAnalysis) -> Iterator[str]:
    """The best number of states is the last of those tried, on either side."""
    if a.selection is None or a.selection.edge_ is None:
        return
    tried = sorted({row["n_components"] for row in a.selection.table_})
    if a.n_states < tried[-1]:
        yield (
            f"the best number of states, {a.n_states}, is the smallest that was tried: try fewer, for "
            f"example -k 1:{tried[-1]}"
        )
    else:
        yield (
            f"the best number of states, {a.n_states}, is the largest that was tried: try more, for example "
            f"-k {tried[0]}:{2 * tried[-1]}. If BIC goes on asking for more, the states do not fit what is "
            "seen in them, or the series drifts"
        )


def _higher_but_doubtful(a: SegmentationAnalysis) -> Iterator[str]:
    if a.selection is None:
        return
    lower = [row for row in a.selection.table_ if grave(row["diagnostics"]) and row["bic"] < a.model.bic()]
    if lower and not grave(a.model.diagnostics_):
        first = min(lower, key=lambda row: row["bic"])
        yield (
            f"{in_words(first)} has a lower BIC, {number(first['bic'], 1)}, and was not chosen, because its "
            f"maximum is not to be trusted: {grave(first['diagnostics'])[0]}"
        )


def _residuals(a: SegmentationAnalysis) -> Iterator[str]:
    for check in checks(a):
        if check.dependent:
            yield (
                f"rows of {check.name} hang together beyond what the states explain (forecast residuals are "
                f"correlated by {number(check.lag_one, 2)}): states may be cut out of a drift or a slow "
                "wave. Try its differences from row to row"
            )
        if check.too_wide and isinstance(a.model, PoissonHMM):
            yield (
                f"counts of {check.name} vary more within a state than a Poisson distribution does: try "
                "more states, or --emission gaussian"
            )
        elif check.many_far and isinstance(a.model, GaussianHMM):
            yield (
                f"{check.name} has more far-out rows than a normal distribution in each state: some states "
                "may only stand in for a heavy tail"
            )


def _few_rows(a: SegmentationAnalysis) -> Iterator[str]:
    """States that rest on few rows, or a model of many parameters for its rows."""
    rows = a.shares * a.n_rows
    rare = np.flatnonzero(rows < FEWEST_ROWS)
    if len(rare):
        who = _states(rare, "rests", "rest")
        sizes = listed(f"{n:.0f}" for n in rows[rare[:MOST_NAMED]])
        yield f"{who} on about {sizes} rows: what is said of it is no more than a rough guess".replace(
            "of it", "of it" if len(rare) == 1 else "of them"
        )
    seen = int(a.observed.any(axis=1).sum())
    if seen < ROWS_PER_PARAMETER * a.model.n_parameters_:
        yield (
            f"{count(seen, 'row')} are few for {count(a.model.n_parameters_, 'parameter')}: other parameters "
            "would explain them nearly as well"
        )


def _few_visits(a: SegmentationAnalysis) -> Iterator[str]:
    """A duration is known from visits, not from rows."""
    few = np.flatnonzero(a.visits < FEWEST_VISITS)
    if a.n_states > 1 and len(few):
        who = _states(few, "is", "are")
        most = int(a.visits[few].max())
        times = {0: "not once", 1: "once", 2: "twice"}[most]
        at_most = "" if len(few) == 1 else " at most"
        their = "its duration and what follows it are" if len(few) == 1 else "their durations and exits are"
        yield f"{who} visited {times}{at_most} on the path: {their} hardly known, however many rows there are"


def _short(a: SegmentationAnalysis) -> Iterator[str]:
    lengths = np.diff(a.offsets)
    if a.n_sequences > 1:
        short = int((lengths < SHORT).sum())
        if short:
            have = "has" if short == 1 else "have"
            yield (
                f"{count(short, 'sequence')} of {a.n_sequences:,} {have} fewer than {SHORT} rows, which tell "
                "little of transitions"
            )
    elif a.n_states > 1 and a.n_rows < SHORT * a.n_states:
        yield f"{count(a.n_rows, 'row')} are a short series for {count(a.n_states, 'state')}"


def _boundary(a: SegmentationAnalysis) -> Iterator[str]:
    """Probabilities at zero or one: never seen is not impossible."""
    if a.n_states > 1:
        transmat = np.asarray(a.model.transmat_)
        none = [(i, j) for i, j in np.argwhere(transmat < NEVER) if i != j]
        stays = np.flatnonzero(np.diag(transmat) > 1 - NEVER)
        if len(stays):
            yield (
                f"{_states(stays, 'is', 'are')} never left again in these data; no more is known of how it "
                "would end"
            )
        none = [(i, j) for i, j in none if i not in stays]
        if none:
            first = listed(f"{i} to {j}" for i, j in none[:MOST_NAMED])
            more = f" and {len(none) - MOST_NAMED} more" if len(none) > MOST_NAMED else ""
            yield (
                f"the probability to go from state {first}{more} came out as 0: these data need no such "
                "step, which is no proof that there is none"
            )
    if isinstance(a.model, CategoricalHMM) and a.n_states > 1:
        never = np.argwhere(a.model.emissionprob_ < NEVER)
        if len(never):
            named = listed(f"{a.model.categories_[s]} in state {k}" for k, s in never[:MOST_NAMED])
            more = f" and {len(never) - MOST_NAMED} more" if len(never) > MOST_NAMED else ""
            yield (
                f"probabilities of symbols came out as 0 ({named}{more}): a new series that has one there is "
                "told to be in another state"
            )


def _hardly_stays(a: SegmentationAnalysis) -> Iterator[str]:
    """States that change at nearly every step are no segments."""
    if a.n_states == 1:
        return
    fleeting = np.flatnonzero(a.durations < HARDLY_STAYS)
    if len(fleeting):
        yield (
            f"{_states(fleeting, 'lasts', 'last')} less than {HARDLY_STAYS:.0f} steps on average: it may be "
            "part of the shape of what is seen, such as a tail, and not a period of the series"
        )


def _unsure(a: SegmentationAnalysis) -> Iterator[str]:
    if a.n_unsure > MUCH_UNSURE * a.n_rows:
        yield (
            f"{share(a.n_unsure, a.n_rows)} of the rows are less than 90% sure: the states overlap, and "
            "those of single rows are close to guesses"
        )


def _lonely(a: SegmentationAnalysis) -> Iterator[str]:
    """Only one of many starts found the maximum."""
    restarts = a.model.restarts_
    if restarts.n_agreeing == 1 and len(restarts.runs) > 1:
        yield (
            f"only one of {len(restarts.runs)} starts reached this maximum, so there may be a higher one: "
            "try another --seed and compare the log-likelihoods"
        )


def _failed(a: SegmentationAnalysis) -> Iterator[str]:
    failures = [] if a.selection is None else [row for row in a.selection.table_ if row["failure"]]
    if failures:
        first = failures[0]
        yield (
            f"{count(len(failures), 'fit')} failed, the first ({in_words(first)}) because {first['failure']}"
        )


def _future(a: SegmentationAnalysis) -> Iterator[str]:
    if a.n_states > 1:
        yield (
            "the states and smoothed probabilities of each row know the rows after it: right for a look "
            "back, wrong for a backtest. For decisions at the time, there are the filtered ones, which use "
            "the past only; the parameters, though, were learned from all rows"
        )


def _states(which: np.ndarray, one: str, many: str) -> str:
    """State 2 rests; states 0 and 2 rest."""
    if len(which) == 1:
        return f"state {which[0]} {one}"
    shown = [str(k) for k in which[:MOST_NAMED]]
    return f"states {listed([*shown, 'others'] if len(which) > MOST_NAMED else shown)} {many}"
