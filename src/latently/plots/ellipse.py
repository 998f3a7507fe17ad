"""The ellipse of a mean and a covariance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from latently.checks.arrays import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

N_POINTS = 200  # of the outline on logarithmic axes


def ellipse(ax: Axes, mean: Array, covariance: Array, radius: float, **look: Any) -> None:
    """Draw where a Gaussian of two features is `radius` standard deviations from its mean."""
    from matplotlib.patches import Ellipse, Polygon

    variances, axes = np.linalg.eigh(covariance)
    short, long = 2 * radius * np.sqrt(np.maximum(variances, 0.0))
    if ax.get_xscale() == ax.get_yscale() == "linear":
        angle = np.degrees(np.arctan2(axes[1, 1], axes[0, 1]))
        ax.add_patch(Ellipse((mean[0], mean[1]), long, short, angle=angle, **look))
        return
    turn = np.linspace(0.0, 2 * np.pi, N_POINTS)
    x, y = np.asarray(mean)[:, None] + axes[:, ::-1] @ [long / 2 * np.cos(turn), short / 2 * np.sin(turn)]
    for line, scale, (low, _) in ((x, ax.get_xscale(), ax.get_xlim()), (y, ax.get_yscale(), ax.get_ylim())):
        if scale == "log":  # which has no place for what is not positive
            np.maximum(line, low / 10, out=line)
    ax.add_patch(Polygon(np.column_stack([x, y]), **look))
