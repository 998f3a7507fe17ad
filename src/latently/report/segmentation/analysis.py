"""All that a report speaks of: a hidden Markov model, the series it was fitted to, and how it was chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from latently.estimators import CategoricalHMM, GaussianHMM, PoissonHMM

if TYPE_CHECKING:
    from latently.selection import Selection

Array = NDArray[np.float64]
Model = CategoricalHMM | GaussianHMM | PoissonHMM

SURE = 0.9


@dataclass(frozen=True)
class SegmentationAnalysis:
    """A hidden Markov model and how it came about.

    Parameters
    ----------
    model : CategoricalHMM, GaussianHMM or PoissonHMM
        Fitted.
    X : array-like of shape (n_rows, n_columns)
        The rows it was fitted to, in the order of time; NaN, null or None is a missing cell.
    source : str
        What the rows are called: the name of a file.
    names : sequence of str
        What the columns are called.
    lengths : sequence of int, optional
        Lengths of the sequences; it is one sequence by default.
    time : array of shape (n_rows,), optional
        The time of each row, numbers or dates. Default: rows are counted from 0 in each sequence.
    time_name : str
        What the time is called.
    sequences : sequence of str, optional
        What the sequences are called.
    selection : Selection, optional
        The search that chose the number of states.
    guessed : sequence of str
        Sentences on what was taken for what and why, where that was guessed.
    left_out : mapping of str to str
        Columns that are not in the model, and why.
    notes : sequence of str
        What else to be careful about, such as times that are not evenly spaced.
    settings : mapping of str to str
        How the model was asked for, to be printed.
    """

    model: Any
    X: Any
    source: str
    names: Sequence[str]
    lengths: Sequence[int] | None = None
    time: NDArray[Any] | None = None
    time_name: str = "row"
    sequences: Sequence[str] | None = None
    selection: Selection | None = None
    guessed: Sequence[str] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def n_states(self) -> int:
        """How many states."""
        return len(self.model.startprob_)

    @cached_property
    def n_rows(self) -> int:
        """How many rows."""
        return len(self.X)

    @cached_property
    def offsets(self) -> NDArray[np.int64]:
        """Where sequences begin and end."""
        return np.cumsum([0, *(self.lengths or [self.n_rows])])

    @property
    def n_sequences(self) -> int:
        """How many sequences."""
        return len(self.offsets) - 1

    @cached_property
    def observed(self) -> NDArray[np.bool_]:
        """Which cells were observed, shape (n_rows, n_columns)."""
        if isinstance(self.model, CategoricalHMM):
            symbols = np.asarray(self.X, dtype=object).reshape(self.n_rows, -1)
            seen = [symbol is not None and symbol == symbol for symbol in symbols[:, 0]]
            return np.array(seen, dtype=bool)[:, None]
        return np.asarray(~np.isnan(np.asarray(self.X, dtype=np.float64).reshape(self.n_rows, -1)))

    @cached_property
    def n_gaps(self) -> int:
        """How many rows have no observed cell."""
        return int((~self.observed.any(axis=1)).sum())

    @cached_property
    def path(self) -> NDArray[np.int64]:
        """The state of each row on the likeliest path."""
        return np.asarray(self.model.predict(self.X, lengths=self.lengths))

    @cached_property
    def smoothed(self) -> Array:
        """Probabilities of the states given all rows of the sequence, shape (n_rows, n_states)."""
        return np.asarray(self.model.smooth(self.X, lengths=self.lengths))

    @cached_property
    def filtered(self) -> Array:
        """Probabilities of the states given the rows up to each and no later one."""
        return np.asarray(self.model.filter(self.X, lengths=self.lengths))

    @cached_property
    def probability(self) -> Array:
        """Smoothed probability of the state of each row on the path."""
        return np.asarray(np.take_along_axis(self.smoothed, self.path[:, None], axis=1)[:, 0])

    @cached_property
    def past_probability(self) -> Array:
        """Filtered probability of the state of each row on the path."""
        return np.asarray(np.take_along_axis(self.filtered, self.path[:, None], axis=1)[:, 0])

    @cached_property
    def past_state(self) -> NDArray[np.int64]:
        """The likeliest state of each row by what was seen up to it."""
        return np.asarray(self.filtered.argmax(axis=1))

    @cached_property
    def shares(self) -> Array:
        """Expected share of the rows in each state; a path passes over short visits, this does not."""
        return np.asarray(self.smoothed.mean(axis=0))

    @cached_property
    def begins(self) -> NDArray[np.bool_]:
        """Which rows begin a visit to a state, on the path."""
        first = np.ones(self.n_rows, dtype=bool)
        first[1:] = self.path[1:] != self.path[:-1]
        first[self.offsets[:-1]] = True
        return first

    @cached_property
    def visits(self) -> NDArray[np.int64]:
        """How often the path visits each state."""
        return np.bincount(self.path[self.begins], minlength=self.n_states)

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """How many rows the path spends in each state."""
        return np.bincount(self.path, minlength=self.n_states)

    @cached_property
    def n_changes(self) -> int:
        """How often the path changes its state."""
        return int(self.begins.sum()) - self.n_sequences

    @cached_property
    def durations(self) -> Array:
        """Mean number of steps that a visit lasts, by the transitions; infinite for one that never ends."""
        leaves = 1.0 - np.diag(self.model.transmat_)
        return np.divide(1.0, leaves, out=np.full(self.n_states, np.inf), where=leaves > 0)

    @cached_property
    def exits(self) -> Array:
        """Probabilities of the next state once a state is left, zero where it never is."""
        leaving = np.array(self.model.transmat_)
        np.fill_diagonal(leaving, 0.0)
        total = leaving.sum(axis=1, keepdims=True)
        return np.asarray(np.divide(leaving, total, out=np.zeros_like(leaving), where=total > 0))

    @cached_property
    def n_unsure(self) -> int:
        """How many rows are less than 90% sure to be in their state, given everything."""
        return int((self.probability < SURE).sum())

    @cached_property
    def n_seen_otherwise(self) -> int:
        """How many rows have another state by the past alone than with hindsight."""
        return int((self.past_state != self.path).sum())

    @cached_property
    def deviations(self) -> Array:
        """Standard deviations of the columns in each state, shape (n_states, n_columns)."""
        if isinstance(self.model, PoissonHMM):
            return np.sqrt(self.model.lambdas_)
        return np.sqrt(np.diagonal(self.model.covars_, axis1=1, axis2=2))

    @cached_property
    def residuals(self) -> Array | None:
        """Forecast pseudo-residuals, shape (n_rows, n_columns); None for symbols, which have no order."""
        if isinstance(self.model, CategoricalHMM):
            return None
        found = self.model.pseudo_residuals(self.X, lengths=self.lengths, kind="forecast")
        return np.asarray(found.mid)
