"""Which cells are missing together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latently.emissions.gaussian.missing import by_pattern
from latently.estimators.inputs import check_table, column_names


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
