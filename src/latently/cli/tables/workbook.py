"""The first sheet of a workbook that holds anything: Excel of any age, and OpenDocument."""

from __future__ import annotations

import io
from datetime import date, datetime, time, timedelta
from typing import Any

from latently.cli.failure import CommandError
from latently.cli.needing import needed
from latently.cli.tables.delimited import above, as_table, lines_above
from latently.cli.tables.table import Table

OLD_EXCEL = b"\xd0\xcf\x11\xe0"
ZIP = b"PK\x03\x04"


def is_workbook(content: bytes) -> bool:
    """Whether this looks like one: newer ones are zip archives."""
    return content.startswith((OLD_EXCEL, ZIP))


def read_workbook(content: bytes, name: str) -> Table:
    """Read a sheet; its first row that is not empty, nor a title, names the columns."""
    calamine = needed("python_calamine", f"{name} is a workbook", "save it as CSV")
    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = {
            one: book.get_sheet_by_name(one).to_python(skip_empty_area=False) for one in book.sheet_names
        }
    except Exception as error:  # its errors have no common ancestor
        raise CommandError(f"{name} cannot be read as a workbook ({error}): save it as CSV") from None
    full = {one: rows for one, rows in sheets.items() if any(_is_full(row) for row in rows)}
    if not full:
        raise CommandError(f"{name} is empty: give a table with a header and rows")
    sheet, rows = next(iter(full.items()))
    lines = [(i, list(map(_text, row))) for i, row in enumerate(rows, start=1) if _is_full(row)]
    top = lines_above([cells for _, cells in lines])
    table = as_table(lines[top][1], iter(lines[top + 1 :]), name, ",")
    table = table.skipping(*above([" ".join(filter(None, cells)) for _, cells in lines[:top]]))
    if len(full) == 1:
        return table
    others = ", ".join(f"'{one}'" for one in list(full)[1:])
    note = f"{name} has more than one sheet: '{sheet}' was read, and not {others}"
    return table.noted(note)


def _is_full(row: list[Any]) -> bool:
    return any(cell not in ("", None) for cell in row)


def _text(cell: object) -> str:
    """A cell as a CSV file has it."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    return str(cell) if not isinstance(cell, timedelta) else str(cell.total_seconds())
