"""The job `info`: what is in a file, a table or a saved model, and how the command reads it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from latently.cli.job import Job
from latently.cli.options import OfCells, argument

if TYPE_CHECKING:
    from latently.cli.folder import ResultFolder
    from latently.cli.progress import ShowProgress
    from latently.cli.tables.table import Table
    from latently.report import Report

MODEL = b"PK\x03\x04"
MANIFEST = b"manifest.json"


@dataclass(frozen=True, kw_only=True)
class Info(OfCells, Job[Any, "Report"]):
    """Say what is in a table, and how it would be read; or what is in a saved model. Nothing is written.

    Example: latently info survey.csv
    """

    has_page: ClassVar[bool] = False
    has_folder: ClassVar[bool] = False

    file: Path = argument("FILE", "A table of any kind, a folder of them, a model.latently, or - .")

    def read(self) -> Any:
        from latently.cli.tables.content import STDIN, read_bytes
        from latently.cli.tables.read import read_table

        if self.file != STDIN and self.file.is_dir():
            return read_table(self.file, self.missing, self.encoding)
        content = read_bytes(self.file)
        if content.startswith(MODEL) and MANIFEST in content[:100]:
            from latently.files import load

            return load(self.file)
        return read_table(self.file, self.missing, self.encoding, content)

    def analyse(self, data: object, show: ShowProgress) -> Report:
        from latently.cli.tables.table import Table

        return _of_table(data) if isinstance(data, Table) else _of_model(data, self.file)

    def write(self, folder: ResultFolder, data: object, analysis: Report) -> str:
        return ""


def _of_table(table: Table) -> Report:
    from latently.cli.failure import CommandError
    from latently.cli.tables.columns import choose
    from latently.cli.tables.notes import notes
    from latently.core.findings import caution
    from latently.report import Report
    from latently.report import Table as Shown
    from latently.wording import count

    said, how, used = list(table.notes), {}, set()
    try:
        choice = choose(table, None, mixed=True)
        said, used = notes(table, choice, "clusters"), set(choice.X.columns)
        how = {"Columns left out": ", ".join(f"{name} ({why})" for name, why in choice.left_out.items())}
    except CommandError as error:  # which any job would say
        said.append(str(error))
    rows = [list(_of_column(table, name, name in used)) for name in table.frame.columns]
    heads = ["", "read as", "missing", "from", "to", "different"]
    columns = Shown("Columns", heads, rows, prose=frozenset({1}))
    height = table.frame.height
    headline = f"{count(height, 'row')} and {count(len(rows), 'column')} in {table.name}"
    cautions = [caution("input", text) for text in said]
    summary = {
        "n_rows": height,
        "columns": {row[0]: dict(zip(columns.columns[1:], row[1:], strict=True)) for row in rows},
    }
    how = {**table.read_as, **{name: text for name, text in how.items() if text}}
    return Report("table", headline, [], cautions, (), {"columns": columns}, (), how, summary)


def _of_column(table: Table, name: str, used: bool) -> Iterator[str]:
    """What a column is, how many cells lack, its ends, and how many different cells it has."""
    from latently.cli.tables.columns import TEXT, as_numbers

    column = as_numbers(table, name)
    missing = table.missing(name)
    cells = column.values if column.values is not None else column.moments
    kinds = {"numbers": column.values is not None, "categories": used and column.why_not == TEXT}
    kind = next((kind for kind, so in kinds.items() if so), column.why_not.partition(":")[0])
    seen = (table.texts(name) if cells is None else cells).filter(~missing)
    ends = [_end(end) for end in (seen.min(), seen.max())] if len(seen) else ["", ""]
    yield from (name, kind, f"{int(missing.sum()):,}", *ends, f"{seen.n_unique():,}")


def _end(cell: object) -> str:
    """The least or the greatest cell of a column."""
    from latently.wording import shortened

    return f"{cell:.10g}" if isinstance(cell, float) else shortened(str(cell).removesuffix(" 00:00:00"))


def _of_model(model: Any, path: Path) -> Report:
    from latently.cli.fed import fed_to
    from latently.plots.features import feature_names
    from latently.report import Report
    from latently.wording import count, number, some

    kind, usual = type(model).__name__, inspect.signature(type(model)).parameters
    given = model.get_params(deep=False).items()
    asked = {name: value for name, value in given if repr(value) != repr(usual[name].default)}
    names = feature_names(model) if hasattr(model, "feature_names_in_") else []
    how = {
        "Settings": ", ".join(f"{name}={value!r}" for name, value in asked.items()),
        "Columns": some(names, 20) if names else f"{model.n_features_in_}, without names",
        "Why it stopped": getattr(model, "stop_reason_", ""),
        "Log-likelihood": number(model.log_likelihood_, 3) if hasattr(model, "log_likelihood_") else "",
        "Fed with": ", ".join(f"{name} {value}" for name, value in fed_to(path).items()),
    }
    how = {name: text for name, text in how.items() if text}
    n = getattr(model, "n_components", None)
    headline = f"{path.name} holds a {kind}" + (f" of {count(n, 'component')}" if isinstance(n, int) else "")
    return Report("model", headline, [], [], list(how.items()), {}, (), {}, {"kind": kind, **how})
