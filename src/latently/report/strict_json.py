"""Results for programs, as JSON that every reader understands."""

from __future__ import annotations

import json
import math
from typing import Any

from latently.core.findings import Finding


def to_json(found: dict[str, Any]) -> str:
    """JSON that every reader understands: what is not finite is null."""
    return json.dumps(_plain(found), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(value: object) -> Any:
    """Python's own types all the way down."""
    if isinstance(value, Finding):
        value = vars(value)
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
