"""Ten colours that the colour-blind can tell apart, and ten markers, before any comes again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.colors import Colormap

# Each has a contrast of three to one and more with white and with dark paper alike (WCAG 2.2, 1.4.11). The
# first four are of Okabe, M. and Ito, K. (2008), Color Universal Design; the others are those furthest from
# them and each other, as people with and without cones for red or green see them (Vienot, Brettel & Mollon
# 1999).
COLOURS = (
    *("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#902aff"),
    *("#80666e", "#ff2af6", "#5588ff", "#d41144", "#d400aa"),
)
MARKERS = ("o", "^", "s", "D", "v", "P", "X", "<", ">", "p")

PAPER = "#ffffff"
INK = "#22262b"
FAINT = "#6b7280"
GRID = "#e6e8eb"
NEUTRAL = "#868f9a"

# What these become on a page that is read in the dark; all else can be seen on both.
IN_THE_DARK = {PAPER: "#1d2228", INK: "#e7eaee", FAINT: "#9aa5b1", GRID: "#343b44", "#000000": "#e7eaee"}
WRITTEN_ON_COLOURS = ("#fefefe", "#1f2328")  # the same in the dark
MIDDLE = 0.213  # the luminance from which on the second has the higher contrast


def colour(k: int) -> str:
    """Colour of component `k`."""
    return COLOURS[k % len(COLOURS)]


def marker(k: int) -> str:
    """Marker of component `k`; with another colour in each round."""
    return MARKERS[(k + k // len(COLOURS)) % len(MARKERS)]


def on(colour: str) -> str:
    """What is read best when it is written on a colour.

    Examples
    --------
    >>> on("#0072b2"), on("#5588ff")
    ('#fefefe', '#1f2328')
    """
    from matplotlib.colors import to_rgb

    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]  # of the contrast of WCAG 2
    return WRITTEN_ON_COLOURS[luminance > MIDDLE]


def shades() -> Colormap:
    """From nearly the paper to the first colour: probabilities on a map."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("shades", [(COLOURS[0], 0.07), (COLOURS[0], 1.0)])
