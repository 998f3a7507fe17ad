"""How a model was fed, noted beside it in its file, so that new rows are read as those it was fitted to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from latently import archive

FED = "fed"
KNOWN = {"missing": list, "time": str, "sequence": str, "text_column": str, "files": str, "level": float}


def save(model: Any, path: Path, **fed: Any) -> None:
    """Save a model with the options and columns by which it was fed; those that are None are not noted."""
    model.save(path)
    about = {FED: {name: value for name, value in fed.items() if value not in (None, (), [])}}
    archive.write(path, replace(archive.read(path), about=about))


def fed_to(path: Path) -> dict[str, Any]:
    """How the model in a file was fed, as far as it is noted there and can be believed."""
    about = archive.read(path).about
    noted = about.get(FED) if isinstance(about, dict) else None
    if not isinstance(noted, dict):
        return {}
    return {
        name: value
        for name, value in noted.items()
        if name in KNOWN
        and isinstance(value, KNOWN[name])
        and (not isinstance(value, list) or all(isinstance(one, str) for one in value))
    }
