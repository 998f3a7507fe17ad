"""The pictures of a mixture."""

from __future__ import annotations

import numpy as np

from latently import plots
from latently.plots.convergence import INVISIBLE
from latently.report.figure import Figure
from latently.report.mixture.analysis import MixtureAnalysis


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
