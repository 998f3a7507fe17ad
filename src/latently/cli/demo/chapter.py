"""A part of the demo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from latently.report import Section
from latently.report.table import Table


@dataclass(frozen=True)
class Chapter:
    """What a part of the demo shows on the page, and says in the terminal.

    Parameters
    ----------
    section : Section
        On the page.
    said : sequence of str
        Sentences for the terminal.
    tables : sequence of Table
        Tables for the terminal.
    """

    section: Section
    said: Sequence[str]
    tables: Sequence[Table] = ()
