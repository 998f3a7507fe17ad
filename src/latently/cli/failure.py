"""Something is wrong with what was asked: one line that names the culprit and the remedy."""

from __future__ import annotations


class CommandError(Exception):
    """Ends the command with one line and exit code 2; whatever reads options or files may raise it."""
