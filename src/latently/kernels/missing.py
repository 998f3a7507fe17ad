"""Rows with missing cells under Gaussians with covariance matrices, through the precisions.

With P the precision, c a centred row and m its missing features, these have given the rest the expectation
``-inv(P_mm) P_mo c_o`` and the covariance ``inv(P_mm)``: so a row costs by the cells it lacks
(docs/formulas.md, "Missing cells"). Rows are taken in the order of how many cells they lack, tile by tile.
"""

from __future__ import annotations

import numpy as np

from latently.kernels.batched import (
    factor_blocks,
    half_log_dets,
    inverse_entry,
    invert_factors,
    room_for,
    solve_upper,
)
from latently.kernels.compiling import ZERO, copy, kernel
from latently.kernels.missing_blocks import (
    TILE,
    WIDTH,
    add_inverses,
    add_mirrored,
    by_count,
    expectations,
    group_end,
    load_centred,
    most_missing,
    multiply,
    put,
    rows_seen,
)
from latently.kernels.whitening import add_scatter, whitened_norms

LOG_2PI = float(np.log(2 * np.pi))
NEGLIGIBLE = 1e-17  # responsibility of a row below which its conditional covariance does not count


@kernel
def order_by_count(x):
    """Positions of the rows (n, d) in the order of how many cells they lack, and how many these are."""
    return by_count(x)


@kernel
def complete_rows(x, order, lacks, means, precisions, whiteners, z, norms, half_log_det):
    """Write centred rows with missing cells at their expectation, under each component.

    Parameters
    ----------
    x : array of shape (n, d)
        Rows.
    order, lacks : arrays of shape (n,)
        As `order_by_count` gives them; what is written stands in this order.
    means, precisions, whiteners : arrays of shape (K, d), (K, d, d), (K, d, d)
        Parameters; whiteners are inverse Cholesky factors of the covariances.
    z : array of shape (n_tiles, K, d, WIDTH)
        Where to write, `TILE` rows to a tile: zeros for a row that lacks all cells.
    norms : array of shape (K, n)
        Where to write the squared norms of the completed rows, whitened.
    half_log_det : array of shape (K, n)
        Where to write half the log determinant of the missing block of the precision.
    """
    n, d = x.shape
    factors = room_for(most_missing(lacks, d))
    most = factors.shape[2]
    products, row, whole = np.empty((d, WIDTH)), np.empty(d), np.empty(WIDTH)
    cells = np.zeros((d, WIDTH), np.uint64)
    v, product = np.empty((len(factors), most)), np.empty(most)
    for start in range(0, n, TILE):
        size = min(TILE, n - start)
        for k in range(len(means)):
            centred = z[start // TILE, k]
            load_centred(x, order, start, size, means[k], centred, cells)
            half, q = half_log_det[k, start : start + size], norms[k, start : start + size]
            multiply(precisions[k], centred, cells, lacks[start : start + size], size, row, products)
            at = ZERO
            while at < size:
                m = lacks[start + at]
                end = group_end(lacks, start + at, start + size, most) - start
                if m == d:
                    half[at:end] = 0.0
                else:
                    factor_blocks(precisions[k], cells, at, m, end - at, factors)
                    half_log_dets(factors, m, end - at, product, half[at:end])
                    expectations(products, cells, at, m, end - at, factors, v)
                    put(v, cells, at, m, end - at, centred)
                at = end
            for s in range(size):
                whole[s] = 0.0
            whitened_norms(whiteners[k], ZERO, d, centred, size, whole)
            for s in range(size):
                q[s] = whole[s]


@kernel
def add_missing_moments(x, order, lacks, resp, precisions, z, counts, first, second):
    """Add counts, sums and scatters of completed rows, with the covariance of what they lack.

    A row without observed cells adds nothing.

    Parameters
    ----------
    x : array of shape (n, d)
        Rows, for their missing cells.
    order, lacks : arrays of shape (n,)
        As `order_by_count` gives them.
    resp : array of shape (K, n)
        Responsibilities in this order, weights applied.
    precisions : array of shape (K, d, d)
        Precisions.
    z : array of shape (n_tiles, K, d, WIDTH)
        Rows as `complete_rows` wrote them.
    counts, first, second : arrays of shape (K,), (K, d), (K, d, d)
        Sums to add to; of `second` all entries.
    """
    K, d = precisions.shape[:2]
    factors = room_for(most_missing(lacks, d))
    most = factors.shape[2]
    cells = np.zeros((d, WIDTH), np.uint64)
    scaled, entry, lower = np.empty((3, WIDTH)), np.empty(most), np.zeros((K, d, d))
    centred, nowhere = np.empty((d, WIDTH)), np.zeros(d)
    n_seen = rows_seen(lacks, d)
    for start in range(0, n_seen, TILE):
        size = min(TILE, n_seen - start)
        load_centred(x, order, start, size, nowhere, centred, cells)
        for k in range(K):
            r = resp[k, start : start + size]
            for t in range(size):
                counts[k] += r[t]
                scaled[0, t] = r[t]
            add_scatter(z[start // TILE, k], size, scaled, first[k], lower[k])
            at = ZERO
            while at < size:
                m = lacks[start + at]
                end = group_end(lacks, start + at, start + size, most) - start
                weight = r[at:end]
                if m and weight.sum() > NEGLIGIBLE * len(weight):
                    factor_blocks(precisions[k], cells, at, m, end - at, factors)
                    add_inverses(factors, cells, at, m, end - at, weight, entry, lower[k])
                at = end
    for k in range(K):
        add_mirrored(lower[k], second[k])


@kernel
def add_moments_of_one(x, w, mean, precision, log_det, first, second, spread):
    """Complete rows under one Gaussian and add their sums, in one pass; return what the density has beside.

    Parameters
    ----------
    x : array of shape (n, d)
        Rows.
    w : array of shape (n,)
        Weights.
    mean, precision, log_det : array of shape (d,), (d, d) and float
        Parameters; the last is the log determinant of the covariance.
    first, second, spread : arrays of shape (d,), (d, d), (d, d)
        Sums to add to: of completed rows, of their products, and of the covariances of what they lack; of the
        last two the lower triangles.

    Returns
    -------
    mass : float
        Weight of the rows with any observed cell.
    constants, rounding_scale : float
        Sum of what a log density has beside half the squared norm, and of its absolute values.
    """
    d = len(mean)
    order, lacks = by_count(x)
    factors = room_for(most_missing(lacks, d))
    centred, products, row = np.empty((d, WIDTH)), np.empty((d, WIDTH)), np.empty(d)
    cells = np.zeros((d, WIDTH), np.uint64)
    most = factors.shape[2]
    v, product, half, entry = np.empty((len(factors), most)), np.empty(most), np.empty(most), np.empty(most)
    scaled = np.empty((3, WIDTH))
    weights = scaled[0]
    mass, constants, rounding_scale = 0.0, 0.0, 0.0
    n_seen = rows_seen(lacks, d)
    for start in range(0, n_seen, TILE):
        size = min(TILE, n_seen - start)
        load_centred(x, order, start, size, mean, centred, cells)
        for t in range(size):
            weights[t] = w[order[start + t]]
        multiply(precision, centred, cells, lacks[start : start + size], size, row, products)
        at = ZERO
        while at < size:
            m = lacks[start + at]
            end = group_end(lacks, start + at, start + size, most) - start
            count, weight = end - at, weights[at:end]
            factor_blocks(precision, cells, at, m, count, factors)
            half_log_dets(factors, m, count, product, half)
            base = 0.5 * ((d - m) * LOG_2PI + log_det)
            for s in range(count):
                mass += weight[s]
                constants += weight[s] * (base + half[s])
                rounding_scale += weight[s] * abs(base + half[s])
            expectations(products, cells, at, m, count, factors, v)
            put(v, cells, at, m, count, centred)
            add_inverses(factors, cells, at, m, count, weight, entry, spread)
            at = end
        add_scatter(centred, size, scaled, first, second)
    return mass, constants, rounding_scale


@kernel
def fill_rows(x, mean, precision, noise, filled, variances):
    """Fill the missing cells of rows, by their expectation or a draw, and write their conditional variances.

    Parameters
    ----------
    x : array of shape (n, d)
        Rows.
    mean, precision : arrays of shape (d,), (d, d)
        Parameters.
    noise : array of shape (n, d) or (0, d)
        Standard normal numbers, of which those of missing cells are used; without any, expectations.
    filled : array of shape (n, d)
        Where to write: observed cells as they are.
    variances : array of shape (n, d) or (0, d)
        Where to write, zero for observed cells; not wanted if it is empty.
    """
    n, d = x.shape
    order, lacks = by_count(x)
    factors = room_for(lacks[-1] if n else 0)
    most = factors.shape[2]
    centred, products, row = np.empty((d, WIDTH)), np.empty((d, WIDTH)), np.empty(d)
    cells = np.zeros((d, WIDTH), np.uint64)
    v, entry = np.empty((len(factors), most)), np.empty(most)
    for s in range(n):
        copy(x[s], filled[s])
    if len(variances):
        variances[:] = 0.0
    for start in range(0, n, TILE):
        size = min(TILE, n - start)
        load_centred(x, order, start, size, mean, centred, cells)
        multiply(precision, centred, cells, lacks[start : start + size], size, row, products)
        at = ZERO
        while at < size:
            m = lacks[start + at]
            end = group_end(lacks, start + at, start + size, most) - start
            count, rows = end - at, order[start + at : start + end]
            factor_blocks(precision, cells, at, m, count, factors)
            expectations(products, cells, at, m, count, factors, v)
            for a in range(m):
                for s in range(count):
                    j = cells[a, at + s]
                    filled[rows[s], j] = mean[j] - v[a, s]
            if len(noise):
                for a in range(m):
                    for s in range(count):
                        v[a, s] = noise[rows[s], cells[a, at + s]]
                solve_upper(factors, m, count, v)
                for a in range(m):
                    for s in range(count):
                        filled[rows[s], cells[a, at + s]] += v[a, s]
            if len(variances):
                invert_factors(factors, m, count)
                for a in range(m):
                    inverse_entry(factors, a, a, m, count, entry)
                    for s in range(count):
                        variances[rows[s], cells[a, at + s]] = -entry[s]
            at = end
