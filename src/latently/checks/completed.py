"""Tables with cells filled in, of the kind that the user handed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import Cells
from latently.checks.columns import Table, declared_categories


@dataclass(frozen=True)
class Filling:
    """What is filled into a column: where, and what."""

    rows: NDArray[np.int64]
    cells: Cells


def completed(X: object, table: Table, fillings: Mapping[str, Filling], names: Sequence[str]) -> Any:
    """A table of the kind of another, with cells filled in and some of the columns; the other stays as it is.

    A frame keeps the types of its columns and its index; whole numbers go into columns of whole numbers. An
    array stays one, of objects if a column is no number. `table` is the same as X, read, its columns perhaps
    in another order; fillings go by the names of these.

    Examples
    --------
    >>> from latently.checks.columns import as_table
    >>> X = [["A", 1.0], [None, 2.0]]
    >>> filling = Filling(np.array([1]), np.array(["A"], dtype=object))
    >>> completed(X, as_table(X), {"0": filling}, ["0", "1"])
    array([['A', 1.0],
           ['A', 2.0]], dtype=object)
    """
    import narwhals as nw  # only tables of columns need it

    frame = nw.from_native(X, eager_only=True, pass_through=True)
    if isinstance(frame, nw.DataFrame):
        places = {str(label): j for j, label in enumerate(frame.columns)}
        filled = [_filled_series(frame[:, places[name]], one) for name, one in fillings.items()]
        whole = frame.with_columns(*filled) if filled else frame
        order = [places[name] for name in names]
        return nw.to_native(whole if order == list(range(len(places))) else whole[:, order])
    columns = {column.name: column.cells for column in table}
    found = {name: _filled_array(columns[name], fillings.get(name)) for name in names}
    if isinstance(X, Mapping):
        return {key: found[str(key)] for key in X if str(key) in found}
    if isinstance(X, np.ndarray) and X.dtype.names:
        made = np.empty(len(X), dtype=[(name, cells.dtype) for name, cells in found.items()])
        for name, cells in found.items():
            made[name] = cells
        return made
    numeric = all(cells.dtype.kind in "biuf" for cells in found.values())
    kind = (
        (X.dtype if isinstance(X, np.ndarray) and X.dtype.kind == "f" else np.float64) if numeric else object
    )
    return np.column_stack([cells.astype(kind) for cells in found.values()])


def fillings(names: Sequence[str], missing: NDArray[np.bool_], shown: Sequence[Cells]) -> dict[str, Filling]:
    """The cells that were missing, by the name of the column.

    `shown` are the columns with all cells filled in, as users have them.
    """
    rows = [np.flatnonzero(column) for column in missing.T]
    each = zip(names, rows, shown, strict=False)  # what is given beside them is not filled in
    return {name: Filling(where, cells[where]) for name, where, cells in each if len(where)}


def like_frame(X: Any, columns: Mapping[str, Cells], kind: str) -> Any:
    """Columns as a frame of the kind and with the index of another, as a dict if that is one, else an array.

    A `kind` other than "" asks for a frame of that library, whatever X is.
    """
    import narwhals as nw

    frame = nw.from_native(X, eager_only=True, pass_through=True)
    if not isinstance(frame, nw.DataFrame) and not kind:
        return dict(columns) if isinstance(X, Mapping) else np.column_stack(list(columns.values()))
    backend: Any = kind or frame.implementation
    made = nw.to_native(nw.from_dict(dict(columns), backend=backend))
    index = nw.maybe_get_index(frame) if isinstance(frame, nw.DataFrame) else None
    if index is not None and hasattr(made, "index"):
        made.index = index
    return made


def _filled_array(cells: Cells, filling: Filling | None) -> Cells:
    if filling is None or not len(filling.rows):
        return cells
    numeric = cells.dtype.kind in "biuf" and np.array(filling.cells.tolist()).dtype.kind in "biuf"
    found = cells.astype(np.float64 if numeric else object)
    found[filling.rows] = filling.cells
    return found


def _filled_series(series: Any, filling: Filling) -> Any:
    """A column of a frame with cells filled in, and of the same type if that can hold them."""
    import narwhals as nw

    cells = filling.cells
    if series.dtype.is_integer():
        cells = np.rint(cells.astype(np.float64)).astype(np.int64)
    elif series.dtype == nw.Float32:
        cells = cells.astype(np.float32)
    elif isinstance(series.dtype, nw.Unknown):  # nothing was observed that could tell the type
        series = series.cast(nw.Float64 if cells.dtype.kind in "iuf" else nw.String)
    elif isinstance(series.dtype, (nw.Categorical, nw.Enum)):
        declared = declared_categories(series)
        dtype: Any = series.dtype
        if declared is not None and not set(cells) <= set(declared):
            dtype = nw.String
        if series.implementation.is_polars():  # older ones put nothing in the place of text
            filled = series.cast(nw.String).scatter(filling.rows.tolist(), cells.tolist())
            return filled.cast(dtype)
        series = series.cast(dtype)
    return series.scatter(filling.rows.tolist(), cells.tolist())
