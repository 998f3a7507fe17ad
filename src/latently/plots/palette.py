"""Ten colours that the colour-blind can tell apart, and ten markers, before any comes again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.colors import Colormap

# Okabe, M. and Ito, K. (2008). Color Universal Design. Without its yellow, too pale for a dot on white, and
# its black, which is the ink. The other four are those furthest from them and each other, as people without
# red or green cones see them (Vienot, Brettel & Mollon 1999), that can be seen on white and on dark.
COLOURS = (
    *("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"),
    *("#5566ff", "#993322", "#883366", "#0022ff"),
)
MARKERS = ("o", "^", "s", "D", "v", "P", "X", "<", ">", "p")

INK = "#22262b"
FAINT = "#6b7280"
GRID = "#e6e8eb"
NEUTRAL = "#9aa3ad"


def colour(k: int) -> str:
    """Colour of component `k`."""
    return COLOURS[k % len(COLOURS)]


def marker(k: int) -> str:
    """Marker of component `k`; with another colour in each round."""
    return MARKERS[(k + k // len(COLOURS)) % len(MARKERS)]


def shades() -> Colormap:
    """From nearly white to the first colour: probabilities on a map."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("shades", ["#eef4f9", COLOURS[0]])
