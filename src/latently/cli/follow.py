"""New rows of a series: their states by a hidden Markov model fitted before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from latently.cli.failure import CommandError
from latently.cli.folder import ResultFolder
from latently.cli.segment import result_columns
from latently.cli.tables.axis import time_of
from latently.cli.tables.columns import EMPTY, as_numbers, decided, names_of
from latently.cli.tables.observations import for_model, observations
from latently.cli.tables.series import runs
from latently.cli.tables.table import Table
from latently.cli.terminal import say_bullets, say_heading, say_table, terminal
from latently.core.errors import ImpossibleObservationError
from latently.report import Table as Shown
from latently.report.segmentation import SegmentationAnalysis
from latently.wording import count, sentence, share

# Rows farther out than this share of what the model expects are unlike what it has learned from.
UNLIKE = 0.001
MANY_UNLIKE = 0.01


def follow(model: Any, table: Table, time: str | None, sequence: str | None, out: Path, force: bool) -> None:
    """Find the states of new rows, write them and tell about them.

    Raises
    ------
    CommandError
        If the table lacks what the model needs, or cannot be what the model says.
    """
    names = names_of(model, table)
    offsets, sequences = runs(table, sequence)
    times = None if time is None else time_of(table, time, offsets)
    X = _rows(model, table, names)
    lengths = np.diff(offsets).tolist() if len(offsets) > 2 else None
    a = SegmentationAnalysis(model, X, table.name, names, lengths, times, time or "row", sequences)
    try:
        columns = result_columns(a)
    except ImpossibleObservationError as error:
        raise CommandError(
            f"{table.name} cannot come from this model ({error}): fit it to such rows, too"
        ) from None
    with ResultFolder(out, force) as folder:
        added = table.write(folder.file("result.csv"), columns)
    console = terminal()
    say_heading(console, f"{count(a.n_rows, 'row')} of {table.name} in {count(a.n_components, 'state')}")
    say_table(
        console,
        Shown(
            "Sizes",
            ["", *(f"state {k}" for k in range(a.n_components))],
            [
                ["rows on the path", *(f"{size:,}" for size in a.sizes)],
                ["share", *(share(part) for part in a.shares)],
                ["visits on the path", *(f"{visits:,}" for visits in a.visits)],
            ],
        ),
    )
    console.print()
    symbolic = model._model.emission.symbolic
    read = [] if symbolic else decided(as_numbers(table, name) for name in names)
    say_bullets(console, [*map(sentence, (*table.notes, *read)), *_doubts(a)], style="yellow")
    *some, last = added
    console.print(f"Wrote {out}/result.csv, with the columns {', '.join(some)} and {last}.", soft_wrap=True)


def _rows(model: Any, table: Table, names: list[str]) -> Any:
    """The rows as the model takes them."""
    family = model._model.emission
    if not family.symbolic:
        return observations(table, names, family, new=True)
    column = as_numbers(table, names[0])
    numbers = family.alphabet.dtype.kind in "iuf"
    if numbers and column.values is None and column.why_not != EMPTY:
        raise CommandError(
            f"column '{names[0]}' of {table.name} is not numeric ({column.why}), and the symbols of the "
            "model are numbers"
        )
    X = observations(table, names, family, new=True, as_text=not numbers)
    cells = X.to_series()
    known = {None, *family.alphabet.tolist()}
    row = next((row for row, cell in enumerate(cells.to_list()) if cell not in known), None)
    if row is not None:
        raise CommandError(
            f"{table.where(row)} of {table.name} holds '{cells[row]}' in column '{names[0]}', a symbol that "
            "the model has never seen: leave the cell empty, or fit a model to rows that have it"
        )
    return for_model(X, family)


def _doubts(a: SegmentationAnalysis) -> list[str]:
    doubts = []
    if a.n_unsure:
        be, their = ("is", "its") if a.n_unsure == 1 else ("are", "their")
        doubts.append(
            f"{count(a.n_unsure, 'row')} ({share(a.n_unsure, a.n_rows)}) {be} less than 90% sure to be in "
            f"{their} state."
        )
    if a.n_components > 1:
        doubts.append(
            "The states and smoothed probabilities know the rows that come later; the filtered ones use the "
            "past only."
        )
    unlike = _n_unlike(a)
    if unlike > max(1, MANY_UNLIKE * a.n_rows):
        doubts.append(
            f"{count(unlike, 'row')} ({share(unlike, a.n_rows)}) lie where the model expects 1 in "
            f"{1 / UNLIKE:,.0f}: these rows are unlike those it was fitted to, and so are their states."
        )
    return doubts


def _n_unlike(a: SegmentationAnalysis) -> int:
    """Rows far out by what the model expected of them from the rows before."""
    if a.residuals is None:
        return 0
    from scipy.special import ndtri

    return int((np.abs(np.nan_to_num(a.residuals)) > -ndtri(UNLIKE / 2)).any(axis=1).sum())
