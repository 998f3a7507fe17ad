"""Log densities and sums of rows under eight Gaussians without correlations, or fewer.

Components stand side by side in one register (kernels/lanes.py): products of matrices as narrow as that are
not worth a library's trouble. Cells are taken about an origin; a missing one, NaN, is left out.
"""

from __future__ import annotations

import numpy as np

from latently.kernels.compiling import kernel, part
from latently.kernels.lanes import load, number, store


@kernel
def few_log_densities(x, origin, directions, constants, out, lanes):
    """Write the log density of each row under each component.

    Parameters
    ----------
    x : array of shape (n, d)
        Rows.
    origin : array of shape (d,)
        What cells are taken about.
    directions : array of shape (d, 2, width)
        Coefficients of each cell and of its square; a column for each component, zeros in further ones.
    constants : array of shape (d, width)
        What each observed cell adds.
    out : array of shape (n, K)
        Where to write.
    lanes : tuple of `width` numbers
        Four or eight, no fewer than components.
    """
    (n, d), K, width = x.shape, out.shape[1], len(lanes)
    row, whole, nothing = np.zeros(width), np.zeros(width), np.zeros(width)
    for i in range(d):  # a loop: to compile a sum along an axis takes longer than the rest of the kernel
        for j in range(width):
            whole[j] += constants[i, j]
    for s in range(n):
        value, complete = load(whole, 0, lanes), True
        for i in range(d):
            cell = number(x, s * d + i) - origin[i]
            complete &= cell == cell
            value = value + part_of(directions, i, cell, lanes)
        if not complete:
            value = load(nothing, 0, lanes)
            for i in range(d):
                cell = number(x, s * d + i) - origin[i]
                if cell == cell:
                    value = value + part_of(directions, i, cell, lanes) + load(constants, i * width, lanes)
        store(row, 0, value)
        for j in range(K):
            out[s, j] = row[j]


@part
def part_of(directions, i, cell, lanes):
    """What cell i adds to the log densities, but for a constant."""
    at = 2 * i * len(lanes)
    return (load(directions, at, lanes) + load(directions, at + len(lanes), lanes) * cell) * cell


@kernel
def few_sums(x, resp, origin, sums, missing, lanes):
    """Add the rows of a tile to the sums of each component; tell if a cell is missing.

    Parameters
    ----------
    x, origin, lanes
        As `few_log_densities` has them.
    resp : array of shape (n, K)
        Responsibilities, weights applied.
    sums : array of shape (1 + 2 d, width)
        Sums of responsibilities, then of each cell times these, and of its square.
    missing : array of shape (d, width)
        Sums of the responsibilities of rows that lack a cell.
    """
    (n, d), K, width = x.shape, resp.shape[1], len(lanes)
    row, incomplete = np.zeros(width), False
    last = (n * K - width) // K  # the last row that has so many numbers from its first on
    for s in range(n):
        if s <= last:
            here = load(resp, s * K, lanes)  # and what follows it, which ends in columns that nobody reads
        else:
            for j in range(K):
                row[j] = resp[s, j]
            here = load(row, 0, lanes)
        store(sums, 0, load(sums, 0, lanes) + here)
        for i in range(d):
            cell, at = number(x, s * d + i) - origin[i], (1 + 2 * i) * width
            if cell == cell:
                store(sums, at, load(sums, at, lanes) + here * cell)
                store(sums, at + width, load(sums, at + width, lanes) + here * (cell * cell))
            else:
                incomplete = True
                store(missing, i * width, load(missing, i * width, lanes) + here)
    return incomplete
