"""The pictures of an imputation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from latently import plots
from latently.report.figure import Figure
from latently.report.fits import climb
from latently.wording import percent

if TYPE_CHECKING:
    from latently.estimators.imputation.diagnosis import MissingPatterns
    from latently.report.imputation.analysis import ImputationAnalysis

MOST_DENSITIES = 6


def imputation_figures(a: ImputationAnalysis) -> Iterator[Figure]:
    """The pictures of an imputation, without those that would show nothing."""
    yield patterns(a.patterns)
    check = a.overimputation
    if check is not None:
        text = (
            f"Observed cells, hidden and predicted by a fit without them. About {percent(check.level)} of "
            "the intervals should reach the line. Predictions lie closer to the mean than the truth does: "
            "hence the drawn tables, which spread as the data do."
        )
        yield Figure("overimputation", lambda ax: plots.overimputation(check, a.X, ax=ax), text)
    if len(a.names) > 1:
        yield Figure(
            "scatters",
            lambda axes: plots.imputation_panels(a.model, a.X, level=a.level, ax=axes),
            "What is known, what the complete rows show alone, and what is filled in: the expectation of "
            "each cell given the rest of its row.",
            n_axes=3,
        )
    yield from densities(a.X, lambda: a.tables, a.incomplete)
    yield from climb(a.model, _of_the_climb(a))


def patterns(found: MissingPatterns) -> Figure:
    """What is missing together."""
    text = "Each line is a kind of row, with what it lacks."
    return Figure("patterns", lambda ax: plots.patterns(found, ax=ax), text)


def densities(X: Any, tables: Callable[[], list[Any]], incomplete: Iterable[int]) -> Iterator[Figure]:
    """Observed and drawn cells of the columns of numbers that lack most."""
    lacking = [int(j) for j in incomplete]
    shown = lacking[:MOST_DENSITIES]

    def draw(axes: Any) -> None:
        for j, ax in zip(shown, np.atleast_1d(axes), strict=True):
            plots.densities(X, tables(), j, ax=ax)

    more = f" Shown are the {len(shown)} columns that lack most." if len(lacking) > len(shown) else ""
    text = (
        "Observed cells and those of the drawn tables. They may differ where rows that lack a cell are of "
        f"another kind; what lies beyond the dotted lines was never observed.{more}"
    )
    if shown:
        yield Figure("densities", draw, text, n_axes=len(shown))


def _of_the_climb(a: ImputationAnalysis) -> str:
    if a.starts is not None and a.starts.agree:
        n = len(a.starts.log_likelihoods)
        return f"How EM climbed. Fits from {n} starts scattered far apart ended at the same maximum."
    return "How EM climbed."
