"""What is wrong with a table and its numbers: one line that names the cell and the remedy."""

from __future__ import annotations

import polars as pl

from latently.cli.failure import CommandError
from latently.cli.tables.columns import option
from latently.cli.tables.table import Table, quoted


def check_not_infinite(table: Table, X: pl.DataFrame, *, others: bool) -> None:
    """Refuse infinities; where there are `others`, to leave the column out is among the remedies."""
    numbers = [name for name, dtype in X.schema.items() if dtype.is_float()]
    wrong = X.select(pl.col(numbers).is_infinite().fill_null(False))
    counts = {column.name: int(column.sum()) for column in wrong if column.any()}
    if not counts:
        return
    name = next(iter(counts))
    row = wrong[name].arg_true()[0]
    total = sum(counts.values())
    cells = "the only such cell" if total == 1 else f"one of {total} such cells"
    where = "" if len(counts) == 1 else f" in columns {quoted(list(counts))}"
    instead = [column for column in wrong.columns if column not in counts]
    leave = f", or leave the column out: {option(instead)}" if others and instead else ""
    raise CommandError(
        f"{table.where(row)} of {table.name} is infinite in column '{name}' ({cells}{where}): replace or "
        f"drop such rows{leave}"
    )
