"""Rows with missing cells under Gaussians with covariance matrices, through the precisions.

With P the precision, c a centred row and m its missing features, these have given the rest the expectation
``-inv(P_mm) P_mo c_o`` and the covariance ``inv(P_mm)``: so a row costs by the cells it lacks
(docs/formulas.md, "Missing cells"). Rows of equal pattern on end share the factor of P_mm.
"""

from __future__ import annotations

import numpy as np

from latently.kernels.compiling import kernel, part
from latently.kernels.special import log

LEAST = 1e-17  # responsibility of a row below which its conditional covariance does not count
LONG = 4  # rows of equal pattern on end from which on it pays to have their regression


@part
def find_missing(row, missing):
    """Write the positions of the missing cells of a row; return how many there are."""
    count = 0
    for j in range(len(row)):
        if np.isnan(row[j]):
            missing[count] = j
            count += 1
    return count


@part
def run_length(x, start, missing, count):
    """How many rows from `start` on lack the same cells."""
    n, d = x.shape
    stop = start + 1
    while stop < n:
        at = 0
        same = True
        for j in range(d):
            expected = at < count and missing[at] == j
            if np.isnan(x[stop, j]) != expected:
                same = False
                break
            if expected:
                at += 1
        if not same:
            break
        stop += 1
    return stop - start


@part
def factor_block(precision, missing, count, factor):
    """Write the lower Cholesky factor of the missing block of a precision, rows and columns in order.

    Its diagonal is written as reciprocals: to multiply costs much less than to divide.
    """
    for a in range(count):
        row, mine = precision[missing[a]], factor[a]
        for b in range(a + 1):
            other = factor[b]
            total = row[missing[b]]
            for c in range(b):
                total -= mine[c] * other[c]
            if a == b:
                mine[a] = 1.0 / np.sqrt(total)
            else:
                mine[b] = total * other[b]


@part
def half_log_det_of(factor, count):
    """Half the log determinant of the matrix with this lower factor: one logarithm for four pivots."""
    total, product = 0.0, 1.0
    for a in range(count):
        product *= factor[a, a]
        if a % 4 == 3:
            total -= log(product)
            product = 1.0
    return total - log(product)


@part
def solve_lower(factor, count, v):
    """Overwrite v by the solution of ``factor u = v``."""
    for a in range(count):
        total = v[a]
        row = factor[a]
        for c in range(a):
            total -= row[c] * v[c]
        v[a] = total * row[a]


@part
def solve_upper(factor, count, v):
    """Overwrite v by the solution of ``factor' u = v``."""
    for a in range(count - 1, -1, -1):
        v[a] *= factor[a, a]
        value = v[a]
        row = factor[a]
        for c in range(a):
            v[c] -= row[c] * value


@part
def invert_block(factor, count, root, inverse):
    """Write the inverse of the matrix with this lower factor, its lower triangle, and that of the factor."""
    for a in range(count):
        row = root[a]
        for c in range(a):
            row[c] = 0.0
        # Row a of the inverse of the factor, by forward substitution in the columns before it.
        pivot = factor[a, a]
        for b in range(a):
            value = factor[a, b]
            other = root[b]
            for c in range(b + 1):
                row[c] -= value * other[c]
        for c in range(a):
            row[c] *= pivot
        row[a] = pivot
        for b in range(a + 1):
            inverse[a, b] = 0.0
    for c in range(count):
        row = root[c]
        for a in range(c + 1):
            value = row[a]
            out = inverse[a]
            for b in range(a + 1):
                out[b] += value * row[b]


@part
def regression(precision, missing, count, factor, slope, v):
    """Write the coefficients of the missing on all features: zero for the missing ones themselves."""
    d = len(precision)
    for j in range(d):
        for a in range(count):
            v[a] = -precision[missing[a], j]
        solve_lower(factor, count, v)
        solve_upper(factor, count, v)
        for a in range(count):
            slope[a, j] = v[a]
    for a in range(count):
        for b in range(count):
            slope[a, missing[b]] = 0.0


@part
def expect(precision, slope, missing, count, factor, long, z, v):
    """Write the expectation of the missing cells of a centred row into it."""
    d = len(z)
    for a in range(count):
        z[missing[a]] = 0.0
    for a in range(count):
        row = slope[a] if long else precision[missing[a]]
        total = 0.0
        for j in range(d):
            total += row[j] * z[j]
        v[a] = total
    if long:
        for a in range(count):
            z[missing[a]] = v[a]
    else:
        solve_lower(factor, count, v)
        solve_upper(factor, count, v)
        for a in range(count):
            z[missing[a]] = -v[a]


@kernel
def complete_rows(x, means, precisions, z, half_log_det, seen):
    """Write centred rows with missing cells at their expectation, under each component.

    Parameters
    ----------
    x : array of shape (n, d)
        Rows.
    means, precisions : arrays of shape (K, d), (K, d, d)
        Parameters.
    z : array of shape (K, n, d)
        Where to write.
    half_log_det : array of shape (K, n)
        Where to write half the log determinant of the missing block of the precision.
    seen : array of shape (n,)
        Where to write how many cells are observed.
    """
    n, d = x.shape
    K = len(means)
    missing = np.empty(d, np.int64)
    factor, slope, v = np.empty((d, d)), np.empty((d, d)), np.empty(d)
    start = 0
    while start < n:
        count = find_missing(x[start], missing)
        length = run_length(x, start, missing, count)
        long = length >= LONG
        for k in range(K):
            mean, precision = means[k], precisions[k]
            half = 0.0
            if count < d:
                factor_block(precision, missing, count, factor)
                half = half_log_det_of(factor, count)
                if long:
                    regression(precision, missing, count, factor, slope, v)
            for s in range(start, start + length):
                row = z[k, s]
                for j in range(d):
                    row[j] = x[s, j] - mean[j]
                if count < d:
                    expect(precision, slope, missing, count, factor, long, row, v)
                else:
                    for j in range(d):
                        row[j] = 0.0
                half_log_det[k, s] = half
        for s in range(start, start + length):
            seen[s] = d - count
        start += length


@kernel
def add_missing_moments(x, resp, precisions, z, counts, first, second):
    """Add counts, sums and scatters of completed rows, with the covariance of what they lack.

    A row without observed cells adds nothing.

    Parameters
    ----------
    x : array of shape (n, d)
        Rows, for their missing cells.
    resp : array of shape (n, K)
        Responsibilities, weights applied.
    precisions : array of shape (K, d, d)
        Precisions.
    z : array of shape (K, n, d)
        Centred rows as `complete_rows` left them; overwritten.
    counts, first, second : arrays of shape (K,), (K, d), (K, d, d)
        Sums to add to; of `second` all entries.
    """
    n, d = x.shape
    K = len(precisions)
    missing = np.empty(d, np.int64)
    factor, root, inverse = np.empty((d, d)), np.empty((d, d)), np.empty((d, d))
    weighted = np.empty((n, d))
    for k in range(K):
        for s in range(n):
            r = resp[s, k]
            row, out = z[k, s], weighted[s]
            for j in range(d):
                out[j] = r * row[j]
        second[k] += np.dot(weighted.T, z[k])
        for s in range(n):
            for j in range(d):
                first[k, j] += weighted[s, j]
    start = 0
    while start < n:
        count = find_missing(x[start], missing)
        length = run_length(x, start, missing, count)
        if count < d:
            for k in range(K):
                mass = 0.0
                for s in range(start, start + length):
                    mass += resp[s, k]
                counts[k] += mass
                if count and mass > LEAST * length:
                    factor_block(precisions[k], missing, count, factor)
                    invert_block(factor, count, root, inverse)
                    for a in range(count):
                        row = second[k, missing[a]]
                        for b in range(a + 1):
                            value = mass * inverse[a, b]
                            row[missing[b]] += value
                            if a != b:
                                second[k, missing[b], missing[a]] += value
        start += length


@kernel
def whitened_norms_of(z, whiteners, norms):
    """Write the squared norms of completed rows, whitened.

    Parameters
    ----------
    z : array of shape (K, n, d)
        Completed rows.
    whiteners : array of shape (K, d, d)
        Transposed inverses of the Cholesky factors.
    norms : array of shape (K, n)
        Where to write.
    """
    K, n, d = z.shape
    for k in range(K):
        y = np.dot(z[k], whiteners[k])
        for s in range(n):
            total = 0.0
            for j in range(d):
                total += y[s, j] * y[s, j]
            norms[k, s] = total


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
    missing = np.empty(d, np.int64)
    factor, root, inverse, slope = np.empty((d, d)), np.empty((d, d)), np.empty((d, d)), np.empty((d, d))
    v, z = np.empty(d), np.empty(d)
    start = 0
    while start < n:
        count = find_missing(x[start], missing)
        length = run_length(x, start, missing, count)
        long = length >= LONG
        factor_block(precision, missing, count, factor)
        if long:
            regression(precision, missing, count, factor, slope, v)
        if len(variances):
            invert_block(factor, count, root, inverse)
        for s in range(start, start + length):
            for j in range(d):
                filled[s, j] = x[s, j]
                z[j] = x[s, j] - mean[j]
            expect(precision, slope, missing, count, factor, long, z, v)
            if len(noise):
                for a in range(count):
                    v[a] = noise[s, missing[a]]
                solve_upper(factor, count, v)
                for a in range(count):
                    z[missing[a]] += v[a]
            for a in range(count):
                filled[s, missing[a]] = mean[missing[a]] + z[missing[a]]
            if len(variances):
                for j in range(d):
                    variances[s, j] = 0.0
                for a in range(count):
                    variances[s, missing[a]] = inverse[a, a]
        start += length
