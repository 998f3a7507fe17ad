"""Tables that are read piece by piece, as a family reads tables in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from functools import partial, reduce, wraps
from typing import Any, TypeVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from latently.checks.columns import Table, concatenated
from latently.checks.columns import as_table as as_columns
from latently.core.cluster import ClusterSource
from latently.core.streamed import Piece, StreamedSource, ahead
from latently.emissions.base import Emission
from latently.estimators.inputs import Family, read_rows
from latently.sources import as_scan
from latently.sources.base import Part, Scan, located
from latently.sources.writing import write

Method = TypeVar("Method", bound=Callable[..., Any])


@dataclass(frozen=True)
class Reader:
    """Reads parts of a table, here or wherever it is sent."""

    estimator: Any  # which knows the names and the number of the features, once there are some
    family: Emission  # the family, which knows how to read cells, once there are some
    groups: str | None = None  # the column that says which sequence each row belongs to
    several: bool = False  # whether units are sequences, each part one if `groups` is None

    def table(self, part: Part) -> Table:
        """The columns of a part that are modelled."""
        with located(part):
            return as_columns(self._split(part)[0])

    def different(self, part: Part) -> Table:
        """The different cells of each of these."""
        return self.table(part).different()

    def piece(self, part: Part) -> Piece:
        """The rows of a part."""
        if not len(part.table):
            return Piece(np.empty((0, 0)))
        with located(part):
            table, sequences = self._split(part)
            return Piece(read_rows(self.estimator, table, self.family, reset=False)[1], sequences)

    def _split(self, part: Part) -> tuple[Any, Any]:
        """A table without the column that names sequences, and that column; or the number of its own."""
        if not self.several:
            return part.table, None
        if self.groups is None:
            return part.table, np.full(len(part.table), part.number)
        return split_off(part.table, self.groups)


def split_off(table: object, name: str) -> tuple[Table, Any]:
    """A table without one of its columns, which says which sequence each row belongs to, and that column.

    Raises a ValueError if there is no such column, or a cell of it is missing.
    """
    columns = as_columns(table)
    if name not in columns.names:
        raise ValueError(f"there is no column '{name}', which groups names: there are {columns.names}")
    named = columns.columns[columns.names.index(name)]
    if named.missing.any():
        raise ValueError(f"column '{name}' has no entry in row {int(named.missing.argmax())}")
    return columns.without(name), named.cells


def read_piece_by_piece(like: Callable[[Any], tuple[Sequence[str], object]]) -> Callable[[Method], Method]:
    """Decorate a method that says something of each row of a table, so that it takes tables of any size.

    A table that is to be read piece by piece is; what is said goes to the file that `to` names, if there is
    one; of Dask's collections it is said when it is asked for. ``like(estimator)`` returns the names of what
    is said of a row, and an array of it without rows.
    """

    def decorate(method: Method) -> Method:
        @wraps(method)
        def said(self: Any, X: object, *, to: object = None) -> Any:
            scan = as_scan(X)
            if scan is None and to is None:
                return method(self, X)
            check_is_fitted(self)
            names, nothing = like(self)
            of_table = partial(said, self)
            if scan is not None and to is None and (lazy := scan.lazily(of_table, nothing)) is not None:
                return lazy
            parts = [Part(X, "X")] if scan is None else scan.parts()
            found = ahead((part for part in parts if len(part.table)), partial(_located, of_table))
            return np.concatenate(list(found)) if to is None else write(to, names, found)

        return said  # type: ignore[return-value]

    return decorate


def _located(say: Callable[[Any], object], part: Part) -> Any:
    with located(part):
        return say(part.table)


def read_scan(
    estimator: Any,
    scan: Scan,
    family: Family,
    *,
    reset: bool,
    block_rows: Callable[[int], int],
    groups: str | None = None,
    several: bool = False,
    n_different: int = 1024,
) -> tuple[Family, StreamedSource | ClusterSource]:
    """Check a table and read it as a family does, in every pass anew or once on a cluster.

    As `read_rows`; rows in a block follow from the cells of a row, and `groups` is the column that says which
    sequence each row belongs to, if units are sequences (`several`). `n_different` different rows are enough
    to know that components have enough. Says where a piece that is refused comes from.
    """
    reader = Reader(_bare(estimator), family, groups, several)
    if reset:
        tables = scan.each(reader.different) if family.learns else map(reader.table, scan.parts())
        tables = filter(len, tables)
        first = next(tables, None)
        if first is None:
            raise ValueError("X has no row: there is nothing to read")
        sample = reduce(_merged, tables if family.learns else (), first)
        family = read_rows(estimator, sample, family, "some row".format, reset=True)[0]
        reader = Reader(_bare(estimator), family, groups, several)
    size = block_rows(family.width(estimator.n_features_in_))
    return family, scan.source(reader.piece, size, several, n_different)


def _merged(one: Table, other: Table) -> Table:
    return concatenated([one, other]).different()


def _bare(estimator: object) -> Any:
    """An estimator without its data and callbacks, as it is sent elsewhere."""
    found = copy(estimator)
    for name in ("callbacks", "_fitted", "_outcome"):
        vars(found).pop(name, None)
    return found
