"""In which form documents are handed in: texts, lists of words, tables of counts, in memory or in files."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from numbers import Integral
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.utils import check_array

from latently.checks.arrays import MOST_COUNT, Cells, labels_of
from latently.checks.columns import Table, as_table
from latently.core.streamed import ahead
from latently.estimators.inputs import as_table as table_of_numbers
from latently.sources import as_scan
from latently.sources.base import Part, Scan, located
from latently.sources.streams import IterableScan
from latently.wording import count

Form = Literal["table", "integers", "tokens", "texts"]


class OfKnownForm(ABC):
    """Documents that know their form, are as many as their length says, and can be gone through again."""

    form: ClassVar[Form]

    @abstractmethod
    def __iter__(self) -> Iterator[Any]: ...

    @abstractmethod
    def __len__(self) -> int: ...


def recognise(X: object) -> tuple[Form, Any]:
    """The form of a corpus, and the corpus: documents as a list if they do not know it, tables as they are.

    Lists of integers are words or counts: who asks must know. Raises a ValueError if X is a single string or
    has no documents, some documents are texts and others lists, or words are pairs.
    """
    if isinstance(X, OfKnownForm):
        _check_any(len(X))
        return X.form, X
    if isinstance(X, (str, bytes)):
        raise ValueError("X is one string: give a list of texts, such as [X]")
    shape = getattr(X, "shape", None)
    records = getattr(getattr(X, "dtype", None), "kind", "") == "V"
    if (
        sparse.issparse(X)
        or (isinstance(shape, tuple) and len(shape) != 1)
        or hasattr(X, "columns")
        or records
    ):
        return "table", X
    if not hasattr(X, "__iter__"):
        return "table", X  # which it is not, as its reader will say
    documents = X.to_list() if hasattr(X, "to_list") else X.tolist() if hasattr(X, "tolist") else list(X)
    _check_any(len(documents))
    lists = [_is_list(document) for document in documents]
    if any(isinstance(document, str) for document in documents):
        if any(lists):
            raise ValueError(
                f"X has texts, and in row {lists.index(True)} a list: give only strings, or only lists of "
                "words"
            )
        return "texts", documents
    if not all(lists):
        if any(lists):
            row = lists.index(False)
            raise ValueError(
                f"document {row} is {documents[row]!r}, not a list of words: write [] for an empty document"
            )
        return ("texts", documents) if any(document is None for document in documents) else ("table", X)
    tokens = [token for document in documents for token in document[:1]]
    if not tokens or any(isinstance(token, str) for token in tokens):
        return "tokens", documents
    if any(isinstance(token, tuple) for token in tokens):
        raise ValueError(
            "X has pairs, as gensim's corpora do: give a matrix, such as gensim.matutils.corpus2csc(X, "
            "num_terms=...).T"
        )
    return ("integers", documents) if all(isinstance(token, Integral) for token in tokens) else ("table", X)


def _check_any(n_documents: int) -> None:
    if not n_documents:
        raise ValueError("Found array with 0 sample(s) (X has no documents): give at least one document")


def is_rectangle(documents: Sequence[Sequence[object]]) -> bool:
    """Whether all documents are of one length, as rows of a table are."""
    return len({len(document) for document in documents}) == 1


def _is_list(document: object) -> bool:
    return isinstance(document, (list, tuple, np.ndarray)) or (
        hasattr(document, "__getitem__")
        and hasattr(document, "__len__")
        and not isinstance(document, (str, bytes, Mapping))
    )


def read_table(X: object, owner: str) -> sparse.csr_matrix:
    """Counts as a canonical CSR matrix: indices sorted, duplicates summed, no explicit zeros.

    Of float32 if X is, of float64 otherwise; X is not changed, and the result may share its memory. Refuses
    another shape, no rows or columns, what is not numeric, and the first cell that is negative, NaN or
    infinite.
    """
    _refuse_text(X)
    if sparse.issparse(X):
        table = check_array(
            X, accept_sparse=True, dtype=[np.float64, np.float32], ensure_all_finite=False, estimator=owner
        )
    else:
        table = table_of_numbers(X, owner)
    counts = sparse.csr_matrix(table)
    if not counts.has_canonical_format:
        counts = counts.copy()
        counts.sum_duplicates()
    _check(counts)
    if not counts.data.all():
        counts = counts.copy()
        counts.eliminate_zeros()
    return counts


def _check(counts: sparse.csr_matrix) -> None:
    finite = np.isfinite(counts.data)
    if not finite.all():
        what = "NaN" if np.isnan(counts.data).any() else "infinity"
        wrong = np.isnan(counts.data) if what == "NaN" else ~finite
        raise ValueError(
            f"Input X contains {what} at {place_of(counts, wrong)} ({count(int(wrong.sum()), 'such cell')}): "
            "a word that does not occur counts 0; mend or drop such documents"
        )
    negative = counts.data < 0
    if negative.any():
        value = counts.data[negative.argmax()]
        raise ValueError(
            f"Negative values in data passed to X: {value:g} at {place_of(counts, negative)} "
            f"({count(int(negative.sum()), 'such cell')}); counts of words are zero or more"
        )
    large = counts.data > MOST_COUNT
    if large.any():
        value = counts.data[large.argmax()]
        raise ValueError(
            f"Input X holds {value:g} at {place_of(counts, large)}: counts are at most 2**53 = {MOST_COUNT:g}"
        )


def place_of(counts: sparse.csr_matrix, wrong: NDArray[np.bool_]) -> str:
    """Row and column of the first such entry."""
    entry = int(wrong.argmax())
    row = int(np.searchsorted(counts.indptr, entry, side="right")) - 1
    return f"row {row}, column {int(counts.indices[entry])}"


def _refuse_text(X: Any) -> None:
    """Frames hold texts in columns, which are what to hand in instead."""
    for name in labels_of(X) if hasattr(X, "columns") else ():
        cells = X[name].to_numpy() if name in X.columns else np.empty(0)
        if cells.dtype.kind == "O" and any(isinstance(cell, str) for cell in cells):
            raise ValueError(
                f"column {name!r} of X does not hold counts: if it holds texts, give the column itself, "
                f"X[{name!r}]; if not, leave it out"
            )


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
        columns = count(len(as_table(scan.head()).columns), "column")
        raise ValueError(
            f"X has {columns}: choose that of the texts, or those of document, word and count (of files by "
            "scan(path, columns=[...]))"
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
