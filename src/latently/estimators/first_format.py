"""Files of the first format, whose findings were text: what they say in the terms of today."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def renewed(name: str, fields: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """The class and the fields of an object of a file, as they are called now."""
    if name == "Diagnostic" and fields.keys() == {"kind", "columns", "message"}:
        about = {"text": fields["message"], "subject": "column", "which": fields["columns"]}
        return "Finding", {"kind": fields["kind"], **about, "severity": "caution"}
    if name in ("Outcome", "HMMOutcome", "Run") and "doubts" in fields:
        others = {key: value for key, value in fields.items() if key != "doubts"}
        doubts = [
            {"latently": "Finding", "fields": {"kind": "spurious", "text": text, "severity": "grave"}}
            for text in _items(fields["doubts"])
        ]
        return name, {**others, "diagnostics": {"tuple": [*doubts, *_items(fields.get("diagnostics"))]}}
    return name, fields


def _items(value: Any) -> list[Any]:
    found = value.get("tuple") if isinstance(value, dict) else None
    return found if isinstance(found, list) else []
