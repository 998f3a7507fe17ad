"""What was observed and what was filled in look the same in every picture; the shape differs, too."""

from __future__ import annotations

from latently.plots.palette import COLOURS

OBSERVED, FILLED = COLOURS[0], COLOURS[1]
OBSERVED_MARKER, FILLED_MARKER = "o", "D"
