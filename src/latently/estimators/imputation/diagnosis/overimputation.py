"""Hiding observed cells to see how well they are predicted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from latently.checks.settings import SHARE, check_setting, instance_of
from latently.estimators.gaussian_imputer import GaussianImputer
from latently.estimators.inputs import Array, check_table, column_names, label_of, random_generator
from latently.wording import count


@dataclass(frozen=True)
class Overimputation:
    """Observed cells that were hidden, and what was said of them.

    Attributes
    ----------
    rows, columns : array of int of shape (n_cells,)
        Where they are.
    true, predicted : array of shape (n_cells,)
        What they hold, and what was filled in.
    lower, upper : array of shape (n_cells,)
        Their intervals.
    level : float
        Probability of the intervals.
    """

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    true: Array
    predicted: Array
    lower: Array
    upper: Array
    level: float

    @property
    def inside(self) -> NDArray[np.bool_]:
        """Which cells are in their interval."""
        return (self.lower <= self.true) & (self.true <= self.upper)

    @property
    def coverage(self) -> float:
        """Share of the cells that are in their interval: near `level` if the model is good."""
        return float(self.inside.mean())


def overimpute(
    imputer: GaussianImputer, X: object, share: float = 0.1, level: float = 0.95, random_state: object = None
) -> Overimputation:
    """Hide some of the observed cells, fit without them, and predict them.

    Parameters
    ----------
    imputer : GaussianImputer
        Whose settings are used; it is not changed.
    X : array-like of shape (n_samples, n_features)
        The table; NaN is a missing cell.
    share : float, default 0.1
        Share of the observed cells to hide.
    level : float, default 0.95
        Probability of the intervals.
    random_state : None, int, Generator or RandomState
        Chooses the cells.

    Returns
    -------
    Overimputation
        The hidden cells in the order of the table.

    Raises
    ------
    ValueError
        If `share` is not between 0 and 1, or hides nothing or a whole column.

    References
    ----------
    .. [1] Honaker, J., King, G. and Blackwell, M. (2011). Amelia II: A program for missing data. Journal of
           Statistical Software 45(7), section 5.2.

    Examples
    --------
    >>> from latently import GaussianImputer, datasets, overimpute
    >>> X = datasets.load_airquality().data[:, :4]
    >>> found = overimpute(GaussianImputer(), X, random_state=0)
    >>> 0.85 < found.coverage <= 1
    True
    """
    check_setting("imputer", imputer, instance_of(GaussianImputer))
    check_setting("share", share, SHARE)
    check_setting("level", level, SHARE)
    rows = check_table(X)
    known = np.argwhere(~np.isnan(rows))
    n_hidden = round(share * len(known))
    if not n_hidden:
        cells = count(len(known), "observed cell")
        raise ValueError(f"share={share!r} of {cells} hides none: choose a larger share")
    rng = random_generator(random_state)
    chosen = known[np.sort(rng.choice(len(known), n_hidden, replace=False))]
    i, j = chosen.T
    incomplete = rows.copy()
    incomplete[i, j] = np.nan
    gone = np.isnan(incomplete).all(axis=0) & ~np.isnan(rows).all(axis=0)
    if gone.any():
        column = label_of(column_names(X), gone.argmax())
        raise ValueError(f"share={share!r} hides all of column {column}: choose a smaller share")
    plain = {"n_parameter_draws": 0, "add_indicator": False, "keep_empty_features": True, "checkpoint": None}
    fitted = clone(imputer).set_params(**plain).set_output(transform="default").fit(incomplete)
    lower, upper = fitted.interval(incomplete, level)
    return Overimputation(
        i, j, rows[i, j], fitted.transform(incomplete)[i, j], lower[i, j], upper[i, j], level
    )
