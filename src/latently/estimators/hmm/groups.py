"""Lengths of sequences that are told otherwise: by an id on each row, or in the place of y."""

from __future__ import annotations

from typing import Any

import numpy as np

from latently.checks.arrays import as_array, missing_cells
from latently.estimators.hmm.tables import is_list_of_tables


def lengths_of(X: Any, lengths: Any, groups: Any) -> Any:
    """Lengths of sequences: those given, or those that groups say.

    Parameters
    ----------
    X : array-like of shape (n_times, ...), or a list of such
        The sequences.
    lengths : array-like of int, optional
        Lengths.
    groups : array-like of shape (n_times,), optional
        Which sequence each time belongs to, by any id; the times of one sequence stand together.

    Raises
    ------
    ValueError
        If both are given, X is a list of sequences, groups have another length or a missing entry, or one
        appears again after another, which is named.

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
        raise ValueError(f"groups has shape {ids.shape}, should be ({n},): the sequence of each time")
    if not n:
        return None
    missing = missing_cells(groups if isinstance(groups, np.ma.MaskedArray) else ids)
    if missing.any():
        raise ValueError(f"groups has no entry at time {int(missing.argmax())}: give one to each time")
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

    Parameters
    ----------
    X : array-like of shape (n_times, ...), or a list of such
        The sequences.
    y : array-like or None
        Lengths, or one entry for each time, which is ignored.
    lengths : array-like of int, optional
        Lengths given by name.

    Raises
    ------
    ValueError
        If lengths are given twice, or y may be either.

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
            raise ValueError(f"y has {np.size(y)} entries for {n} times, and lengths are given: leave it out")
        return y
    if n > 1 and lengths is None and np.array_equal(y, np.ones(n)):
        raise ValueError(
            f"y holds {n} ones for {n} times: write lengths= if they are lengths, or leave y out"
        )
    return lengths
