"""Documents from a file, and what else the file says of each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from latently.cli.failure import CommandError
from latently.cli.tables.columns import without
from latently.cli.tables.table import Table, quoted

NUMBER = "document"
USUAL = "text"


@dataclass(frozen=True)
class Documents:
    """Texts, or counts of words, one for each row of a table.

    Attributes
    ----------
    name : str
        The name of the file or folder.
    kind : str
        What it is, in words.
    rest : Table
        Everything but the texts, one row for each document; at least one column.
    texts : list of str or None
        The texts; None if there are counts.
    counts : csr_matrix of shape (n_documents, n_words) or None
        The counts; None if there are texts.
    vocabulary : list of str or None
        The words of the columns of counts.
    text_column : str or None
        The column in which the texts stood.
    """

    name: str
    kind: str
    rest: Table
    texts: list[str] | None = None
    counts: Any = None
    vocabulary: list[str] | None = None
    text_column: str | None = None

    @property
    def X(self) -> Any:
        """What a model is fitted to."""
        return self.counts if self.texts is None else self.texts

    def __len__(self) -> int:
        return self.rest.frame.height


def from_table(table: Table, kind: str, text_column: str | None) -> Documents:
    """Take the texts out of a table.

    Parameters
    ----------
    table : Table
        The table.
    kind : str
        What kind of file it comes from.
    text_column : str or None
        The column of the texts; None for the only column, or the one that is called 'text'.

    Raises
    ------
    CommandError
        If there is no such column, it is not clear which, it does not hold texts, or all of them are empty.
    """
    name = _column(table, text_column)
    cells = table.frame[name]
    if cells.dtype not in (pl.String, pl.Categorical, pl.Enum, pl.Null):
        raise CommandError(
            f"column '{name}' of {table.name} holds no texts but {_words(cells.dtype)}: name another "
            "--text-column"
        )
    texts = without(cells.cast(pl.String), table.missing(name)).fill_null("").to_list()
    if not any(text.strip() for text in texts):
        raise CommandError(
            f"column '{name}' of {table.name} has only empty cells: name another --text-column"
        )
    frame = table.frame.drop(name)
    if not frame.width:
        frame = numbered(len(texts))
    rest = replace(table, frame=frame)
    return Documents(table.name, kind, rest, texts, text_column=name)


def numbered(n: int) -> pl.DataFrame:
    """A column that numbers documents, from 1."""
    return pl.DataFrame({NUMBER: range(1, n + 1)})


def _column(table: Table, asked: str | None) -> str:
    if asked is not None:
        table.must_have(asked)
        return asked
    names = table.frame.columns
    if len(names) == 1:
        return names[0]
    if USUAL in names:
        return USUAL
    raise CommandError(
        f"{table.name} has {quoted(names)}: write --text-column and the name of the one with texts"
    )


def _words(dtype: pl.DataType) -> str:
    if dtype.is_numeric():
        return "numbers"
    return "dates or times" if dtype.is_temporal() else f"what Parquet calls {dtype}"
