"""Mixtures whose log joint densities are linear in features of the row: E-step and sums in one pass.

For a covariance that all components share the features are the row itself, for independent features the row
and its squares, for one variance the row and its squared norm (docs/formulas.md, "Linear form").
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from latently.kernels.compiling import ZERO, full_width, kernel, part
from latently.kernels.diagonal import add_squares, scaled_norms
from latently.kernels.exponentials import exponentiate_less
from latently.kernels.lanes import REGISTER, larger, load, number, store
from latently.kernels.special import log
from latently.kernels.tiles import TILE
from latently.kernels.tiles import load as load_rows
from latently.kernels.whitening import COLUMNS, WIDTH, add_four, four_rows, whitened_norms

THEMSELVES, SQUARES, SQUARED_NORM = range(3)  # what the features are besides the row


class LinearSums(NamedTuple):
    """What `linear_sums` gives back.

    Attributes
    ----------
    counts : array of shape (K,)
        Sums of the responsibilities.
    sums : array of shape (K, f)
        Sums of the features, by responsibility.
    bound, rounding_scale : float
        Sum of the log-likelihoods and of their absolute values.
    largest : float
        Largest absolute log-likelihood of a row.
    """

    counts: Any
    sums: Any
    bound: float
    rounding_scale: float
    largest: float


class Apart(NamedTuple):
    """A few components, of independent features, that the linear form would cost digits: cell by cell.

    Attributes
    ----------
    which : array of int of shape (m,)
        Their positions.
    means, scales : arrays of shape (m, d)
        Their means, and one over their standard deviations.
    first, second : arrays of shape (m, d)
        Sums and sums of squares about the means, to add to.
    """

    which: Any
    means: Any
    scales: Any
    first: Any
    second: Any

    @classmethod
    def of(cls, which: Any, means: Any, scales: Any) -> Apart:
        """Those at the given positions, nothing added yet."""
        return cls(which, means, scales, np.zeros(means.shape), np.zeros(means.shape))


def linear_sums(
    x: Any,
    w: Any,
    origin: Any,
    directions: Any,
    base: Any,
    form: int = THEMSELVES,
    apart: Apart | None = None,
    resp: Any = None,
    common: Any = None,
) -> LinearSums:
    """Take the E-step and its sums.

    Parameters
    ----------
    x : array of shape (n, d)
        Rows.
    w : array of shape (n,)
        Weights.
    origin : array of shape (d,)
        What the features are taken about.
    directions : array of shape (K, f)
        Coefficients of each component's log joint density.
    base : array of shape (K,)
        Its value at the origin.
    form : {THEMSELVES, SQUARES, SQUARED_NORM}
        What the features of a row are: its f = d cells, they and their squares, or they and the squared norm.
    apart : Apart or None
        Components that are no part of the linear form; their coefficients do not matter.
    resp : array of shape (n, K) or None
        Where to write the responsibilities, weights applied, in place of taking sums, if they are wanted.
    common : array of shape (d, d) or None
        An inverse Cholesky factor, lower triangular: half the squared norm of a row that is whitened by it is
        taken off all its log joint densities. It does not matter to the responsibilities.
    """
    K, d = len(directions), x.shape[1]
    if apart is None:
        apart = Apart.of(np.empty(0, np.int64), np.empty((0, d)), np.empty((0, d)))
    if resp is None:
        resp = np.empty((0, K))
    if common is None:
        common = np.empty((0, 0))
    counts, sums = np.zeros(K), np.zeros(directions.shape)
    x, directions = np.ascontiguousarray(x, dtype=np.float64), np.ascontiguousarray(directions)
    found = fused_linear(x, w, origin, directions, base, form, apart, common, counts, sums, resp)
    return LinearSums(counts, sums, *found)


@kernel
def fused_linear(x, w, origin, directions, base, form, apart, common, counts, sums, resp):
    """Add the sums of rows, or write their responsibilities; return the bound and two sizes.

    Formulas: docs/formulas.md, "Linear form". The parameters are those of `linear_sums`; `counts`,
    `sums` and what `apart` holds are added to.
    """
    full_width()
    n = len(x)
    K, f = directions.shape
    room = TILE + COLUMNS
    features, joint = np.zeros((f, room)), np.zeros((K, room))
    top, totals = np.empty(room), np.empty(room)
    few, d = len(apart[0]), x.shape[1] if len(apart[0]) else 0
    raw, norms = np.zeros((d, room)), np.empty(room)
    bound = 0.0
    rounding_scale = 0.0
    largest = 0.0
    for start in range(0, n, TILE):
        size = min(TILE, n - start)
        rows, weights = x[start : start + size], w[start : start + size]
        write_features(rows, origin, form, features)
        for s in range(room):
            top[s] = -np.inf
            totals[s] = 0.0
        log_joints(features, directions, base, size, joint, top)
        if few:
            load_rows(x, start, size, raw)
            replace_log_joints(raw, apart, base, norms, joint, size)
            for s in range(size):
                top[s] = -np.inf
            for k in range(K):
                for s in range(size):
                    top[s] = max(top[s], joint[k, s])
        for k in range(K):
            exponentiate_less(joint[k], top, totals, size)
        for s in range(room):
            norms[s] = 0.0
        if len(common):
            whitened_norms(common, ZERO, len(common), features, size, norms)
        for s in range(size):
            value = top[s] + log(totals[s]) - 0.5 * norms[s]
            bound += weights[s] * value
            rounding_scale += weights[s] * abs(value)
            largest = max(largest, abs(value))
            totals[s] = weights[s] / totals[s]
        for k in range(K):
            r, mass = joint[k], 0.0
            for s in range(size):
                r[s] *= totals[s]
                mass += r[s]
            counts[k] += mass
            for s in range(size, size + COLUMNS):
                r[s] = 0.0
        if len(resp):
            for s in range(size):
                for k in range(K):
                    resp[start + s, k] = joint[k, s]
            continue
        add_sums(features, joint, size, sums)
        if few:
            add_apart(raw, apart, joint, size)
    return bound, rounding_scale, largest


@part
def write_features(rows, origin, form, features):
    """Write features of rows, each feature of all rows together."""
    n, d = rows.shape
    for s in range(n):
        for i in range(d):
            features[i, s] = rows[s, i] - origin[i]
    if form == SQUARES:
        for i in range(d):
            cell, square = features[i], features[d + i]
            for s in range(n):
                square[s] = cell[s] * cell[s]
    elif form == SQUARED_NORM:
        norm = features[d]
        for s in range(n):
            norm[s] = 0.0
        for i in range(d):
            cell = features[i]
            for s in range(n):
                norm[s] += cell[s] * cell[s]


@part
def log_joints(features, directions, base, size, joint, top):
    """Write log joint densities, and raise `top` to the largest of each row."""
    (K, f), room = directions.shape, features.shape[1]
    for s in range(0, size, COLUMNS):
        best, other_best = load(top, s, REGISTER), load(top, s + WIDTH, REGISTER)
        k = 0
        while k + 4 <= K:
            a0, b0, a1, b1, a2, b2, a3, b3 = four_rows(directions, k, f, features, s)
            a0, b0 = a0 + base[k], b0 + base[k]
            a1, b1 = a1 + base[k + 1], b1 + base[k + 1]
            a2, b2 = a2 + base[k + 2], b2 + base[k + 2]
            a3, b3 = a3 + base[k + 3], b3 + base[k + 3]
            write_two(joint, k * room + s, a0, b0)
            write_two(joint, (k + 1) * room + s, a1, b1)
            write_two(joint, (k + 2) * room + s, a2, b2)
            write_two(joint, (k + 3) * room + s, a3, b3)
            best = larger(larger(best, larger(a0, a1)), larger(a2, a3))
            other_best = larger(larger(other_best, larger(b0, b1)), larger(b2, b3))
            k += 4
        while k < K:
            c, e = load(features, s, REGISTER), load(features, s + WIDTH, REGISTER)
            a0, b0 = c * number(directions, k * f), e * number(directions, k * f)
            for i in range(1, f):
                at, g = i * room + s, number(directions, k * f + i)
                a0, b0 = a0 + load(features, at, REGISTER) * g, b0 + load(features, at + WIDTH, REGISTER) * g
            a0, b0 = a0 + base[k], b0 + base[k]
            write_two(joint, k * room + s, a0, b0)
            best, other_best = larger(best, a0), larger(other_best, b0)
            k += 1
        write_two(top, s, best, other_best)


@part
def write_two(array, at, one, other):
    """Write the lanes of two registers one after the other."""
    store(array, at, one)
    store(array, at + WIDTH, other)


@part
def add_sums(features, resp, size, sums):
    """Add the sums of features, two components and four features at a time."""
    (K, f), room = sums.shape, features.shape[1]
    zero = load(resp, 0, REGISTER) * 0.0
    for k in range(0, K, 2):
        after = min(k + 1, K - 1)
        for i in range(0, f, 4):
            i1, i2, i3 = min(i + 1, f - 1), min(i + 2, f - 1), min(i + 3, f - 1)
            a0, a1, a2, a3, b0, b1, b2, b3 = zero, zero, zero, zero, zero, zero, zero, zero
            for s in range(0, size, WIDTH):
                r, q = load(resp, k * room + s, REGISTER), load(resp, after * room + s, REGISTER)
                c, e = load(features, i * room + s, REGISTER), load(features, i1 * room + s, REGISTER)
                a0, a1, b0, b1 = a0 + r * c, a1 + r * e, b0 + q * c, b1 + q * e
                c, e = load(features, i2 * room + s, REGISTER), load(features, i3 * room + s, REGISTER)
                a2, a3, b2, b3 = a2 + r * c, a3 + r * e, b2 + q * c, b3 + q * e
            add_four(sums, k, i, f, a0, a1, a2, a3)
            if after > k:
                add_four(sums, after, i, f, b0, b1, b2, b3)


@part
def replace_log_joints(rows, apart, base, norms, joint, size):
    """Write those of components that are set apart; `rows` holds each feature of all rows together."""
    which, means, scales, _, _ = apart
    for m in range(len(which)):
        k = which[m]
        scaled_norms(rows, means[m], scales[m], size, norms)
        for s in range(size):
            joint[k, s] = base[k] - 0.5 * norms[s]


@part
def add_apart(rows, apart, joint, size):
    """Add rows to the sums about the means of components that are set apart."""
    which, means, _, first, second = apart
    for m in range(len(which)):
        add_squares(joint[which[m]], rows, means[m], size, first[m], second[m])
