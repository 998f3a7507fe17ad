"""Gaussian mixtures with independent features: E-step and statistics in one pass over the data.

Diagonal covariances as they are, spherical ones with equal scales, tied ones after whitening the rows.
"""

from __future__ import annotations

import numpy as np

from latently.kernels.compiling import kernel, part
from latently.kernels.special import exp, log
from latently.kernels.tiles import SLOPE, SPREAD, TILE, TINY, gather, load, normalise, select

FEW = 4
STAGE = 8


@part
def scaled_norms(rows, mean, scale, low, high, count, q):
    """Add to q the squares of features `low` to `high` of `rows`, less the mean, times the scale."""
    i = low
    while i + 4 <= high:
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
    while i < high:
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


@part
def scaled_norms_at(rows, mean, scale, low, high, index, count, q):
    """The same as `scaled_norms` for the named columns only."""
    for i in range(low, high):
        row, mu, a = rows[i], mean[i], scale[i]
        for t in range(count):
            v = (row[index[t]] - mu) * a
            q[t] += v * v


@kernel
def pairs_that_count(x, w, means, scales, log_norm, drop, counts, first, second):
    """Only the pairs that count, as a bound by the first features tells. Return their number, too."""
    n, d = x.shape
    stage = min(d, STAGE)
    K = len(means)
    rows = np.zeros((d, TILE))
    centred = np.empty((d, TILE))
    zero = np.zeros(d)
    norms = np.empty((K, TILE))
    best = np.empty(TILE)
    choice = np.empty(TILE, np.int64)
    top = np.empty(TILE)
    total = np.empty(TILE)
    compact = np.empty(TILE)
    mask = np.empty(TILE, np.uint8)
    kept = np.empty(TILE + 8, np.int64)
    index = np.empty(K * TILE + 8, np.int64)
    joint = np.empty(K * TILE)
    pairs = np.zeros(K + 1, np.int64)
    partial = log_norm.copy()
    for k in range(K):
        for i in range(stage, d):
            partial[k] -= log(scales[k, i])
    bound = 0.0
    rounding_scale = 0.0
    n_pairs = 0
    for start in range(0, n, TILE):
        size = min(TILE, n - start)
        load(x, start, size, rows)
        weight = w[start : start + size]

        # The norms of the first features, and who is likeliest to have each row as far as they tell.
        for s in range(size):
            best[s] = -np.inf
            choice[s] = 0
        for k in range(K):
            q, base = norms[k], partial[k]
            for s in range(size):
                q[s] = 0.0
            scaled_norms(rows, means[k], scales[k], 0, stage, size, q)
            for s in range(size):
                value = base - 0.5 * q[s]
                better = value > best[s]
                best[s] = value if better else best[s]
                choice[s] = k if better else choice[s]

        # The exact value of each row's best candidate.
        for s in range(size):
            top[s] = best[s]
        if stage < d:
            for s in range(size):
                k = choice[s]
                norm = norms[k, s]
                for i in range(stage, d):
                    v = (rows[i, s] - means[k, i]) * scales[k, i]
                    norm += v * v
                top[s] = log_norm[k] - 0.5 * norm

        # Those pairs whose bound says that they might count, by more and more features.
        at = 0
        for k in range(K):
            pairs[k] = at
            q = norms[k]
            least = drop[k] - log_norm[k] - SPREAD
            for s in range(size):
                mask[s] = SLOPE * q[s] > top[s] + least
            mine = index[at:]
            count = select(mask, size, mine)
            for t in range(count):
                compact[t] = q[mine[t]]
            low = stage
            while count and low < d:
                high = min(2 * low, d)
                scaled_norms_at(rows, means[k], scales[k], low, high, mine, count, compact)
                low = high
                if low < d:
                    for t in range(count):
                        mask[t] = SLOPE * compact[t] > top[mine[t]] + least
                    left = select(mask, count, kept)
                    for t in range(left):
                        mine[t] = mine[kept[t]]
                        compact[t] = compact[kept[t]]
                    count = left
            value = joint[at:]
            base = log_norm[k]
            for t in range(count):
                value[t] = base - 0.5 * compact[t]
            at += count
        pairs[K] = at
        n_pairs += at
        for t in range(at):
            top[index[t]] = max(top[index[t]], joint[t])

        bound_here, rounding_scale_here = normalise(joint, index, pairs, top, total, size, weight)
        bound += bound_here
        rounding_scale += rounding_scale_here

        for k in range(K):
            count = pairs[k + 1] - pairs[k]
            if count:
                mine = index[pairs[k] : pairs[k + 1]]
                r = joint[pairs[k] : pairs[k + 1]]
                mass = 0.0
                for t in range(count):
                    r[t] *= weight[mine[t]]
                    mass += r[t]
                counts[k] += mass
                gather(rows, means[k], mine, count, centred)
                add_squares(r, centred, zero, count, first[k], second[k])
    return bound, rounding_scale, n_pairs


@kernel
def all_pairs(x, w, means, scales, log_norm, drop, counts, first, second):
    """Every pair: for few features, where that costs less than telling which count, or where most do."""
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
            for s in range(size):
                q[s] = 0.0
            scaled_norms(rows, means[k], scales[k], 0, d, size, q)
            for s in range(size):
                out[s] = base - 0.5 * q[s]
            for s in range(size):
                top[s] = max(top[s], out[s])
        for s in range(size):
            total[s] = 0.0
        for k in range(K):
            r = joint[k]
            for s in range(size):
                r[s] = exp(r[s] - top[s])
            for s in range(size):
                total[s] += r[s]
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
    parameters, sums = (means, scales, log_norm, drop), (counts, first, second)
    if x.shape[1] < FEW:
        return all_pairs(x, w, *parameters, *sums)
    head = min(len(x), TILE)
    bound, rounding_scale, n_pairs = pairs_that_count(x[:head], w[:head], *parameters, *sums)
    most = 2 * n_pairs > head * len(means)
    more, larger, *_ = (all_pairs if most else pairs_that_count)(x[head:], w[head:], *parameters, *sums)
    return bound + more, rounding_scale + larger
