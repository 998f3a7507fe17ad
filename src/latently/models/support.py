"""How many rows each component of a fit rests on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latently.emissions.base import Array

Place = Callable[[int], str]
COUNTS_FROM = 1e-6  # responsibility from which on a row says anything of a component


class Support:
    """Effective distinct rows of each component: the sum of its responsibilities over rows that differ.

    Rows are looked at only until each component has enough.

    Parameters
    ----------
    n_components : int
        Number of components.
    needed : int
        How many rows each of them needs; 0 if any will do.

    Attributes
    ----------
    counts : array of shape (n_components,)
        Effective distinct rows, no more of them counted than needed.
    example : list of str
        Where the row with the largest responsibility is.
    """

    def __init__(self, n_components: int, needed: int) -> None:
        self._enough = needed if needed else 1e-6
        self._best = np.zeros(n_components)
        self._seen: list[dict[bytes, float]] = [{} for _ in range(n_components)]
        self.counts = np.zeros(n_components)
        self.example = [""] * n_components

    @property
    def poor(self) -> NDArray[np.int64]:
        """Components that do not have enough yet."""
        return np.flatnonzero(self.counts < self._enough)

    @property
    def short(self) -> dict[int, tuple[float, str]]:
        """Components that lack rows: how many they have, and where one is."""
        lacking = np.flatnonzero(self.counts < self._enough - 1e-9)
        return {int(k): (float(self.counts[k]), self.example[k]) for k in lacking}

    def add(self, x: Any, says: NDArray[np.bool_], place: Place, rows: slice, resp: Array) -> None:
        """Count some rows of a block.

        `says` are the rows that have weight and any observed cell, and `place` says where a row is;
        responsibilities are those of the rows that are counted.
        """
        x = x[rows]
        for k in self.poor:
            column = np.where(says[rows], resp[:, k], 0.0)
            found = np.flatnonzero(column > COUNTS_FROM)
            for row in found[np.argsort(-column[found], kind="stable")]:
                if self.counts[k] >= self._enough:
                    break
                self._count(int(k), x[row], column[row], partial(place, rows.start + int(row)))

    def _count(self, k: int, row: object, resp: float, place: Callable[[], str]) -> None:
        key = np.ascontiguousarray(row).tobytes()
        more = resp - self._seen[k].get(key, 0.0)
        if more <= 0:
            return
        self._seen[k][key] = resp
        self.counts[k] += more
        if resp > self._best[k]:
            self._best[k], self.example[k] = resp, place()
