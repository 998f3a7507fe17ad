"""Where the mixture is not sure: rows that could well belong to another component."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from latently.plots.arguments import AXES, FEATURES, picture
from latently.plots.canvas import Look, canvas, title, wrapped
from latently.plots.mixture.shapes import centres, ellipses
from latently.plots.mixture.view import MIXTURE, view
from latently.plots.palette import INK, NEUTRAL
from latently.plots.points import MOST_VECTORS, frame, look
from latently.plots.skew import logarithmic, set_logarithmic
from latently.wording import count

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from latently.estimators.gaussian_mixture import GaussianMixture

SURE_BELOW = 0.1


@picture(MIXTURE, features=FEATURES, ax=AXES)
def uncertainty(
    mixture: GaussianMixture,
    X: object,
    *,
    features: Sequence[int | str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw rows the larger and darker, the likelier it is that they belong to another component.

    Parameters
    ----------
    features : sequence of int or str, optional
        Positions or names of the one or two features to show; the uncertainty is that by all features.
        Default: the first two.

    Returns
    -------
    Axes
        The axes drawn on. One feature is drawn against its uncertainty.

    Raises
    ------
    ValueError
        If `X` does not fit the mixture or a feature does not exist.

    References
    ----------
    .. [1] Fraley, C. and Raftery, A. E. (2002). Model-based clustering, discriminant analysis, and density
       estimation. JASA 97, 611-631, section 3.2 and its uncertainty plot.

    Examples
    --------
    >>> from latently import GaussianMixture, datasets, plots
    >>> X = datasets.load_faithful().data
    >>> mixture = GaussianMixture(2, random_state=0).fit(X)
    >>> plots.uncertainty(mixture, X).get_title(loc="left")
    '1 of 272 rows is less than 90% sure'
    """
    ax = canvas(ax)
    shown = view(mixture, X, features)
    unsure = shown.uncertainty
    if len(shown.names) == 1:
        ax.set(xlabel=wrapped(shown.names[0]), ylabel="uncertainty")
        if logarithmic(shown.x):
            set_logarithmic(ax)
        x = np.column_stack([shown.x[:, 0], unsure])
    else:
        frame(ax, shown.x, shown.names)
        ellipses(ax, shown.mixture)
        centres(ax, shown.mixture)
        x = shown.x
    size, alpha = look(len(x))
    sure, raster = unsure <= SURE_BELOW, len(x) > MOST_VECTORS
    faint: Look = {"c": NEUTRAL, "alpha": 0.5 * alpha, "linewidths": 0, "rasterized": raster}
    ax.scatter(x[sure, 0], x[sure, 1], s=0.6 * size, zorder=2, **faint)
    dark = faint | {"c": INK, "alpha": 0.9, "edgecolors": "white", "linewidths": 0.5}
    ax.scatter(x[~sure, 0], x[~sure, 1], s=size * (1 + 6 * unsure[~sure]), zorder=6, **dark)
    n_unsure = int((mixture.uncertainty(X) > SURE_BELOW).sum())
    title(
        ax,
        f"{n_unsure:,} of {count(shown.n_rows, 'row')} {'is' if n_unsure == 1 else 'are'} less than 90% sure",
        "dark: those rows, larger where less sure",
    )
    return ax
