"""The job `report`: the page of a model that was saved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from latently.cli.job import Job
from latently.cli.of_model import New, OfModel

if TYPE_CHECKING:
    from latently.cli.folder import ResultFolder
    from latently.cli.progress import ShowProgress
    from latently.report import Report as Page


@dataclass(frozen=True, kw_only=True)
class Report(OfModel, Job[New, "Page"]):
    """Write the page of a saved model, from the data that it was fitted to.

    The model may come from Python: mixtures, hidden Markov models, imputers, topic models.

    Writes ./latently-report-TABLE/ unless told otherwise: the page index.html, summary.json and pictures.

    Example: latently report model.latently faithful.csv
    """

    def analyse(self, data: New, show: ShowProgress) -> Page:
        from latently.report.of_model import report

        show(0, None, "looking at the model")
        X, how = data.kind.of_report(data.model, data.source, data.request)
        return report(data.model, X, source=data.source.name, **how)

    def write(self, folder: ResultFolder, data: New, analysis: Page) -> str:
        """Nothing but the page."""
        return "summary.json has the numbers"
