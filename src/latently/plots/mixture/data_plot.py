"""The rows, coloured by component, with the shapes of the mixture round them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from latently.plots.arguments import AXES, FEATURES, picture
from latently.plots.canvas import Look, canvas, title, wrapped
from latently.plots.mixture.shapes import centres, contours, curves, ellipses
from latently.plots.mixture.view import MIXTURE, View, view
from latently.plots.palette import GRID
from latently.plots.points import frame, points
from latently.plots.skew import DENSITY, logarithmic, set_logarithmic
from latently.wording import count

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from latently.estimators.gaussian_mixture import GaussianMixture


@picture(MIXTURE, features=FEATURES, ax=AXES)
def data(
    mixture: GaussianMixture,
    X: object,
    *,
    features: Sequence[int | str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw rows in the colour of their component, with what the mixture says of where they lie.

    Two features make a scatter plot: the ellipses are the components at one and two standard deviations, the
    dashed contours hold 50 and 90 percent of the mixture. One feature makes a histogram under the density of
    the mixture and of each component times its weight. Of more features two are shown, with the mixture of
    these alone.

    Parameters
    ----------
    features : sequence of int or str, optional
        Positions or names of the one or two features to show. Default: the first two.

    Raises
    ------
    ValueError
        If `X` does not fit the mixture or a feature does not exist.

    Examples
    --------
    >>> from latently import GaussianMixture, datasets, plots
    >>> X = datasets.load_faithful().data
    >>> mixture = GaussianMixture(2, random_state=0).fit(X)
    >>> plots.data(mixture, X).get_title(loc="left")
    '272 rows in 2 components'
    """
    ax = canvas(ax)
    shown = view(mixture, X, features)
    if len(shown.names) == 1:
        _histogram(ax, shown)
        note = "coloured: components times their weights; black: their sum"
    else:
        frame(ax, shown.x, shown.names)
        points(ax, shown.x, shown.labels)
        ellipses(ax, shown.mixture)
        contours(ax, shown.mixture)
        centres(ax, shown.mixture)
        note = "shaded: 1 and 2 standard deviations; dashed: 50% and 90% of all"
    text = f"{count(shown.n_rows, 'row')} in {count(len(shown.mixture.weights_), 'component')}"
    title(ax, text if len(shown.x) == shown.n_rows else f"{text}, {len(shown.x):,} of them drawn", note)
    return ax


def _histogram(ax: Axes, shown: View) -> None:
    x = shown.x[~np.isnan(shown.x[:, 0]), 0]
    log = logarithmic(x)
    ends = np.histogram_bin_edges(np.log10(x) if log else x, bins="fd")
    edges = np.linspace(ends[0], ends[-1], int(np.clip(len(ends), 20, 80)))
    heights = np.histogram(np.log10(x) if log else x, edges, density=True)[0]
    look: Look = {"color": GRID, "edgecolor": "white", "linewidth": 0.6, "zorder": 1}
    places = 10**edges if log else edges
    ax.bar(places[:-1], heights, np.diff(places), align="edge", **look)
    ax.set(xlabel=wrapped(shown.names[0]), ylabel=DENSITY[log])
    if log:
        set_logarithmic(ax)
    curves(ax, shown.mixture)
    ax.legend(frameon=False, fontsize="small")
