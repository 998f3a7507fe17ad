"""Tables of columns of any kind, as users have them: numbers, yes and no, text, categories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import (
    NUMBERS,
    REFUSED,
    Cells,
    as_array,
    as_cells,
    labels_of,
    missing_cells,
    shown,
)

MOST_DIFFERENT = 1000
CACHED = 1024  # rows


class NotANumberError(ValueError):
    """A cell is no number: where it stands, and what it holds."""

    def __init__(self, row: int, why: str) -> None:
        super().__init__(f"row {row} {why}")
        self.row, self.why = row, why


@dataclass(frozen=True)
class Column:
    """A column of a table."""

    name: str  # its name; its position if it has none
    cells: Cells  # (n,): its cells: floats, integers or booleans, or objects of any kind
    # the categories in their order, if its type says which there are
    categories: tuple[Any, ...] | None = None

    @cached_property
    def missing(self) -> NDArray[np.bool_]:
        """Which cells are missing."""
        return missing_cells(self.cells)

    @cached_property
    def seen(self) -> Cells:
        """Its cells that are not missing."""
        return self.cells[~self.missing] if self.missing.any() else self.cells

    @cached_property
    def whole(self) -> tuple[NDArray[np.int64], int] | None:
        """These as whole numbers, less the least of them, and that; None if `whole_numbers` has none."""
        return whole_numbers(self.seen)

    @cached_property
    def distinct(self) -> Cells:
        """Its different cells, those that are missing aside, in their order; of numbers, or yes and no."""
        if self.whole is None:
            return np.unique(self.seen)
        numbers, low = self.whole
        return (np.flatnonzero(np.bincount(numbers)) + low).astype(self.cells.dtype)

    @property
    def numeric(self) -> bool:
        """Whether all cells are numbers, none of them yes or no."""
        return self.categories is None and self.cells.dtype.kind in "iuf"

    @property
    def boolean(self) -> bool:
        """Whether all cells that are not missing are yes or no."""
        kinds = set(map(type, self.categories or ()))
        return self.cells.dtype.kind == "b" or (bool(kinds) and kinds <= {bool, np.bool_})

    @cached_property
    def numbers(self) -> NDArray[np.float64]:
        """Its cells as numbers, NaN where one is missing; yes is one.

        Raises a NotANumberError if a cell is something else.
        """
        if self.cells.dtype.kind in "biuf":
            return self.cells.astype(np.float64)
        found = np.full(len(self.cells), np.nan)
        for row in np.flatnonzero(~self.missing):
            cell = self.cells[row]
            if not isinstance(cell, NUMBERS):
                raise NotANumberError(int(row), f"holds {shown(cell)}, which is no number")
            found[row] = float(cell)
        return found


def whole_numbers(values: Cells) -> tuple[NDArray[np.int64], int] | None:
    """Whole numbers, less the least of them, and that; None if they are not, or far from each other.

    Examples
    --------
    >>> whole_numbers(np.array([7.0, 5.0, 5.0]))
    (array([2, 0, 0]), 5)
    >>> whole_numbers(np.array([7.5, 5.0])), whole_numbers(np.array([7, 500000]))
    (None, None)
    """
    if values.dtype.kind not in "iuf" or not len(values):
        return None
    values = np.ascontiguousarray(values)  # a column of an array is read from memory once
    low, high = values.min(), values.max()
    if not (-(2**53) < low <= high < 2**53 and int(high) - int(low) <= len(values)):
        return None
    numbers = values.astype(np.int64)
    if values.dtype.kind == "f" and not (numbers == values).all():
        return None
    return numbers - int(low) if low else numbers, int(low)


@dataclass(frozen=True)
class Table:
    """Columns of equal length."""

    columns: tuple[Column, ...]
    named: bool  # whether they have names of their own

    def __len__(self) -> int:
        return len(self.columns[0].cells) if self.columns else 0

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    @property
    def shape(self) -> tuple[int, int]:
        """How many rows and columns there are."""
        return len(self), len(self.columns)

    @property
    def names(self) -> list[str]:
        """Names of the columns."""
        return [column.name for column in self.columns]

    def numbers(self, name: str = "X") -> Cells:
        """All cells as numbers, shape (n_rows, n_columns); NaN where one is missing.

        Raises a ValueError if a column holds something else; it is named.
        """
        columns = []
        for column in self.columns:
            try:
                columns.append(column.cells if column.numeric else column.numbers)
            except NotANumberError as error:
                raise ValueError(
                    f"could not convert to float: column '{column.name}' of {name} is not numeric (row "
                    f"{error.row} {error.why}); leave it out or encode it"
                ) from None
        return side_by_side(columns) if columns else np.empty((len(self), 0))

    def without(self, name: str) -> Table:
        """All columns but one."""
        return Table(tuple(column for column in self.columns if column.name != name), self.named)

    def different(self) -> Table:
        """A table with the cells that are there in each column, each of them once.

        Of numbers only so many: what is learned from the cells of a table (which categories there are,
        whether all are whole numbers, the greatest) can be learned from these.
        """
        cells = [_different(column) for column in self.columns]
        longest = max(map(len, cells))
        filled = [np.concatenate([one, np.repeat(one[:1], longest - len(one))]) for one in cells]
        columns = zip(self.columns, filled, strict=True)
        return Table(tuple(Column(one.name, some, one.categories) for one, some in columns), self.named)

    def __getitem__(self, rows: Any) -> Table:
        taken = tuple(Column(one.name, one.cells[rows], one.categories) for one in self.columns)
        return Table(taken, self.named)


def as_table(X: Any, name: str = "X") -> Table:
    """Read a table: a frame of pandas, polars or Arrow, a dict of arrays, or an array of any kind.

    Raises a ValueError if columns differ in length or have the same name, or hold dates, records or
    collections.

    Examples
    --------
    >>> table = as_table({"age": [30, None, 51], "smoker": [True, False, True], "town": ["A", "B", None]})
    >>> [column.cells.dtype.kind for column in table]
    ['f', 'b', 'O']
    """
    if hasattr(X, "tocsr"):
        as_array(X, name)  # which refuses sparse matrices
    if isinstance(X, Table):
        return X
    if isinstance(X, Mapping):
        return _of_arrays([str(key) for key in X], list(X.values()), name)
    if isinstance(X, np.ndarray) and X.dtype.names:
        return _of_arrays(list(X.dtype.names), [X[field] for field in X.dtype.names], name)
    if hasattr(X, "column_names"):  # a table of Arrow's
        return _of_arrays(X.column_names, X.columns, name)
    rows = X
    if not isinstance(X, np.ndarray):
        import narwhals as nw  # only tables of columns need it

        if hasattr(X, "columns") and hasattr(X, "dtypes"):
            labels_of(X, name)
        frame = nw.from_native(X, eager_only=True, pass_through=True)
        if isinstance(frame, nw.DataFrame):
            labels = labels_of(frame, name)
            columns = [_of_series(label, frame.get_column(label), name) for label in frame.columns]
            names = zip(labels, columns, strict=True)
            return Table(tuple(Column(label, one.cells, one.categories) for label, one in names), named=True)
        rows = _objects(X, name)
    if rows.ndim != 2:
        one = ": np.reshape(X, (-1, 1)) for one column" if rows.ndim == 1 else ""
        raise ValueError(
            f"Expected 2D array, got {rows.ndim}D array instead: {name} has shape {rows.shape}, should be a "
            f"table of (n_samples, n_features). Reshape your data to two dimensions{one}"
        )
    columns = [_of_array(str(j), rows[:, j], name) for j in range(rows.shape[1])]
    return Table(tuple(columns), named=False)


def concatenated(tables: Sequence[Table]) -> Table:
    """Tables of the same columns, one after the other.

    Raises a ValueError if one has other columns than the first.
    """
    first = tables[0]
    for i, table in enumerate(tables):
        if table.names != first.names:
            raise ValueError(
                f"sequence {i} has columns {table.names}, and sequence 0 {first.names}: give all the same "
                "columns in the same order"
            )
    columns = []
    for parts in zip(*tables, strict=True):
        cells = [part.cells for part in parts]
        if len({one.dtype.kind == "b" for one in cells}) > 1:
            cells = [one.astype(object) for one in cells]
        every = dict.fromkeys(category for part in parts for category in part.categories or ())
        whole = _of_array(parts[0].name, np.concatenate(cells), "X")
        columns.append(Column(whole.name, whole.cells, tuple(every) or whole.categories))
    return Table(tuple(columns), first.named)


def _different(column: Column) -> Cells:
    """The different cells of a column, those of a column of numbers up to so many, and its ends."""
    seen, missing = column.cells[~column.missing], column.cells[column.missing][:1]
    if seen.dtype.kind == "O":
        found = np.empty(len(different := dict.fromkeys(seen)), dtype=object)
        found[:] = list(different)
    else:
        found = np.unique(seen)
        whole = found == np.floor(found) if found.dtype.kind == "f" else np.ones(len(found), dtype=bool)
        some = [found[whole][:MOST_DIFFERENT], found[~whole][:MOST_DIFFERENT], found[-1:]]
        found = np.unique(np.concatenate(some))
    return np.concatenate([found, missing])


def side_by_side(columns: Sequence[Cells]) -> Cells:
    """Columns as one array of rows, filled piece by piece: what is written to stays in the cache.

    Examples
    --------
    >>> side_by_side([np.array([1, 2]), np.array([0.5, 1.5])]).tolist()
    [[1.0, 0.5], [2.0, 1.5]]
    """
    found = np.empty((len(columns[0]), len(columns)), dtype=np.result_type(*columns))
    for start in range(0, len(found), CACHED):
        rows = slice(start, start + CACHED)
        for j, column in enumerate(columns):
            found[rows, j] = column[rows]
    return found


def _objects(rows: object, name: str) -> Cells:
    """Rows of cells of any kind; to NumPy, numbers beside text are text."""
    as_array(rows, name)  # refuses what is ragged
    return np.array(rows, dtype=object) if isinstance(rows, Sequence) else as_cells(rows, name)


def _of_arrays(names: list[str], arrays: list[Any], name: str) -> Table:
    if len(set(names)) < len(names):
        twice = next(one for one in names if names.count(one) > 1)
        raise ValueError(f"{name} has more than one column '{twice}': give each a name of its own")
    import narwhals as nw

    columns = []
    for label, values in zip(names, arrays, strict=True):
        if (plain := _plain(values)) is not None:
            columns.append(Column(label, plain))
            continue
        series = nw.from_native(values, series_only=True, pass_through=True)
        if isinstance(series, nw.Series):
            columns.append(_of_series(label, series, name))
            continue
        if hasattr(values, "categories"):  # pandas' own array of categories
            columns.append(Column(label, np.array(values, dtype=object), tuple(values.categories)))
            continue
        cells = as_cells(values, f"column '{label}' of {name}")
        if cells.ndim != 1:
            raise ValueError(f"column '{label}' of {name} has shape {cells.shape}: should be one cell a row")
        columns.append(_of_array(label, cells, name))
    sizes = [len(column.cells) for column in columns]
    for label, size in zip(names, sizes, strict=True):
        if size != sizes[0]:
            raise ValueError(
                f"column '{label}' of {name} has {size} cell{'s' * (size != 1)}, and '{names[0]}' "
                f"{sizes[0]}: make them equally long"
            )
    return Table(tuple(columns), named=True)


def _plain(values: Any) -> Cells | None:
    """The cells of a column of Arrow's as they lie; None but for numbers in one piece, with none missing.

    Files are read a piece at a time, and to go through narwhals takes as long as the cells of one.
    """
    whole = str(getattr(values, "type", "")) == "double" and getattr(values, "num_chunks", 0) == 1
    return np.asarray(values.chunk(0).to_numpy()) if whole and not values.null_count else None


def _of_series(label: Any, series: Any, name: str) -> Column:
    """A column of a frame."""
    import narwhals as nw

    dtype = series.dtype
    if isinstance(dtype, (nw.Categorical, nw.Enum)):
        cells = np.empty(len(series), dtype=object)
        cells[:] = series.to_list()
        return Column(str(label), cells, _categories(series))
    if dtype.is_temporal():
        kind = "m" if dtype == nw.Duration else "M"
        raise ValueError(f"column '{label}' of {name} holds {REFUSED[kind]}")
    if dtype.is_numeric():
        complete = not series.null_count()
        as_it_is = complete and (dtype.is_integer() or dtype in (nw.Float32, nw.Float64))
        plain = series if as_it_is else series.cast(nw.Float64)
        return Column(str(label), np.asarray(plain.to_numpy()))
    if dtype == nw.Boolean and not series.is_null().any():
        return Column(str(label), np.asarray(series.to_numpy(), dtype=bool))
    cells = np.empty(len(series), dtype=object)
    cells[:] = series.to_list()
    return _of_array(str(label), cells, name)


def _categories(series: Any) -> tuple[Any, ...]:
    """All that the type of a column says there are, in its order."""
    from narwhals.stable.v1 import from_native, to_native

    if (declared := declared_categories(series)) is not None:
        return declared
    stable: Any = from_native(to_native(series), series_only=True)  # elsewhere what follows is deprecated
    return tuple(stable.cat.get_categories().to_list())


def declared_categories(series: Any) -> tuple[Any, ...] | None:
    """The only categories that a column of a frame can hold; None if there is no such limit."""
    import narwhals as nw

    native = nw.to_native(series)  # Arrow's columns have no dtype, and any category
    declared = getattr(getattr(native, "dtype", None), "categories", None)
    return tuple(declared) if declared is not None and hasattr(declared, "__len__") else None


def _of_array(label: str, values: Cells, name: str) -> Column:
    """A column of an array: objects that are all numbers, or all yes and no, are such."""
    where = f"column '{label}' of {name}" if not label.isdigit() else f"column {label} of {name}"
    kind = values.dtype.kind
    if kind in "mMVc":
        begin = "Complex data not supported: " if kind == "c" else ""  # as scikit-learn begins
        raise ValueError(f"{begin}{where} holds {REFUSED[kind]}")
    cells = as_cells(values, where)
    if cells.dtype.kind in "US":
        cells = cells.astype(object)
    if cells.dtype.kind != "O":
        return Column(label, cells)
    missing = missing_cells(cells)
    kinds = set(map(type, cells[~missing]))
    if any(issubclass(kind, (complex, np.complexfloating)) for kind in kinds):
        raise ValueError(f"Complex data not supported: {where} holds {REFUSED['c']}")
    if kinds and all(issubclass(kind, (bool, np.bool_)) for kind in kinds):
        if not missing.any():
            return Column(label, cells.astype(bool))
        return Column(label, cells, (False, True))
    if all(issubclass(kind, NUMBERS) for kind in kinds):
        numbers = np.full(len(cells), np.nan)
        try:
            numbers[~missing] = cells[~missing].astype(np.float64)
        except OverflowError:
            raise ValueError(
                f"{where} holds a number beyond the range of floats: choose another unit"
            ) from None
        whole = not missing.any() and all(issubclass(kind, (int, np.integer)) for kind in kinds)
        return Column(label, numbers.astype(np.int64) if whole and kinds else numbers)
    return Column(label, cells)
