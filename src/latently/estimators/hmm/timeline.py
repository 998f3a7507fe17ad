"""States as tables: a row for each visit, or for each time step, with the dates that a series came with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latently.estimators.hmm.decoding import Decoding
from latently.estimators.hmm.sequences import is_list_of_tables
from latently.estimators.inputs import Array
from latently.estimators.records import Records


class Timelines(Decoding):
    """The likeliest path by visits, and what is known of each time step."""

    def segments(self, X: object, lengths: object = None, *, groups: object = None) -> Records:
        """The likeliest path as a table, a row for each visit to a state.

        Returns
        -------
        Records
            ``start`` and ``end`` are the first and the last time of the visit: the labels of a Series or a
            DataFrame of pandas, such as dates, otherwise the number of the time step in its sequence.
            ``probability`` is the mean smoothed probability of the state. `frame()` makes a DataFrame.

        Examples
        --------
        >>> import pandas as pd
        >>> from latently import PoissonHMM, datasets
        >>> quakes = datasets.load_earthquakes()
        >>> counts = pd.Series(quakes.data[:, 0], pd.period_range("1900", "2006", freq="Y"), name="quakes")
        >>> model = PoissonHMM(3, startprob="stationary", random_state=0).fit(counts)
        >>> second = model.segments(counts)[1]
        >>> str(second["start"]), str(second["end"]), second["state"], second["n_steps"]
        ('1905', '1910', 2, 6)
        """
        path, resp, offsets = self._known(X, lengths, groups)
        sure = np.take_along_axis(resp, path[:, None], axis=1)[:, 0]
        return segments_of(path, sure, offsets, _times(X, offsets))

    def timeline(self, X: object, lengths: object = None, *, groups: object = None) -> Records:
        """What is known of each time step, as a table: the state on the likeliest path, and `smooth`.

        Returns
        -------
        Records
            ``time`` is as in `segments`; ``state_0`` and so on are the smoothed probabilities.
        """
        path, resp, offsets = self._known(X, lengths, groups)
        names = [f"state_{k}" for k in range(resp.shape[1])]
        return Records(
            tuple(
                {"time": time, "state": state, **dict(zip(names, shares, strict=True))}
                for time, state, shares in zip(_times(X, offsets), path.tolist(), resp.tolist(), strict=True)
            )
        )

    def _known(
        self, X: object, lengths: object, groups: object
    ) -> tuple[NDArray[np.int64], Array, NDArray[np.int64]]:
        """The likeliest path, the smoothed probabilities, and where sequences begin and end."""
        _, path = self.decode(X, lengths, groups=groups)
        _, resp = self.score_samples(X, lengths, groups=groups)
        block = self._source(X, lengths=lengths, groups=groups).whole()
        return path, resp, np.asarray(block.offsets)


def segments_of(
    path: NDArray[np.int64], probability: Array, offsets: NDArray[np.int64], times: Sequence[object]
) -> Records:
    """The visits of a path, each with its ends and the mean probability of its state."""
    begins = np.ones(len(path) + 1, dtype=bool)
    begins[1:-1] = path[1:] != path[:-1]
    begins[offsets] = True
    at = np.flatnonzero(begins)
    sequence = np.searchsorted(offsets, at[:-1], side="right") - 1
    return Records(
        tuple(
            {
                "sequence": int(which),
                "state": int(path[first]),
                "start": times[first],
                "end": times[end - 1],
                "n_steps": int(end - first),
                "probability": float(probability[first:end].mean()),
            }
            for which, first, end in zip(sequence, at[:-1], at[1:], strict=True)
        )
    )


def _times(X: Any, offsets: NDArray[np.int64]) -> list[Any]:
    """The labels of the rows of frames and Series, or the numbers of the time steps."""
    tables = X if is_list_of_tables(X) else [X]
    if all(hasattr(one, "iloc") for one in tables):
        return [label for one in tables for label in one.index]
    return [step for n in np.diff(offsets).tolist() for step in range(n)]
