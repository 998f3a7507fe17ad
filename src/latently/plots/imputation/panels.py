"""The classic demonstration of imputation: what is known, what complete rows show, what is filled in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from latently.checks.arrays import Array, as_floats
from latently.checks.settings import SHARE, Fitted
from latently.estimators.gaussian_imputer import GaussianImputer
from latently.plots.arguments import FEATURES, Models, picture
from latently.plots.canvas import Look, panels_of, plain, title
from latently.plots.ellipse import ellipse
from latently.plots.features import feature_names, position
from latently.plots.imputation.looks import FILLED, FILLED_MARKER, OBSERVED, OBSERVED_MARKER
from latently.plots.palette import INK
from latently.plots.points import dots, frame, some
from latently.wording import count

if TYPE_CHECKING:
    from matplotlib.axes import Axes

IMPUTER = Models((Fitted("a GaussianImputer", GaussianImputer),), "GaussianImputer")
RADIUS = 2.0
FEWEST_ROWS = 3
MOST_BARS = 60
MOST_TICKS = 300


@picture(IMPUTER, features=FEATURES, level=(SHARE,))
def imputation_panels(
    imputer: GaussianImputer,
    X: object,
    truth: ArrayLike | None = None,
    *,
    features: Sequence[int | str] | None = None,
    level: float = 0.95,
    ax: object = None,
) -> Any:
    """Draw what is known of the rows, what the complete ones show alone, and what is filled in.

    The solid ellipse is the model's mean and covariance, at two standard deviations, the dashed one that of
    the complete rows: where they part, an analysis of the complete rows alone would mislead.

    Parameters
    ----------
    imputer : GaussianImputer
        Fitted, to two features or more.
    X : array-like of shape (n_samples, n_features)
        The rows; NaN is a missing cell. Of more than 10,000 a random 10,000 are drawn.
    truth : array-like of shape (n_samples, n_features), optional
        The same rows before cells were lost, where they are known. Otherwise the first panel shows, as ticks
        along the axes, what is known of rows that lack one of the two cells.
    features : sequence of int or str, optional
        Positions or names of the two features to show. Default: the one with most missing cells, against the
        one that is most correlated with it.
    level : float, default 0.95
        Probability of the intervals drawn at filled cells (where there are at most 60). The uncertainty of
        the parameters is in them if the imputer has parameter draws.

    Raises
    ------
    ValueError
        If the rows or the truth do not fit the imputer, there are not two features to show, or `ax` has not
        three panels.

    Examples
    --------
    >>> from latently import GaussianImputer, datasets, plots
    >>> X = datasets.load_airquality().data[:, :4]
    >>> imputer = GaussianImputer().fit(X)
    >>> [panel.get_title(loc="left") for panel in plots.imputation_panels(imputer, X)]
    ['What is known of 153 rows', '111 complete rows alone', '37 rows filled in']
    """
    rows = imputer._read(X).rows
    names = feature_names(imputer)
    chosen = _chosen(imputer, rows, features, names)
    drawn_parameters = bool(imputer.parameter_draws_)
    lower, upper = imputer.interval(X, level, parameter_uncertainty=drawn_parameters)
    filled = np.asarray(imputer.transform(X), dtype=np.float64)[:, chosen]
    whole = None if truth is None else as_floats(truth, "truth")
    if whole is not None and whole.shape != rows.shape:
        raise ValueError(f"truth has shape {whole.shape}, and X {rows.shape}: they should be the same rows")
    complete = np.asarray(~np.isnan(rows).any(axis=1))
    pair = rows[:, chosen]
    incomplete = np.asarray(np.isnan(pair).any(axis=1))
    drawn = some(len(rows))
    shown = [names[j] for j in chosen]
    known, alone, after = panels = panels_of(ax, 3)
    everything = filled if whole is None else np.concatenate([filled, whole[:, chosen]])
    for panel in panels:
        frame(plain(panel), everything, shown)

    if whole is None:
        _known(known, pair[drawn], len(rows))
    else:
        _original(known, whole[drawn][:, chosen], incomplete[drawn], len(rows))

    rest = pair[complete]
    dots(alone, pair[drawn][complete[drawn]], OBSERVED, OBSERVED_MARKER, len(drawn))
    for panel in (alone, after) if len(rest) >= FEWEST_ROWS else ():
        _ellipse(panel, rest.mean(axis=0), np.cov(rest, rowvar=False, bias=True), "--")
    title(alone, f"{count(len(rest), 'complete row')} alone", "dashed: their mean and 2 standard deviations")

    inside = drawn[~incomplete[drawn]], drawn[incomplete[drawn]]
    dots(after, filled[inside[0]], OBSERVED, OBSERVED_MARKER, len(drawn))
    dots(after, filled[inside[1]], FILLED, FILLED_MARKER, len(drawn), zorder=4)
    bars = len(inside[1]) <= MOST_BARS
    if bars:
        _bars(after, filled[inside[1]], lower[inside[1]][:, chosen], upper[inside[1]][:, chosen])
    _ellipse(after, imputer.mean_[chosen], imputer.covariance_[np.ix_(chosen, chosen)], "-")
    what = f"orange: filled in, with {level:.0%} intervals" if bars else "orange: filled in"
    title(after, f"{count(int(incomplete.sum()), 'row')} filled in", f"{what}; solid: the model")
    return panels


def _chosen(
    imputer: GaussianImputer, rows: Array, features: Sequence[int | str] | None, names: list[str]
) -> list[int]:
    """Two features: those asked for, or one with many holes (upwards) and its best predictor (across)."""
    if features is not None:
        asked = [position(feature, names) for feature in features]
        if len(asked) != 2 or asked[0] == asked[1]:
            raise ValueError(f"features={list(features)!r}: imputation_panels shows two features")
        return asked
    spread = np.sqrt(np.diagonal(imputer.covariance_))
    usable = np.flatnonzero(np.isfinite(spread))
    if len(usable) < 2:
        raise ValueError("imputation_panels shows two features, and there is one: use plots.densities")
    lacking = np.isnan(rows).sum(axis=0)[usable]
    up = int(usable[np.argmax(lacking)])
    correlation = np.abs(imputer.covariance_[up] / (spread * spread[up]))
    correlation[up] = -1.0
    return [int(np.nanargmax(correlation)), up]


def _known(ax: Axes, pair: Array, n_rows: int) -> None:
    """Rows of which both are known as dots, and the one value known of a row as a tick on its axis."""
    seen = ~np.isnan(pair)
    dots(ax, pair[seen.all(axis=1)], OBSERVED, OBSERVED_MARKER, len(pair))
    look: Look = {"color": FILLED, "markersize": 9, "markeredgewidth": 1.1, "alpha": 0.6}
    for j, (mark, transform) in enumerate((("|", ax.get_xaxis_transform()), ("_", ax.get_yaxis_transform()))):
        one = pair[seen[:, j] & ~seen[:, 1 - j], j][:MOST_TICKS]
        at = np.full(len(one), 0.02)
        x, y = (one, at) if j == 0 else (at, one)
        if len(one):  # a line without points would still take room
            ax.plot(x, y, mark, transform=transform, clip_on=False, zorder=3, **look)
    title(ax, f"What is known of {count(n_rows, 'row')}", "ticks: the one value known of a row")


def _original(ax: Axes, pair: Array, incomplete: NDArray[np.bool_], n_rows: int) -> None:
    """Rows as they were before cells were lost."""
    dots(ax, pair[~incomplete], OBSERVED, OBSERVED_MARKER, len(pair))
    dots(ax, pair[incomplete], FILLED, FILLED_MARKER, len(pair), zorder=4)
    title(ax, f"{count(n_rows, 'row')} as they were", "orange: those that then lost one of these cells")


def _bars(ax: Axes, filled: Array, lower: Array, upper: Array) -> None:
    """The interval of each filled cell, along its axis."""
    look: Look = {"colors": FILLED, "linewidth": 0.8, "alpha": 0.35, "zorder": 1}
    across, up = ~np.isnan(lower.T)
    ax.hlines(filled[across, 1], lower[across, 0], upper[across, 0], **look)
    ax.vlines(filled[up, 0], lower[up, 1], upper[up, 1], **look)


def _ellipse(ax: Axes, mean: Array, covariance: Array, style: str) -> None:
    look: Look = {"facecolor": "none", "edgecolor": INK, "linewidth": 1.3, "zorder": 5}
    ellipse(ax, mean, covariance, RADIUS, linestyle=style, **look)
