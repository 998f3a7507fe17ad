"""A state looks the same in every picture: a colour, and once these run out a hatching or another line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latently.plots.canvas import Look
from latently.plots.palette import COLOURS, colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HATCHES = ("", "////", "....", "xxxx")
LINES = ("-", "--", ":", "-.")
MOST_NAMED = 24
NAMES_IN_A_COLUMN = 12


def fill(k: int, alpha: float) -> Look:
    """Look of an area that belongs to state `k`."""
    hatch = HATCHES[k // len(COLOURS) % len(HATCHES)]
    return {"facecolor": (colour(k), alpha), "edgecolor": (colour(k), 0.6), "hatch": hatch, "linewidth": 0}


def line(k: int) -> str:
    """Style of a line that belongs to state `k`."""
    return LINES[k // len(COLOURS) % len(LINES)]


def legend(ax: Axes, names: list[str], alpha: float) -> None:
    """Name the states to the right of the axes; of very many the first."""
    from matplotlib.patches import Patch

    shown = names[:MOST_NAMED]
    ax.legend(
        handles=[Patch(**fill(k, alpha), label=name) for k, name in enumerate(shown)],
        loc="upper left",
        bbox_to_anchor=(1.0, 1.0),
        frameon=False,
        fontsize="small",
        handlelength=1.4,
        ncols=-(-len(shown) // NAMES_IN_A_COLUMN),
    )
