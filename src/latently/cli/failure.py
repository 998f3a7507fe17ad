"""Something is wrong: one line that names the culprit and the remedy, unless the fault is our own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from glob import glob, has_magic
from pathlib import Path

from latently.checks.refusals import meant


class CommandError(Exception):
    """Ends the command with one line and exit code 2; whatever reads options or files may raise it."""


@contextmanager
def refusals(say: Callable[[ValueError], str]) -> Iterator[None]:
    """Say in words of the command what the library refuses; a fault stays what it is."""
    try:
        yield
    except ValueError as error:
        if not meant(error):
            raise
        raise CommandError(say(error)) from None


def must_be_there(path: Path) -> None:
    """Refuse a name of no file and no folder; ``-`` is standard input."""
    if str(path) == "-":  # standard input
        return
    try:
        there = path.exists()
    except OSError as error:
        raise CommandError(f"'{path}' cannot be read: {error.strerror or error}") from None
    if not there and not (has_magic(str(path)) and glob(str(path), recursive=True)):
        raise CommandError(f"there is no file '{path}': check its name and folder")
