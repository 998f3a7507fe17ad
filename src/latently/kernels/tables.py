"""Log densities and sums of rows whose cells are small whole numbers, by tables of what each cell adds.

Of a column with a few possible values, all that a density can be stands in a table of so many rows: cells are
looked up, and responsibilities are added up by cell. Components stand side by side (kernels/lanes.py).
"""

from __future__ import annotations

import numpy as np

from latently.kernels.compiling import kernel
from latently.kernels.exponentials import exponentiate
from latently.kernels.lanes import load, store, total
from latently.kernels.special import log

CACHED = 512  # rows whose densities are kept
LEAST_DENSITY = 1e-200  # in units of the largest there can be; what may be lost is far below


@kernel
def find_places(x, columns, sizes, group, stride, starts, places):
    """Find the row of each table for the cells of each row of x; tell whether there is one for each.

    NaN is a missing cell. `columns` are looked up, and `sizes`, `group`, `stride` and `starts` say how they
    share tables (models/tables.py, `Layout`); found rows go to `places`, uint16 of shape (n, tables).
    """
    (n, g), c = places.shape, len(columns)
    known = True
    row = np.empty(g, np.int64)
    for s in range(n):
        for i in range(g):
            row[i] = starts[i]
        for i in range(c):
            cell = x[s, columns[i]]
            missing = cell != cell
            place = sizes[i] if missing else np.int64(cell)
            known &= (place >= 0) & (place < sizes[i] + missing)
            row[group[i]] += stride[i] * place
        for i in range(g):
            places[s, i] = row[i]
    return known


@kernel
def join_cells(cells, sizes, group, stride, starts, table, lanes):
    """Write the rows of the tables, zeros before: sums of what the cells of their columns add.

    `cells` has a row for each cell of each column, one column after the other.
    """
    width, first = cells.shape[1], 0
    for i in range(len(sizes)):
        low, high = starts[group[i]] * width, (starts[group[i]] + stride[i]) * width
        for v in range(sizes[i], -1, -1):
            for at in range(low, high, len(lanes)):
                value = load(table, at, lanes)
                if v < sizes[i]:
                    value = value + load(cells, (first + v) * width + at % width, lanes)
                store(table, at + v * stride[i] * width, value)
        first += sizes[i]


@kernel
def part_counts(counts, sizes, group, stride, starts, cells, lanes):
    """Add the counts of the rows of the tables to those of the cells of each column.

    In the first row of each table the sum of all its counts is left.
    """
    width, first = cells.shape[1], len(cells)
    for i in range(len(sizes) - 1, -1, -1):
        first -= sizes[i]
        low, high = starts[group[i]] * width, (starts[group[i]] + stride[i]) * width
        for v in range(sizes[i] + 1):
            for at in range(low, high, len(lanes)):
                value = load(counts, at + v * stride[i] * width, lanes)
                if v < sizes[i]:
                    cell = (first + v) * width + at % width
                    store(cells, cell, load(cells, cell, lanes) + value)
                if v > 0:
                    store(counts, at, load(counts, at, lanes) + value)


@kernel
def table_densities(places, table, out, lanes):
    """Write the sum of what the cells of each row add.

    Parameters
    ----------
    places : array of uint16 of shape (n, c)
        Rows of the table for the cells of each row.
    table : array of shape (rows, width)
        What each cell adds, a column for each component and more.
    out : array of shape (n, K)
        Where to write.
    lanes : tuple of numbers
        How many components are worked on at once; `width` is a multiple.
    """
    (n, c), K, width = places.shape, out.shape[1], table.shape[1]
    row, nothing = np.empty(width), np.zeros(width)
    for s in range(n):
        for j in range(0, width, len(lanes)):
            value, other = load(nothing, 0, lanes), load(nothing, 0, lanes)
            for i in range(0, c - 1, 2):
                value = value + load(table, places[s, i] * width + j, lanes)
                other = other + load(table, places[s, i + 1] * width + j, lanes)
            if c % 2:
                value = value + load(table, places[s, c - 1] * width + j, lanes)
            store(row, j, value + other)
        for k in range(K):
            out[s, k] = row[k]


@kernel
def table_sums(places, resp, counts, lanes):
    """Add the responsibilities of each row to the counts of its cells.

    Parameters
    ----------
    places, lanes
        As `table_densities` has them.
    resp : array of shape (n, K)
        Responsibilities, weights applied.
    counts : array of shape (rows, width)
        Sums of the responsibilities by row of the table.
    """
    (n, c), K, width = places.shape, resp.shape[1], counts.shape[1]
    row = np.zeros(width)
    for s in range(n):
        for k in range(K):
            row[k] = resp[s, k]
        for j in range(0, width, len(lanes)):
            here = load(row, j, lanes)
            for i in range(c):
                at = places[s, i] * width + j
                store(counts, at, load(counts, at, lanes) + here)


@kernel
def mixture_by_tables(places, table, n_first, log_weights, w, counts, lanes):
    """E-step of a mixture whose joint densities are products of what its tables hold.

    Formulas: docs/formulas.md, "Tables". The table, as `table_densities` has it, is overwritten; the weights
    go into its first `n_first` rows, those of the first table. Responsibilities times `w` are added to the
    counts of rows of the table. Returns the sum of the log-likelihoods, which all have one sign; NaN if a row
    has next to no density.
    """
    (n, c), (rows, width), K = places.shape, table.shape, len(log_weights)
    row, sums, top = np.empty(width), np.ones(CACHED), np.zeros(rows)
    for r in range(rows):
        highest = -np.inf
        for k in range(K):
            table[r, k] += log_weights[k] if r < n_first else 0.0
            highest = max(highest, table[r, k])
        top[r] = highest if highest > -np.inf else 0.0
        for k in range(width):
            table[r, k] = table[r, k] - top[r] if k < K else -np.inf
    exponentiate(table.reshape(rows * width))
    bound = 0.0
    for begin in range(0, n, CACHED):
        end = min(begin + CACHED, n)
        for s in range(begin, end):
            density = 0.0
            for j in range(0, width, len(lanes)):
                value = load(table, places[s, 0] * width + j, lanes)
                for i in range(1, c):
                    value = value * load(table, places[s, i] * width + j, lanes)
                store(row, j, value)
                density += total(value)
            if not density > LEAST_DENSITY:
                return np.nan
            sums[s - begin] = density
            share = w[s] / density
            for j in range(0, width, len(lanes)):
                here = load(row, j, lanes) * share
                for i in range(c):
                    at = places[s, i] * width + j
                    store(counts, at, load(counts, at, lanes) + here)
        for i in range(CACHED):
            sums[i] = log(sums[i])
        for s in range(begin, end):
            bound += w[s] * sums[s - begin]
    for r in range(rows):  # each row of the data has been shared out over components
        for k in range(K):
            bound += counts[r, k] * top[r]
    return bound


@kernel
def row_posteriors(joint, log_weights, w, counts):
    """Turn log densities into responsibilities times weights; return the bound and its absolute terms.

    Formulas: docs/formulas.md, "Mixtures".

    Parameters
    ----------
    joint : array of shape (n, K)
        Log densities of rows; overwritten.
    log_weights : array of shape (K,)
        Log weights of the components.
    w : array of shape (n,)
        Weights of the rows.
    counts : array of shape (K,)
        Sums of the responsibilities, to add to.

    Returns
    -------
    bound, rounding_scale : float
        Sum of the log-likelihoods and of their absolute values; NaN if one is not finite.
    """
    n, K = joint.shape
    top = np.empty(n)
    for s in range(n):
        highest = -np.inf
        for k in range(K):
            joint[s, k] += log_weights[k]
            highest = max(highest, joint[s, k])
        if not abs(highest) < np.inf:
            return np.nan, np.nan
        top[s] = highest
        for k in range(K):
            joint[s, k] -= highest
    exponentiate(joint.reshape(n * K))
    sums = np.zeros(n)
    for s in range(n):
        for k in range(K):
            sums[s] += joint[s, k]
    bound = 0.0
    rounding_scale = 0.0
    for s in range(n):
        value = top[s] + log(sums[s])
        bound += w[s] * value
        rounding_scale += w[s] * abs(value)
        sums[s] = w[s] / sums[s]
    for s in range(n):
        for k in range(K):
            joint[s, k] *= sums[s]
            counts[k] += joint[s, k]
    return bound, rounding_scale
