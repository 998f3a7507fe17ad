"""Colours that the colour-blind can tell apart, and markers for when the colours run out."""

from __future__ import annotations

# Okabe, M. and Ito, K. (2008). Color Universal Design. Without its yellow, too pale for a dot on white, and
# its black, which is the ink.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
MARKERS = ("o", "^", "s", "D", "v", "P")

INK = "#22262b"
FAINT = "#6b7280"
GRID = "#e6e8eb"
NEUTRAL = "#9aa3ad"


def colour(k: int) -> str:
    """Colour of component `k`."""
    return COLOURS[k % len(COLOURS)]


def marker(k: int) -> str:
    """Marker of component `k`: another one for each round through the colours."""
    return MARKERS[k // len(COLOURS) % len(MARKERS)]
