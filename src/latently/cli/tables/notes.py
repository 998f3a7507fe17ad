"""What looks odd in a table although it can be worked with."""

from __future__ import annotations

import re

import numpy as np

from latently.cli.tables.codes import codes_not_told
from latently.cli.tables.columns import Choice, option
from latently.cli.tables.roles import looks_like_identifier
from latently.cli.tables.table import Table

NAMES_A_TOTAL = re.compile(r"(?i)(grand |sub)?total.*|sum|summe|gesamt.*|somme|suma|average|mean")
NUMBERS_PER_IDENTIFIER = 20  # identifiers leave out most numbers between the least and the greatest seldom


def notes(table: Table, choice: Choice, matter: str) -> list[str]:
    """Sentences about columns that may not be what they were taken for, such as identifiers."""
    X = choice.X.select(name for name, dtype in choice.X.schema.items() if dtype.is_numeric())
    notes = []
    for column in X:
        if looks_like_identifier(column) and np.ptp(column.to_numpy()) < NUMBERS_PER_IDENTIFIER * len(column):
            instead = [name for name in choice.X.columns if name != column.name]
            leave = f"leave it out: {option(instead)}" if instead else f"it says nothing about {matter}"
            notes.append(
                f"column '{column.name}' has a whole number of its own in every row and looks like an "
                f"identifier: if it is one, {leave}"
            )
    for name, why in choice.left_out.items():
        if why.endswith("is not a number"):
            notes.append(f"column '{name}' was left out although most of it is numbers: {why}")
    return [*notes, *codes_not_told(X), *choice.said, *of_file(table)]


def of_file(table: Table) -> list[str]:
    """What was decided when the table was read, and a sentence if its first line looks like a row."""
    said = list(table.notes)
    if all(re.fullmatch(r"[+-]?[\d.]+", name) for name in table.frame.columns):
        said.append(
            f"the first line of {table.name} was read as names of columns and is all numbers: if it is a "
            "row, put a line of names above it"
        )
    last = next((cell for cell in table.frame.row(-1) if cell is not None), "")
    if isinstance(last, str) and NAMES_A_TOTAL.fullmatch(last.strip()):
        said.append(f"the last row of {table.name} begins with '{last}': if it sums up the others, delete it")
    return said
