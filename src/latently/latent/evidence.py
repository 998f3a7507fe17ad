"""Labels that are known: evidence that rules all others out, whatever is observed.

It is a mask on log densities, so families, kernels and passes need not know of it.
"""

from __future__ import annotations

import numpy as np

from latently.checks.arrays import Labels
from latently.latent.base import Array

UNKNOWN = -1


def masked(log_density: Array, labels: Labels) -> Array:
    """Log densities, minus infinity under labels that are ruled out.

    A label of -1 is not known.
    """
    others = np.arange(log_density.shape[1]) != labels[:, None]
    return np.where(others & (labels != UNKNOWN)[:, None], -np.inf, log_density)


def looked_up(table: Array, index: Labels, labels: Labels) -> tuple[Array, Labels]:
    """The same for densities that are looked up: tables for no label and for each, one below the other.

    A label of -1 is not known.
    """
    n, K = table.shape
    of_label = [masked(table, np.full(n, label)) for label in (UNKNOWN, *range(K))]
    return np.concatenate(of_label), index + n * (labels - UNKNOWN)
