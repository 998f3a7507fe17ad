"""Observed cells that were hidden and predicted, with the intervals that should hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latently.estimators.imputation.diagnosis import Overimputation
from latently.estimators.inputs import check_table, column_names
from latently.plots.arguments import AXES, FEATURE, found_by, picture
from latently.plots.canvas import Look, canvas, literal, title
from latently.plots.features import named, position
from latently.plots.imputation.looks import FILLED, FILLED_MARKER, OBSERVED, OBSERVED_MARKER
from latently.plots.palette import INK
from latently.wording import count, share

if TYPE_CHECKING:
    from matplotlib.axes import Axes


MOST_BARS = 400
MARGIN = 0.05


@picture(found=found_by(Overimputation, "overimpute"), feature=(*FEATURE, None), ax=AXES)
def overimputation(
    found: Overimputation, X: object, feature: int | str | None = None, *, ax: Axes | None = None
) -> Axes:
    """Draw cells that were hidden: what they hold against what was predicted, with intervals.

    Parameters
    ----------
    found : Overimputation
        What `latently.overimpute` returned.
    X : array-like of shape (n_samples, n_features)
        The table it was given.
    feature : int or str, optional
        Position or name of one feature, to be drawn in its own units. Default: all of them, in standard
        deviations from the mean of each.

    Returns
    -------
    Axes
        The axes drawn on. The line is where predictions are right; intervals that miss it are orange. Of
        more than 400 cells a random 400 are drawn, and all are counted.

    Raises
    ------
    ValueError
        If the feature does not exist, or none of its cells was hidden.

    References
    ----------
    .. [1] Honaker, J., King, G. and Blackwell, M. (2011). Amelia II: A program for missing data. Journal of
           Statistical Software 45(7), section 5.2.

    Examples
    --------
    >>> from latently import GaussianImputer, datasets, overimpute, plots
    >>> X = datasets.load_airquality().data[:, :4]
    >>> found = overimpute(GaussianImputer(), X, random_state=0)
    >>> plots.overimputation(found, X).get_xlabel()
    'hidden value (standard deviations from the mean)'
    """
    rows = check_table(X)
    n, d = rows.shape
    fits = n > found.rows.max() and d > found.columns.max()
    if not fits or (rows[found.rows, found.columns] != found.true).any():
        raise ValueError(f"X of shape {rows.shape} is not the table whose cells were hidden: give that one")
    names = named(column_names(X), d)
    if feature is None:
        chosen = np.ones(len(found.true), dtype=bool)
        centre, scale = np.nanmean(rows, axis=0)[found.columns], np.nanstd(rows, axis=0)[found.columns]
        of, what = "", " (standard deviations from the mean)"
    else:
        j = position(feature, names)
        chosen = found.columns == j
        if not chosen.any():
            raise ValueError(f"no cell of '{names[j]}' was hidden: hide a larger share")
        centre, scale = np.zeros(len(chosen)), np.ones(len(chosen))
        of = what = f" of {literal(names[j])}"
    inside = found.inside[chosen]
    true, predicted, lower, upper = (
        ((values - centre) / scale)[chosen]
        for values in (found.true, found.predicted, found.lower, found.upper)
    )
    n = len(true)
    drawn = np.zeros(n, dtype=bool)
    drawn[np.random.default_rng(0).permutation(n)[:MOST_BARS]] = True
    ax = canvas(ax)
    bar: Look = {"linewidth": 1.0, "alpha": 0.45}
    dot: Look = {"s": 22, "edgecolors": "white", "linewidths": 0.4}
    for which, colour, mark, above in (
        (drawn & inside, OBSERVED, OBSERVED_MARKER, 2),
        (drawn & ~inside, FILLED, FILLED_MARKER, 4),
    ):
        ax.vlines(true[which], lower[which], upper[which], colors=colour, zorder=above, **bar)
        ax.scatter(true[which], predicted[which], c=colour, marker=mark, zorder=above + 1, **dot)
    low, high = true.min(), true.max()
    margin = MARGIN * (high - low if n > 1 else 1.0)
    ends = np.array([low - margin, high + margin])
    ax.plot(ends, ends, color=INK, linewidth=1.1, linestyle="--", zorder=3)
    ax.set(xlim=ends, xlabel=f"hidden value{what}", ylabel=f"predicted{of}")
    n_inside = int(inside.sum())
    held = f"{n_inside:,} of {count(n, 'hidden cell')}{of} ({share(n_inside / n)})"
    title(
        ax,
        f"{held} in {found.level:.0%} intervals",
        "orange: outside" + ("" if n <= MOST_BARS else f"; {MOST_BARS} of them drawn at random"),
    )
    return ax
