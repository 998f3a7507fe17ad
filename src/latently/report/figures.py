"""Pictures for a page and for files."""

from __future__ import annotations

import warnings
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from latently import plots
from latently.plots.convergence import INVISIBLE
from latently.report.analysis import MixtureAnalysis

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

# Inches, so that words are as large on the page as they should be.
USUAL = (5.2, 3.9)
WIDE = (12.0, 3.7)

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
        How many axes it has, side by side.
    """

    name: str
    draw: Callable[[Any], Any]
    caption: str
    n_axes: int = 1

    @cached_property
    def drawing(self) -> Drawing:
        """The picture, drawn outside of pyplot: no window, no state."""
        from matplotlib.figure import Figure as Drawing

        drawing = Drawing(figsize=WIDE if self.n_axes > 1 else USUAL, layout="constrained")
        axes = drawing.subplots(1, self.n_axes, squeeze=False)[0]
        self.draw(axes[0] if self.n_axes == 1 else axes)
        return drawing

    def alternative(self) -> str:
        """What the picture shows, for those who cannot see it."""
        return "; ".join(ax.get_title(loc="left") for ax in self.drawing.axes)

    def svg(self) -> str:
        """The picture as a data address."""
        from matplotlib import rc_context

        with rc_context(REPRODUCIBLE):
            content = self._saved("svg", metadata={"Date": None})
        return "data:image/svg+xml;base64," + b64encode(content).decode()

    def png(self) -> bytes:
        """The picture as the bytes of a PNG file."""
        return self._saved("png")

    def _saved(self, format: str, **how: Any) -> bytes:
        file = BytesIO()
        with warnings.catch_warnings():
            # A column may be named in letters that the font lacks: boxes stand for them.
            warnings.filterwarnings("ignore", "Glyph .* missing from font")
            self.drawing.savefig(file, format=format, dpi=160, **how)
        return file.getvalue()


def mixture_figures(a: MixtureAnalysis) -> list[Figure]:
    """The pictures of a mixture, without those that would show nothing."""
    shown = sorted(a.telling[:2])
    figures = [Figure("data", lambda ax: plots.data(a.mixture, a.X, features=shown, ax=ax), _of_the_data(a))]
    if a.n_clusters > 1:
        figures.append(
            Figure(
                "uncertainty",
                lambda ax: plots.uncertainty(a.mixture, a.X, features=shown, ax=ax),
                "Rows between the clusters could belong to either; treat their labels with care.",
            )
        )
    if a.selection is not None and len(a.selection.table_) > 1:
        selection = a.selection
        figures.append(
            Figure(
                "bic",
                lambda ax: plots.criterion(selection, ax=ax),
                "BIC weighs fit against the number of parameters. Lower is better.",
            )
        )
    if np.ptp(a.mixture.log_likelihood_history_) > INVISIBLE:
        figures.append(
            Figure(
                "convergence",
                lambda ax: plots.convergence(a.mixture, ax=ax),
                "The best run, from where the short trial runs had left it. The likelihood cannot fall.",
            )
        )
    return figures


def _of_the_data(a: MixtureAnalysis) -> str:
    if len(a.names) == 1:
        return "The bars are the rows; the curves are the components, and the mixture they add up to."
    dots = "Each dot is a row, in the colour of its likeliest cluster."
    return (
        dots if len(a.names) == 2 else f"{dots} Shown are the two columns that tell the clusters apart best."
    )
