"""Whitened norms, sums and scatters of rows held feature-major: what Gaussians with matrices are made of."""

from __future__ import annotations

from latently.kernels.compiling import part

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
