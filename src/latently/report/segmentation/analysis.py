"""What a report on a series speaks of: its states, and how each row is known to be in one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import Array
from latently.emissions.described import Components
from latently.estimators.hmm.timeline import segments_of
from latently.estimators.records import Records
from latently.report.analysis import Analysis
from latently.report.fits import SURE, outstanding
from latently.wording import exact

MOST_COLUMNS = 4  # in pictures


@dataclass(frozen=True)
class SegmentationAnalysis(Analysis):
    """Any hidden Markov model and how it came about; the rows are in the order of time."""

    names: list[str]  # what the columns are called
    lengths: Sequence[int] | None = None  # lengths of the sequences; None for a single one
    # (n_rows,): the time of each row, numbers or dates; None counts rows from 0 in each sequence
    time: NDArray[Any] | None = None
    time_name: str = "row"  # what the time is called
    sequences: Sequence[str] | None = None  # what the sequences are called
    guessed: Sequence[str] = ()  # sentences on what was taken for what and why, where that was guessed

    @cached_property
    def offsets(self) -> NDArray[np.int64]:
        """Where sequences begin and end."""
        return np.cumsum([0, *(self.lengths or [self.n_rows])])

    @property
    def n_sequences(self) -> int:
        """How many sequences."""
        return len(self.offsets) - 1

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
        return np.bincount(self.path[self.begins], minlength=self.n_components)

    @cached_property
    def segments(self) -> Records:
        """The visits of the path, each with its ends."""
        time = self.time
        if time is None:
            time = np.concatenate([np.arange(1, n + 1) for n in np.diff(self.offsets)])
        return segments_of(self.path, self.probability, self.offsets, [moment(each) for each in time])

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """How many rows the path spends in each state."""
        return np.bincount(self.path, minlength=self.n_components)

    @cached_property
    def n_changes(self) -> int:
        """How often the path changes its state."""
        return int(self.begins.sum()) - self.n_sequences

    @cached_property
    def durations(self) -> Array:
        """Mean number of steps that a visit lasts, by the transitions; infinite for one that never ends."""
        leaves = 1.0 - np.diag(self.model.transmat_)
        return np.divide(1.0, leaves, out=np.full(self.n_components, np.inf), where=leaves > 0)

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

    @property
    def symbols(self) -> list[Any]:
        """The alphabet; empty for numbers."""
        return list(self.family.alphabet) if self.family.symbolic else []

    @cached_property
    def components(self) -> Components:
        """What is seen in each state."""
        rows = self.shares * self.n_rows
        return self.family.describe_components(self.emission, self.names, rows, "state")

    @cached_property
    def words(self) -> list[str]:
        """Each state by what is seen in it: of several columns, by those in which it stands out."""
        if len(self.names) == 1:
            return self.components.words
        far = self.family.standing_out(self.emission, self.names, self.shares)
        return [
            outstanding(phrases) if phrases else words
            for phrases, words in zip(far, self.components.words, strict=True)
        ]

    @cached_property
    def discriminative(self) -> list[int]:
        """Columns in their order, or those that tell the states apart best first where they are many."""
        far = self.family.standing_out(self.emission, self.names, self.shares)
        away = np.array([[each for each, _ in phrases] for phrases in far])
        if len(self.names) <= MOST_COLUMNS or not away.size:
            return list(range(len(self.names)))
        return np.argsort(-(self.shares @ away**2), kind="stable").tolist()

    @cached_property
    def residuals(self) -> Array | None:
        """Forecast pseudo-residuals, shape (n_rows, n_columns).

        None for symbols, which have no order, and for families without a distribution function.
        """
        if self.family.symbolic:
            return None
        try:
            found = self.model.pseudo_residuals(self.X, lengths=self.lengths, kind="forecast")
        except NotImplementedError:
            return None
        return np.asarray(found.mid)


def moment(value: object) -> str:
    """A time as it is written."""
    return str(value).replace("T", " ") if np.asarray(value).dtype.kind == "M" else exact(float(str(value)))
