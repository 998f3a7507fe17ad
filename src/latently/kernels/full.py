"""Gaussian mixtures with full covariances: E-step and statistics in one pass over the data."""

from __future__ import annotations

import numpy as np

from latently.kernels.compiling import kernel, part
from latently.kernels.special import exp, log
from latently.kernels.tiles import (
    SLOPE,
    SPREAD,
    TILE,
    TINY,
    centre,
    gather,
    load,
    normalise,
    select,
)

FEW = 6
STAGE = 16


# LLVM vectorises a loop only if at most eight checks show that no store overlaps a load: so each loop
# below writes one array and reads up to eight.


@part
def combine(row, n_columns, centred, count, out):
    """Write the sum of the first `n_columns` rows of `centred`, each times its entry of `row`, to `out`."""
    for s in range(count):
        out[s] = 0.0
    j = 0
    while j + 8 <= n_columns:
        a0, a1, a2, a3 = row[j], row[j + 1], row[j + 2], row[j + 3]
        a4, a5, a6, a7 = row[j + 4], row[j + 5], row[j + 6], row[j + 7]
        c0, c1, c2, c3 = centred[j], centred[j + 1], centred[j + 2], centred[j + 3]
        c4, c5, c6, c7 = centred[j + 4], centred[j + 5], centred[j + 6], centred[j + 7]
        for s in range(count):
            low = a0 * c0[s] + a1 * c1[s] + a2 * c2[s] + a3 * c3[s]
            out[s] += low + (a4 * c4[s] + a5 * c5[s] + a6 * c6[s] + a7 * c7[s])
        j += 8
    while j + 4 <= n_columns:
        a0, a1, a2, a3 = row[j], row[j + 1], row[j + 2], row[j + 3]
        c0, c1, c2, c3 = centred[j], centred[j + 1], centred[j + 2], centred[j + 3]
        for s in range(count):
            out[s] += a0 * c0[s] + a1 * c1[s] + a2 * c2[s] + a3 * c3[s]
        j += 4
    while j < n_columns:
        a0 = row[j]
        c0 = centred[j]
        for s in range(count):
            out[s] += a0 * c0[s]
        j += 1


@part
def whitened_norms(whiten, low, high, centred, count, y, q):
    """Add to q the squares of features `low` to `high` of the whitened columns of `centred`.

    `whiten` is lower triangular; its diagonal is walked in steps of four.
    """
    i = low
    while i + 4 <= high:
        y0, y1, y2, y3 = y[0], y[1], y[2], y[3]
        r0, r1, r2, r3 = whiten[i], whiten[i + 1], whiten[i + 2], whiten[i + 3]
        c0, c1, c2, c3 = centred[i], centred[i + 1], centred[i + 2], centred[i + 3]
        a0, b0, b1, d0, d1, d2 = r0[i], r1[i], r1[i + 1], r2[i], r2[i + 1], r2[i + 2]
        e0, e1, e2, e3 = r3[i], r3[i + 1], r3[i + 2], r3[i + 3]
        if i == 0:
            for s in range(count):
                v0 = a0 * c0[s]
                v1 = b0 * c0[s] + b1 * c1[s]
                v2 = d0 * c0[s] + d1 * c1[s] + d2 * c2[s]
                v3 = e0 * c0[s] + e1 * c1[s] + e2 * c2[s] + e3 * c3[s]
                q[s] += v0 * v0 + v1 * v1 + v2 * v2 + v3 * v3
        else:
            combine(r0, i, centred, count, y0)
            combine(r1, i, centred, count, y1)
            combine(r2, i, centred, count, y2)
            combine(r3, i, centred, count, y3)
            for s in range(count):
                v0 = y0[s] + a0 * c0[s]
                v1 = y1[s] + b0 * c0[s] + b1 * c1[s]
                v2 = y2[s] + d0 * c0[s] + d1 * c1[s] + d2 * c2[s]
                v3 = y3[s] + e0 * c0[s] + e1 * c1[s] + e2 * c2[s] + e3 * c3[s]
                q[s] += v0 * v0 + v1 * v1 + v2 * v2 + v3 * v3
        i += 4
    y0 = y[0]
    while i < high:
        combine(whiten[i], i + 1, centred, count, y0)
        for s in range(count):
            q[s] += y0[s] * y0[s]
        i += 1


@part
def add_scatter(r, centred, count, y, first, second):
    """Add weighted sums and the lower triangle of the weighted scatter of columns of `centred`."""
    for i in range(len(first)):
        c = centred[i]
        total = 0.0
        for s in range(count):
            y[s] = r[s] * c[s]
            total += y[s]
        first[i] += total
        row = second[i]
        j = 0
        while j + 4 <= i + 1:
            c0, c1, c2, c3 = centred[j], centred[j + 1], centred[j + 2], centred[j + 3]
            t0 = 0.0
            t1 = 0.0
            t2 = 0.0
            t3 = 0.0
            for s in range(count):
                t0 += y[s] * c0[s]
                t1 += y[s] * c1[s]
                t2 += y[s] * c2[s]
                t3 += y[s] * c3[s]
            row[j] += t0
            row[j + 1] += t1
            row[j + 2] += t2
            row[j + 3] += t3
            j += 4
        while j < i + 1:
            c0 = centred[j]
            t0 = 0.0
            for s in range(count):
                t0 += y[s] * c0[s]
            row[j] += t0
            j += 1


@part
def thin(mine, compact, count, top, least, mask, kept):
    """Keep the pairs whose bound still says that they might count; return how many they are."""
    for t in range(count):
        mask[t] = SLOPE * compact[t] > top[mine[t]] + least
    left = select(mask, count, kept)
    for t in range(left):
        mine[t] = mine[kept[t]]
        compact[t] = compact[kept[t]]
    return left


@part
def staged(x, w, means, whiten, log_norm, drop, stage, counts, first, second):
    """Only the pairs that count; the first bound is that of `stage` features."""
    n, d = x.shape
    K = len(means)
    tile = TILE
    rows = np.zeros((d, tile))
    centred = np.empty((d, tile))
    y = np.empty((4, tile))
    norms = np.empty((K, tile))
    best = np.empty(tile)
    choice = np.empty(tile, np.int64)
    top = np.empty(tile)
    total = np.empty(tile)
    compact = np.empty(tile)
    mask = np.empty(tile, np.uint8)
    kept = np.empty(tile + 8, np.int64)
    index = np.empty(K * tile + 8, np.int64)
    joint = np.empty(K * tile)
    pairs = np.zeros(K + 1, np.int64)
    bound = 0.0
    rounding_scale = 0.0
    for start in range(0, n, tile):
        size = min(tile, n - start)
        load(x, start, size, rows)
        weight = w[start : start + size]

        # A bound for every pair, from the first features.
        for s in range(size):
            best[s] = -np.inf
            choice[s] = 0
        for k in range(K):
            q, base = norms[k], log_norm[k]
            centre(rows, means[k], stage, size, centred)
            for s in range(size):
                q[s] = 0.0
            whitened_norms(whiten[k], 0, stage, centred, size, y, q)
            for s in range(size):
                value = base - 0.5 * q[s]
                better = value > best[s]
                best[s] = value if better else best[s]
                choice[s] = k if better else choice[s]

        # The exact value of each row's best candidate.
        for s in range(size):
            top[s] = best[s]
        for k in range(K if stage < d else 0):
            for s in range(size):
                mask[s] = choice[s] == k
            count = select(mask, size, kept)
            if count:
                gather(rows, means[k], kept, count, centred)
                for t in range(count):
                    compact[t] = norms[k, kept[t]]
                whitened_norms(whiten[k], stage, d, centred, count, y, compact)
                for t in range(count):
                    top[kept[t]] = log_norm[k] - 0.5 * compact[t]

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
            if 2 * count > size:
                # Most of them: all at once, without gathering columns.
                for s in range(size):
                    mine[s] = s
                    compact[s] = q[s]
                count = size
                if low < d:
                    centre(rows, means[k], d, size, centred)
                    whitened_norms(whiten[k], low, d, centred, size, y, compact)
                low = d
                count = thin(mine, compact, count, top, least, mask, kept)
            while count and low < d:
                high = min(2 * low, d)
                gather(rows, means[k], mine, count, centred)
                whitened_norms(whiten[k], low, high, centred, count, y, compact)
                low = high
                count = thin(mine, compact, count, top, least, mask, kept)
            value = joint[at:]
            base = log_norm[k]
            for t in range(count):
                value[t] = base - 0.5 * compact[t]
            at += count
        pairs[K] = at
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
                if count == size:
                    centre(rows, means[k], d, size, centred)
                else:
                    gather(rows, means[k], mine, count, centred)
                add_scatter(r, centred, count, y[0], first[k], second[k])
    return bound, rounding_scale


@part
def dense(x, w, means, whiten, log_norm, drop, counts, first, second):
    """Every pair: for few features, where that costs less than telling which count."""
    n, d = x.shape
    K = len(means)
    tile = TILE
    rows = np.zeros((d, tile))
    centred = np.empty((d, tile))
    y = np.empty((4, tile))
    norms = np.empty((K, tile))
    joint = np.empty((K, tile))
    top = np.empty(tile)
    total = np.empty(tile)
    bound = 0.0
    rounding_scale = 0.0
    for start in range(0, n, tile):
        size = min(tile, n - start)
        load(x, start, size, rows)
        weight = w[start : start + size]
        for s in range(size):
            top[s] = -np.inf
        for k in range(K):
            q, out, base = norms[k], joint[k], log_norm[k]
            for i in range(d):
                c, row, mu = centred[i], rows[i], means[k, i]
                for s in range(size):
                    c[s] = row[s] - mu
            for s in range(size):
                q[s] = 0.0
            whitened_norms(whiten[k], 0, d, centred, size, y, q)
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
            for i in range(d):
                c, row, mu = centred[i], rows[i], means[k, i]
                for s in range(size):
                    c[s] = row[s] - mu
            add_scatter(r, centred, size, y[0], first[k], second[k])
    return bound, rounding_scale


@kernel
def fused_full(x, w, means, whiten, log_norm, drop, counts, first, second):
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
    whiten : array of shape (K, d, d)
        Inverse Cholesky factors of the covariances, lower triangular.
    log_norm : array of shape (K,)
        Log weight less half the log determinant of 2 pi times the covariance.
    drop : array of shape (K,)
        Log of the least r (1 + |y|^2) that counts.
    counts, first, second : arrays of shape (K,), (K, d), (K, d, d)
        Sums to add to; of `second` the lower triangle.
    """
    d = x.shape[1]
    if d < FEW:
        return dense(x, w, means, whiten, log_norm, drop, counts, first, second)
    return staged(x, w, means, whiten, log_norm, drop, min(d, STAGE), counts, first, second)
