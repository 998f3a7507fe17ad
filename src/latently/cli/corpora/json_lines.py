"""JSON lines: an object on each line."""

from __future__ import annotations

import json
from typing import Any

import polars as pl

from latently.cli.failure import CommandError
from latently.cli.tables.table import Table
from latently.cli.tables.utf8 import decoded


def read_json_lines(content: bytes, name: str) -> Table:
    """Read a file of JSON lines as a table; what is no text is written as JSON."""
    rows, numbers = [], []
    # Lines end where JSON says so: other marks of line ends may stand inside of strings.
    for number, line in enumerate(decoded(content, name).split("\n"), start=1):
        if line.strip():
            rows.append(_object(line, f"line {number} of {name}"))
            numbers.append(number)
    names = list(dict.fromkeys(key for row in rows for key in row))
    columns = [pl.Series(key, [_cell(row.get(key)) for row in rows], pl.String) for key in names]
    return Table(name, pl.DataFrame(columns), numbers)


def _object(line: str, where: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except json.JSONDecodeError as error:
        raise CommandError(f"{where} is not JSON ({error.msg}, character {error.pos + 1}): mend it") from None
    except RecursionError:
        raise CommandError(
            f"{where} has lists in lists beyond what can be read: write the text only"
        ) from None
    except ValueError:
        raise CommandError(f"{where} has a number of too many digits: write it as text") from None
    if not isinstance(value, dict):
        raise CommandError(f'{where} is no JSON object: write one object a line, such as {{"text": "..."}}')
    return value


def _cell(value: Any) -> str | None:
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.encode(errors="replace").decode()  # half a character has no place in a file
