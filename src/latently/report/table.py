"""A table of words and numbers already written out, for a page or a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from latently.estimators.records import Records


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

    def frame(self) -> Any:
        """As a DataFrame of pandas, or of polars where that is what is installed; cells are as written.

        Examples
        --------
        >>> table = Table("Sizes", ["", "cluster 0"], [["rows", "12"]])
        >>> table.frame().columns.tolist()
        ['name', 'cluster 0']
        """
        names = [name or "name" for name in self.columns]
        return Records(tuple(dict(zip(names, row, strict=True)) for row in self.rows)).frame()
