"""A tile of rows with missing cells: features down, rows across, those that lack equally many side by side.

A tile has a few columns more than it has rows, so that the features of one row do not all fall into one set
of the cache.
"""

from __future__ import annotations

import numpy as np

from latently.kernels.batched import inverse_entry, invert_factors, solve_lower, solve_upper
from latently.kernels.compiling import part

TILE = 256
WIDTH = TILE + 8
SMALL = 24  # features up to which it pays to multiply all of a matrix


@part
def by_count(x):
    """Positions of the rows in the order of how many cells they lack, and how many these are."""
    n, d = x.shape
    lacks = np.empty(n, np.int64)
    starts = np.zeros(d + 2, np.int64)
    for s in range(n):
        count = 0
        for j in range(d):
            count += np.isnan(x[s, j])
        lacks[s] = count
        starts[count + 1] += 1
    for m in range(d + 1):
        starts[m + 1] += starts[m]
    order, sorted_lacks = np.empty(n, np.int64), np.empty(n, np.int64)
    for s in range(n):
        at = starts[lacks[s]]
        order[at] = s
        sorted_lacks[at] = lacks[s]
        starts[lacks[s]] += 1
    return order, sorted_lacks


@part
def most_missing(lacks, d):
    """The most cells that a row with any other lacks."""
    n_seen = rows_seen(lacks, d)
    return lacks[n_seen - 1] if n_seen else 0


@part
def rows_seen(lacks, d):
    """How many rows have any cell."""
    n_seen = len(lacks)
    while n_seen and lacks[n_seen - 1] == d:
        n_seen -= 1
    return n_seen


@part
def group_end(lacks, start, stop, most):
    """Where the rows end, from `start` on, that lack equally many cells, so many at most."""
    end = start + 1
    while end < stop and lacks[end] == lacks[start] and end - start < most:
        end += 1
    return end


@part
def load_centred(x, order, start, size, mean, centred, cells):
    """Write rows less the mean, zero where a cell is missing, and the features of these cells."""
    d = len(mean)
    for t in range(size):
        row = x[order[start + t]]
        count = 0
        for j in range(d):
            missing = np.isnan(row[j])
            centred[j, t] = 0.0 if missing else row[j] - mean[j]
            cells[count, t] = j
            count += missing


@part
def expectations(products, cells, at, size, count, factors, v):
    """Write the expectations of missing cells, with the opposite sign, from the precision times the row."""
    for a in range(size):
        out, feature = v[a], cells[a, at : at + count]
        for s in range(count):
            out[s] = products[feature[s], at + s]
    solve_lower(factors, size, count, v)
    solve_upper(factors, size, count, v)


@part
def put(v, cells, at, size, count, centred):
    """Write expectations into the missing cells of centred rows."""
    for a in range(size):
        value, feature = v[a], cells[a, at : at + count]
        for s in range(count):
            centred[feature[s], at + s] = -value[s]


@part
def add_inverses(factors, cells, at, size, count, weight, entry, second):
    """Add the inverses of the factored blocks, times weights, to the lower triangle of `second`."""
    invert_factors(factors, size, count)
    for a in range(size):
        rows = cells[a, at : at + count]
        for b in range(a + 1):
            columns = cells[b, at : at + count]
            inverse_entry(factors, a, b, size, count, entry)
            for s in range(count):
                second[rows[s], columns[s]] -= weight[s] * entry[s]


@part
def combine(row, n_columns, centred, count, out):
    """Write the sum of the first `n_columns` rows of `centred`, each times its entry of `row`, to `out`."""
    # LLVM vectorises a loop only if at most eight checks show that no store overlaps a load: so each loop
    # writes one array and reads up to eight.
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
def multiply(matrix, centred, cells, lacks, size, row, products):
    """Write a matrix times the columns of `centred`, where they miss a feature at least.

    Of few features all are wanted together, and rows stand side by side; of many it is a few.
    """
    d = len(matrix)
    if d <= SMALL:
        for i in range(d):
            combine(matrix[i], d, centred, size, products[i])
        return
    for t in range(size):
        for j in range(d):
            row[j] = centred[j, t]
        a = 0
        while a + 4 <= lacks[t]:
            i0, i1, i2, i3 = cells[a, t], cells[a + 1, t], cells[a + 2, t], cells[a + 3, t]
            r0, r1, r2, r3 = matrix[i0], matrix[i1], matrix[i2], matrix[i3]
            t0, t1, t2, t3 = 0.0, 0.0, 0.0, 0.0
            for j in range(d):
                value = row[j]
                t0 += r0[j] * value
                t1 += r1[j] * value
                t2 += r2[j] * value
                t3 += r3[j] * value
            products[i0, t], products[i1, t], products[i2, t], products[i3, t] = t0, t1, t2, t3
            a += 4
        while a < lacks[t]:
            i0 = cells[a, t]
            r0 = matrix[i0]
            t0 = 0.0
            for j in range(d):
                t0 += r0[j] * row[j]
            products[i0, t] = t0
            a += 1


@part
def add_mirrored(lower, whole):
    """Add a lower triangle and its mirror image to a matrix."""
    for i in range(len(lower)):
        for j in range(i):
            whole[i, j] += lower[i, j]
            whole[j, i] += lower[i, j]
        whole[i, i] += lower[i, i]
