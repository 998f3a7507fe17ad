"""Whitened norms, sums and scatters of rows held feature-major: what Gaussians with matrices are made of."""

from __future__ import annotations

from latently.kernels.compiling import part
from latently.kernels.lanes import REGISTER, load, number, store, total

# Sums of products stay in registers: eight of them, so that none waits for another. Columns are taken by so
# many that arrays need room for a multiple of `COLUMNS`.
WIDTH = len(REGISTER)
COLUMNS = 2 * WIDTH


@part
def four_rows(matrix, row, n, columns, s):
    """Four rows of a matrix, from one on, times two registers of columns: sums over the first n numbers."""
    d, width = matrix.shape[1], columns.shape[1]
    w0, w1, w2, w3 = row * d, (row + 1) * d, (row + 2) * d, (row + 3) * d
    c, e = load(columns, s, REGISTER), load(columns, s + WIDTH, REGISTER)
    f = number(matrix, w0)
    a0, b0, f = c * f, e * f, number(matrix, w1)
    a1, b1, f = c * f, e * f, number(matrix, w2)
    a2, b2, f = c * f, e * f, number(matrix, w3)
    a3, b3 = c * f, e * f
    for j in range(1, n):
        c, e = load(columns, j * width + s, REGISTER), load(columns, j * width + s + WIDTH, REGISTER)
        f = number(matrix, w0 + j)
        a0, b0 = a0 + c * f, b0 + e * f
        f = number(matrix, w1 + j)
        a1, b1 = a1 + c * f, b1 + e * f
        f = number(matrix, w2 + j)
        a2, b2 = a2 + c * f, b2 + e * f
        f = number(matrix, w3 + j)
        a3, b3 = a3 + c * f, b3 + e * f
    return a0, b0, a1, b1, a2, b2, a3, b3


@part
def whitened_norms(whiten, low, high, centred, count, q):
    """Add to q the squares of features `low` to `high` of the whitened columns of `centred`.

    `whiten` is lower triangular, with zeros above its diagonal.
    """
    d, width = whiten.shape[1], centred.shape[1]
    for s in range(0, count, COLUMNS):
        one, other = load(q, s, REGISTER), load(q, s + WIDTH, REGISTER)
        i = low
        while i + 4 <= high:
            a0, b0, a1, b1, a2, b2, a3, b3 = four_rows(whiten, i, i + 4, centred, s)
            one = one + ((a0 * a0 + a1 * a1) + (a2 * a2 + a3 * a3))
            other = other + ((b0 * b0 + b1 * b1) + (b2 * b2 + b3 * b3))
            i += 4
        while i < high:
            last = min(i + 1, high - 1)
            twice = float(last - i)
            c, e = load(centred, s, REGISTER), load(centred, s + WIDTH, REGISTER)
            w0, w1 = i * d, last * d
            f, g = number(whiten, w0), number(whiten, w1)
            a0, b0, a1, b1 = c * f, e * f, c * g, e * g
            for j in range(1, last + 1):
                c, e = load(centred, j * width + s, REGISTER), load(centred, j * width + s + WIDTH, REGISTER)
                f, g = number(whiten, w0 + j), number(whiten, w1 + j)
                a0, b0, a1, b1 = a0 + c * f, b0 + e * f, a1 + c * g, b1 + e * g
            one = one + (a0 * a0 + a1 * a1 * twice)
            other = other + (b0 * b0 + b1 * b1 * twice)
            i += 2
        store(q, s, one)
        store(q, s + WIDTH, other)


@part
def add_scatter(centred, count, scaled, first, second):
    """Add weighted sums and the lower triangle of the weighted scatter of columns of `centred`.

    Weights stand in the first of the three rows of `scaled`. Features are taken two at a time.
    """
    d, width, room = len(first), centred.shape[1], scaled.shape[1]
    stop = (count + WIDTH - 1) // WIDTH * WIDTH
    for s in range(count, stop):
        scaled[0, s] = 0.0
        for i in range(d):
            centred[i, s] = 0.0
    zero = load(scaled, 0, REGISTER) * 0.0
    for i in range(0, d, 2):
        last = min(i + 1, d - 1)
        twice = float(last - i)  # a last feature that is left over is taken with itself, and that not counted
        at, below = i * width, last * width
        p, q, t0, t1, t2 = zero, zero, zero, zero, zero
        for s in range(0, stop, WIDTH):
            weight = load(scaled, s, REGISTER)
            c, e = load(centred, at + s, REGISTER), load(centred, below + s, REGISTER)
            y, z = weight * c, weight * twice * e
            store(scaled, room + s, y)
            store(scaled, 2 * room + s, z)
            p, q = p + y, q + z
            t0, t1, t2 = t0 + y * c, t1 + z * c, t2 + z * e
        first[i] += total(p)
        first[last] += total(q)
        second[i, i] += total(t0)
        second[last, i] += total(t1)
        second[last, last] += total(t2)
        j = 0
        while j + 4 <= i:
            at = j * width
            t0, t1, t2, t3 = zero, zero, zero, zero
            u0, u1, u2, u3 = zero, zero, zero, zero
            for s in range(0, stop, WIDTH):
                y, z = load(scaled, room + s, REGISTER), load(scaled, 2 * room + s, REGISTER)
                c, e = load(centred, at + s, REGISTER), load(centred, at + width + s, REGISTER)
                t0, t1, u0, u1 = t0 + y * c, t1 + y * e, u0 + z * c, u1 + z * e
                c = load(centred, at + 2 * width + s, REGISTER)
                e = load(centred, at + 3 * width + s, REGISTER)
                t2, t3, u2, u3 = t2 + y * c, t3 + y * e, u2 + z * c, u3 + z * e
            add_four(second, i, j, j + 4, t0, t1, t2, t3)
            add_four(second, last, j, j + 4, u0, u1, u2, u3)
            j += 4
        if j < i:
            at = j * width
            t0, t1, u0, u1 = zero, zero, zero, zero
            for s in range(0, stop, WIDTH):
                y, z = load(scaled, room + s, REGISTER), load(scaled, 2 * room + s, REGISTER)
                c, e = load(centred, at + s, REGISTER), load(centred, at + width + s, REGISTER)
                t0, t1, u0, u1 = t0 + y * c, t1 + y * e, u0 + z * c, u1 + z * e
            second[i, j] += total(t0)
            second[i, j + 1] += total(t1)
            second[last, j] += total(u0)
            second[last, j + 1] += total(u1)


@part
def add_four(sums, i, j, stop, t0, t1, t2, t3):
    """Add the totals of lanes to four numbers of a row, or those before `stop`."""
    sums[i, j] += total(t0)
    if j + 1 < stop:
        sums[i, j + 1] += total(t1)
    if j + 2 < stop:
        sums[i, j + 2] += total(t2)
    if j + 3 < stop:
        sums[i, j + 3] += total(t3)
