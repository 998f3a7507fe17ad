"""Dots for rows, in the colours and markers of their labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from latently.plots.canvas import literal
from latently.plots.palette import NEUTRAL, colour, marker
from latently.plots.view import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARGIN = 0.07


def frame(ax: Axes, x: Array, names: list[str]) -> None:
    """Fit the axes to rows of shape (n_samples, 2), and name them."""
    low, high = x.min(axis=0), x.max(axis=0)
    margin = MARGIN * (high - low)
    ax.set(
        xlim=(low[0] - margin[0], high[0] + margin[0]),
        ylim=(low[1] - margin[1], high[1] + margin[1]),
        xlabel=literal(names[0]),
        ylabel=literal(names[1]),
    )


def points(ax: Axes, x: Array, labels: NDArray[np.int64] | None) -> None:
    """Draw rows of shape (n_samples, 2); without labels all look the same."""
    size, alpha = look(len(x))
    if labels is None:
        _dots(ax, x, NEUTRAL, "o", size, alpha)
        return
    for k in np.unique(labels):
        _dots(ax, x[labels == k], colour(k), marker(k), size, alpha)


def look(n: int) -> tuple[float, float]:
    """Size (in square points) and opacity of each of `n` dots: the more there are, the less each is."""
    return float(np.clip(6000 / n, 4, 26)), float(np.clip(4000 / n, 0.35, 0.85))


def _dots(ax: Axes, x: Array, face: str, shape: str, size: float, alpha: float) -> None:
    ax.scatter(
        x[:, 0],
        x[:, 1],
        s=size,
        c=face,
        marker=shape,
        alpha=alpha,
        edgecolors="white",
        linewidths=0.3,
        zorder=2,
        rasterized=len(x) > 2000,
    )
