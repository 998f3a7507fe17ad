"""Words beside circles, where they are in the way of nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from latently.checks.arrays import Array
from latently.plots.canvas import write
from latently.plots.palette import INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Directions from the middle of a circle, the best first, and by how much of itself a label is moved there.
DIRECTIONS = (
    *((1.0, 0.0), (-1.0, 0.0), (0.0, -1.0), (0.0, 1.0)),
    *((0.7, -0.7), (0.7, 0.7), (-0.7, -0.7), (-0.7, 0.7)),
)
GAPS = (3.0, 9.0, 18.0)  # points between a circle and its label
NUMBER_RADIUS = 5.0  # points from the middle of a circle that its number takes
TOLERATED_OVERLAP = 0.05  # part of a label that may lie on others
COST_OF_OUTSIDE = 10.0  # how much worse it is to leave the axes


def lay_out(ax: Axes) -> None:
    """Let the figure place its axes: only then is it known where they are and how large."""
    figure: Any = ax.figure
    figure.draw_without_rendering()


def place_labels(ax: Axes, where: Array, radii: Array, texts: Sequence[str]) -> None:
    """Write a label beside each of the first circles, unless every place is taken.

    The axes have their circles and limits. Middles are in their units, those to be labelled first; radii are
    in points.
    """
    lay_out(ax)
    points = 72.0 / ax.figure.dpi
    middles = ax.transData.transform(where) * points
    frame = ax.get_window_extent()
    inside = np.array([frame.x0, frame.y0, frame.x1, frame.y1]) * points
    taken = [_box(middle, min(radius, NUMBER_RADIUS)) for middle, radius in zip(middles, radii, strict=True)]
    circles = [_box(middle, 0.8 * radius) for middle, radius in zip(middles, radii, strict=True)]
    for i, text in enumerate(texts):
        drawn = write(ax, text, where[i], (0, 0), ha="center", va="center", color=INK, zorder=5)
        drawn.set_in_layout(False)
        extent = drawn.get_window_extent()
        half = np.array([extent.width, extent.height]) * points / 2
        others = taken + circles[:i] + circles[i + 1 :]
        best, offset = np.inf, np.zeros(2)
        for gap in GAPS:
            for direction in DIRECTIONS:
                moved = np.array(direction) * (radii[i] + gap + half)
                lost = _lost(_box(middles[i] + moved, half), others, inside) / (4 * half[0] * half[1])
                if lost < best - 1e-9:
                    best, offset = lost, moved
        if best > TOLERATED_OVERLAP:
            drawn.remove()
            continue
        drawn.set_position((float(offset[0]), float(offset[1])))
        taken.append(_box(middles[i] + offset, half))


def _box(middle: Array, half: Array | float) -> Array:
    return np.concatenate([middle - half, middle + half])


def _lost(box: Array, others: Sequence[Array], inside: Array) -> float:
    """Area of a box that lies on others or outside of the axes."""
    area = float((box[2:] - box[:2]).prod())
    lost = COST_OF_OUTSIDE * (area - _common(box, inside))
    return lost + sum(_common(box, other) for other in others)


def _common(a: Array, b: Array) -> float:
    sides = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    return float(np.maximum(sides, 0.0).prod())
