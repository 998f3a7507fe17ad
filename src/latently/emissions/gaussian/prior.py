"""Conjugate priors of covariances and means, in units of the data: asked for by name, in the objective.

Formulas: docs/formulas.md, "Priors".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from latently.emissions.base import Array
from latently.emissions.gaussian.moments import Moments

PRIORS = ("ridge", "inverse-wishart", "normal-inverse-wishart")
PULL = 0.01  # rows at the mean of all the data that the prior of a mean is worth


@dataclass(frozen=True)
class Prior:
    """What is believed of each covariance, and perhaps each mean, before the data.

    As if there were `rows` more rows about a component's own mean, with scatter ``diag(scatter)``, and `pull`
    rows at the mean of all the data.

    Raises
    ------
    ValueError
        If the kind is unknown or the strength not possible.
    """

    kind: str  # {"ridge", "inverse-wishart", "normal-inverse-wishart"}: its name
    # for "ridge" the number of rows it is worth, one more than a hundredth of the data by default. For the
    # others the degrees of freedom, ``n_features + 2`` by default; the likeliest covariance is that of
    # uncorrelated features with the variances of the data
    strength: float | None = None
    rows: float = 0.0  # filled in by `bind`
    # (d,): filled in by `bind`
    scatter: Array | None = None
    mean: Array | None = None
    row: float = 1.0  # the weight of one row

    def __post_init__(self) -> None:
        if self.kind not in PRIORS:
            allowed = ", ".join(repr(kind) for kind in PRIORS)
            raise ValueError(f"prior={self.kind!r}: should be None or one of {allowed}")
        if self.strength is not None and not 0 < self.strength < np.inf:
            raise ValueError(f"prior_strength={self.strength!r}: should be a positive number")

    @property
    def pull(self) -> float:
        """Rows that the prior of each mean is worth."""
        return PULL * self.row if self.kind == "normal-inverse-wishart" else 0.0

    @property
    def rows_per_mean(self) -> float:
        """Rows by which the prior of a mean adds to the log determinant of its covariance."""
        return self.row if self.pull else 0.0

    def per(self, unit: float) -> Self:
        """Return the same prior where all weights are in another unit."""
        scatter = None if self.scatter is None else self.scatter / unit
        return replace(self, row=self.row / unit, rows=self.rows / unit, scatter=scatter)

    def bind(self, description: Moments) -> Self:
        """Return the same prior in the units of the data."""
        d = len(description.mean)
        if self.kind == "ridge":
            n = float(np.diagonal(description.pairs).max())
            rows = self.row + 0.01 * n if self.strength is None else self.row * float(self.strength)
        else:
            freedom = d + 2.0 if self.strength is None else float(self.strength)
            if not freedom > d - 1:
                raise ValueError(f"prior_strength={freedom:g}: should be above n_features - 1 = {d - 1}")
            rows = self.row * (freedom + d + 1)
        scatter = rows * description.variances
        return replace(self, rows=rows, scatter=scatter, mean=description.mean)

    @property
    def diagonal(self) -> Array:
        """The scatter of the rows it is worth, as a matrix."""
        return np.diag(_bound(self.scatter))

    def means(self, means: Array, counts: Array) -> Array:
        """The means that maximise the posterior, from weighted means and counts of shape (K, 1) or (K, d)."""
        if not self.pull:
            return means
        return np.asarray((counts * means + self.pull * _bound(self.mean)) / (counts + self.pull))

    def pulls(self, means: Array) -> Array:
        """Scatter of each mean about the mean of all the data, shape (K, d, d)."""
        away = means - _bound(self.mean)
        return np.asarray(self.pull * away[:, :, None] * away[:, None, :])


def _bound(value: Array | None) -> Array:
    if value is None:
        raise ValueError("this prior is not bound to data yet")
    return value
