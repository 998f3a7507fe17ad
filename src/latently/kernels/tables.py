"""Log densities and sums of rows whose cells are small whole numbers, by tables of what each cell adds.

Of a column with a few possible values, all that a density can be stands in a table of so many rows: cells are
looked up, and responsibilities are added up by cell. Components stand side by side (kernels/lanes.py).
"""

from __future__ import annotations

import numpy as np

from latently.kernels.compiling import kernel
from latently.kernels.lanes import load, store
from latently.kernels.special import exp, log


@kernel
def find_places(x, columns, starts, sizes, places):
    """Find the rows of the table for the cells of each row; tell whether there is one for each.

    Parameters
    ----------
    x : array of shape (n, d)
        Rows; NaN is a missing cell.
    columns : array of int of shape (c,)
        Which columns are looked up.
    starts : array of int of shape (c,)
        Row of the table where each begins.
    sizes : array of int of shape (c,)
        How many rows it has: for the whole numbers from 0. One more, the last, is for a missing cell.
    places : array of uint16 of shape (n, c)
        Where to write.
    """
    n, c = places.shape
    known = True
    for s in range(n):
        for i in range(c):
            cell = x[s, columns[i]]
            missing = cell != cell
            place = sizes[i] if missing else np.int64(cell)
            known &= (place >= 0) & (place < sizes[i] + missing)
            places[s, i] = starts[i] + place
    return known


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
    flat = joint.reshape(n * K)
    for i in range(n * K):
        flat[i] = exp(flat[i])
    total = np.zeros(n)
    for s in range(n):
        for k in range(K):
            total[s] += joint[s, k]
    bound = 0.0
    rounding_scale = 0.0
    for s in range(n):
        value = top[s] + log(total[s])
        bound += w[s] * value
        rounding_scale += w[s] * abs(value)
        total[s] = w[s] / total[s]
    for s in range(n):
        for k in range(K):
            joint[s, k] *= total[s]
            counts[k] += joint[s, k]
    return bound, rounding_scale
