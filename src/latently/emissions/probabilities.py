"""Tables of probabilities that sum to one along the last axis, learned from counts of the same shape."""

from __future__ import annotations

import numpy as np

from latently.checks.arrays import Array


def learned(counts: Array, old: Array) -> Array:
    """Probabilities in proportion to the counts; the old ones where nothing was counted."""
    total = counts.sum(axis=-1, keepdims=True)
    return np.divide(counts, total, out=old.copy(), where=total > 0)


def log_likelihood(counts: Array, probabilities: Array) -> float:
    """Sum of counts times log probabilities; what was never counted may have the probability zero."""
    used = counts > 0
    with np.errstate(divide="ignore"):
        return float(counts[used] @ np.log(probabilities[used]))


def slopes(counts: Array, probabilities: Array) -> Array:
    """Derivative of that: counts over probabilities, zero where these are."""
    out = probabilities == 0
    return np.where(out, 0.0, counts / np.where(out, 1.0, probabilities))
