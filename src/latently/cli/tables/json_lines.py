"""JSON: an object on each line, or a list of objects."""

from __future__ import annotations

import json
from typing import Any

import polars as pl

from latently.cli.failure import CommandError
from latently.cli.tables.table import Table


def is_json(text: str) -> bool:
    """Whether this begins as an object does, or is a list as a whole."""
    text = text.strip()
    return text.startswith("{") or (text.startswith("[") and text.endswith("]"))


def read_json(text: str, name: str) -> Table:
    """Read JSON lines, or a list of objects, as a table; what is no text is written as JSON."""
    if text.lstrip().startswith("["):
        rows = enumerate(_parsed(text, name), start=1)
        return Table(name, _frame([_is_object(row, f"object {i} of {name}") for i, row in rows]))
    # Lines end where JSON says so: other marks of line ends may stand inside of strings.
    lines = [(i, line) for i, line in enumerate(text.split("\n"), start=1) if line.strip()]
    objects = [_is_object(_parsed(line, one := f"line {i} of {name}"), one) for i, line in lines]
    return Table(name, _frame(objects), [i for i, _ in lines])


def _frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    names = list(dict.fromkeys(key for row in rows for key in row))
    return pl.DataFrame([pl.Series(key, [_cell(row.get(key)) for row in rows], pl.String) for key in names])


def _parsed(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise CommandError(f"{where} is not JSON ({error.msg}, character {error.pos + 1}): mend it") from None
    except RecursionError:
        raise CommandError(
            f"{where} has lists in lists beyond what can be read: write the text only"
        ) from None
    except ValueError:
        raise CommandError(f"{where} has a number of too many digits: write it as text") from None


def _is_object(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise CommandError(f'{where} is no JSON object: write one object a line, such as {{"text": "..."}}')
    return value


def _cell(value: object) -> str | None:
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.encode(errors="replace").decode()  # half a character has no place in a file
