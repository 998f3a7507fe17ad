"""A table of words and numbers already written out, for a page or a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Table:
    """A table; its first column names the rows.

    Parameters
    ----------
    title : str
        What it shows.
    columns : sequence of str
        Heads of the columns.
    rows : sequence of sequence of str
        The cells.
    note : str
        How to read it.
    best : set of (int, int)
        Row and column of the cells to be made to stand out.
    prose : set of int
        Columns of words rather than numbers, which may take several lines on a page.
    spoken : bool
        Whether a terminal shows it, too.
    sure : bool
        Whether it says how sure the fit is.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""
    best: frozenset[tuple[int, int]] = field(default_factory=frozenset)
    prose: frozenset[int] = frozenset()
    spoken: bool = True
    sure: bool = False
