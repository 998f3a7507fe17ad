"""Axes to draw on: the caller's or new ones, without what a picture does not need."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from latently.checks.settings import Such, check_setting
from latently.plots.palette import FAINT, GRID, INK, shades
from latently.wording import count

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import QuadMesh
    from matplotlib.text import Annotation


Look = dict[str, Any]  # how something is drawn, in matplotlib's words

INVISIBLE = 1e-4  # nats: less than this is nothing to look at
MOST_ACROSS = 4  # small axes in a line
AXES = Such(lambda value: hasattr(value, "get_window_extent"), "axes of matplotlib")


def canvas(ax: Axes | None) -> Axes:
    """Return the axes to draw on, made plain.

    None makes a new figure. Without matplotlib the error says how to install it.
    """
    return plain(new_axes(1)[0] if ax is None else ax)


def new_axes(n: int) -> Any:
    """Return an array of `n` axes side by side, in a figure of their own."""
    _, axes = _pyplot().subplots(1, n, figsize=(5.2 * n, 4.2), layout="constrained", squeeze=False)
    return axes[0]


def grid_axes(n: int) -> Any:
    """Return an array of `n` small axes in even lines of at most four, in a figure of their own."""
    n_lines = -(-n // MOST_ACROSS)
    across = -(-n // n_lines)
    size = (3.3 * across, 2.9 * n_lines)
    _, axes = _pyplot().subplots(n_lines, across, figsize=size, layout="constrained", squeeze=False)
    for spare in axes.ravel()[n:]:
        spare.remove()
    return axes.ravel()[:n]


def stacked_axes(heights: Sequence[float]) -> Any:
    """Return an array of axes one under another, of these heights in inches, that share what is across."""
    _, axes = _pyplot().subplots(
        len(heights),
        1,
        figsize=(9.0, sum(heights) + 0.9),
        sharex=True,
        layout="constrained",
        squeeze=False,
        height_ratios=heights,
    )
    return axes[:, 0]


def panels_of(ax: object, n: int) -> Any:
    """Return an array of as many axes as a picture needs: the caller's, or new ones side by side.

    Raises a ValueError if the caller's are more or fewer.
    """
    return new_axes(n) if ax is None else given_axes(ax, n)


def given_axes(ax: object, n: int) -> Any:
    """Check that the caller's axes are as many as a picture needs, and return an array of them.

    Raises a ValueError if they are more or fewer.
    """
    axes = np.atleast_1d(np.asarray(ax, dtype=object)).ravel()
    if len(axes) != n:
        raise ValueError(f"ax holds {count(len(axes), 'panel')}, and this picture has {n}")
    for one in axes:
        check_setting("ax", one, AXES)
    return axes


def _pyplot() -> Any:
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError(
            'pictures need matplotlib: pip install "latently[plot]"', name="matplotlib"
        ) from error
    return pyplot


def plain(ax: Axes) -> Axes:
    """Take away the box, and put a quiet grid behind the data."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(FAINT)
    ax.tick_params(colors=FAINT, labelcolor=INK, labelsize="small")
    ax.xaxis.label.set_color(INK)
    ax.yaxis.label.set_color(INK)
    ax.set_axisbelow(True)
    ax.grid(color=GRID, linewidth=0.8)
    return ax


def title(ax: Axes, text: str, note: str) -> None:
    """Say above the axes, from their left edge on, what one sees, and below it how to read it.

    In a lower line of panels a title without a note is close to its panel: it is not to look like a
    name of the axis above.
    """
    place = ax.get_subplotspec()
    lower = not note and place is not None and not place.is_first_row()
    look: Look = {"fontsize": "medium", "color": INK, "pad": 6 if lower else 20}
    ax.set_title(text, loc="left", **look)
    said = write(ax, note, (0, 1), (0, 6), xycoords="axes fraction")
    said.set_in_layout(place is None or place.is_last_col())  # it may lie above the panel to the right


def write(
    ax: Axes, text: str, at: tuple[float, float], offset: tuple[float, float], **look: Any
) -> Annotation:
    """Write small and faint, so many points from a place on the axes."""
    usual: Look = {"textcoords": "offset points", "fontsize": "x-small", "color": FAINT}
    return ax.annotate(text, at, offset, **usual | look)


def heat_map(ax: Axes, table: ArrayLike, line_width: float, **look: Any) -> QuadMesh:
    """Draw the cells of a table in shades of blue from 0 on, its first row on top, without a frame."""
    n_rows, n_columns = np.shape(table)
    usual: Look = {"cmap": shades(), "vmin": 0, "edgecolors": "white", "linewidth": line_width}
    mesh = ax.pcolormesh(np.arange(n_columns + 1), np.arange(n_rows + 1), table, **usual | look)
    ax.grid(False)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    ax.set_ylim(n_rows, 0)
    return mesh


def wrapped(name: str, width: int = 44) -> str:
    r"""A name beside an axis, in at most three lines of a width in letters.

    Examples
    --------
    >>> wrapped("concentration of nitrogen dioxide in the air", 20)
    'concentration of\nnitrogen dioxide in\nthe air'
    """
    lines = textwrap.wrap(name, width, max_lines=3, placeholder=" ...") or [name]
    return literal("\n".join(lines))


def literal(name: str) -> str:
    """A name as it stands: matplotlib would read what is between dollars as a formula."""
    return name.replace("$", r"\$")
