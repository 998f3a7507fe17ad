"""Which cells are missing together, and whether they are so completely at random: Little's test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latently.emissions.gaussian.missing import by_pattern, conditional
from latently.estimators.gaussian_imputer import GaussianImputer
from latently.estimators.imputation.columns import NoMaximumError
from latently.estimators.inputs import check_table, column_names, label_of


@dataclass(frozen=True)
class MissingPatterns:
    """The patterns of observed cells in a table, the most frequent first.

    Attributes
    ----------
    observed : array of bool of shape (n_patterns, n_features)
        Which columns each pattern observes.
    counts : array of int of shape (n_patterns,)
        Rows that have it.
    missing_counts : array of int of shape (n_features,)
        Missing cells of each column.
    feature_names : tuple of str or None
        Names of the columns, if the table had any.
    """

    observed: NDArray[np.bool_]
    counts: NDArray[np.int64]
    missing_counts: NDArray[np.int64]
    feature_names: tuple[str, ...] | None

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return int(self.counts.sum())

    @property
    def share_missing(self) -> float:
        """Share of all cells that are missing."""
        return float(self.missing_counts.sum() / (self.n_rows * len(self.missing_counts)))

    @property
    def n_complete(self) -> int:
        """Number of rows without a missing cell."""
        return int(self.counts[self.observed.all(axis=1)].sum())


def missing_patterns(X: object) -> MissingPatterns:
    """Say which cells of a table are missing together.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The table; NaN is a missing cell.

    Returns
    -------
    MissingPatterns
        The most frequent pattern first.

    Raises
    ------
    ValueError
        If a column is not numeric, or holds an infinity.

    Examples
    --------
    >>> import numpy as np
    >>> from latently import missing_patterns
    >>> found = missing_patterns([[1.0, 2.0], [np.nan, 1.0], [3.0, 4.0]])
    >>> found.observed.tolist(), found.counts.tolist()
    ([[True, True], [False, True]], [2, 1])
    """
    names = column_names(X)
    rows = check_table(X)
    found = [(observed, len(rows[which])) for observed, which in by_pattern(rows)]
    # Equally frequent patterns: the one with more observed cells, then the one observed further to the left.
    found.sort(key=lambda pair: (-pair[1], -int(pair[0].sum()), (~pair[0]).tolist()))
    return MissingPatterns(
        np.array([observed for observed, _ in found]),
        np.array([count for _, count in found]),
        np.isnan(rows).sum(axis=0),
        None if names is None else tuple(names),
    )


PRECISE = 1e-14


@dataclass(frozen=True)
class MCARTest:
    """The outcome of Little's test.

    Attributes
    ----------
    statistic : float
        Sum over patterns of the squared Mahalanobis distance of their means, times their rows.
    df : int
        Degrees of freedom: observed columns of all patterns together, less the columns of the table.
    p_value : float
        Probability of a statistic as large or larger if cells are missing completely at random; NaN if there
        is one pattern only, which tells nothing.
    n_patterns : int
        Patterns with an observed cell.
    """

    statistic: float
    df: int
    p_value: float
    n_patterns: int


def little_mcar_test(X: object) -> MCARTest:
    """Test whether cells are missing completely at random, by the means of rows with equal patterns.

    A small p-value says that rows with different cells missing differ in what is observed of them, so cells
    are not missing completely at random. A large one does not show that they are, and the test cannot tell
    missing at random from missing not at random. Means and covariance are those of maximum likelihood
    (denominator n), as Little has them; programs that use n - 1 print slightly smaller statistics.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The table; NaN is a missing cell. Rows without observed cells do not count.

    Returns
    -------
    MCARTest
        Statistic, degrees of freedom and p-value.

    Raises
    ------
    ValueError
        If the covariance has no maximum-likelihood estimate: empty or collinear columns, too few rows.

    References
    ----------
    .. [1] Little, R. J. A. (1988). A test of missing completely at random for multivariate data with missing
           values. Journal of the American Statistical Association 83, 1198-1202, equation 4.

    Examples
    --------
    >>> from latently import datasets, little_mcar_test
    >>> apple = datasets.load_apple()
    >>> test = little_mcar_test(apple.data)
    >>> round(test.statistic, 3), test.df, round(test.p_value, 4)
    (7.358, 1, 0.0067)
    """
    from scipy.stats import chi2

    rows = check_table(X)
    empty = np.isnan(rows).all(axis=0)
    if empty.any():
        raise ValueError(
            f"column {label_of(column_names(X), empty.argmax())} has no observed value: leave it out"
        )
    try:
        imputer = GaussianImputer(prior=None, tol=PRECISE, max_iter=10_000).fit(X)
    except NoMaximumError as error:
        raise ValueError(
            f"Little's test needs maximum-likelihood moments, and {error.reason}; leave columns out"
        ) from error
    factor = np.asarray(np.linalg.cholesky(imputer.covariance_), dtype=np.float64)
    statistic, df, n_patterns = 0.0, -rows.shape[1], 0
    for observed, which in by_pattern(rows):
        if not observed.any():
            continue
        group = rows[which]
        away = conditional(factor, observed).whitened(group.mean(axis=0, keepdims=True) - imputer.mean_)
        statistic += len(group) * float((away * away).sum())
        df += int(observed.sum())
        n_patterns += 1
    p_value = float(chi2.sf(statistic, df)) if df > 0 else float("nan")
    return MCARTest(statistic if df > 0 else 0.0, df, p_value, n_patterns)
