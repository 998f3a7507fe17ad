"""The axis of time, and the steps on it: one for each row, or for many where they are too many to see."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import LATEST, Array, as_array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_TIMES = 4000
N_STEPS = 1000


@dataclass(frozen=True)
class Axis:
    """Where times lie across."""

    at: Array  # (n_steps,): their positions
    dated: bool  # whether these are dates
    # (n_steps,): what to write at a position, where times of several sequences
    # overlap: one is drawn after the other
    labels: Any
    counted: bool = False  # whether no times were given, and rows are counted

    def finish(self, ax: Axes) -> None:
        """Write the times below the axes."""
        if self.dated:
            from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

            dates = AutoDateLocator(maxticks=8)
            ax.xaxis.set_major_locator(dates)
            ax.xaxis.set_major_formatter(ConciseDateFormatter(dates))
        else:
            ax.locator_params(axis="x", integer=True)
        if self.labels is not None:
            ax.xaxis.set_major_formatter(self._label)
        elif self.counted:
            ax.xaxis.set_major_formatter("{x:,.0f}")
        ax.set_xlabel("time")

    def _label(self, position: float, _: object) -> str:
        at = round(position)
        return str(self.labels[at]) if 0 <= at < len(self.labels) else ""


def axis(time: object, offsets: NDArray[np.int64]) -> Axis:
    """Where times lie: at the times given if these rise from row to row, otherwise one after the other.

    None counts from 0. Refuses times of another number, neither numbers nor dates, or that do not rise within
    a sequence.
    """
    n = int(offsets[-1])
    if time is None:
        return Axis(np.arange(float(n)), False, None, counted=True)
    values = as_array(time, "time")
    if values.shape != (n,):
        raise ValueError(f"time has shape {values.shape}, should be ({n},): one for each time step")
    dated = values.dtype.kind not in "iufb"
    try:
        at = _dates(values) if dated else values.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"time holds {values[0]!r}: should be numbers or dates") from error
    beyond = ~(np.abs(at) <= LATEST)
    if beyond.any():
        row = int(np.argmax(beyond))
        raise ValueError(f"time is {at[row]:g} at row {row}, which cannot be drawn: choose another unit")
    rising = np.diff(at) > 0
    within = np.ones(max(n - 1, 0), dtype=bool)
    within[offsets[1:-1] - 1] = False
    if not rising[within].all():
        row = int(np.flatnonzero(within & ~rising)[0]) + 1
        raise ValueError(f"time does not rise at row {row}: sort the rows of each sequence by time")
    if rising.all():
        return Axis(at, dated, None)
    return Axis(np.arange(float(n)), False, values)


def _dates(values: Array) -> Array:
    from matplotlib.dates import date2num

    if values.dtype.kind in "US":
        values = values.astype("datetime64[s]")
    return np.asarray(date2num(values), dtype=np.float64)


@dataclass(frozen=True)
class Steps:
    """Steps of a picture: each shows one time or some times one after the other of the same sequence."""

    first: NDArray[np.int64]  # (n_steps,): the first time of each
    sizes: NDArray[np.int64]  # (n_steps,): how many times each shows
    # (n_steps,): where each lies on the axis
    left: Array
    right: Array
    middle: Array
    new: NDArray[np.bool_]  # (n_steps,): whether a sequence begins there
    each: int  # the most times of a step

    def mean(self, values: Array) -> Array:
        """Mean of values of shape (n_steps, ...) in each step, missing ones left out."""
        seen = ~np.isnan(values)
        total = np.add.reduceat(np.where(seen, values, 0.0), self.first)
        cells = np.add.reduceat(seen.astype(np.int64), self.first)
        return np.divide(total, cells, out=np.full(total.shape, np.nan), where=cells > 0)

    def extremes(self, values: Array) -> tuple[Array, Array]:
        """Least and greatest value in each step, missing ones left out."""
        return np.fmin.reduceat(values, self.first), np.fmax.reduceat(values, self.first)

    def most_frequent(self, path: NDArray[np.int64], n_states: int) -> NDArray[np.int64]:
        """The state in which most times of each step are."""
        counts = np.add.reduceat((path[:, None] == np.arange(n_states)).astype(np.int64), self.first)
        return np.asarray(counts.argmax(axis=1))

    def broken(self, values: Array) -> Array:
        """Values of shape (n_steps,) with NaN before each sequence but the first."""
        return np.insert(values, np.flatnonzero(self.new)[1:], np.nan)


def steps(at: Array, offsets: NDArray[np.int64]) -> Steps:
    """Cut times into steps: one for each, or about a thousand where they are more than can be seen."""
    n = int(offsets[-1])
    each = 1 if n <= MOST_TIMES else -(-n // N_STEPS)
    parts = [_of_one(at, int(low), int(high), each) for low, high in pairwise(offsets)]
    columns = zip(*parts, strict=True)
    first, sizes, left, right, middle, new = (np.concatenate(column) for column in columns)
    return Steps(first, sizes, left, right, middle, new, each)


def _of_one(at: Array, low: int, high: int, each: int) -> tuple[Any, ...]:
    t = at[low:high]
    between = (t[1:] + t[:-1]) / 2
    if len(between):
        edges = np.concatenate([[2 * t[0] - between[0]], between, [2 * t[-1] - between[-1]]])
    else:
        edges = np.array([t[0] - 0.5, t[0] + 0.5])
    first = np.arange(0, high - low, each)
    last = np.minimum(first + each, high - low)
    new = np.arange(len(first)) == 0
    return first + low, last - first, edges[first], edges[last], (t[first] + t[last - 1]) / 2, new


def runs(values: NDArray[Any], new: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Where equal values follow each other within a sequence: first and last step of each run."""
    begins = new.copy()
    begins[1:] |= values[1:] != values[:-1]
    starts = np.flatnonzero(begins)
    ends = np.append(starts[1:], len(values)) - 1
    return list(zip(starts.tolist(), ends.tolist(), strict=True))
