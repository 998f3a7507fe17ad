"""What is said of any table that was filled in, whatever its columns hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from latently.core.findings import Finding, caution, grave, joined, note
from latently.report.html import Markup, code, definitions, paragraph
from latently.report.imputation.analysis import FilledTable
from latently.wording import count, listed, percent, share, some

MOST_LISTED, MOST_NAMED = 8, 6
MUCH_MISSING = 0.5
BEST_GUESS = "The best guess of each cell: for looking things up, and for predictions."


def headline(a: FilledTable) -> str:
    """The first sentence."""
    return f"{count(a.n_missing, 'missing cell')} of {a.source} filled in"


def lead(a: FilledTable, check: Sequence[str]) -> str:
    """The page in three sentences, of which one says how a check went."""
    said = " ".join(check) or "There are too few rows to see how far off that may be."
    return (
        f"{count(a.n_missing, 'cell')} of {a.missing.size:,} were missing, and are filled in with what the "
        f"other cells of their rows suggest. {said} For tests and standard errors, use the drawn tables, "
        "which also show what is not known."
    )


def counts(a: FilledTable) -> list[tuple[str, str]]:
    """The numbers to be seen first."""
    return [
        ("cells filled in", f"{a.n_missing:,}"),
        ("of the cells", share(a.n_missing, a.missing.size)),
        ("incomplete rows", f"{a.n_incomplete_rows:,}"),
    ]


def numbers(a: FilledTable) -> dict[str, Any]:
    """The same for programs."""
    return {
        "empty_cells_left": dict(a.still_empty),
        "n_draws": a.n_tables,
        "n_missing": a.n_missing,
        "rows_with_a_missing_cell": a.n_incomplete_rows,
    }


def how_much(a: FilledTable) -> Iterator[Finding]:
    """How much is missing, and where."""
    text = (
        f"{share(a.n_missing, a.missing.size)} of the cells are missing: {a.n_missing:,} of "
        f"{a.missing.size:,}, in {a.n_incomplete_rows:,} of {count(a.n_rows, 'row')} "
        f"({share(a.n_incomplete_rows, a.n_rows)})"
    )
    yield note("missing", text, cells=a.n_missing, rows=a.n_incomplete_rows)
    missing = a.missing.sum(axis=0)
    named = [f"{a.names[j]} {missing[j]:,} ({share(missing[j], a.n_rows)})" for j in a.incomplete]
    shown = named[:MOST_LISTED]
    if len(named) > MOST_LISTED:
        shown.append(f"{count(len(named) - MOST_LISTED, 'more column')} with fewer")
    whole = [a.names[j] for j in np.flatnonzero(missing == 0)]
    complete = "no column is"
    if whole:
        which = listed(whole) if len(whole) <= MOST_LISTED else f"{len(whole)} columns"
        complete = f"{which} {'is' if len(whole) == 1 else 'are'}"
    yield note("where", f"Missing cells: {listed(shown)}; {complete} complete", "column", a.incomplete)


def draws(a: FilledTable) -> Finding:
    """What the drawn tables are for."""
    which = (
        f"the {count(a.n_tables, 'table')} of {a.drawn}"
        if a.drawn
        else f"the {count(a.n_tables, 'drawn table')}"
    )
    single = "completed.csv" if a.drawn else "the completed table"
    text = (
        f"For standard errors use {which}, not {single}: run the analysis on each table and pool the results "
        "with latently.pool. A completed table treats imputed cells as observed, and so looks more certain "
        "than it is"
    )
    return note("draws", text, tables=a.n_tables)


def spurious(a: FilledTable) -> Iterator[Finding]:
    """A maximum that rests on a few rows."""
    found = grave(a.model.mixture_.diagnostics_)
    if len(a.model.mixture_.weights_) > 1 and found:
        text = f"this maximum of the likelihood is spurious: {joined(found)}. Ask for fewer components"
        yield Finding("spurious", text, severity="grave")


def mostly_missing(a: FilledTable) -> Iterator[Finding]:
    """Columns of which most was never seen."""
    mostly = [j for j in a.incomplete if a.missing[:, j].mean() > MUCH_MISSING]
    if mostly:
        text = f"most of {names_of(a, mostly)} is missing: what was filled in is model more than data"
        yield caution("mostly missing", text, "column", mostly)


def names_of(a: FilledTable, columns: Sequence[int]) -> str:
    """Names of columns, of many the first few."""
    return some([a.names[j] for j in columns], MOST_NAMED, "more column")


def still_empty(a: FilledTable) -> Iterator[Finding]:
    """Columns that are not in the model."""
    if a.still_empty:
        cells = some([f"{n:,} of {name}" for name, n in a.still_empty.items()], MOST_LISTED)
        text = f"cells stay empty in columns that are not in the model: {cells}"
        yield caution("still empty", text, cells=sum(a.still_empty.values()))


def going_on(a: FilledTable, example: str, files: str, imputer: str = "") -> list[Markup]:
    """What answers which question: files of the command, or methods; and an example with either."""
    limits = f"Between what limits each filled number lies, with a probability of {percent(a.level)}."
    tables = f"{count(a.n_tables, 'table')} whose cells were drawn: for tests, intervals and standard errors."
    if not a.drawn:
        names = ("transform", "interval", "draw_imputations")
        answers = definitions(zip(names, (BEST_GUESS, limits, tables), strict=True))
        each = paragraph("Each question has an output of its own.")
        return [each, answers, *([code(imputer)] if imputer else [])]
    limits += " Rows are counted from 1 below the header."
    names = ("completed.csv", "intervals.csv", a.drawn)
    answers = definitions(zip(names, (BEST_GUESS, limits, tables), strict=True))
    return [answers, paragraph(example), code(files)]
