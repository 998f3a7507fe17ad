"""What was found in a series, in words."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from latently.core.findings import grave
from latently.estimators import CategoricalHMM, PoissonHMM
from latently.report.segmentation.analysis import SegmentationAnalysis
from latently.report.segmentation.residuals import Check, checks
from latently.report.segmentation.states import lasts, parameters, visited
from latently.wording import count, exact, listed, number, share

MOST_LISTED = 8
STRONG = 10.0
SHAPES = {
    "full": "correlations of their own in each state",
    "tied": "one shape in all states",
    "diag": "no correlations within a state",
    "spherical": "one spread for all columns in a state",
}


def headline(a: SegmentationAnalysis) -> str:
    """The first sentence."""
    rows = count(a.n_rows, "row")
    sequences = f" ({count(a.n_sequences, 'sequence')})" if a.n_sequences > 1 else ""
    return f"{count(a.n_states, 'state')} in the {rows} of {a.source}{sequences}"


def findings(a: SegmentationAnalysis) -> list[str]:
    """Sentences, the most important first."""
    said = [_kind(a)]
    if a.n_states > 1:
        said += [_state(a, k) for k in range(a.n_states)]
        said += [_changes(a), _now(a), _hindsight(a)]
    if a.n_gaps:
        said.append(_gaps(a))
    if a.selection is not None and len(a.selection.table_) > 1:
        said.append(_choice(a))
    return [*said, *of_the_residuals(a), *a.guessed]


def _kind(a: SegmentationAnalysis) -> str:
    several = f"{len(a.names)} columns"
    several += f" ({listed(a.names)})" if len(a.names) <= MOST_LISTED else ""
    columns = f"column {a.names[0]}" if len(a.names) == 1 else several
    if isinstance(a.model, CategoricalHMM):
        of = f"{count(len(a.model.categories_), 'symbol')} in column {a.names[0]}, categorical in each state"
    elif isinstance(a.model, PoissonHMM):
        of = f"counts in {columns}, Poisson in each state"
    else:
        of = f"numbers in {columns}, normal in each state"
        if len(a.names) > 1:
            of += f", with {SHAPES[a.model.covariance_type]}"
    return f"A hidden Markov model of {of}."


def _state(a: SegmentationAnalysis, k: int) -> str:
    return f"State {k}, {share(a.shares[k])} of the rows: {parameters(a, k)}; {lasts(a, k)}."


def _changes(a: SegmentationAnalysis) -> str:
    """How often the path changes, and how sure it is."""
    if not a.n_changes:
        said = "The likeliest path never changes its state"
    else:
        times = {1: "once", 2: "twice"}.get(a.n_changes, f"{a.n_changes:,} times")
        seen = [f"state {k} ({visited(a, k)})" for k in range(a.n_states)]
        visits = f", and visits {listed(seen)}" if a.n_states <= MOST_LISTED else ""
        said = f"The likeliest path changes {times}{visits}"
    if not a.n_unsure:
        return f"{said}; every row is at least 90% sure to be in its state."
    be, their = ("is", "its") if a.n_unsure == 1 else ("are", "their")
    rows = f"{count(a.n_unsure, 'row')} ({share(a.n_unsure, a.n_rows)})"
    return f"{said}; {rows} {be} less than 90% sure to be in {their} state."


def _now(a: SegmentationAnalysis) -> str:
    """Where the series stands at its end, which the past alone tells."""
    last = a.filtered[-1]
    where = f" of the last sequence ({a.sequences[-1]})" if a.sequences and a.n_sequences > 1 else ""
    at = f", {a.time_name} {_moment(a.time[-1])}," if a.time is not None else ""
    return (
        f"At the last row{where}{at} the state is {int(last.argmax())}, with a probability of "
        f"{share(last.max())}."
    )


def _moment(value: object) -> str:
    if isinstance(value, np.datetime64):
        return str(value).replace("T", " ")
    return exact(float(str(value)))


def _hindsight(a: SegmentationAnalysis) -> str:
    """How often the past alone says something else than the whole series."""
    if not a.n_seen_otherwise:
        return "The past alone (filtered) says the same of every row as all rows together (smoothed)."
    rows = f"{count(a.n_seen_otherwise, 'row')} ({share(a.n_seen_otherwise, a.n_rows)})"
    return (
        f"The past alone (filtered) says another state than the path, which knows what came later, of {rows}."
    )


def _gaps(a: SegmentationAnalysis) -> str:
    have, count_ = ("has", "counts") if a.n_gaps == 1 else ("have", "count")
    return (
        f"{count(a.n_gaps, 'row')} {have} no observation and {count_} as a step of time: the state there "
        "is known from the rows around."
    )


def _choice(a: SegmentationAnalysis) -> str:
    """How clearly BIC chose."""
    assert a.selection is not None
    fits = a.selection.table_
    best = a.selection.best_params_
    rivals = [row for i, row in enumerate(fits) if i != a.selection.best_index_]
    others = [row for row in rivals if not row["failure"] and not grave(row["diagnostics"])]
    chosen = f"BIC chose {in_words(best)} ({number(a.model.bic(), 1)}) among {count(len(fits), 'fit')}"
    if not others:
        return f"{chosen}."
    second = min(others, key=lambda row: row["bic"])
    gap = second["bic"] - a.model.bic()
    verdict = "a clear choice" if gap > STRONG else "not far enough to rule it out"
    return f"{chosen}; next comes {in_words(second)}, {number(gap, 1)} above: {verdict}."


def in_words(params: dict[str, object]) -> str:
    """The words for a choice: 3 states with diag covariances."""
    n = count(int(str(params["n_components"])), "state")
    return f"{n} with {params['covariance_type']} covariances" if "covariance_type" in params else n


def of_the_residuals(a: SegmentationAnalysis) -> Iterator[str]:
    """What the pseudo-residuals say, where there are any."""
    for check in checks(a):
        wrong = list(_wrong(check))
        of = f" of {check.name}" if len(a.names) > 1 else ""
        if wrong:
            yield f"The forecast residuals{of} are not as the model expects: {'; '.join(wrong)}."
        else:
            yield (
                f"The forecast residuals{of} look as they should: standard deviation "
                f"{number(check.spread, 2)} (1 is right), correlation from row to row "
                f"{number(check.lag_one, 2)} (0 is right)."
            )


def _wrong(check: Check) -> Iterator[str]:
    if check.dependent:
        yield (
            f"from row to row they are correlated by {number(check.lag_one, 2)}, so that one row tells more "
            "of the next than the states do"
        )
    if check.too_wide:
        yield f"their standard deviation is {number(check.spread, 2)} where 1 is right"
    if check.many_far:
        yield f"{count(check.n_far, 'row')} of {check.n:,} lie more than three standard deviations out"
