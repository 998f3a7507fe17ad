"""Mixtures whose log joint densities are linear in features of the row: all pairs by matrix products.

For a covariance that all components share the features are the row itself, for independent features the row
and its squares, for one variance the row and its squared norm (docs/formulas.md, "Linear form").
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from latently.kernels.compiling import full_width, kernel
from latently.kernels.special import exp, log

ROOM = 2**16  # floats in a tile: they fit the cache of a core
LEAST = 64  # rows in a tile


class LinearSums(NamedTuple):
    """What `linear_sums` gives back.

    Attributes
    ----------
    counts : array of shape (K,)
        Sums of the responsibilities.
    sums : array of shape (K, f)
        Sums of the features, by responsibility.
    scatter : array of shape (f, f) or None
        Sum of outer products of the features of all rows.
    bound, rounding_scale : float
        Sum of the log-likelihoods and of their absolute values.
    largest : float
        Largest absolute log-likelihood of a row.
    """

    counts: Any
    sums: Any
    scatter: Any
    bound: float
    rounding_scale: float
    largest: float


class Apart:
    """A few components, of independent features, that the linear form would cost digits: cell by cell.

    Parameters
    ----------
    which : array of int of shape (m,)
        Their positions.
    means, variances : arrays of shape (m, d)
        What they are.
    """

    def __init__(self, which: Any, means: Any, variances: Any) -> None:
        self.which, self._means, self._precisions = which, means, 1.0 / variances
        self.first, self.second = np.zeros(means.shape), np.zeros(means.shape)

    def write(self, x: Any, joint: Any) -> None:
        """Write the log densities of rows, but for constants."""
        for k, mean, precision in zip(self.which, self._means, self._precisions, strict=True):
            squared = x - mean
            squared *= squared
            np.matmul(squared, -0.5 * precision, out=joint[k])

    def add(self, x: Any, resp: Any) -> None:
        """Add rows to the sums and the sums of squares about the means."""
        for m, k in enumerate(self.which):
            rows = np.flatnonzero(resp[k])
            centred, weights = x[rows] - self._means[m], resp[k, rows]
            self.first[m] += weights @ centred
            self.second[m] += weights @ centred**2


def linear_sums(
    x: Any,
    w: Any,
    origin: Any,
    lift: Callable[[Any, Any], None] | None,
    directions: Any,
    base: Any,
    scatter: bool = False,
    resp: Any = None,
    apart: Apart | None = None,
) -> LinearSums:
    """Take the E-step and its sums, tile by tile.

    Parameters
    ----------
    x : array of shape (n, d)
        Rows.
    w : array of shape (n,)
        Weights.
    origin : array of shape (d,)
        What the features are taken about.
    lift : callable or None
        ``lift(centred, features)`` writes the features of centred rows; None if they are those rows.
    directions : array of shape (K, f)
        Coefficients of each component's log joint density.
    base : array of shape (K,)
        Its value at the origin.
    scatter : bool
        Whether the scatter of the features is wanted.
    resp : array of shape (n, K) or None
        Where to write the responsibilities, weights applied, in place of taking sums, if they are wanted.
    apart : Apart or None
        Components that are no part of the product; their coefficients do not matter.
    """
    n, d = x.shape
    K, f = directions.shape
    step = min(max(LEAST, ROOM // (f + K)), max(n, 1))
    centred_room = np.empty((step, d))
    features_room = np.empty((step, f)) if lift else centred_room
    joint_room, top, total = np.empty(K * step), np.empty(step), np.empty(step)
    counts, sums = np.zeros(K), np.zeros((K, f))
    whole = np.zeros((f, f)) if scatter else None
    bound = rounding_scale = largest = 0.0
    for start in range(0, n, step):
        weights = w[start : start + step]
        size = len(weights)
        centred = np.subtract(x[start : start + step], origin, out=centred_room[:size])
        features = features_room[:size]
        if lift:
            lift(centred, features)
        joint = np.matmul(directions, features.T, out=joint_room[: K * size].reshape(K, size))
        if apart:
            apart.write(x[start : start + step], joint)
        more, terms, farthest = posterior(joint, base, weights, top, total, counts)
        bound, rounding_scale, largest = bound + more, rounding_scale + terms, max(largest, farthest)
        if resp is not None:
            resp[start : start + size] = joint.T
            continue
        if apart:
            apart.add(x[start : start + step], joint)
        sums += joint @ features
        if whole is not None:
            whole += (features.T if (weights == 1).all() else features.T * weights) @ features
    return LinearSums(counts, sums, whole, bound, rounding_scale, largest)


@kernel
def posterior(joint, base, w, top, total, counts):
    """Turn log joint densities into responsibilities times weights; return the bound and two sizes.

    Formulas: docs/formulas.md, "Mixtures".

    Parameters
    ----------
    joint : array of shape (K, n)
        Log joint densities, less `base`; overwritten by the responsibilities, weights applied.
    base : array of shape (K,)
        What is added to each component's log joint densities.
    w : array of shape (n,)
        Weights.
    top, total : arrays of shape (n,)
        Room to work in.
    counts : array of shape (K,)
        Sums of the responsibilities, to add to.
    """
    full_width()
    K, n = joint.shape
    for s in range(n):
        top[s] = -np.inf
        total[s] = 0.0
    for k in range(K):
        r, plus = joint[k], base[k]
        for s in range(n):
            r[s] += plus
            top[s] = max(top[s], r[s])
    for k in range(K):
        r = joint[k]
        for s in range(n):
            r[s] = exp(r[s] - top[s])
            total[s] += r[s]
    bound = 0.0
    rounding_scale = 0.0
    largest = 0.0
    for s in range(n):
        value = top[s] + log(total[s])
        bound += w[s] * value
        rounding_scale += w[s] * abs(value)
        largest = max(largest, abs(value))
        total[s] = w[s] / total[s]
    for k in range(K):
        r = joint[k]
        mass = 0.0
        for s in range(n):
            r[s] *= total[s]
            mass += r[s]
        counts[k] += mass
    return bound, rounding_scale, largest


@kernel
def squares(centred, features):
    """Write each row and its squares."""
    n, d = centred.shape
    for s in range(n):
        for i in range(d):
            features[s, i] = centred[s, i]
            features[s, d + i] = centred[s, i] * centred[s, i]


@kernel
def squared_norms(centred, features):
    """Write each row and its squared norm."""
    n, d = centred.shape
    for s in range(n):
        total = 0.0
        for i in range(d):
            features[s, i] = centred[s, i]
            total += centred[s, i] * centred[s, i]
        features[s, d] = total
