"""Ten colours that the colour-blind can tell apart, and ten markers, before any comes again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

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
IN_THE_DARK = {PAPER: "#1d2228", INK: "#e7eaee", FAINT: "#9aa5b1", GRID: "#343b44"}
IN_THE_DARK |= {"#000000": "#e7eaee", "#000001": "#fefefe"}
# What is written on colours: one of the first two on opaque ones, which are the same in the dark; where paper
# shows through, the last may be read better. Nothing less than white and black reaches a contrast of 4.5 to
# one on every colour (WCAG 2.2, 1.4.3).
WRITTEN_ON_COLOURS = ("#fefefe", "#010101", "#000001")

Colour = Any  # as Matplotlib takes it


def colour(k: int) -> str:
    """Colour of component `k`."""
    return COLOURS[k % len(COLOURS)]


def marker(k: int) -> str:
    """Marker of component `k`; with another colour in each round."""
    return MARKERS[(k + k // len(COLOURS)) % len(MARKERS)]


def luminance(colour: Colour) -> float:
    """Relative luminance of an opaque colour, from 0 to 1 (WCAG 2.2)."""
    from matplotlib.colors import to_rgb

    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: Colour, other: Colour) -> float:
    """Contrast of two opaque colours, from 1 to 21 (WCAG 2.2)."""
    less, more = sorted((luminance(one), luminance(other)))
    return (more + 0.05) / (less + 0.05)


def seen(layers: Iterable[tuple[Colour, float]], paper: Colour) -> tuple[float, ...]:
    """The colour that layers of some opacity have together on paper, the lowest first."""
    from matplotlib.colors import to_rgb

    found: tuple[float, ...] = to_rgb(paper)
    for colour, alpha in layers:
        found = tuple(alpha * a + (1 - alpha) * b for a, b in zip(to_rgb(colour), found, strict=True))
    return found


def on(*layers: Colour | tuple[Colour, float]) -> str:
    """What is read best, on light and on dark paper, when it is written on colours.

    These lie above each other, the lowest first; each is opaque or has an opacity.

    Examples
    --------
    >>> on("#0072b2"), on("#5588ff"), on(("#0072b2", 0.35))
    ('#fefefe', '#010101', '#000001')
    """
    opacities = [one if isinstance(one, tuple) and len(one) == 2 else (one, 1.0) for one in layers]
    light, dark = (seen(opacities, paper) for paper in (PAPER, IN_THE_DARK[PAPER]))

    def least(written: str) -> float:
        return min(contrast(written, light), contrast(IN_THE_DARK.get(written, written), dark))

    return max(WRITTEN_ON_COLOURS, key=least)


def shades() -> Colormap:
    """From nearly the paper to the first colour: probabilities on a map."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("shades", [(COLOURS[0], 0.07), (COLOURS[0], 1.0)])
