"""The ellipse of a mean and a covariance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from latently.plots.points import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def ellipse(ax: Axes, mean: Array, covariance: Array, radius: float, **look: Any) -> None:
    """Draw where a Gaussian of two features is `radius` standard deviations from its mean."""
    from matplotlib.patches import Ellipse

    variances, axes = np.linalg.eigh(covariance)
    short, long = 2 * radius * np.sqrt(np.maximum(variances, 0.0))
    angle = np.degrees(np.arctan2(axes[1, 1], axes[0, 1]))
    ax.add_patch(Ellipse((mean[0], mean[1]), long, short, angle=angle, **look))
