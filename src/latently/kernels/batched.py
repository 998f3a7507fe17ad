"""Batches of blocks of one symmetric matrix, one for each row: their factors, inverses and solutions.

Rows that lack equally many features need blocks of one shape, each of other entries. They are held
entry by entry, so that inner loops run over rows: ``factors[a, b]`` is entry (a, b) for all of them.

The lower triangle of `factors` holds the Cholesky factor F, its diagonal as reciprocals: to multiply costs
much less than to divide. The upper triangle can hold the inverse of F, transposed, which has that very
diagonal: then all sums below are products of two rows of `factors`.
"""

from __future__ import annotations

import numpy as np

from latently.kernels.compiling import ZERO, part
from latently.kernels.special import log

MOST = 64  # rows batched
LEAST = 8
ROOM = 2**15  # floats: what the factors may take


@part
def room_for(n_missing):
    """Room for the factors of as many rows as the cache can hold: an array of shape (m, m, rows)."""
    size = max(n_missing, 1)
    n_rows = min(max(ROOM // (size * size) // LEAST * LEAST, LEAST), MOST)
    return np.empty((size, size, n_rows))


@part
def less_products(one, other, low, high, count, out):
    """Subtract the products of rows `low` to `high` of two arrays from `out`."""
    c = low
    while c + 4 <= high:
        a0, a1, a2, a3 = one[c], one[c + 1], one[c + 2], one[c + 3]
        b0, b1, b2, b3 = other[c], other[c + 1], other[c + 2], other[c + 3]
        for s in range(count):
            out[s] -= (a0[s] * b0[s] + a1[s] * b1[s]) + (a2[s] * b2[s] + a3[s] * b3[s])
        c += 4
    while c < high:
        a0, b0 = one[c], other[c]
        for s in range(count):
            out[s] -= a0[s] * b0[s]
        c += 1


@part
def factor_blocks(matrix, cells, at, size, count, factors):
    """Write the Cholesky factors of the blocks of a matrix named by columns of `cells` from `at` on."""
    stop = at + count
    for a in range(size):
        mine, rows = factors[a], cells[a, at:stop]
        for b in range(a + 1):
            other, columns, out = factors[b], cells[b, at:stop], mine[b]
            for s in range(count):
                out[s] = matrix[rows[s], columns[s]]
            less_products(mine, other, ZERO, b, count, out)
            if b < a:
                pivot = other[b]
                for s in range(count):
                    out[s] *= pivot[s]
            else:
                for s in range(count):
                    out[s] = 1.0 / np.sqrt(out[s])


@part
def half_log_dets(factors, size, count, product, out):
    """Write half the log determinants of the factored blocks: one logarithm for four pivots."""
    for s in range(count):
        out[s] = 0.0
        product[s] = 1.0
    for a in range(size):
        pivot = factors[a, a]
        for s in range(count):
            product[s] *= pivot[s]
        if a % 4 == 3 or a == size - 1:
            for s in range(count):
                out[s] -= log(product[s])
            for s in range(count):
                product[s] = 1.0


@part
def solve_lower(factors, size, count, v):
    """Overwrite v by the solutions of ``F u = v``."""
    for a in range(size):
        out, pivot = v[a], factors[a, a]
        less_products(factors[a], v, ZERO, a, count, out)
        for s in range(count):
            out[s] *= pivot[s]


@part
def solve_upper(factors, size, count, v):
    """Overwrite v by the solutions of ``F' u = v``."""
    for a in range(size - 1, -1, -1):
        value, pivot = v[a], factors[a, a]
        for s in range(count):
            value[s] *= pivot[s]
        for c in range(a):
            out, entry = v[c], factors[a, c]
            for s in range(count):
                out[s] -= entry[s] * value[s]


@part
def invert_factors(factors, size, count):
    """Write the inverses of the factors, transposed, beside them."""
    for a in range(size):
        mine, pivot = factors[a], factors[a, a]
        for b in range(a):
            other = factors[b]
            out = other[a]
            for s in range(count):
                out[s] = 0.0
            less_products(mine, other, b, a, count, out)
            for s in range(count):
                out[s] *= pivot[s]


@part
def inverse_entry(factors, a, b, size, count, out):
    """Write entry (a, b), a at least b, of the inverses of the blocks, with the opposite sign."""
    for s in range(count):
        out[s] = 0.0
    less_products(factors[a], factors[b], a, size, count, out)
