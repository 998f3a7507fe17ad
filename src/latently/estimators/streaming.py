"""Tables that are read piece by piece, as a family reads tables in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import reduce
from typing import Any

import numpy as np

from latently.checks.columns import Table, concatenated
from latently.checks.columns import as_table as as_columns
from latently.core.streamed import Piece, StreamedSource
from latently.estimators.inputs import Family, read_rows
from latently.sources.base import Part, Scan


def read_scan(
    estimator: Any,
    scan: Scan,
    family: Family,
    *,
    reset: bool,
    block_rows: Any,
    groups: Any = None,
    several: bool = False,
    n_different: int = 1024,
) -> tuple[Family, StreamedSource]:
    """Check a table and read it as a family does, in every pass anew.

    Parameters
    ----------
    estimator : estimator
        Learns the names and the number of the features when `reset`.
    scan : Scan
        The table.
    family : Emission
        The family.
    reset : bool
        Whether this is the table of a fit.
    block_rows : callable
        Rows in a block, by the cells of a row.
    groups : str, optional
        The column that says which sequence each row belongs to.
    several : bool
        Whether units are sequences.
    n_different : int
        How many different rows are enough to know that components have enough.

    Returns
    -------
    family : Emission
        The family, with what it has learned of how to read cells if this is the table of a fit.
    source : StreamedSource
        The rows.

    Raises
    ------
    ValueError
        If a piece is refused; where it comes from is said.
    """

    def parts() -> Iterator[tuple[Part, Any, Any]]:
        for number, part in enumerate(scan.parts()):
            with located(part):
                yield part, *_split(part.table, groups, number if several else None)

    if reset:
        tables = (_located_table(part, table) for part, table, _ in parts())
        first = next(tables, None)
        if first is None:
            raise ValueError("X has no row: there is nothing to read")
        others = (table.different() for table in tables) if family.learns else ()
        sample = reduce(lambda one, other: concatenated([one, other]).different(), others, first)
        family = read_rows(estimator, sample, family, reset=True)[0]

    def read() -> Iterator[Piece]:
        for part, table, sequences in parts():
            with located(part):
                yield Piece(read_rows(estimator, table, family, reset=False)[1], sequences)

    return family, StreamedSource(
        read, block_rows(family.width(estimator.n_features_in_)), several, n_different
    )


def _located_table(part: Part, table: Any) -> Table:
    with located(part):
        return as_columns(table)


@contextmanager
def located(part: Part) -> Iterator[None]:
    """Where a piece of a table is refused, say which."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{part.where}: {error}") from None


def _split(table: Any, groups: Any, number: int | None) -> tuple[Any, Any]:
    """A table without the column that names sequences, and that column; or the number of its own."""
    if groups is None:
        return table, None if number is None else np.full(len(table), number)
    columns = as_columns(table)
    if groups not in columns.names:
        raise ValueError(f"there is no column '{groups}', which groups names: there are {columns.names}")
    named = columns.columns[columns.names.index(groups)]
    if named.missing.any():
        raise ValueError(f"column '{groups}' has no entry in row {int(named.missing.argmax())}")
    return columns.without(groups), named.cells
