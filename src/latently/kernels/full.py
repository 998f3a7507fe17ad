"""Gaussian mixtures with full covariances: E-step and statistics in one pass over the data."""

from __future__ import annotations

import numpy as np

from latently.kernels.compiling import ZERO, full_width, kernel, part
from latently.kernels.exponentials import exponentiate_less
from latently.kernels.special import log
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
from latently.kernels.whitening import add_scatter, whitened_norms

FEW = 9  # features: with fewer, all pairs cost less than telling which count while most of them do
STAGE = 16
WIDE = 32  # features: from here on tiles are larger, for few of their rows are left to each component
LARGE = 1024  # rows in these
PRODUCTS = 2048  # rows in a tile where products of matrices are taken of those that are left


@part
def add_norms(rows, mean, whiten, low, high, index, count, size, room, blas, q):
    """Add to q the squares of whitened features `low` to `high` of the named rows, or of all `size`."""
    if blas is None:
        centred = room[3:]
        if count == size:
            centre(rows, mean, high, size, centred)
        else:
            gather(rows, mean[:high], index, count, centred)
        whitened_norms(whiten, low, high, centred, count, q)
    else:
        centred = room.reshape(-1)[: count * high].reshape(count, high)
        out = blas[: count * (high - low)].reshape(count, high - low)
        for t in range(count):
            row, c = rows[index[t]], centred[t]
            for i in range(high):
                c[i] = row[i] - mean[i]
        np.dot(centred, np.ascontiguousarray(whiten[low:high, :high]).T, out)
        for t in range(count):
            v, total = out[t], 0.0
            for i in range(high - low):
                total += v[i] * v[i]
            q[t] += total


@part
def add_moments(rows, mean, index, count, size, room, blas, first, second):
    """Add the sums and the scatter of the named rows, or of all `size`, weighted by ``room[0]``."""
    if blas is None:
        centred = room[3:]
        if count == size:
            centre(rows, mean, len(mean), size, centred)
        else:
            gather(rows, mean, index, count, centred)
        add_scatter(centred, count, room, first, second)
    else:
        weights, scaled = room[0], room[3:].reshape(-1)[: count * len(mean)].reshape(count, len(mean))
        for t in range(count):
            row, c, root = rows[index[t]], scaled[t], np.sqrt(weights[t])
            for i in range(len(mean)):
                c[i] = (row[i] - mean[i]) * root
                first[i] += c[i] * root
        second += np.dot(scaled.T, scaled)


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


@kernel
def pairs_that_count(x, w, means, whiten, log_norm, drop, counts, first, second, resp, blas):
    """Only the pairs that count; by products of matrices if there is room to work in, `blas`, for them."""
    full_width()
    n, d = x.shape
    K = len(means)
    tile = PRODUCTS if blas is not None else LARGE if d >= WIDE else TILE
    stage = min(d, STAGE)
    rows = np.zeros((d, tile + 8))
    room = np.empty((3 + d, tile + 8))
    norms = np.empty((K, tile))
    best = np.empty(tile)
    choice = np.empty(tile, np.int64)
    top = np.empty(tile)
    total = np.empty(tile)
    compact = np.empty(tile)
    mask = np.empty(tile, np.uint8)
    kept = np.empty(tile + 8, np.int64)
    every = np.arange(tile)
    index = np.empty(K * tile + 8, np.int64)
    joint = np.empty(K * tile)
    pairs = np.zeros(K + 1, np.int64)
    partial = log_norm.copy()
    for k in range(K):
        for i in range(stage, d):
            partial[k] -= log(whiten[k, i, i])
    bound = 0.0
    rounding_scale = 0.0
    for start in range(0, n, tile):
        size = min(tile, n - start)
        weight = w[start : start + size]
        if blas is None:
            load(x, start, size, rows)
        else:
            rows = x[start : start + size]

        # The norms of the first features, and who is likeliest to have each row as far as they tell.
        for s in range(size):
            best[s] = -np.inf
            choice[s] = 0
        for k in range(K):
            q, base = norms[k], partial[k]
            for s in range(size):
                q[s] = 0.0
            add_norms(rows, means[k], whiten[k], ZERO, stage, every, size, size, room, blas, q)
            for s in range(size):
                value = base - 0.5 * q[s]
                better = value > best[s]
                best[s] = value if better else best[s]
                choice[s] = k if better else choice[s]

        # The exact joint log density of that one.
        for s in range(size):
            top[s] = best[s]
        for k in range(K if stage < d else 0):
            for s in range(size):
                mask[s] = choice[s] == k
            count = select(mask, size, kept)
            if count:
                for t in range(count):
                    compact[t] = norms[k, kept[t]]
                add_norms(rows, means[k], whiten[k], stage, d, kept, count, size, room, blas, compact)
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
            if stage < d and 2 * count > size:  # most of them: all, then, without gathering columns
                count = size
                for s in range(size):
                    mine[s] = s
            for t in range(count):
                compact[t] = q[mine[t]]
            low = stage
            while count and low < d:
                high = min(2 * low, d)
                add_norms(rows, means[k], whiten[k], low, high, mine, count, size, room, blas, compact)
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
            mine = index[pairs[k] : pairs[k + 1]]
            r = joint[pairs[k] : pairs[k + 1]]
            if len(resp):
                for t in range(count):
                    resp[start + mine[t], k] = r[t]
            elif count:
                mass = 0.0
                for t in range(count):
                    room[0, t] = r[t] * weight[mine[t]]
                    mass += room[0, t]
                counts[k] += mass
                add_moments(rows, means[k], mine, count, size, room, blas, first[k], second[k])
    return bound, rounding_scale


@part
def norms(whiten, centred, size, q):
    """Write the squared norms of whitened columns to q."""
    for s in range(size):
        q[s] = 0.0
    whitened_norms(whiten, ZERO, len(whiten), centred, size, q)


@kernel
def all_pairs(x, w, means, whiten, log_norm, drop, counts, first, second, resp):
    """Every pair: for few features, where that costs less than telling which count."""
    full_width()
    n, d = x.shape
    K = len(means)
    tile = TILE
    rows = np.zeros((d, tile + 8))
    centred = np.empty((d, tile + 8))
    scaled = np.empty((3, tile + 8))
    joint = np.empty((K, tile))
    q = np.empty(tile)
    top = np.empty(tile)
    total = np.empty(tile)
    shares = scaled[0]
    bound = 0.0
    rounding_scale = 0.0
    for start in range(0, n, tile):
        size = min(tile, n - start)
        load(x, start, size, rows)
        weight = w[start : start + size]
        for s in range(size):
            top[s] = -np.inf
            total[s] = 0.0
        for k in range(K):
            centre(rows, means[k], d, size, centred)
            norms(whiten[k], centred, size, q)
            out, base = joint[k], log_norm[k]
            for s in range(size):
                value = base - 0.5 * q[s]
                out[s] = value
                top[s] = max(top[s], value)
        for k in range(K):
            exponentiate_less(joint[k], top, total, size)
        for s in range(size):
            value = top[s] + log(total[s])
            bound += weight[s] * value
            rounding_scale += weight[s] * abs(value)
            total[s] = 1.0 / total[s]
        for k in range(K):
            r = joint[k]
            if len(resp):
                for s in range(size):
                    resp[start + s, k] = r[s] * total[s]
                continue
            share = 0.0
            mass = 0.0
            for s in range(size):
                value = r[s] * total[s]
                share += value
                shares[s] = value * weight[s]
                mass += value * weight[s]
            centre(rows, means[k], d, size, centred)
            if not log(share / size + TINY) > drop[k]:  # else one of them counts by its share alone
                norms(whiten[k], centred, size, q)
                largest = 0.0
                for s in range(size):
                    largest = max(largest, r[s] * total[s] * (1.0 + q[s]))
                if not log(largest + TINY) > drop[k]:
                    continue
            counts[k] += mass
            add_scatter(centred, size, scaled, first[k], second[k])
    return bound, rounding_scale


def fused_full(x, w, means, whiten, log_norm, drop, counts, first, second, resp):
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
        Sums to add to; of `second` the lower triangle, by products of matrices all of it.
    resp : array of shape (n, K), zeros, or (0, K)
        Where to write the responsibilities in place of adding to the sums, if they are wanted.
    """
    arguments = x, w, means, whiten, log_norm, drop, counts, first, second, resp
    return all_pairs(*arguments) if x.shape[1] < FEW else pairs_that_count(*arguments, None)


def fused_products(x, w, means, whiten, log_norm, drop, counts, first, second, resp):
    """The same for many features, by products of matrices."""
    blas = np.empty(x.shape[1] * PRODUCTS)
    return pairs_that_count(x, w, means, whiten, log_norm, drop, counts, first, second, resp, blas)
