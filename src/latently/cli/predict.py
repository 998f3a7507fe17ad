"""The job `predict`: new rows or documents labelled by a model fitted before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from latently.cli.job import Job
from latently.cli.of_model import New, OfModel

if TYPE_CHECKING:
    from latently.cli.folder import ResultFolder
    from latently.cli.labels.labelled import Labelled
    from latently.cli.progress import ShowProgress
    from latently.report import Report


@dataclass(frozen=True, kw_only=True)
class Predict(OfModel, Job[New, "Labelled"]):
    """Label new rows or documents with a model fitted before.

    Writes ./latently-predict-TABLE/result.csv unless told otherwise: all columns of the table, the cluster
    of each row, and its probability; of a series the state, and its smoothed and filtered probability. Of
    documents it writes documents.csv, with the likeliest topic and the share of each; an imputer fills in
    missing cells and writes completed.csv.

    Example: latently predict latently-cluster-faithful/model.latently new.csv
    """

    has_page: ClassVar[bool] = False

    def analyse(self, data: New, show: ShowProgress) -> Labelled:
        return data.kind.label(data.model, data.source, data.request)

    def report(self, analysis: Labelled) -> Report:
        """How many rows have which label, and how sure that is."""
        return analysis.report

    def write(self, folder: ResultFolder, data: New, analysis: Labelled) -> str:
        added = analysis.table.write(folder.file(analysis.file), analysis.columns)
        columns = analysis.in_words(added) if added else "that it had"
        return f"{analysis.file}, with the columns {columns}"
