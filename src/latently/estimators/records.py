"""A tidy table: a row is a dict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib import import_module
from typing import Any, overload

from latently.wording import EN_DASH, aligned


@dataclass(frozen=True, repr=False)
class Records(Sequence[dict[str, Any]]):
    """Rows of the same fields. Printed, it is a table; pandas and polars make a DataFrame of it.

    Attributes
    ----------
    rows : tuple of dict
        The rows.
    notes : tuple of str
        What there is to say of them.

    Examples
    --------
    >>> print(Records(({"town": "A", "rows": 7}, {"town": "B", "rows": 12}), ("Of last year.",)))
    town  rows
    A        7
    B       12
    Of last year.
    """

    rows: tuple[dict[str, Any], ...]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[dict[str, Any]]: ...
    def __getitem__(self, index: int | slice) -> dict[str, Any] | Sequence[dict[str, Any]]:
        return self.rows[index]

    def column(self, name: str) -> list[Any]:
        """One field of all rows."""
        return [row[name] for row in self.rows]

    def frame(self) -> Any:
        """As a DataFrame of pandas, or of polars where that is what is installed."""
        for library in ("pandas", "polars"):
            try:
                return import_module(library).DataFrame(list(self.rows))
            except ImportError:
                continue
        raise ImportError("a DataFrame needs pandas or polars: pip install pandas")

    def _repr_html_(self) -> str:
        heading = "".join(f"<th>{escape(name)}</th>" for name in (self.rows[0] if self.rows else ()))
        lines = ("".join(f"<td>{escape(_cell(value))}</td>" for value in row.values()) for row in self.rows)
        table = f"<table><tr>{heading}</tr>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"
        return table + "".join(f"<p>{escape(note)}</p>" for note in self.notes)

    def __str__(self) -> str:
        heading = list(self.rows[0]) if self.rows else []
        lines = [heading, *([_cell(value) for value in row.values()] for row in self.rows)]
        return "\n".join([*aligned(lines), *self.notes])

    def __repr__(self) -> str:
        return str(self)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}" if value == value else EN_DASH
    return str(value)
