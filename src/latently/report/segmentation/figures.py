"""The pictures of a segmentation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from latently import plots
from latently.plots.canvas import wrapped
from latently.report import fits
from latently.report.figure import Figure, narrow_first
from latently.report.segmentation.analysis import MOST_COLUMNS, SegmentationAnalysis
from latently.report.segmentation.residuals import checks
from latently.wording import listed

MOST_EMISSIONS = 3
MOST_MAPPED = 40


def segmentation_figures(a: SegmentationAnalysis) -> list[Figure]:
    """The pictures of a segmentation, without those that would show nothing."""
    return narrow_first(list(_figures(a)))


def _figures(a: SegmentationAnalysis) -> Iterator[Figure]:
    yield _states(a)
    if 1 < a.n_components <= MOST_MAPPED:
        text = (
            "How likely each state is in the next row, given the state in this one. Beside it how long a "
            "visit lasts on average, and the share of each state in the long run, which these rows need not "
            "have."
        )
        yield Figure("transitions", lambda ax: plots.transitions(a.model, ax=ax), text)
    shown = a.discriminative[:MOST_EMISSIONS]
    yield fits.emissions_figure(a, shown, "state", "smoothed probabilities", lengths=a.lengths)
    if a.residuals is not None and not np.isnan(a.residuals).all():
        yield _residuals(a)
    yield from fits.bic_figure(a.selection)
    yield from fits.climb(a.model)


def _states(a: SegmentationAnalysis) -> Figure:
    n_columns = min(MOST_COLUMNS, len(a.names))

    def draw(axes: object) -> None:
        chosen = None if a.symbols else a.discriminative[:n_columns]
        panels = plots.states(
            a.model, a.X, lengths=a.lengths, time=a.time, filtered=True, features=chosen, ax=axes
        )
        panels[-1].set_xlabel(wrapped(a.time_name))
        _few_ticks(panels[-1], 9)

    return Figure(
        "states",
        draw,
        "The series, its likeliest path of states as shading, and below it how likely each state was: first "
        "with hindsight (smoothed), then by what was seen up to each row (filtered). Where the two differ, "
        "the state was known only later.",
        heights=(*([2.6] if n_columns == 1 else [1.5] * n_columns), 1.1, 1.1),
    )


def _residuals(a: SegmentationAnalysis) -> Figure:
    """Those of the column that fits worst."""
    found = {check.name: abs(check.lag_one) + max(check.spread - 1.0, 0.0) for check in checks(a)}
    name = max(found, key=lambda name: found[name], default=a.names[0])
    among = f" Of {listed(a.names)}, this column fits worst." if 1 < len(found) <= MOST_COLUMNS else ""
    feature = list(a.names).index(name)

    def draw(axes: object) -> None:
        panels = plots.pseudo_residuals(
            a.model, a.X, lengths=a.lengths, time=a.time, kind="forecast", feature=feature, ax=axes
        )
        panels[0].set_xlabel(wrapped(a.time_name))
        _few_ticks(panels[0], 4)

    return Figure(
        "residuals",
        draw,
        "Each row judged by what the model expected of it from the rows before. If the model is right these "
        "are standard normal, lie on the line of quantiles, and are not correlated in time. A bend at the "
        "ends means that the family does not fit; autocorrelation is dependence that the states do not "
        f"explain.{among}",
        n_axes=3,
    )


def _few_ticks(ax: Any, most: int) -> None:
    """Few enough times below the axes that none is written over another."""
    from matplotlib.ticker import MaxNLocator

    locator = ax.xaxis.get_major_locator()
    if isinstance(locator, MaxNLocator):
        locator.set_params(nbins=most)
