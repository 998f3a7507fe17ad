"""Libraries of the extra `cli` that only some files need, imported when one comes."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from latently.cli.failure import CommandError


def needed(module: str, what: str, remedy: str) -> Any:
    """Import a library, or say which extra brings it and what can be done without."""
    try:
        return import_module(module)
    except ImportError:
        raise CommandError(f'{what}: pip install "latently[cli]" to read it, or {remedy}') from None
