"""Dots for rows, in the colours and markers of their labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import Array
from latently.plots.canvas import Look, wrapped
from latently.plots.palette import NEUTRAL, colour, marker
from latently.plots.skew import logarithmic, set_logarithmic

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARGIN = 0.07
MOST_DRAWN = 10_000
MOST_VECTORS = 2_000  # dots of a picture; more are as small as pixels, and become some


def some(n_rows: int) -> NDArray[np.intp]:
    """Positions of the rows to draw: all, or a random sample of those that are too many to be seen."""
    if n_rows <= MOST_DRAWN:
        return np.arange(n_rows)
    return np.random.default_rng(0).choice(n_rows, MOST_DRAWN, replace=False)


def frame(ax: Axes, x: Array, names: list[str]) -> None:
    """Fit axes to rows of shape (n_samples, 2), and name them; those of skewed columns are logarithmic."""
    limits = []
    for column, axis in zip(x.T, ("x", "y"), strict=True):
        low, high = np.nanmin(column), np.nanmax(column)
        if logarithmic(column):
            set_logarithmic(ax, axis)
            limits.append((low * (low / high) ** MARGIN, high * (high / low) ** MARGIN))
        else:
            limits.append((low - MARGIN * (high - low), high + MARGIN * (high - low)))
    ax.set(xlim=limits[0], ylim=limits[1], xlabel=wrapped(names[0]), ylabel=wrapped(names[1], 32))


def points(ax: Axes, x: Array, labels: NDArray[np.int64] | None) -> None:
    """Draw rows of shape (n_samples, 2); without labels all look the same."""
    if labels is None:
        dots(ax, x, NEUTRAL, "o", len(x))
        return
    for k in np.unique(labels):
        dots(ax, x[labels == k], colour(k), marker(k), len(x))


def look(n: int) -> tuple[float, float]:
    """Size (in square points) and opacity of each of `n` dots: the more there are, the less each is."""
    return float(np.clip(6000 / n, 4, 26)), float(np.clip(4000 / n, 0.35, 0.85))


def dots(ax: Axes, x: Array, face: str, shape: str, n: int, zorder: float = 2) -> None:
    """Draw dots of one kind, as large and dark as there is room for among `n`."""
    size, alpha = look(n)
    edge: Look = {"edgecolors": "white", "linewidths": 0.3, "rasterized": n > MOST_VECTORS}
    ax.scatter(x[:, 0], x[:, 1], s=size, c=face, marker=shape, alpha=alpha, zorder=zorder, **edge)
