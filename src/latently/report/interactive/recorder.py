"""Remembers a fit while it goes on."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latently.core.parameters import named

MOST_FRAMES = 40
LEAST_FRAMES = 8
MOST_BYTES = 100_000_000  # of parameters that are kept of a run


@dataclass(frozen=True)
class Frame:
    """A step that is kept."""

    iteration: int  # its number
    params: Any  # the parameters there
    value: float  # their log-likelihood


@dataclass
class Track:
    """One run: the log-likelihood of each step, and the steps that are kept."""

    values: list[float] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)

    @property
    def last(self) -> float:
        """The log-likelihood at its end."""
        return self.values[-1]

    @property
    def whole(self) -> bool:
        """Whether its steps were kept."""
        return len(self.frames) > 1


class Recorder:
    """A callback that remembers how a fit went, for `latently.report` to show.

    Of each run it keeps all log-likelihoods, and the parameters of as many steps as the eye can tell apart:
    those at even distances along the way that parameters and log-likelihood went. Of many runs with many
    parameters the best alone keeps them.

    Parameters
    ----------
    most : int, default 40
        Steps of a run that are kept, about; twice as many while it goes on.

    Attributes
    ----------
    runs : list of Track
        All runs that were followed, in the order in which they were made.

    Examples
    --------
    >>> from latently import GaussianMixture, datasets
    >>> from latently.report import Recorder
    >>> recorder = Recorder()
    >>> X = datasets.load_faithful().data
    >>> mixture = GaussianMixture(2, n_init=1, callbacks=[recorder], random_state=0).fit(X)
    >>> recorder.best.last == mixture.log_likelihood_
    True
    """

    def __init__(self, most: int = MOST_FRAMES) -> None:
        self.most = most
        self.runs: list[Track] = []

    def __call__(self, iteration: int, params: Any, value: float) -> None:
        """Note a step; a number no higher than the last one begins another run."""
        if not self.runs or iteration <= self.runs[-1].frames[-1].iteration:
            self._tidy()
            self.runs.append(Track())
        track = self.runs[-1]
        track.values.append(value)
        track.frames.append(Frame(iteration, params, value))
        if len(track.frames) > max(min(2 * self.most, MOST_BYTES // _size(params)), LEAST_FRAMES):
            track.frames = thinned(track.frames, len(track.frames) // 2)

    @property
    def best(self) -> Track:
        """The run that ended highest."""
        return max(self.runs, key=lambda track: track.last)

    def _tidy(self) -> None:
        """Thin the run that has ended; the first and last steps of others will do where all are too much."""
        for track in self.runs[-1:]:
            track.frames = thinned(track.frames, self.most)
        if sum(len(track.frames) * _size(track.frames[0].params) for track in self.runs) > MOST_BYTES:
            for track in self.runs:
                if track is not self.best:
                    track.frames = track.frames[-1:]


def _size(params: object) -> int:
    """Bytes of some parameters."""
    return max(sum(np.asarray(one).nbytes for one in named(params).values()), 1)


def thinned(frames: list[Frame], most: int) -> list[Frame]:
    """The first, the last, and others at even distances along the way.

    A step's length is how far it moves each parameter in units of how far that one moves in all, the furthest
    counts; and the same of the log-likelihood.
    """
    if len(frames) <= most:
        return frames
    values = [named(frame.params) for frame in frames]
    moved = [_moved([np.asarray(each[name], dtype=np.float64) for each in values]) for name in values[0]]
    moved.append(_moved([np.asarray(frame.value) for frame in frames]))
    way = np.concatenate([[0.0], np.cumsum(np.max(moved, axis=0))])
    at = np.searchsorted(way, np.linspace(0.0, way[-1], most))
    return [frames[i] for i in np.unique([0, *np.minimum(at, len(frames) - 1), len(frames) - 1])]


def _moved(values: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """How far each step moves an array, as a part of the whole way."""
    steps = np.array([np.abs(after - before).sum() for before, after in pairwise(values)])
    total = steps.sum()
    return np.asarray(steps / total if np.isfinite(total) and total > 0 else np.zeros(len(steps)))
