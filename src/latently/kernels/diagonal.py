"""Gaussian mixtures with independent features, pair by pair: where the linear form would lose digits."""

from __future__ import annotations

import numpy as np

from latently.kernels.compiling import kernel, part
from latently.kernels.exponentials import exponentiate_less
from latently.kernels.special import log
from latently.kernels.tiles import TILE, TINY, load


@part
def scaled_norms(rows, mean, scale, count, q):
    """Write to q the squared norms of `rows`, less the mean, times the scale."""
    for s in range(count):
        q[s] = 0.0
    i, d = 0, len(mean)
    while i + 4 <= d:
        x0, x1, x2, x3 = rows[i], rows[i + 1], rows[i + 2], rows[i + 3]
        m0, m1, m2, m3 = mean[i], mean[i + 1], mean[i + 2], mean[i + 3]
        a0, a1, a2, a3 = scale[i], scale[i + 1], scale[i + 2], scale[i + 3]
        for s in range(count):
            v0 = (x0[s] - m0) * a0
            v1 = (x1[s] - m1) * a1
            v2 = (x2[s] - m2) * a2
            v3 = (x3[s] - m3) * a3
            q[s] += v0 * v0 + v1 * v1 + v2 * v2 + v3 * v3
        i += 4
    while i < d:
        x0, m0, a0 = rows[i], mean[i], scale[i]
        for s in range(count):
            v0 = (x0[s] - m0) * a0
            q[s] += v0 * v0
        i += 1


@part
def add_squares(r, rows, mean, count, first, second):
    """Add weighted sums and squares of columns of `rows` less the mean."""
    for i in range(len(mean)):
        row, mu = rows[i], mean[i]
        total = 0.0
        squares = 0.0
        for s in range(count):
            c = row[s] - mu
            v = r[s] * c
            total += v
            squares += v * c
        first[i] += total
        second[i] += squares


@kernel
def fused_diagonal(x, w, means, scales, log_norm, drop, counts, first, second):
    """Add the statistics of rows to `counts`, `first` and `second`; return bound and rounding_scale.

    Formulas: docs/formulas.md, "Gaussian families" and "Pairs that count".

    Parameters
    ----------
    x : array of shape (n, d)
        Rows.
    w : array of shape (n,)
        Weights.
    means : array of shape (K, d)
        Means, and the origin of the statistics.
    scales : array of shape (K, d)
        One over the standard deviations.
    log_norm : array of shape (K,)
        Log weight less half the log determinant of 2 pi times the covariance.
    drop : array of shape (K,)
        Log of the least r (1 + |y|^2) that counts.
    counts, first, second : arrays of shape (K,), (K, d), (K, d)
        Sums to add to.
    """
    n, d = x.shape
    K = len(means)
    rows = np.zeros((d, TILE))
    norms = np.empty((K, TILE))
    joint = np.empty((K, TILE))
    top = np.empty(TILE)
    total = np.empty(TILE)
    bound = 0.0
    rounding_scale = 0.0
    for start in range(0, n, TILE):
        size = min(TILE, n - start)
        load(x, start, size, rows)
        weight = w[start : start + size]
        for s in range(size):
            top[s] = -np.inf
        for k in range(K):
            q, out, base = norms[k], joint[k], log_norm[k]
            scaled_norms(rows, means[k], scales[k], size, q)
            for s in range(size):
                out[s] = base - 0.5 * q[s]
            for s in range(size):
                top[s] = max(top[s], out[s])
        for s in range(size):
            total[s] = 0.0
        for k in range(K):
            exponentiate_less(joint[k], top, total, size)
        for s in range(size):
            value = top[s] + log(total[s])
            bound += weight[s] * value
            rounding_scale += weight[s] * abs(value)
        for s in range(size):
            total[s] = 1.0 / total[s]
        for k in range(K):
            r, q = joint[k], norms[k]
            largest = 0.0
            for s in range(size):
                r[s] *= total[s]
            for s in range(size):
                largest = max(largest, r[s] * (1.0 + q[s]))
            if not log(largest + TINY) > drop[k]:
                continue
            mass = 0.0
            for s in range(size):
                r[s] *= weight[s]
                mass += r[s]
            counts[k] += mass
            add_squares(r, rows, means[k], size, first[k], second[k])
    return bound, rounding_scale
