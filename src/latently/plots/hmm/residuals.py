"""Whether a model is right: pseudo-residuals over time, against the normal distribution, and their memory."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from latently.checks.arrays import Array
from latently.estimators.hmm import BaseHMM
from latently.plots.arguments import FEATURE, picture
from latently.plots.canvas import Look, literal, panels_of, plain, title, write
from latently.plots.features import position
from latently.plots.hmm.observed import CHAIN, observed
from latently.plots.hmm.steps import Axis, axis
from latently.plots.palette import COLOURS, FAINT, GRID, INK
from latently.plots.points import MOST_VECTORS, some
from latently.wording import count

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BANDS = ((1.96, "95%"), (2.58, "99%"))
MOST_SEGMENTS = 400
MOST_LAGS = 25
N_QUANTILES = 1000


@picture(CHAIN, feature=FEATURE)
def pseudo_residuals(
    model: BaseHMM,
    X: object,
    *,
    lengths: object = None,
    time: object = None,
    kind: str = "ordinary",
    feature: int | str = 0,
    ax: object = None,
) -> Any:
    """Draw pseudo-residuals over time, against the standard normal distribution, and their autocorrelation.

    Parameters
    ----------
    time : array-like of shape (n_steps,), optional
        Numbers or dates of the rows, rising within each sequence. Default: counted from 0.
    kind : {"ordinary", "forecast"}, default "ordinary"
        What each observation is judged by: all other time steps, or those before. Of a right model forecast
        residuals are independent; ordinary ones have a slight negative autocorrelation.
    feature : int or str, default 0
        Position or name of the feature to show.

    Returns
    -------
    array of 3 Axes
        The axes drawn on. Of counts and symbols the dot is the mid residual, the line its segment (if there
        are at most 400), and quantiles are those of points drawn within the segments. Of more than 10,000
        times a random 10,000 are drawn over time.

    Raises
    ------
    NotImplementedError
        If the family has no distribution function.
    ValueError
        If the feature does not exist, the times do not fit, every cell is missing, or `ax` has not three
        panels.

    References
    ----------
    .. [1] Zucchini, W. and MacDonald, I. L. (2009). Hidden Markov Models for Time Series, section 6.2.

    Examples
    --------
    >>> from latently import PoissonHMM, datasets, plots
    >>> earthquakes = datasets.load_earthquakes()
    >>> model = PoissonHMM(3, random_state=0).fit(earthquakes.data)
    >>> panels = plots.pseudo_residuals(model, earthquakes.data, time=earthquakes.year)
    >>> [panel.get_xlabel() for panel in panels]
    ['time', 'standard normal', 'lag']
    """
    found = model.pseudo_residuals(X, lengths=lengths, kind=kind)
    seen = observed(model, X, lengths)
    j = position(feature, seen.names)
    lower, upper, mid = (part[:, j] for part in (found.lower, found.upper, found.mid))
    if np.isnan(mid).all():
        raise ValueError(f"every cell of '{seen.names[j]}' is missing: there is no residual to draw")
    across = axis(time, seen.offsets)
    left, middle, right = panels = panels_of(ax, 3)
    _over_time(plain(left), across, lower, upper, mid)
    known = mid[~np.isnan(mid)]
    drawn_within = found.drawn(0)[:, j]
    outside = int((np.abs(known) > BANDS[0][0]).sum())
    of = "" if len(seen.names) == 1 else f" of {literal(seen.names[j])}"
    n_drawn = len(some(len(known)))
    drawn = "" if len(known) == n_drawn else f"; {n_drawn:,} of them drawn"
    title(
        left,
        f"{kind.capitalize()} pseudo-residuals{of}",
        f"{outside:,} of {len(known):,} ({outside / len(known):.1%}) outside 95%{drawn}",
    )
    _against_normal(plain(middle), drawn_within[~np.isnan(mid)], bool((upper > lower).any()))
    _memory(plain(right), mid, seen.offsets, kind)
    return panels


def _over_time(ax: Axes, across: Axis, lower: Array, upper: Array, mid: Array) -> None:
    """Dots, the segments of discrete ones, and the bands that hold 95 and 99 percent."""
    known = np.flatnonzero(~np.isnan(mid))
    drawn = known[some(len(known))]
    limit = max(3.2, 1.08 * float(np.abs(mid[known]).max()))
    for height, name in BANDS:
        for side in (-height, height):
            ax.axhline(side, color=FAINT, linewidth=0.9, linestyle="--" if name == "95%" else ":", zorder=1)
        write(ax, name, (1, height), (3, 0), xycoords=ax.get_yaxis_transform(), va="center")
    if len(drawn) <= MOST_SEGMENTS and (upper[drawn] > lower[drawn]).any():
        low, high = (np.clip(part[drawn], -2 * limit, 2 * limit) for part in (lower, upper))
        ax.vlines(across.at[drawn], low, high, colors=COLOURS[0], linewidth=0.9, alpha=0.45, zorder=2)
    out = np.abs(mid[drawn]) > BANDS[0][0]
    size = float(np.clip(4000 / len(drawn), 3, 18))
    look: Look = {"s": size, "linewidths": 0, "zorder": 3, "rasterized": len(drawn) > MOST_VECTORS}
    for which, colour, mark in ((drawn[~out], COLOURS[0], "o"), (drawn[out], COLOURS[1], "D")):
        ax.scatter(across.at[which], mid[which], c=colour, marker=mark, **look)
    ax.set(ylim=(-limit, limit), ylabel="pseudo-residual")
    across.finish(ax)


def _against_normal(ax: Axes, known: Array, discrete: bool) -> None:
    """Quantiles of the residuals against those of the standard normal distribution.

    Mid residuals of symbols lie on few heights even of a right model; points within their segments do not.
    """
    n = len(known)
    ranks = np.unique(np.linspace(0, n - 1, min(n, N_QUANTILES)).round().astype(np.int64))
    normal, own = ndtri((ranks + 0.5) / n), np.sort(known)[ranks]
    end = 1.06 * max(np.abs(normal).max(), np.abs(own).max(), 1.0)
    ax.plot([-end, end], [-end, end], color=INK, linewidth=1.1, linestyle="--", zorder=1)
    ax.plot(normal, own, ".", color=COLOURS[0], markersize=5 if n < 400 else 3, zorder=2)
    ax.set(xlim=(-end, end), ylim=(-end, end), xlabel="standard normal", ylabel="pseudo-residual")
    mean = f"{known.mean().round(2) + 0.0:.2f}".replace("-", "\N{MINUS SIGN}")
    spread = "" if n == 1 else f", standard deviation {known.std(ddof=1):.2f}"
    note = f"mean {mean}{spread} (right: 0{' and 1' if spread else ''})"
    title(ax, "Quantiles", f"{note}; points within segments" if discrete else note)


def _memory(ax: Axes, mid: Array, offsets: NDArray[np.int64], kind: str) -> None:
    """Autocorrelations by lag, and what those of independent residuals stay within."""
    lags, values, pairs = autocorrelations(mid, offsets)
    with np.errstate(divide="ignore"):
        bound = 1.96 / np.sqrt(pairs)
    ax.fill_between(lags, -bound, bound, color=GRID, linewidth=0, zorder=1)
    ax.vlines(lags, 0, values, colors=COLOURS[0], linewidth=2, zorder=2)
    ax.plot(lags, values, "o", color=COLOURS[0], markersize=4, zorder=3)
    ax.axhline(0, color=INK, linewidth=0.9, zorder=2)
    top = max(0.3, 1.15 * float(np.nanmax(np.abs([*values, 0.0]))))
    ax.set(ylim=(-top, top), xlabel="lag", ylabel="autocorrelation")
    ax.locator_params(axis="x", integer=True)
    note = "shaded: 95% if independent"
    if kind == "ordinary":
        note += "; ordinary ones are slightly not"
    title(ax, f"Autocorrelation to {count(len(lags), 'lag')}", note)


def autocorrelations(values: Array, offsets: NDArray[np.int64]) -> tuple[NDArray[np.int64], Array, Array]:
    """Autocorrelations within sequences, over the pairs of which both are known.

    Returns the lags, from 1 to at most 25 and to a quarter of the longest sequence; mean products of
    deviations from the mean, over the variance; and how many pairs each is of.
    """
    centred = values - np.nanmean(values)
    variance = np.nanmean(centred**2)
    longest = int(np.diff(offsets).max())
    lags = np.arange(1, max(1, min(MOST_LAGS, longest // 4)) + 1)
    products, pairs = np.zeros(len(lags)), np.zeros(len(lags))
    for low, high in pairwise(offsets):
        part = centred[low:high]
        for at, lag in enumerate(lags):
            product = part[lag:] * part[:-lag]
            products[at] += np.nansum(product)
            pairs[at] += np.isfinite(product).sum()
    usable = (pairs > 0) & (variance > 0)
    return lags, np.divide(products, pairs * variance, out=np.full(len(lags), np.nan), where=usable), pairs
