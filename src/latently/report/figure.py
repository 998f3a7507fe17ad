"""A picture for a page and for a file."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from typing import TYPE_CHECKING, Any

from latently.plots.fonts import fit_fonts
from latently.report.svg import as_address, compact

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

# Inches, so that words are as large on the page as they should be.
USUAL_SIZE = (5.2, 3.9)
WIDE_SIZE = (12.0, 3.7)
MOST_ACROSS = 3
DPI = 160

# The same bytes for the same picture: no date, and names inside the file that do not change.
REPRODUCIBLE: Any = {"svg.hashsalt": "latently"}


@dataclass(frozen=True)
class Figure:
    """A picture and what is said of it.

    Parameters
    ----------
    name : str
        Its file's name, without the ending.
    draw : callable
        Called with axes (an array of them if `n_axes` is above one), draws on them.
    caption : str
        How to read it.
    n_axes : int
        How many axes it has, side by side; more than `across` stand in several lines.
    heights : sequence of float
        Inches of axes that stand one below the other and share what is across; `n_axes` then says nothing.
    across : int
        How many axes stand side by side at most.
    line : float
        Inches of a line of axes.
    """

    name: str
    draw: Callable[[Any], Any]
    caption: str
    n_axes: int = 1
    heights: Sequence[float] = ()
    across: int = MOST_ACROSS
    line: float = WIDE_SIZE[1]

    @property
    def wide(self) -> bool:
        """Whether it needs all of the width of a page."""
        return self.n_axes > 1 or bool(self.heights)

    @cached_property
    def drawing(self) -> Drawing:
        """The picture, drawn outside of pyplot: no window, no state."""
        from matplotlib.figure import Figure as Drawing

        if self.heights:
            drawing = Drawing((WIDE_SIZE[0], sum(self.heights)), DPI, layout="constrained")
            self.draw(drawing.subplots(len(self.heights), sharex=True, height_ratios=self.heights))
            return _laid_out(drawing)
        n_lines = -(-self.n_axes // self.across)
        across = -(-self.n_axes // n_lines)
        size = (WIDE_SIZE[0], self.line * n_lines) if self.n_axes > 1 else USUAL_SIZE
        drawing = Drawing(size, DPI, layout="constrained")
        axes = drawing.subplots(n_lines, across, squeeze=False).ravel()
        for spare in axes[self.n_axes :]:
            spare.remove()
        self.draw(axes[0] if self.n_axes == 1 else axes[: self.n_axes])
        return _laid_out(drawing)

    def alternative(self) -> str:
        """What the picture shows, for those who cannot see it."""
        titles = (ax.get_title(loc="left") for ax in self.drawing.axes)
        return "; ".join(title for title in titles if title)

    def svg(self) -> str:
        """The picture as a data address."""
        from matplotlib import rc_context
        from matplotlib.backends.backend_svg import FigureCanvasSVG

        with rc_context(REPRODUCIBLE):
            content = self._saved(FigureCanvasSVG, "print_svg", metadata={"Date": None})
        return as_address(compact(content.decode()))

    def png(self) -> bytes:
        """The picture as the bytes of a PNG file."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        return self._saved(FigureCanvasAgg, "print_png")

    def _saved(self, canvas: type, method: str, **how: Any) -> bytes:
        file = BytesIO()
        write = getattr(canvas(self.drawing), method)
        with warnings.catch_warnings():
            # A column may be named in letters that the font lacks: boxes stand for them.
            warnings.filterwarnings("ignore", "Glyph .* missing from font")
            # `savefig` would draw all of it once more, to nowhere, to find out where things come to lie
            write(file, **how)
        self.drawing.set_dpi(DPI)  # of an SVG it is another
        return file.getvalue()


def _laid_out(drawing: Drawing) -> Drawing:
    """A drawing whose parts have their places, which takes long and would be found again for every file."""
    fit_fonts(drawing)
    engine = drawing.get_layout_engine()
    if engine is not None:
        engine.execute(drawing)
        drawing.set_layout_engine("none")
    return drawing


def narrow_first(figures: Sequence[Figure]) -> list[Figure]:
    """The first as it stands, and the wide ones of the others behind: so no line of a page has a hole."""
    first, *others = figures
    return [first, *sorted(others, key=lambda figure: figure.wide)]
