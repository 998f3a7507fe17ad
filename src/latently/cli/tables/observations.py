"""The observations of a series, as its model takes them, and what is wrong with them."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from latently.cli.failure import CommandError
from latently.cli.tables.checks import check_not_infinite
from latently.cli.tables.columns import (
    EMPTY,
    MOST_SYMBOLS,
    Column,
    as_any,
    as_numbers,
    as_yes_or_no,
    without,
)
from latently.cli.tables.table import Table
from latently.emissions.base import Emission

MOST_EXACT = 2.0**53  # greater whole numbers may be the same as floats


def observations(
    table: Table, names: list[str], family: Emission, *, new: bool = False, as_text: bool = False
) -> pl.DataFrame:
    """The observed columns, null where a cell is empty.

    Rows are `new` where a model has been fitted already, so that nothing need be learned from them. Symbols
    that look like numbers may be taken as text.
    """
    if family.symbolic:
        symbols = symbols_of(table, names[0], as_text, new)
        if not new:
            check_symbols(table, symbols)
        return pl.DataFrame([symbols])
    columns = [as_numbers(table, name) for name in names]
    if family.takes == "columns":
        columns = [as_any(table, column, asked=True) for column in columns]
    elif family.possible(np.array([0.0, 1.0, 2.0])).tolist() == [True, True, False]:
        columns = [as_yes_or_no(table, column) for column in columns]
    for column in columns:
        if column.values is None and not (new and column.why_not == EMPTY):
            _refuse(table, column, alone=len(names) == 1, new=new)
        if column.constant and not new and column.name not in family.conditioned_on:
            raise CommandError(
                f"column '{column.name}' of {table.name} is {column.unused}, which tells nothing of states: "
                "name another --column"
            )
    X = pl.DataFrame([column.cells(table.frame.height) for column in columns])
    check_not_infinite(table, X, others=False)
    if family.takes == "columns":
        return X
    X = X.cast(pl.Float64)
    check_possible(table, X, family)
    return X


def _refuse(table: Table, column: Column, *, alone: bool, new: bool) -> None:
    if column.why_not == EMPTY:
        who = f"column '{column.name}' of {table.name}"
        raise CommandError(f"{who} has no number in it, only empty cells: name another --column")
    if new:
        raise CommandError(f"{column.not_numeric(table)}, and the model needs it")
    symbols = ", or add --emission categorical" if alone else ", or take it out of --column"
    raise CommandError(f"{column.not_numeric(table)}: mend it{symbols}")


def for_model(X: pl.DataFrame, family: Emission) -> Any:
    """Rows as a model of a family takes them."""
    if not family.symbolic:
        return X
    symbols = np.empty(X.height, dtype=object)
    symbols[:] = X.to_series().to_list()
    return symbols[:, None]


def symbols_of(table: Table, name: str, as_text: bool, new: bool) -> pl.Series:
    """A column as symbols: whole numbers, numbers, or texts, as numbers of too many digits are.

    It is null where a cell is empty. Symbols that are `new` to a model of numbers are numbers however long.
    """
    column = as_numbers(table, name)
    if column.values is not None and not as_text:
        seen = column.values.drop_nulls()
        exact = bool((seen.abs() <= MOST_EXACT).all())
        if exact or new:
            whole = exact and bool((seen == seen.round()).all())
            return column.values.cast(pl.Int64) if whole else column.values
    return without(table.texts(name), table.missing(name))


def check_symbols(table: Table, symbols: pl.Series) -> None:
    """Refuse a column from which no states can be learned."""
    seen = symbols.drop_nulls()
    who = f"column '{symbols.name}' of {table.name}"
    if not len(seen):
        raise CommandError(f"{who} has no symbol in it, only empty cells: name another --column")
    n = seen.n_unique()
    if n == 1:
        raise CommandError(
            f"{who} holds one symbol only ('{seen[0]}'), which tells nothing of states: name another --column"
        )
    if n > MOST_SYMBOLS or n == len(seen):
        instead = "name another --column" if symbols.dtype == pl.String else "use --emission gaussian"
        each = "a symbol of its own in each row" if n == len(seen) else f"{n:,} symbols"
        raise CommandError(f"{who} holds {each}, too many to learn: {instead}")


def check_possible(table: Table, X: pl.DataFrame, family: Emission) -> None:
    """Refuse what no observation of a family can be."""
    for column in X.drop(*family.conditioned_on):
        wrong = np.flatnonzero(~family.possible(column.cast(pl.Float64).to_numpy()))
        if len(wrong):
            row, (allowed, _, _) = int(wrong[0]), family.values.partition(":")  # what follows is said here
            raise CommandError(
                f"{table.where(row)} of {table.name} holds {column[row]:g} in column '{column.name}', and "
                f"{allowed}: mend it, or use --emission gaussian"
            )
