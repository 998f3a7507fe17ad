"""Columns that cannot be imputed, or only with a prior: each refusal names them and the remedy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import extremes
from latently.core.errors import SingularCovarianceError
from latently.core.libraries import single_threaded_libraries
from latently.emissions.gaussian.moments import Moments
from latently.estimators.inputs import Array
from latently.wording import count

COVARIANCE_FLOOR = 1e-10  # of the covariance of one component, in units of the variances
NO_BOUND = 100 * COVARIANCE_FLOOR  # eigenvalue of correlations below which the likelihood has no bound
ZERO_EIGENVALUE = 1e-10  # eigenvalue of correlations that is zero but for rounding
ROWS_AT_A_TIME = 2**14  # taken at a time
ENOUGH_ROWS = 10  # complete rows for each column
INVOLVED = 0.05  # entry of its eigenvector that counts


class NoMaximumError(SingularCovarianceError):
    """The likelihood has no maximum, so that only a prior helps: why, what else helps, and which columns."""

    def __init__(self, reason: str, remedy: str = "leave columns out", columns: Any = ()) -> None:
        super().__init__(f"{reason}: set prior='ridge', or {remedy}")
        self.reason, self.remedy = reason, remedy
        self.columns = tuple(int(column) for column in columns)


def observed_columns(rows: Array, weights: Array) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which columns have any observed value in rows that count, and which have more than one.

    Raises a ValueError if none has.
    """
    used = weights > 0
    low, high = extremes(rows, None if used.all() else used)
    found = np.asarray(low <= high)
    if not found.any():
        raise ValueError("no column has an observed value: there is nothing to learn from")
    return found, np.asarray(low < high)


def check_rank(table: Array, weights: Array, varied: NDArray[np.int64], labels: list[str]) -> None:
    """Refuse a table that has no maximum-likelihood covariance matrix: of its columns those that vary.

    Raises a NoMaximumError if there are no more rows than columns, or columns are collinear.
    """
    used = weights > 0
    rows = table if used.all() else table[used]
    d = len(varied)
    if d < 2:
        return
    if d < table.shape[1]:
        rows = rows[:, varied]
    n = 0
    for start in range(0, len(rows), ROWS_AT_A_TIME):
        n += int((~np.isnan(rows[start : start + ROWS_AT_A_TIME])).any(axis=1).sum())
        if n > d:
            break
    if n <= d:
        raise NoMaximumError(
            f"X has {count(n, 'row')} with an observed value for {count(d, 'column')}, too few for the "
            "covariances",
            "leave columns out, or choose covariance_type='diag'",
        )
    with single_threaded_libraries():
        involved = collinear_columns(rows)
    if len(involved):
        refuse_collinear(varied[involved], labels)


def singular(iteration: int, params: Any, log_likelihood: float) -> bool:
    """A callback that stops a run of EM on its way to a singular covariance, which has no bound.

    The part of a variance that the other columns leave unexplained is at least the least eigenvalue of the
    correlations, and in one column at most d times as large.
    """
    emission = params.emission
    variances = np.diagonal(emission.covariances, axis1=-2, axis2=-1)
    ratios = (emission.whiteners**2).sum(axis=-2) * variances
    return bool((ratios * NO_BOUND > 1.0).any())


def check_clear_of_floor(covariance: Array, labels: list[str]) -> None:
    """Refuse a covariance whose correlations have an eigenvalue of zero, or near a floor.

    Raises a NoMaximumError if it has; the columns that are collinear in it are named.
    """
    spread = np.sqrt(np.diagonal(covariance))
    values, vectors = np.linalg.eigh(covariance / np.outer(spread, spread))
    if values[0] < NO_BOUND:
        refuse_collinear(np.flatnonzero(np.abs(vectors[:, 0]) > INVOLVED), labels)


def refuse_collinear(involved: Any, labels: list[str]) -> None:
    """Raise the error that names collinear columns."""
    raise NoMaximumError(
        f"columns {', '.join(labels[column] for column in involved)} are collinear: each follows from the "
        "others exactly, and their covariance is singular",
        "leave one of them out",
        involved,
    )


def collinear_columns(table: Array) -> NDArray[np.int64]:
    """Columns of which one follows from the others exactly in the complete rows, or two in the rows of both.

    Empty if there are none, or too few complete rows to tell.

    Notes
    -----
    Columns that are collinear in all rows are so in the first complete ones: so only if they are there, all
    are looked at.
    """
    some = _complete_rows(table, ENOUGH_ROWS * table.shape[1])
    if len(some) <= table.shape[1] or (np.ptp(some, axis=0) == 0).any():
        return _two_alike(table)
    found = _in_one_plane(some)
    return _in_one_plane(_complete_rows(table, len(table))) if len(found) else found


def _in_one_plane(rows: Array) -> NDArray[np.int64]:
    """Columns of complete rows that are involved in a linear relation."""
    moments = Moments.of(rows, np.ones(len(rows)))
    spread = np.sqrt(moments.variances)
    values, vectors = np.linalg.eigh(moments.covariance / np.outer(spread, spread))
    return np.flatnonzero((np.abs(vectors[:, 0]) > INVOLVED) & (values[0] < ZERO_EIGENVALUE))


def _complete_rows(table: Array, n: int) -> Array:
    """The first complete rows, at least so many of them if there are."""
    found: list[Array] = []
    n_found = 0
    for start in range(0, len(table), ROWS_AT_A_TIME):
        rows = table[start : start + ROWS_AT_A_TIME]
        found.append(rows[~np.isnan(rows).any(axis=1)].astype(np.float64))
        n_found += len(found[-1])
        if n_found > n:
            break
    return np.concatenate(found)


def _two_alike(rows: Array) -> NDArray[np.int64]:
    """Two columns of which one is a line in the other wherever both are observed, if there are any."""
    d = rows.shape[1]
    centre = np.nanmean(rows, axis=0)
    n, first, square, product = np.zeros((4, d, d))
    for start in range(0, len(rows), ROWS_AT_A_TIME):
        centred = rows[start : start + ROWS_AT_A_TIME] - centre
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
        alike = 1 - covariance**2 / (variance * variance.T) < ZERO_EIGENVALUE
    pairs = np.argwhere(np.triu(alike & (n > 2) & (variance > ZERO_EIGENVALUE * square), 1))
    return pairs[0] if len(pairs) else np.array([], dtype=np.int64)
