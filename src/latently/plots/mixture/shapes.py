"""The shapes of a mixture: ellipses of its components, contours and curves of its density."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latently.plots.canvas import Look
from latently.plots.ellipse import ellipse
from latently.plots.palette import INK, colour, on
from latently.plots.skew import ladder, on_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from latently.estimators.gaussian_mixture import GaussianMixture

RADII = (1.0, 2.0)
SHARES = (0.5, 0.9)
GRID_SIZE = 160
N_DRAWS = 20_000


def ellipses(ax: Axes, mixture: GaussianMixture) -> None:
    """Draw each component of a mixture of two features at one and two standard deviations."""
    for k, component in enumerate(mixture.components_):
        look: Look = {"facecolor": (colour(k), 0.10), "edgecolor": (colour(k), 0.9)}
        for radius in RADII:
            ellipse(ax, component.mean, component.covariance, radius, linewidth=1.2, zorder=1, **look)


def contours(ax: Axes, mixture: GaussianMixture) -> None:
    """Draw the densest regions that hold half and nine tenths of a mixture of two features.

    The density at the edge of such a region is a quantile of the density at draws from the mixture.

    References
    ----------
    .. [1] Hyndman, R. J. (1996). Computing and graphing highest density regions. The American Statistician
       50, 120-126, section 2.
    """
    draws, _ = mixture.sample(N_DRAWS, random_state=0)
    levels = np.quantile(mixture.score_samples(draws), [1.0 - share for share in reversed(SHARES)])
    x, y = (
        ladder(*limits, GRID_SIZE, scale == "log")
        for scale, limits in ((ax.get_xscale(), ax.get_xlim()), (ax.get_yscale(), ax.get_ylim()))
    )
    grid = np.stack(np.meshgrid(x, y), axis=-1)
    log_density = mixture.score_samples(grid.reshape(-1, 2)).reshape(GRID_SIZE, GRID_SIZE)
    ax.contour(x, y, log_density, levels=levels, colors=INK, linewidths=0.9, linestyles="--", zorder=3)


def centres(ax: Axes, mixture: GaussianMixture) -> None:
    """Write the number of each component at its mean."""
    for k, mean in enumerate(mixture.means_):
        if not np.isfinite(ax.transData.transform(mean)).all():
            continue  # on a logarithmic axis there is no place for what is not positive
        disc = {"boxstyle": "circle,pad=0.25", "facecolor": colour(k), "edgecolor": "white", "linewidth": 1.2}
        look: Look = {
            "fontsize": "small",
            "fontweight": "bold",
            "color": on(colour(k)),
            "bbox": disc,
        }
        ax.annotate(str(k), mean, ha="center", va="center", zorder=7, **look)


def curves(ax: Axes, mixture: GaussianMixture) -> None:
    """Draw the density of a mixture of one feature, and of each component times its weight."""
    log = ax.get_xscale() == "log"
    at = ladder(*ax.get_xlim(), 500, log)
    whole = on_axis(np.exp(mixture.score_samples(at[:, None])), at, log)
    ax.plot(at, whole, color=INK, linewidth=1.4, zorder=4, label="mixture")
    for k, (weight, component) in enumerate(zip(mixture.weights_, mixture.components_, strict=True)):
        part = on_axis(weight * component.density(at[:, None]), at, log)
        ax.fill_between(at, part, color=colour(k), alpha=0.25, linewidth=0, zorder=2)
        ax.plot(at, part, color=colour(k), linewidth=1.4, zorder=3, label=f"component {k}")
