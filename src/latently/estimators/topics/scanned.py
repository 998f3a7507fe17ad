"""Documents in files: one text a row, or a row for each word of a document."""

from __future__ import annotations

from typing import Any

import numpy as np

from latently.checks.columns import as_table
from latently.sources import as_scan


def documents_of(X: Any) -> Any:
    """The documents in files or lazy frames; anything else as it is.

    A table of one column has a text in each row. One of three columns has a document, a word, and how often
    the word is there; documents come in the order in which they first appear. They are held in memory, as
    what is remembered of their words is in any case.

    Raises
    ------
    ValueError
        If the table has another number of columns, or a count is not a whole number from 0.
    """
    scan = as_scan(X)
    if scan is None or scan.sequences:
        return X
    tables = [as_table(part.table) for part in scan.parts()]
    width = len(tables[0].columns) if tables else 0
    if width == 1:
        return [text for table in tables for text in table.columns[0].cells.tolist()]
    if width == 3:
        return _of_triples(*(np.concatenate([table.columns[j].cells for table in tables]) for j in range(3)))
    raise ValueError(
        f"X has {width} columns: choose that of the texts, or those of document, word and count, by "
        "scan(path, columns=[...])"
    )


def _of_triples(documents: Any, words: Any, counts: Any) -> list[Any]:
    """The words of each document, as often as they are there."""
    wrong = ~((counts >= 0) & (counts == np.floor(counts)))
    if wrong.any():
        row = int(wrong.argmax())
        raise ValueError(f"the count in row {row} is {counts[row]}: should be a whole number from 0")
    _, first, places = np.unique(documents, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    order = np.argsort(rank[places], kind="stable")
    repeats = counts[order].astype(np.int64)
    ends = np.cumsum(np.bincount(rank[places][order], weights=repeats).astype(np.int64))[:-1]
    return [piece.tolist() for piece in np.split(np.repeat(words[order], repeats), ends)]
