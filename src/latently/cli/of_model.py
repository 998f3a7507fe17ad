"""A model that was saved, and rows or documents as it takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from latently.cli.failure import CommandError
from latently.cli.options import OfTexts, argument, option

if TYPE_CHECKING:
    from latently.cli.corpora import Documents
    from latently.cli.labels import Kind
    from latently.cli.tables.table import Table


class New(NamedTuple):
    """What is given to a model."""

    model: Any
    source: Any  # a table, or documents
    request: OfModel  # what was asked for, and what the model remembers
    kind: Kind


@dataclass(frozen=True, kw_only=True)
class OfModel(OfTexts):
    """Options of jobs that take a saved model, and data for it."""

    model: Path = argument("MODEL", "A model.latently that an earlier run wrote.")
    table: Path = argument("TABLE", "New rows, with the model's columns by name; or new documents.")
    time: str | None = option(metavar="COLUMN", help="Of a series: column of times, which must rise.")
    sequence: str | None = option(metavar="COLUMN", help="Of a series: column that tells sequences apart.")

    def read(self) -> New:
        """The model, and rows or documents as it takes them."""
        from latently.cli.tables.content import read_bytes

        read_bytes(self.model)

        from latently.cli.fed import fed_to
        from latently.cli.labels import KINDS, kind_of
        from latently.files import load

        model: Any = load(self.model)
        kind = kind_of(model)
        for other in KINDS:
            if other is not kind:
                self._must_not(model, other.what, other.options)
        return New(model, *kind.read(self, fed_to(self.model)), kind)

    def as_table(self, fed: dict[str, Any]) -> tuple[Table, OfModel]:
        """The table, and the request with what the model remembers of its columns."""
        from latently.cli.tables.codes import with_codes
        from latently.cli.tables.read import read_table

        table = read_table(self.table, self.missing, self.encoding)
        request = self._fed_by(fed, table.frame.columns)
        return (table if request.missing == self.missing else with_codes(table, request.missing)), request

    def as_documents(self, fed: dict[str, Any]) -> tuple[Documents, OfModel]:
        """The documents, read as the model remembers, and the request."""
        return self._fed_by(fed).documents(self.table), self

    def _fed_by(self, fed: dict[str, Any], columns: Sequence[str] | None = None) -> OfModel:
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

    def _must_not(self, model: object, what: str, options: Sequence[str]) -> None:
        """Refuse options that are for models of another kind."""
        for name in options:
            value = getattr(self, name)
            if value is not None:
                raise CommandError(
                    f"--{name.replace('_', '-')} {value} is for {what}, and {self.model.name} is a "
                    f"{type(model).__name__}: leave it out"
                )
