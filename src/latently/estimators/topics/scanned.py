"""Documents in files: one text a row, or a row for each word of a document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import Cells
from latently.checks.columns import Table, as_table
from latently.core.streamed import ahead
from latently.estimators.topics.forms import Form, OfKnownForm
from latently.sources import as_scan
from latently.sources.base import Part, Scan, located
from latently.sources.streams import IterableScan

Layout = Literal["texts", "words", "lists", "table"]


def table_of_documents(X: object) -> Scan | None:
    """A table that is read piece by piece, or a frame with texts or words in its columns; None of others."""
    scan = as_scan(X)
    if scan is None:
        return IterableScan([X]) if hasattr(X, "columns") and _words_in(as_table(X)) else None
    return None if scan.sequences and not hasattr(scan.head(), "columns") else scan


def layout_of(scan: Scan) -> Layout:
    """How a table holds documents.

    One of one column has a text in each row. One of three columns has a document, a word, and how often the
    word is there; documents come in the order in which they first appear. An array, or a table of more
    columns, has a column for each word. What is no table has texts or lists of words.
    """
    head = scan.head()
    if isinstance(head, list):
        return "texts" if isinstance(next(iter(head), ""), str) else "lists"
    if getattr(head, "ndim", 2) == 1:
        return "texts"
    if head is None or isinstance(head, np.ndarray):
        return "table"
    table = as_table(head)
    width = len(table.columns)
    return "texts" if width == 1 else "words" if width == 3 and table.columns[2].numeric else "table"


def _words_in(table: Table) -> bool:
    """Whether a table of one or three columns has texts or words."""
    cells = [column.cells for column in table if not column.numeric and not column.boolean]
    return len(table.columns) in (1, 3) and any(isinstance(cell, str) for some in cells for cell in some)


def documents_in(table: Any, layout: Layout) -> Any:
    """The documents of a part of a table."""
    if layout == "texts":
        one_column = isinstance(table, list) or getattr(table, "ndim", 2) == 1
        return list(table) if one_column else as_table(table).columns[0].cells.tolist()
    return ScannedWords.of([as_table(table)]) if layout == "words" else table


def documents_of(X: object) -> Any:
    """The documents in files or lazy frames; anything else as it is.

    Raises a ValueError if a count is not a whole number from 0, or a table in files has columns of words.
    """
    scan = table_of_documents(X)
    if scan is None:
        return X
    layout = layout_of(scan)
    if layout == "texts":
        return ScannedTexts(scan)
    if layout == "words":
        return ScannedWords.of([as_table(part.table) for part in scan.parts()])
    found = scan.computed()
    if found is None:
        raise ValueError(
            f"X has {len(as_table(scan.head()).columns)} columns: choose that of the texts, or those of "
            "document, word and count (of files by scan(path, columns=[...]))"
        )
    return found


def check_apart(scan: Scan) -> None:
    """Refuse documents of which some words are in one partition, and some in another."""
    prints = list(scan.each(_documents))
    every, where = np.concatenate(prints), np.repeat(np.arange(len(prints)), [len(some) for some in prints])
    order = np.argsort(every, kind="stable")
    twice = np.flatnonzero(every[order][1:] == every[order][:-1])
    if len(twice):
        one, other = where[order][twice[0] : twice[0] + 2]
        raise ValueError(
            f"a document lies in partitions {one} and {other}: divide the data between documents, such as by "
            "set_index(column, sorted=True)"
        )


def _documents(part: Part) -> NDArray[np.uint64]:
    """What tells each document of a table of words from others."""
    from pandas.util import hash_array

    with located(part):
        found: NDArray[np.uint64] = hash_array(np.unique(as_table(part.table).columns[0].cells))
        return found


@dataclass(frozen=True)
class ScannedTexts(OfKnownForm):
    """Texts that are read whenever they are gone through, and never held all at once."""

    form: ClassVar[Form] = "texts"
    scan: Scan  # a table of one column

    def __iter__(self) -> Iterator[str]:
        for texts in ahead(self.scan.parts(), lambda part: documents_in(part.table, "texts")):
            yield from texts

    def __len__(self) -> int:
        return self._n

    @cached_property
    def _n(self) -> int:
        return sum(len(part.table) for part in self.scan.parts())


@dataclass(frozen=True)
class ScannedWords(OfKnownForm):
    """Lists of words, which are made whenever they are gone through."""

    form: ClassVar[Form] = "tokens"
    words: Cells  # (n_entries,): document by document
    counts: NDArray[np.int64]  # (n_entries,): how often each is there
    ends: NDArray[np.int64]  # (n_documents,): where the entries of documents end

    def __iter__(self) -> Iterator[list[Any]]:
        start = 0
        for end in self.ends.tolist():
            yield np.repeat(self.words[start:end], self.counts[start:end]).tolist()
            start = end

    def __len__(self) -> int:
        return len(self.ends)

    @classmethod
    def of(cls, tables: Sequence[Table]) -> ScannedWords:
        """Those of tables of documents, words and counts.

        Raises a ValueError if a count is not a whole number from 0.
        """
        documents, words, counts = (
            np.concatenate([table.columns[j].cells for table in tables]) for j in range(3)
        )
        wrong = ~((counts >= 0) & (counts == np.floor(counts)))
        if wrong.any():
            row = int(wrong.argmax())
            raise ValueError(f"the count in row {row} is {counts[row]}: should be a whole number from 0")
        _, first, places = np.unique(documents, return_index=True, return_inverse=True)
        rank = np.empty(len(first), dtype=np.int64)
        rank[np.argsort(first)] = np.arange(len(first))
        order = np.argsort(rank[places], kind="stable")
        return cls(words[order], counts[order].astype(np.int64), np.bincount(rank[places]).cumsum())
