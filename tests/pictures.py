"""What pictures show, read back from what Matplotlib drew."""

import numpy as np
from matplotlib.collections import LineCollection, PathCollection, QuadMesh
from matplotlib.colors import to_hex
from matplotlib.text import Annotation


def title(ax):
    return ax.get_title(loc="left")


def note(ax):
    """What stands below the title."""
    return next(text.get_text() for text in ax.texts if isinstance(text, Annotation) and text.xyann == (0, 6))


def ticks(axis):
    return [tick.get_text() for tick in axis.get_ticklabels()]


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def of_kind(ax, kind):
    return [drawn for drawn in ax.collections if isinstance(drawn, kind)]


def mesh(ax):
    return of_kind(ax, QuadMesh)[0].get_array()


def dots(ax):
    """Offsets of the dots by colour."""
    drawn = {to_hex(one.get_facecolor()[0]): one.get_offsets() for one in of_kind(ax, PathCollection)}
    return {color: offsets for color, offsets in drawn.items() if len(offsets)}


def bars(ax):
    """Ends of all straight bars, each from its lower to its upper end: (n_bars, 2, 2)."""
    return np.array([ends for drawn in of_kind(ax, LineCollection) for ends in drawn.get_segments()])
