"""Whether what was filled in lies where one would expect it: densities of observed and imputed cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import gaussian_kde

from latently.checks.arrays import Array, as_floats
from latently.checks.settings import Such
from latently.estimators.inputs import check_table, column_names
from latently.plots.arguments import AXES, FEATURE, picture
from latently.plots.canvas import canvas, literal, title, wrapped
from latently.plots.features import named, position
from latently.plots.imputation.looks import FILLED, OBSERVED
from latently.plots.palette import FAINT
from latently.plots.points import some
from latently.plots.skew import DENSITY, logarithmic, set_logarithmic
from latently.wording import count, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TABLES = Such(lambda value: isinstance(value, (list, tuple)), "a list of tables")
FEWEST_CELLS = 10  # cells of a table that are given a curve of their own
N_STEPS = 300
MARGIN = 0.12
HEADROOM = 1.12  # for the legend


@picture(tables=(TABLES,), feature=(*FEATURE, None), ax=AXES)
def densities(
    X: object, tables: Sequence[object], feature: int | str | None = None, *, ax: Axes | None = None
) -> Axes:
    """Draw the density of the observed cells of a feature, and that of its imputed cells.

    They may differ although cells are missing at random, as rows that lack a cell may be rows of another
    kind. Where no other column explains the difference, look closer.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The rows; NaN is a missing cell.
    tables : sequence of array-like of shape (n_samples, n_features)
        The same rows completed, as `GaussianImputer.draw_imputations` returns them.
    feature : int or str, optional
        Position or name of the feature. Default: the one with most missing cells.

    Returns
    -------
    Axes
        The axes drawn on. A thin line is one table (where at least ten cells are missing), the thick one all
        together. The dotted lines are the least and the greatest value observed.

    Raises
    ------
    ValueError
        If the feature does not exist or has no observed cell, or the tables do not fit the rows.

    References
    ----------
    .. [1] Abayomi, K., Gelman, A. and Levy, M. (2008). Diagnostics for multivariate imputations. Applied
           Statistics 57, 273-291, section 3.

    Examples
    --------
    >>> from latently import GaussianImputer, datasets, plots
    >>> X = datasets.load_airquality().data[:, :4]
    >>> imputer = GaussianImputer(n_parameter_draws=5, random_state=0).fit(X)
    >>> plots.densities(X, imputer.draw_imputations(X, 5)).get_title(loc="left")
    'feature 0: 37 of 153 cells imputed'
    """
    rows = check_table(X)
    names = named(column_names(X), rows.shape[1])
    missing = np.isnan(rows)
    j = int(missing.sum(axis=0).argmax()) if feature is None else position(feature, names)
    observed = rows[~missing[:, j], j]
    if not len(observed):
        raise ValueError(f"'{names[j]}' has no observed cell to compare with")
    imputed = [_imputed(table, rows.shape, missing[:, j], j) for table in tables]
    together = np.concatenate(imputed) if imputed else np.empty(0)
    ax = canvas(ax)
    ends = np.concatenate([observed, together])
    log = logarithmic(ends)
    ends = np.log10(ends) if log else ends
    margin = MARGIN * np.ptp(ends)
    at = np.linspace(ends.min() - margin, ends.max() + margin, N_STEPS)
    place = 10**at if log else at

    def _curve(cells: Array) -> Array | None:
        return _density(np.log10(cells) if log else cells, at)

    curve = _curve(observed)
    if curve is not None:
        ax.fill_between(place, curve, color=OBSERVED, alpha=0.18, linewidth=0, zorder=1)
        ax.plot(place, curve, color=OBSERVED, linewidth=1.6, zorder=3, label="observed")
    for cells in imputed:
        curve = _curve(cells) if len(cells) >= FEWEST_CELLS else None
        if curve is not None:
            ax.plot(place, curve, color=FILLED, linewidth=0.7, alpha=0.3, zorder=2)
    curve = _curve(together)
    if curve is not None:
        ax.plot(place, curve, color=FILLED, linewidth=1.8, linestyle="--", zorder=4, label="imputed")
    for end in (observed.min(), observed.max()):
        ax.axvline(end, color=FAINT, linewidth=0.9, linestyle=":", zorder=1)
    if log:
        set_logarithmic(ax)
    ax.set(xlabel=wrapped(names[j]), ylabel=DENSITY[log], xlim=(place[0], place[-1]))
    ax.set_ylim(0, HEADROOM * ax.get_ylim()[1])
    ax.legend(frameon=False, fontsize="small", ncols=2, loc="upper left")
    n_missing = int(missing[:, j].sum())
    n_tables = count(len(imputed), "table")
    among = f"each of {n_tables}" if n_missing >= FEWEST_CELLS else f"{n_tables} together"
    title(
        ax,
        f"{literal(shortened(names[j], 30))}: {n_missing:,} of {count(len(rows), 'cell')} imputed",
        f"{'thin' if n_missing >= FEWEST_CELLS else 'imputed'}: {among}; dotted: the observed range",
    )
    return ax


def _imputed(table: Any, shape: tuple[int, int], missing: Any, j: int) -> Array:
    completed = as_floats(table, "an imputed table")
    if completed.shape != shape:
        raise ValueError(f"a completed table has shape {completed.shape}, and X {shape}")
    cells = completed[missing, j]
    if not np.isfinite(cells).all():
        raise ValueError("a completed table still has missing cells")
    return np.asarray(cells)


def _density(values: Array, at: Array) -> Array | None:
    """A kernel density estimate; None where values do not spread."""
    if len(values) < 2 or not np.ptp(values) > 0:
        return None
    return np.asarray(gaussian_kde(values[some(len(values))])(at))
