"""What the library says on standard error unasked: a sentence once a process, none where it is silenced."""

from __future__ import annotations

import sys

_said: set[str] = set()
_silent = False


def announce(text: str) -> None:
    """Say a sentence, if it was not said before."""
    if not _silent and text not in _said:
        print(f"latently: {text}", file=sys.stderr, flush=True)
    _said.add(text)


def silence() -> None:
    """Say nothing from now on."""
    global _silent
    _silent = True
