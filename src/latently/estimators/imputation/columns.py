"""Columns that cannot be imputed, or only with a prior: each refusal names them and the remedy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latently.core.columns import extremes
from latently.core.errors import SingularCovarianceError
from latently.core.libraries import single_threaded_libraries
from latently.emissions.gaussian.moments import Moments
from latently.estimators.inputs import Array, label_of

COLLINEAR = 1e-10  # eigenvalue of correlations that is zero but for rounding
ROWS = 2**14  # taken at a time
ENOUGH = 10  # complete rows for each column
INVOLVED = 0.05  # entry of its eigenvector that counts


def kept_columns(rows: Any, weights: Array, names: list[str] | None, keep_empty: bool) -> NDArray[np.bool_]:
    """Which columns have any observed value.

    Raises
    ------
    ValueError
        If one has none and empty columns are not to be kept, or all have none.
    """
    used = weights > 0
    low, high = extremes(rows, None if used.all() else used)
    kept = np.asarray(low <= high)
    if not kept.all() and not keep_empty:
        empty = ", ".join(label_of(names, column) for column in np.flatnonzero(~kept))
        raise ValueError(
            f"column {empty} has no observed value: leave it out, or set keep_empty_features=True to "
            "keep it as NaN"
        )
    if not kept.any():
        raise ValueError("no column has an observed value: there is nothing to learn from")
    return kept


def check_rank(table: Any, weights: Array, names: list[str] | None) -> None:
    """Refuse a table that has no maximum-likelihood covariance matrix.

    Raises
    ------
    ValueError
        If there are no more rows than columns.
    SingularCovarianceError
        If columns are collinear.
    """
    d = table.shape[1]
    used = weights > 0
    rows = table if used.all() else table[used]
    n = 0
    for start in range(0, len(rows), ROWS):
        n += int((~np.isnan(rows[start : start + ROWS])).any(axis=1).sum())
        if n > d:
            break
    if n <= d:
        raise ValueError(
            f"there are {n} rows with an observed value for {d} columns, too few for the covariances: "
            "set prior='ridge', leave columns out, or choose covariance_type='diag'"
        )
    with single_threaded_libraries():
        involved = collinear_columns(rows)
    if len(involved):
        refuse_collinear(involved, names)


def check_clear_of(covariance: Array, least: float, names: list[str] | None) -> None:
    """Refuse a covariance whose correlations have an eigenvalue below `least`: it rests on a floor.

    Raises
    ------
    SingularCovarianceError
        If it has; the columns that are collinear in it are named.
    """
    spread = np.sqrt(np.diagonal(covariance))
    values, vectors = np.linalg.eigh(covariance / np.outer(spread, spread))
    if values[0] < least:
        refuse_collinear(np.flatnonzero(np.abs(vectors[:, 0]) > INVOLVED), names)


def refuse_collinear(involved: Any, names: list[str] | None) -> None:
    """Raise the error that names collinear columns."""
    listed = ", ".join(label_of(names, column) for column in involved)
    raise SingularCovarianceError(
        f"columns {listed} are collinear: each follows from the others exactly, so their covariance is "
        "singular; set prior='ridge', or leave one of them out"
    )


def collinear_columns(table: Any) -> NDArray[np.int64]:
    """Columns of which one follows from the others exactly in the complete rows, or two in the rows of both.

    Parameters
    ----------
    table : array of shape (n, d)
        Rows; NaN is a missing cell.

    Returns
    -------
    array of int
        Their positions; empty if there are none, or too few complete rows to tell.

    Notes
    -----
    Columns that are collinear in all rows are so in the first complete ones: so only if they are there, all
    are looked at.
    """
    some = _complete_rows(table, ENOUGH * table.shape[1])
    if len(some) <= table.shape[1] or (np.ptp(some, axis=0) == 0).any():
        return _two_alike(table)
    found = _in_one_plane(some)
    return _in_one_plane(_complete_rows(table, len(table))) if len(found) else found


def _in_one_plane(rows: Array) -> NDArray[np.int64]:
    """Columns of complete rows that are involved in a linear relation."""
    moments = Moments.of(rows, np.ones(len(rows)))
    spread = np.sqrt(moments.variances)
    values, vectors = np.linalg.eigh(moments.covariance / np.outer(spread, spread))
    return np.flatnonzero((np.abs(vectors[:, 0]) > INVOLVED) & (values[0] < COLLINEAR))


def _complete_rows(table: Any, n: int) -> Array:
    """The first complete rows, at least so many of them if there are."""
    found: list[Array] = []
    n_found = 0
    for start in range(0, len(table), ROWS):
        rows = table[start : start + ROWS]
        found.append(rows[~np.isnan(rows).any(axis=1)].astype(np.float64))
        n_found += len(found[-1])
        if n_found > n:
            break
    return np.concatenate(found)


def _two_alike(rows: Any) -> NDArray[np.int64]:
    """Two columns of which one is a line in the other wherever both are observed, if there are any."""
    d = rows.shape[1]
    centre = np.nanmean(rows, axis=0)
    n, first, square, product = np.zeros((4, d, d))
    for start in range(0, len(rows), ROWS):
        centred = rows[start : start + ROWS] - centre
        seen = ~np.isnan(centred)
        centred[~seen] = 0.0
        other = seen.astype(np.float64)
        n += other.T @ other
        first += centred.T @ other
        square += (centred * centred).T @ other
        product += centred.T @ centred
    count = np.where(n > 0, n, 1.0)
    variance = square - first * first / count
    covariance = product - first * first.T / count
    with np.errstate(invalid="ignore", divide="ignore"):
        alike = 1 - covariance**2 / (variance * variance.T) < COLLINEAR
    pairs = np.argwhere(np.triu(alike & (n > 2) & (variance > COLLINEAR * square), 1))
    return pairs[0] if len(pairs) else np.array([], dtype=np.int64)
