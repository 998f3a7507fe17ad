"""Tables that sequences come in: one for all of them, or one for each, which are concatenated."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np

from latently.checks.arrays import as_array
from latently.checks.columns import Table, as_table, concatenated
from latently.estimators.inputs import column_names


def is_table(part: object) -> bool:
    """Whether something is an array, a frame or a column of one, rather than a number or a list."""
    return bool(getattr(part, "shape", ())) and not isinstance(part, np.generic)


def of_columns(X: object) -> Any:
    """Sequences whose tables have columns of any kind: one such table, or a list of them."""
    if isinstance(X, (list, tuple)) and any(is_table(part) or isinstance(part, Mapping) for part in X):
        return [as_table(part, f"sequence {i}") for i, part in enumerate(X)]
    return as_table(X)


def is_list_of_tables(X: object) -> bool:
    """Whether X is a list of tables rather than one."""
    return isinstance(X, (list, tuple)) and any(is_table(part) for part in X)


def of_series(X: Any) -> Any:
    """A series of pandas or polars as a table of one column of its name; what else comes as it is."""
    if not hasattr(X, "to_frame") or len(getattr(X, "shape", ())) != 1:
        return X
    return X.to_frame() if isinstance(X.name, str) and X.name else np.asarray(X)[:, None]


def put_on_end(parts: Any, symbols: bool) -> Any:
    """One table of those of a list, frames as a frame.

    `symbols` may be one-dimensional. One that is not like the first is refused by its name.
    """
    for i, part in enumerate(parts):
        if not is_table(part):
            raise ValueError(f"sequence {i} is a {type(part).__name__}: make it an array, as others of X are")
    if symbols:
        return _column(parts)
    if isinstance(parts[0], Table):
        return concatenated(parts)
    for i, part in enumerate(parts):
        if len(part.shape) == 1:
            raise ValueError(
                f"sequence {i} has shape {part.shape}, should be (n_steps, n_features): write "
                "np.asarray(part)[:, None] if it has one feature, and np.stack(X) if X is a list of rows"
            )
        if len(part.shape) != 2 or part.shape[1] != parts[0].shape[1]:
            raise ValueError(
                f"sequence {i} has shape {part.shape}, and sequence 0 {parts[0].shape}: all should be "
                "(n_steps, n_features), of the same features"
            )
        if column_names(part) != column_names(parts[0]):
            raise ValueError(
                f"sequence {i} has columns {_listed(part)}, and sequence 0 {_listed(parts[0])}: give all the "
                "same columns in the same order"
            )
    if column_names(parts[0]) is None:
        return _on_end([np.asanyarray(part) for part in parts])
    return import_module(type(parts[0]).__module__.split(".")[0]).concat(list(parts))


def check_table(X: object, symbols: bool) -> None:
    """Refuse lists of lists of several lengths, and tables of other than two dimensions.

    Raises a ValueError if it is one; the row is named, and the remedy.
    """
    if isinstance(X, (list, tuple)):
        sizes = [len(row) if isinstance(row, (list, tuple)) else -1 for row in X]
        other = next((i for i, size in enumerate(sizes) if size != sizes[0]), None)
        if other is not None:
            raise ValueError(
                f"row {other} of X is not as long as row 0: if these are sequences, make each an array, "
                "[np.asarray(part) for part in X]"
            )
    shape = X.shape if hasattr(X, "shape") else as_array(X, "X").shape
    if len(shape) == 3:
        raise ValueError(f"X has shape {shape}: for several sequences write list(np.asarray(X))")
    if len(shape) == 0 or (len(shape) == 1 and not symbols):
        remedy = "np.asarray(X)[:, None] for a series of one feature" if shape else "[[X]] for a single time"
        raise ValueError(
            f"Expected 2D array, got {len(shape)}D array instead: X has shape {shape}, should be (n_steps, "
            f"n_features); write {remedy}"
        )


def _column(parts: Any) -> Any:
    """Symbols of all sequences in one column."""
    columns: list[Any] = []
    for i, part in enumerate(parts):
        if len(part.shape) > 2 or part.shape[1:] not in ((), (1,)):
            raise ValueError(f"sequence {i} has shape {part.shape}: should be one symbol for each time step")
        column = np.asanyarray(part).reshape(-1)
        text = column.dtype.kind in "US", columns[0].dtype.kind in "US" if columns else None
        if columns and text[0] != text[1] and "O" not in (column.dtype.kind, columns[0].dtype.kind):
            holds = ("numbers", "text")
            raise ValueError(
                f"sequence {i} holds {holds[text[0]]}, and sequence 0 {holds[bool(text[1])]}: symbols should "
                "be of one kind"
            )
        columns.append(column)
    return _on_end(columns)


def _on_end(arrays: Any) -> Any:
    masked = any(isinstance(array, np.ma.MaskedArray) for array in arrays)
    return (np.ma if masked else np).concatenate(arrays)


def _listed(part: object) -> str:
    names = column_names(part)
    return "without names" if names is None else str(names)
