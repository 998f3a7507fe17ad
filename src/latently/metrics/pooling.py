"""Rubin's rules: one result from those of several imputed tables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from latently.checks.arrays import Array, as_floats, shown
from latently.checks.settings import SHARE, check_setting


@dataclass(frozen=True)
class Pooled:
    """An estimate from several imputed tables.

    Attributes
    ----------
    estimate : array of shape (n_estimates,), or float
        Mean of the estimates.
    within, between : array or float
        Mean of their variances, and the variance between them.
    variance, standard_error : array or float
        Total: ``within + (1 + 1 / m) between``, and its root.
    df : array or float
        Degrees of freedom of Student's t for intervals and tests.
    relative_increase : array or float
        Increase of the variance due to missing cells, ``(1 + 1 / m) between / within``.
    fraction_missing : array or float
        Fraction of the information that is missing, from 0 to 1.
    n_imputations : int
        Number of tables, m.
    """

    estimate: Array | float
    within: Array | float
    between: Array | float
    variance: Array | float
    standard_error: Array | float
    df: Array | float
    relative_increase: Array | float
    fraction_missing: Array | float
    n_imputations: int

    def interval(self, level: float = 0.95) -> tuple[Array | float, Array | float]:
        """Confidence intervals by Student's t.

        Parameters
        ----------
        level : float, default 0.95
            Confidence.

        Returns
        -------
        lower, upper : array or float
            In the units of the estimate.

        Raises
        ------
        ValueError
            If `level` is not between 0 and 1.
        """
        from scipy.stats import t as student

        check_setting("level", level, SHARE)
        reach = student.ppf((1 + level) / 2, self.df) * self.standard_error
        if np.ndim(reach) == 0:
            reach = float(reach)
        return self.estimate - reach, self.estimate + reach


def pool(estimates: ArrayLike, variances: ArrayLike, df_complete: ArrayLike | None = None) -> Pooled:
    """Join the results of an analysis of several imputed tables by Rubin's rules.

    Formulas: docs/formulas.md, "Rubin's rules".

    Parameters
    ----------
    estimates : array_like of shape (m,) or (m, n_estimates)
        The estimate from each table; estimates should be about normal (log odds rather than odds).
    variances : array_like, as `estimates`
        The squared standard error of each.
    df_complete : float or array_like of shape (n_estimates,), optional
        Degrees of freedom that the analysis would have of a complete table, such as rows less coefficients;
        infinite by default, which is right for large tables only.

    Returns
    -------
    Pooled
        Numbers if `estimates` are of shape (m,), arrays otherwise.

    Raises
    ------
    ValueError
        If shapes differ, there are fewer than two tables, or a variance is not positive or not finite.

    References
    ----------
    .. [1] Rubin, D. B. (1987). Multiple Imputation for Nonresponse in Surveys, section 3.1.
    .. [2] Barnard, J. and Rubin, D. B. (1999). Small-sample degrees of freedom with multiple imputation.
           Biometrika 86, 948-955.

    Examples
    --------
    >>> from latently import pool
    >>> result = pool([10.0, 11.0, 12.0], [1.0, 1.0, 1.0], df_complete=50)
    >>> result.estimate, round(result.standard_error, 3)
    (11.0, 1.528)
    >>> [round(end, 1) for end in result.interval()]
    [7.0, 15.0]
    """
    values = as_floats(estimates, "estimates")
    squares = as_floats(variances, "variances")
    if values.ndim not in (1, 2) or values.shape != squares.shape:
        raise ValueError(
            f"estimates have shape {values.shape} and variances {squares.shape}: both should be (m,) or "
            "(m, n_estimates), a row for each imputed table"
        )
    m = len(values)
    if m < 2:
        raise ValueError(f"there is {m} imputed table: pooling needs at least two, and twenty are usual")
    if not np.isfinite(values).all():
        raise ValueError(f"the estimate of table {_first_row(~np.isfinite(values))} is not finite")
    wrong = ~(np.isfinite(squares) & (squares > 0))
    if wrong.any():
        raise ValueError(
            f"the variance of table {_first_row(wrong)} is not positive: give squared standard errors"
        )
    estimate, within = values.mean(axis=0), squares.mean(axis=0)
    between = values.var(axis=0, ddof=1)
    added = (1 + 1 / m) * between
    total = within + added
    increase = added / within
    share = added / total
    df = _degrees_of_freedom(m, share, df_complete)
    with np.errstate(invalid="ignore"):
        extra = np.where(np.isinf(df), 0.0, 2 / (df + 3))
    fraction = (increase + extra) / (increase + 1)
    parts = (estimate, within, between, total, np.sqrt(total), df, increase, fraction)
    if values.ndim == 1:
        parts = tuple(float(part) for part in parts)  # type: ignore[assignment]
    return Pooled(*parts, n_imputations=m)


def _degrees_of_freedom(m: int, share: Array, df_complete: ArrayLike | None) -> Array:
    """Barnard & Rubin (1999), equation 3; `share` is that of the variance which is due to missing cells."""
    with np.errstate(divide="ignore"):
        large = (m - 1) / np.square(share)
    if df_complete is None:
        return large
    complete = as_floats(df_complete, "df_complete")
    if not (complete > 0).all() or complete.shape not in ((), np.shape(share)):
        raise ValueError(
            f"df_complete={shown(df_complete)}: should be a positive number, or one for each estimate"
        )
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(np.isinf(complete), 1.0, (complete + 1) / (complete + 3))
        observed = ratio * complete * (1 - share)
        return 1 / (1 / large + 1 / observed)


def _first_row(wrong: NDArray[np.bool_]) -> int:
    return int(np.argwhere(wrong)[0][0])
