"""Sequences as users hand them in, checked once: one table with lengths, or a list of tables."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import as_array, as_floats, shown
from latently.checks.settings import LIST
from latently.estimators.hmm.tables import check_table, is_list_of_tables, put_on_end
from latently.estimators.inputs import Array
from latently.latent.evidence import UNKNOWN


@dataclass(frozen=True)
class Sequences:
    """Sequences on end.

    Attributes
    ----------
    x : array of shape (n_times, ...)
        All times, one sequence after the other.
    offsets : array of int of shape (n_sequences + 1,)
        Where sequences begin and end.
    states : array of int of shape (n_times,) or None
        States that are known, -1 where one is not; None if none is.
    family : Emission or None
        The family that has read them.
    """

    x: Any
    offsets: NDArray[np.int64]
    states: NDArray[np.int64] | None = None
    family: Any = None

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def knowing(self, states: Any, n_components: int) -> Self:
        """The same sequences with states that are known; None leaves them as they are.

        Raises
        ------
        ValueError
            If there is not one for each time, or one is no state; the time is named.
        """
        if states is None:
            return self
        known, n = as_array(states, "states"), len(self.x)
        if known.shape != (n,) or known.dtype.kind not in "iu":
            raise ValueError(f"states has shape {known.shape}, should be {n} integers, -1 for unknown")
        wrong = (known < UNKNOWN) | (known >= n_components)
        if wrong.any():
            time = int(wrong.argmax())
            raise ValueError(
                f"states holds {int(known[time])} at time {time}: should be -1 or from 0 to "
                f"{n_components - 1}"
            )
        return replace(self, states=known.astype(np.int64))

    def where(self, time: int) -> str:
        """A time, for messages."""
        if len(self) == 1:
            return f"time {time}"
        sequence = int(np.searchsorted(self.offsets, time, side="right")) - 1
        return f"sequence {sequence}, time {time - int(self.offsets[sequence])}"


def joined(X: Any, lengths: Any, *, symbols: bool = False) -> tuple[Any, NDArray[np.int64]]:
    """Sequences as one table and the limits of each.

    Parameters
    ----------
    X : array-like of shape (n_times, ...), or a list of such
        One table of all sequences, or one for each.
    lengths : array-like of int, optional
        Lengths of the sequences in one table; one sequence by default.
    symbols : bool, default False
        Whether they are symbols, which may be one-dimensional.

    Raises
    ------
    ValueError
        If X is a text, lengths do not add up, a sequence is empty, lengths are given for a list of tables, or
        one of these is not like the others.
    """
    if symbols and isinstance(X, str):
        raise ValueError("X is a text: write list(X) if its letters are the symbols, [X] if it is one symbol")
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


def check_sequence_weight(sequence_weight: Any, n: int) -> Array:
    """Weights of sequences; ones if there are none.

    Raises
    ------
    ValueError
        If their number is another, or one is negative or not finite, or all are zero.
    """
    if sequence_weight is None:
        return np.ones(n)
    weights = as_floats(sequence_weight, "sequence_weight")
    if weights.shape != (n,):
        raise ValueError(
            f"sequence_weight has shape {weights.shape}, should be ({n},): one for each sequence"
        )
    wrong = ~(np.isfinite(weights) & (weights >= 0))
    if wrong.any():
        raise ValueError(f"sequence_weight of sequence {int(wrong.argmax())} must be finite and not negative")
    if not weights.any():
        raise ValueError("sequence_weight is zero for every sequence: at least one must count")
    return weights


def _checked(lengths: Any, n: int) -> list[int]:
    sizes = as_array(lengths, "lengths") if LIST.is_satisfied_by(lengths) else None
    if sizes is None or sizes.ndim != 1 or sizes.dtype.kind not in "iu":
        raise ValueError(f"lengths={shown(lengths)}: should be a list of integers, one for each sequence")
    if (sizes < 0).any():
        raise ValueError(f"lengths holds {int(sizes.min())}: should be positive")
    if int(sizes.sum()) != n:
        raise ValueError(f"lengths add up to {int(sizes.sum())}, and X has {n} times: they should be equal")
    return [int(size) for size in sizes]
