"""The job `predict`: new rows or documents labelled by a model fitted before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from latently.cli.failure import CommandError
from latently.cli.job import Job
from latently.cli.options import OfTexts, argument, option

if TYPE_CHECKING:
    from latently.cli.folder import ResultFolder
    from latently.cli.labels.labelled import Labelled
    from latently.cli.terminal import Told
    from latently.report import Report


class New(NamedTuple):
    """What is labelled, by which model, and how."""

    model: Any
    source: Any
    label: Callable[[Any, Any, Predict], Labelled]
    request: Predict  # what was asked for, and what the model remembers


@dataclass(frozen=True, kw_only=True)
class Predict(OfTexts, Job["New", "Labelled"]):
    """Label new rows or documents with a model fitted before.

    Writes ./latently-predict-TABLE/result.csv unless told otherwise: all columns of the table, the cluster
    of each row, and its probability; of a series the state, and its smoothed and filtered probability. Of
    documents it writes documents.csv, with the likeliest topic and the share of each.

    Example: latently predict latently-cluster-faithful/model.latently new.csv
    """

    has_page: ClassVar[bool] = False

    model: Path = argument("MODEL", "A model.latently that an earlier run wrote.")
    table: Path = argument("TABLE", "New rows, with the model's columns by name; or new documents.")
    time: str | None = option(metavar="COLUMN", help="Of a series: column of times, which must rise.")
    sequence: str | None = option(metavar="COLUMN", help="Of a series: column that tells sequences apart.")

    def read(self) -> New:
        """The model, and rows or documents as it takes them."""
        from latently.cli.tables.codes import with_codes
        from latently.cli.tables.content import read_bytes
        from latently.cli.tables.read import read_table

        read_bytes(self.model)

        from latently.cli.fed import fed_to
        from latently.cli.labels import cells, rows, states, topics
        from latently.estimators import GaussianImputer, LatentDirichletAllocation, MixedImputer
        from latently.estimators.hmm import BaseHMM
        from latently.files import load

        model: Any = load(self.model)
        fed = fed_to(self.model)
        if isinstance(model, LatentDirichletAllocation):
            self._must_not(model, "models of series", "time", "sequence")
            return New(model, self._fed(fed).documents(self.table), topics.label, self)
        self._must_not(model, "topic models", "text_column", "vocabulary", "files")
        if not isinstance(model, BaseHMM):
            self._must_not(model, "models of series", "time", "sequence")
        table = read_table(self.table, self.missing, self.encoding)
        request = self._fed(fed, table.frame.columns)
        if request.missing != self.missing:
            table = with_codes(table, request.missing)
        fills = isinstance(model, (GaussianImputer, MixedImputer))
        label = cells.label if fills else states.label if isinstance(model, BaseHMM) else rows.label
        return New(model, table, label, request)

    def _fed(self, fed: dict[str, Any], columns: Sequence[str] | None = None) -> Predict:
        """The same request, and where nothing is asked for what the model remembers."""
        known: dict[str, Any] = {}
        for name in ("missing", "time", "sequence", "text_column", "files"):
            value = fed.get(name)
            if value is None or getattr(self, name) not in (None, (), []):
                continue
            if columns is not None and name == "missing":
                value = [one for one in value if "=" not in one or one.rpartition("=")[0].strip() in columns]
            if columns is not None and name in ("time", "sequence") and value not in columns:
                continue
            known[name] = value
        return replace(self, **known)

    def _must_not(self, model: Any, what: str, *options: str) -> None:
        """Refuse options that are for models of another kind."""
        for name in options:
            value = getattr(self, name)
            if value is not None:
                raise CommandError(
                    f"--{name.replace('_', '-')} {value} is for {what}, and {self.model.name} is a "
                    f"{type(model).__name__}: leave it out"
                )

    def analyse(self, data: New, told: Told) -> Labelled:
        """Label all rows."""
        return data.label(data.model, data.source, data.request)

    def report(self, analysis: Labelled) -> Report:
        """How many rows have which label, and how sure that is."""
        return analysis.report

    def write(self, folder: ResultFolder, data: New, analysis: Labelled) -> str:
        """What was read, with labels."""
        added = analysis.table.write(folder.file(analysis.file), analysis.columns)
        return f"{analysis.file}, with the columns {analysis.in_words(added)}"
