"""Rows that fits are made from: all of them, or more and more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _num_samples

from latently.estimators.inputs import random_generator

FIRST_ROWS = 20_000
ROWS_FACTOR = 5
LEAST_GAIN = 0.5  # of the log-likelihood of all rows: what fits to samples may leave to be gained
MOST_TOL = 1e-5


@dataclass(frozen=True)
class Parts:
    """What fits are made from, and what they are measured on."""

    fitted: Any  # rows to fit, or documents
    fit_params: Mapping[str, Any]  # what `fit` is given beside them
    measured: Any  # rows or documents to measure
    # what a measure is given beside them where these are more rows than were fitted
    all_params: Mapping[str, Any] = field(default_factory=dict)
    n_sampled: int | None = None  # how many rows are fitted, if the rows measured are more
    excess: float = 0.0  # how many more, in units of those fitted
    tol: float = 0.0  # the least tolerance that is of use: what it leaves is too little to tell fits apart

    def only(self, kept: NDArray[np.int64]) -> Parts:
        """Fit these rows alone, each with its weight."""
        params = {
            name: _safe_indexing(value, kept) if name == "sample_weight" and value is not None else value
            for name, value in self.fit_params.items()
        }
        return replace(self, fitted=_safe_indexing(self.fitted, kept), fit_params=params)


def growing(estimator: Any, X: object, fit_params: Mapping[str, object]) -> list[Parts]:
    """Samples of the rows, each within the next, and in the end all rows.

    It is all rows at once where they are not many, or not independent of each other.
    """
    whole = Parts(X, fit_params, X, fit_params)
    latent = getattr(estimator, "_latent", None)
    if latent is None or latent().unit != "row" or (n := _num_samples(X)) <= 2 * FIRST_ROWS:
        return [whole]
    shuffled = random_generator(estimator.random_state).permutation(n)
    sizes = [FIRST_ROWS]
    while 2 * ROWS_FACTOR * sizes[-1] < n:
        sizes.append(ROWS_FACTOR * sizes[-1])
    samples = [
        replace(whole, n_sampled=size, excess=n / size - 1.0, tol=min(LEAST_GAIN / n, MOST_TOL))
        for size in sizes
    ]
    return [*(one.only(np.sort(shuffled[: one.n_sampled])) for one in samples), whole]
