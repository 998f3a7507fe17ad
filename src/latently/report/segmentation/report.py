"""What there is to say of a segmentation: findings, tables and what to do next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from latently.core.findings import Finding, note
from latently.report import fits
from latently.report.html import Markup, paragraph
from latently.report.maxima import maxima_table
from latently.report.report import Report
from latently.report.same import same_in_python, with_new
from latently.report.segmentation.analysis import SegmentationAnalysis, moment
from latently.report.segmentation.cautions import cautions
from latently.report.segmentation.figures import segmentation_figures
from latently.report.segmentation.replay import segmentation_replay
from latently.report.segmentation.residuals import Check, checks
from latently.report.sureness import certainty, intervals
from latently.report.table import Table
from latently.wording import about, count, listed, number, part, sentence, share

MOST_LISTED = 8
FEW_COLUMNS = 2  # whose residuals are each told of
MOST_STATES = 12
MOST_SEGMENTS = 60
STARTS = {
    "free": "a distribution of its own",
    "stationary": "the stationary distribution: the series is a piece of something that has long gone on",
    "uniform": "the even distribution",
}
OF_NEW = """\
model.filter(X)       # states by the past alone: for decisions at the time
model.smooth(X)       # states given all rows: for a look back
model.predict(X)      # the likeliest path
"""
ASKED = """\
model.bic()
model.predict({X})               # the likeliest path of states
model.smooth({X})                # how likely each state is in each row, given all of them
model.segments({X})              # when each visit to a state begins and ends
model.filter({X})                # the same by the past alone: for decisions at the time
model.confidence_intervals({X})  # how sure the parameters are
latently.report(model, X, "report.html"{more})
"""
FILES = (
    ("result.csv", "The table, with the state of each row and its probabilities."),
    ("segments.csv", "A line for each visit to a state: when it begins and ends."),
)
AHEAD = """\
model.forecast(X, steps=3).states  # what comes next
"""


def segmentation_report(a: SegmentationAnalysis) -> Report:
    """All that is said of a segmentation.

    Examples
    --------
    >>> from latently import PoissonHMM, datasets
    >>> from latently.report.segmentation import SegmentationAnalysis
    >>> counts = datasets.load_earthquakes().data
    >>> model = PoissonHMM(2, startprob="stationary", random_state=0).fit(counts)
    >>> report = segmentation_report(SegmentationAnalysis(model, counts, "quakes.csv", names=["count"]))
    >>> report.headline
    '2 states in the 107 rows of quakes.csv'
    """
    tables = {"states": states(a), "bic": fits.bic_table(a.selection, "state"), "transitions": transitions(a)}
    if a.n_components > 1:
        tables["segments"] = segments(a)
        tables["certainty"] = certainty(a.probability, a.path, a.n_components, "state")
    source = a.model._source(a.X, lengths=a.lengths)
    tables["intervals"] = intervals(a.model, source, a.names, "state")
    tables["maxima"] = maxima_table(a.model, source, "state")
    sequences = f" ({count(a.n_sequences, 'sequence')})" if a.n_sequences > 1 else ""
    missing = "left out of the likelihood, never filled in; a row without any is a step of time"
    return Report(
        "segmentation",
        f"{count(a.n_components, 'state')} in the {count(a.n_rows, 'row')} of {a.source}{sequences}",
        list(_findings(a)),
        list(cautions(a)),
        _facts(a),
        {name: table for name, table in tables.items() if table is not None},
        segmentation_figures(a),
        fits.how(
            a,
            f"Hidden Markov model, {_emission(a)}, fitted by expectation maximisation",
            {"First state": f"drawn from {STARTS[a.model.startprob]}", "Missing cells": missing},
            Restarts=str(a.model.restarts_),
        ),
        _summary(a),
        _going_on(a),
        _python(a),
        [
            sentence(str(fits.sureness(a.n_unsure, a.n_rows, "state"))),
            sentence(str(_hindsight(a))),
            fits.agreement(a.model),
        ]
        if a.n_components > 1
        else [],
        lead=_lead(a),
        replay=lambda: segmentation_replay(a),
    )


def _lead(a: SegmentationAnalysis) -> str:
    """The page in three sentences."""
    if a.n_components == 1:
        return (
            f"The {count(a.n_rows, 'row')} of the series show one state only: nothing hidden changes along "
            "it, as far as this model can tell. The numbers below say what is seen in it. More states were "
            "not worth their parameters, or not asked for."
        )
    k = int(np.argmax(a.shares))
    return (
        f"The series goes through {count(a.n_components, 'hidden state')}, found from its "
        f"{count(a.n_rows, 'row')} alone. It is mostly in state {k} ({share(a.shares[k])} of the time): "
        f"{a.words[k]}. Of all rows {share(a.n_rows - a.n_unsure, a.n_rows)} are at least 90% "
        "sure to be in the state they are counted in, and at the end it is in state "
        f"{int(a.filtered[-1].argmax())}."
    )


def _python(a: SegmentationAnalysis) -> str:
    more = ", lengths=lengths" if a.lengths is not None else ""
    reading = a.reading or ("X, lengths = ...  # the table and its sequences\n" if more else "")
    return same_in_python(a.model, reading, ASKED.format(X=f"X{more}", more=more), f"X{more}")


def _emission(a: SegmentationAnalysis) -> str:
    kind = getattr(a.model, "covariance_type", None)
    return f"{a.family.called} in each state" + (f", {kind} covariances" if kind else "")


def _facts(a: SegmentationAnalysis) -> list[tuple[str, str]]:
    sequences = [("sequences", f"{a.n_sequences:,}")] if a.n_sequences > 1 else []
    return [
        ("states", f"{a.n_components}"),
        ("rows", f"{a.n_rows:,}"),
        *sequences,
        ("changes of state", f"{a.n_changes:,}"),
        ("BIC", number(a.model.bic(), 1)),
        ("rows less than 90% sure", share(a.n_unsure, a.n_rows)),
    ]


def _findings(a: SegmentationAnalysis) -> Iterator[Finding]:
    """The most important first."""
    yield _kind(a)
    if a.n_components > 1:
        yield from (_state(a, k) for k in range(a.n_components))
        yield _changes(a)
        yield _now(a)
        yield _hindsight(a)
    if a.n_empty_rows:
        have, counts = ("has", "counts") if a.n_empty_rows == 1 else ("have", "count")
        text = (
            f"{count(a.n_empty_rows, 'row')} {have} no observation and {counts} as a step of time: the state "
            "there is known from the rows around"
        )
        yield note("gaps", text, "row", rows=a.n_empty_rows)
    yield from fits.choice(a.model, a.selection, "state")
    yield from _all_residuals(a)
    yield from (note("input", text) for text in a.guessed)


def _kind(a: SegmentationAnalysis) -> Finding:
    several = f"{len(a.names)} columns"
    several += f" ({listed(a.names)})" if len(a.names) <= MOST_LISTED else ""
    columns = f"column {a.names[0]}" if len(a.names) == 1 else several
    what = count(len(a.symbols), "symbol") if a.family.symbolic else a.family.noun
    shape = a.family.shape("state") if len(a.names) > 1 else ""
    of = f"{what} in {columns}, {a.family.called} in each state{f', with {shape}' if shape else ''}"
    return note("model", f"A hidden Markov model of {of}")


def _state(a: SegmentationAnalysis, k: int) -> Finding:
    text = f"State {k}, {share(a.shares[k])} of the rows: {a.words[k]}; {_lasts(a, k)}"
    return note("state", text, "state", [k], share=a.shares[k], duration=a.durations[k])


def _lasts(a: SegmentationAnalysis, k: int) -> str:
    """How long a state lasts and where it leads, as half a sentence."""
    if not np.isfinite(a.durations[k]):
        return "it is never left"
    steps = _duration(a, k)
    said = f"it lasts {steps} {'step' if steps == '1.0' else 'steps'} on average"
    if a.n_components == 2:
        return f"{said} and then turns into state {1 - k}"
    return f"{said} and is mostly followed by state {_next_state(a, k)}"


def _duration(a: SegmentationAnalysis, k: int) -> str:
    """Mean duration of a visit, in steps."""
    steps = a.durations[k]
    return number(steps, 1 if steps < 10 else 0) if np.isfinite(steps) else "never ends"


def _next_state(a: SegmentationAnalysis, k: int) -> str:
    """The likeliest next state once a state is left, and how likely it is."""
    if not a.exits[k].any():
        return "none"
    following = int(a.exits[k].argmax())
    return f"{following} ({share(a.exits[k, following])})"


def _changes(a: SegmentationAnalysis) -> Finding:
    """How often the path changes, and how sure it is."""
    said = "The likeliest path never changes its state"
    if a.n_changes:
        seen = [f"state {k} ({_times(int(a.visits[k]))})" for k in range(a.n_components)]
        visits = f", and visits {listed(seen)}" if a.n_components <= MOST_LISTED else ""
        said = f"The likeliest path changes {_times(a.n_changes)}{visits}"
    text = f"{said}; {fits.sureness(a.n_unsure, a.n_rows, 'state')}"
    return note("changes", text, changes=a.n_changes, unsure=a.n_unsure)


def _times(n: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(n, f"{n:,} times")


def _now(a: SegmentationAnalysis) -> Finding:
    """Where the series stands at its end, which the past alone tells."""
    last = a.filtered[-1]
    where = f" of the last sequence ({a.sequences[-1]})" if a.sequences and a.n_sequences > 1 else ""
    at = f", {a.time_name} {moment(a.time[-1])}," if a.time is not None else ""
    k = int(last.argmax())
    text = f"At the last row{where}{at} the state is {k}, with a probability of {about(last.max())}"
    return note("now", text, "state", [k], probability=last.max())


def _hindsight(a: SegmentationAnalysis) -> Finding:
    """How often the past alone says something else than the whole series."""
    text = "The past alone (filtered) says the same of every row as all rows together (smoothed)"
    if a.n_seen_otherwise:
        rows = part(a.n_seen_otherwise, "row", a.n_rows)
        text = "The past alone (filtered) says another state than the path, which knows what came later, of "
        text += rows
    return note("hindsight", text, "row", rows=a.n_seen_otherwise)


def _all_residuals(a: SegmentationAnalysis) -> Iterator[Finding]:
    """Those of each column; of many, how many are right, and the worst."""
    found = checks(a)
    if len(found) <= FEW_COLUMNS:
        yield from (_residuals(a, check) for check in found)
        return
    wrong = [check for check in found if list(_wrong(check))]
    right = len(found) - len(wrong)
    text = f"The forecast residuals of {right} of {len(found)} columns look as they should"
    if wrong:
        worst = max(wrong, key=lambda check: abs(check.lag_one) + max(check.spread - 1.0, 0.0))
        text += f"; least so those of {worst.name}: {'; '.join(_wrong(worst))}"
    yield note("residuals", text, "column", [check.column for check in wrong], right=right)


def _residuals(a: SegmentationAnalysis, check: Check) -> Finding:
    """What the pseudo-residuals of a column say."""
    wrong = list(_wrong(check))
    of = f" of {check.name}" if len(a.names) > 1 else ""
    if wrong:
        text = f"The forecast residuals{of} are not as the model expects: {'; '.join(wrong)}"
    else:
        text = (
            f"The forecast residuals{of} look as they should: standard deviation {number(check.spread, 2)} "
            f"(1 is right), correlation from row to row {number(check.lag_one, 2)} (0 is right)"
        )
    numbers = {"standard_deviation": check.spread, "lag_one_correlation": check.lag_one, "far": check.n_far}
    return note("residuals", text, "column", [check.column], **numbers)


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


def states(a: SegmentationAnalysis) -> Table:
    """What is seen in each state, how much of the series is in it, how long it lasts and where it seeded."""
    every, text = range(a.n_components), a.components.note
    rows = [
        *a.components.lines,
        ["share", *(share(part) for part in a.shares)],
        ["rows on the path", *(f"{size:,}" for size in a.sizes)],
        ["visits on the path", *(f"{visits:,}" for visits in a.visits)],
    ]
    if a.n_components > 1:
        rows += [
            ["mean duration in steps", *(_duration(a, k) for k in every)],
            ["likeliest next state", *(_next_state(a, k) for k in every)],
        ]
        text += (
            " The share counts each row by its smoothed probabilities; rows and visits on the path are those "
            "of the likeliest path. The next state is that after leaving, with its probability."
        )
    return Table("States", ["", *(f"state {k}" for k in every)], rows, text)


def segments(a: SegmentationAnalysis) -> Table:
    """When each visit to a state begins and ends."""
    names = a.sequences or [str(i) for i in range(a.n_sequences)]
    rows = [
        [
            *([names[one["sequence"]]] if a.n_sequences > 1 else []),
            one["start"],
            one["end"],
            str(one["state"]),
            f"{one['n_steps']:,}",
            share(one["probability"]),
        ]
        for one in a.segments[:MOST_SEGMENTS]
    ]
    heads = [*(["sequence"] if a.n_sequences > 1 else []), "from", "to", "state", "steps", "probability"]
    text = "Visits of the likeliest path; the probability is the mean smoothed one of the state."
    if len(a.segments) > len(rows):
        text += f" The first {len(rows)} of {len(a.segments):,}."
    return Table("Segments", heads, rows, text, spoken=False)


def transitions(a: SegmentationAnalysis) -> Table | None:
    """Probabilities of the next step, from row to column; None where there is nowhere to go, or too many."""
    if not 1 < a.n_components <= MOST_STATES:
        return None
    rows = [
        [f"from {i}", *(number(p, 3) if p >= 0.0005 or p == 0 else "<0.001" for p in line)]
        for i, line in enumerate(a.model.transmat_)
    ]
    heads = ["", *(f"to {k}" for k in range(a.n_components))]
    text = "Probability of each state in the next row, given the state in this one."
    return Table("Transitions", heads, rows, text, spoken=False)


def _going_on(a: SegmentationAnalysis) -> list[Markup]:
    verbs = OF_NEW + (AHEAD if a.n_sequences == 1 else "")
    return [
        *with_new("new.csv", FILES, verbs, command=a.by_command),
        paragraph(
            "X holds the columns of the model in the order of time, NaN (None for symbols) where a cell is "
            "missing; several sequences are a list of such. The page of the documentation on hidden Markov "
            "models says what each verb means, and its page of formulas (from 'Forward and backward' on) how "
            "it is computed."
        ),
    ]


def _summary(a: SegmentationAnalysis) -> dict[str, Any]:
    """A state that is never left has a mean duration of infinity, which is null there."""
    model = a.model
    kind = getattr(model, "covariance_type", None)
    found: dict[str, Any] = {
        **fits.about(a),
        "n_sequences": a.n_sequences,
        "rows_without_observation": a.n_empty_rows,
        "guessed": list(a.guessed),
        "model": type(model).__name__,
        "n_states": a.n_components,
        "startprob_kind": model.startprob,
        "startprob": model.startprob_.tolist(),
        "transmat": model.transmat_.tolist(),
        **({"symbols": np.asarray(a.symbols).tolist()} if a.symbols else {}),
        **({"covariance_type": kind} if kind else {}),
        **fits.of_parameters(model),
        "shares": a.shares.tolist(),
        "rows_on_the_path": a.sizes.tolist(),
        "visits": a.visits.tolist(),
        "mean_durations": a.durations.tolist(),
        "likeliest_next_states": [int(line.argmax()) if line.any() else None for line in a.exits],
        "changes_on_the_path": a.n_changes,
        "rows_less_than_90_percent_sure": a.n_unsure,
        "rows_of_another_state_by_the_past_alone": a.n_seen_otherwise,
        "last_filtered_probabilities": a.filtered[-1].tolist(),
        "forecast_residuals": {
            check.name: {"standard_deviation": check.spread, "lag_one_correlation": check.lag_one}
            for check in checks(a)
        },
        **fits.measured(model),
    }
    if a.selection is not None:
        found["fits"] = a.selection.table_
    return found
