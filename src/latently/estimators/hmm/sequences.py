"""Sequences as users hand them in, checked once: one table with lengths or groups, or a list of tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import as_array, missing_cells, shown
from latently.checks.columns import Table, as_table, concatenated
from latently.checks.settings import LIST
from latently.estimators.inputs import column_names
from latently.latent.evidence import UNKNOWN
from latently.wording import count


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


@dataclass(frozen=True)
class Places:
    """Where time steps are, for messages."""

    offsets: NDArray[np.int64]  # (n_sequences + 1,): where sequences begin and end

    def where(self, time: int) -> str:
        """A time, of one of several sequences."""
        if len(self.offsets) == 2:
            return f"time {time}"
        sequence = int(np.searchsorted(self.offsets, time, side="right")) - 1
        return f"sequence {sequence}, time {time - int(self.offsets[sequence])}"


def known_states(states: object, n: int, n_components: int) -> NDArray[np.int64] | None:
    """States that are known, -1 where one is not; None if none is.

    Raises a ValueError if there is not one for each of `n` time steps, or one is no state; the time is named.
    """
    if states is None:
        return None
    known = as_array(states, "states")
    if known.shape != (n,) or known.dtype.kind not in "iu":
        raise ValueError(f"states has shape {known.shape}, should be {count(n, 'integer')}, -1 for unknown")
    wrong = (known < UNKNOWN) | (known >= n_components)
    if wrong.any():
        time = int(wrong.argmax())
        raise ValueError(
            f"states holds {int(known[time])} at time {time}: should be -1 or from 0 to {n_components - 1}"
        )
    return known.astype(np.int64)


def lengths_of(X: Any, lengths: object, groups: Any) -> Any:
    """Lengths of sequences: those given, or those that groups say.

    Refuses both together, groups for a list of sequences, of another length or with a missing entry, and one
    that appears again after another, which is named.

    Examples
    --------
    >>> lengths_of([[1], [2], [3]], None, ["a", "a", "b"])
    [2, 1]
    """
    if groups is None:
        return lengths
    if lengths is not None:
        raise ValueError("lengths and groups both say where sequences end: leave one out")
    if is_list_of_tables(X):
        raise ValueError("X is a list of sequences, which are told apart already: leave groups out")
    ids, n = as_array(groups, "groups"), len(X)
    if ids.shape != (n,):
        raise ValueError(f"groups has shape {ids.shape}, should be ({n},): the sequence of each time step")
    if not n:
        return None
    missing = missing_cells(groups if isinstance(groups, np.ma.MaskedArray) else ids)
    if missing.any():
        raise ValueError(f"groups has no entry at time {int(missing.argmax())}: give one to each time step")
    starts = np.concatenate([[0], np.flatnonzero(ids[1:] != ids[:-1]) + 1])
    seen: set[Any] = set()
    for start, one in zip(starts.tolist(), ids[starts].tolist(), strict=True):
        if one in seen:
            raise ValueError(
                f"group {one!r} appears again at time {start}, after others: sort the rows by group, in "
                "order of time within each"
            )
        seen.add(one)
    return np.diff(np.append(starts, n)).tolist()


def lengths_by_position(X: Any, y: Any, lengths: Any) -> Any:
    """Lengths of sequences, which hmmlearn has as the second argument, where scikit-learn has y.

    `y` may be lengths, or one entry for each time step, which is ignored. Refuses lengths that are given
    twice, and a `y` that may be either.

    Examples
    --------
    >>> lengths_by_position([[1], [2], [3]], [2, 1], None)
    [2, 1]
    """
    if y is None:
        return lengths
    n = sum(map(len, X)) if is_list_of_tables(X) else len(X)
    if np.size(y) != n:
        if lengths is not None:
            raise ValueError(
                f"y has {count(np.size(y), 'entry', 'entries')} for {count(n, 'time step')}, and lengths are "
                "given: leave it out"
            )
        return y
    if n > 1 and lengths is None and np.array_equal(y, np.ones(n)):
        raise ValueError(
            f"y holds {n} ones for {n} time steps: write lengths= if they are lengths, or leave y out"
        )
    return lengths


def joined(X: Any, lengths: Any, *, symbols: bool = False) -> tuple[Any, NDArray[np.int64]]:
    """Sequences as one table and the limits of each.

    `symbols` may be one-dimensional. Refuses a text, lengths that do not add up or come with a list of
    tables, an empty sequence, and a table that is not like the others.
    """
    if symbols and isinstance(X, str):
        raise ValueError("X is a text: write list(X) if its letters are the symbols, [X] if it is one symbol")
    if not symbols:
        X = [of_series(part) for part in X] if is_list_of_tables(X) else of_series(X)
    if not isinstance(X, (list, tuple, np.ndarray)) and not hasattr(X, "columns"):
        X = as_array(X, "X")
    if is_list_of_tables(X):
        if lengths is not None:
            raise ValueError("X is a list of sequences, whose lengths are their own: leave lengths out")
        sizes = [len(part) for part in X]
    else:
        n = len(X) if isinstance(X, (list, tuple)) else (*X.shape, 1)[0]
        sizes = [n] if lengths is None else _checked(lengths, n)
    empty = [i for i, size in enumerate(sizes) if size == 0]
    if empty:
        raise ValueError(f"sequence {empty[0]} is empty: leave it out")
    if is_list_of_tables(X):
        X = put_on_end(X, symbols)
    else:
        check_table(X, symbols)
    return X, np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


def _checked(lengths: object, n: int) -> list[int]:
    sizes = as_array(lengths, "lengths") if LIST.is_satisfied_by(lengths) else None
    if sizes is None or sizes.ndim != 1 or sizes.dtype.kind not in "iu":
        raise ValueError(f"lengths={shown(lengths)}: should be a list of integers, one for each sequence")
    if (sizes < 0).any():
        raise ValueError(f"lengths holds {int(sizes.min())}: should be positive")
    if int(sizes.sum()) != n:
        raise ValueError(
            f"lengths add up to {int(sizes.sum())}, and X has {count(n, 'time step')}: they should be equal"
        )
    return [int(size) for size in sizes]
