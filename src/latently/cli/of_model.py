"""A model that was saved, and rows or documents as it takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from latently.cli.failure import CommandError
from latently.cli.options import OfTexts, argument, option


class New(NamedTuple):
    """What is given to a model."""

    model: Any
    source: Any  # a table, or documents
    kind: Any  # the module of `latently.cli.labels` for such models
    request: OfModel  # what was asked for, and what the model remembers


@dataclass(frozen=True, kw_only=True)
class OfModel(OfTexts):
    """Options of jobs that take a saved model, and data for it."""

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
            return New(model, self._fed(fed).documents(self.table), topics, self)
        self._must_not(model, "topic models", "text_column", "vocabulary", "files")
        if not isinstance(model, BaseHMM):
            self._must_not(model, "models of series", "time", "sequence")
        table = read_table(self.table, self.missing, self.encoding)
        request = self._fed(fed, table.frame.columns)
        if request.missing != self.missing:
            table = with_codes(table, request.missing)
        fills = isinstance(model, (GaussianImputer, MixedImputer))
        return New(model, table, cells if fills else states if isinstance(model, BaseHMM) else rows, request)

    def _fed(self, fed: dict[str, Any], columns: Sequence[str] | None = None) -> OfModel:
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
