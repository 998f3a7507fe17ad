"""What was labelled, and what there is to say of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from latently.cli.tables.table import Table
from latently.core.findings import Finding, caution, note
from latently.report import Report
from latently.report import Table as Shown
from latently.wording import listed, part

# Rows less likely than this share of what the model expects are unlike what it has learned from.
UNLIKE = 0.001
MANY_UNLIKE = 0.01


@dataclass(frozen=True)
class Labelled:
    """Rows or documents with their labels."""

    table: Table  # what was read
    columns: Mapping[str, Any]  # what is added to it
    report: Report  # what there is to say
    file: str = "result.csv"  # what the result is called
    # the names of the columns added, as a sentence has them
    in_words: Callable[[Sequence[str]], str] = listed


def prediction_report(
    headline: str, sizes: Shown, table: Table, said: Iterable[Any], odd: Iterable[Finding]
) -> Report:
    """What there is to say: how many have which label, what was decided when they were read, what is odd."""
    notes = [one if isinstance(one, Finding) else note("reading", one) for one in (*table.notes, *said)]
    return Report(
        "prediction", headline, notes, list(odd), (), {"sizes": sizes} if sizes.rows else {}, (), {}, {}
    )


def sizes_table(label: str, n: int, rows: Mapping[str, Sequence[str]]) -> Shown:
    """A column for each label."""
    heads = ["", *(f"{label} {k}" for k in range(n))]
    return Shown("Sizes", heads, [[name, *cells] for name, cells in rows.items()])


def unlike(n: int, n_rows: int, label: str) -> Iterator[Finding]:
    """Rows that the model did not expect, if there are more of them than it expects."""
    if n > max(1, MANY_UNLIKE * n_rows):
        text = (
            f"{part(n, 'row', n_rows)} lie where the model expects 1 in {1 / UNLIKE:,.0f}: these rows are "
            f"unlike those it was fitted to, and so are their {label}s"
        )
        yield caution("unlike", text, "row", unlike=n)
