"""How sure classes are of their rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr

from latently.checks.arrays import Array
from latently.wording import aligned


@dataclass(frozen=True, repr=False)
class ClassificationTable:
    """Rows by the class they are assigned to, and by the class they are expected to be of.

    Attributes
    ----------
    counts : array of shape (n_components, n_components)
        In row `a`, column `k`: the expected number of rows of class `k` among those whose likeliest class is
        `a`.
    """

    counts: Array

    @classmethod
    def of(cls, resp: Array, labels: NDArray[np.int64], weights: Array) -> ClassificationTable:
        """From responsibilities and labels."""
        assigned = labels[:, None] == np.arange(resp.shape[1])
        return cls((weights[:, None] * assigned).T @ resp)

    @property
    def error(self) -> float:
        """The expected share of rows whose likeliest class is not theirs, if the model is true."""
        return float(1 - np.trace(self.counts) / self.counts.sum())

    @property
    def reduction(self) -> float:
        """How much smaller that is than if all rows were assigned to the largest class: lambda."""
        guessing = 1 - self.counts.sum(axis=0).max() / self.counts.sum()
        return float(1 - self.error / guessing) if guessing > 0 else float("nan")

    def __str__(self) -> str:
        heading = ["assigned to", *(f"class {k}" for k in range(len(self.counts)))]
        lines = [[f"class {k}", *(f"{n:.1f}" for n in row)] for k, row in enumerate(self.counts)]
        return "\n".join([*aligned([heading, *lines]), f"Expected error: {self.error:.1%}"])

    def __repr__(self) -> str:
        return str(self)


def entropy_explained(resp: Array, weights: Array, sizes: Array) -> float:
    """One minus the mean entropy of responsibilities over that of the sizes of classes."""
    left = float(np.average(entr(resp).sum(axis=1), weights=weights))
    total = float(entr(sizes).sum())
    return 1 - left / total if total > 0 else float("nan")
