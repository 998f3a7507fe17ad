"""In which form documents are handed in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from numbers import Integral
from typing import Any, ClassVar, Literal

import numpy as np
from scipy import sparse

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


def is_rectangle(documents: Sequence[Sequence[Any]]) -> bool:
    """Whether all documents are of one length, as rows of a table are."""
    return len({len(document) for document in documents}) == 1


def _is_list(document: object) -> bool:
    return isinstance(document, (list, tuple, np.ndarray)) or (
        hasattr(document, "__getitem__")
        and hasattr(document, "__len__")
        and not isinstance(document, (str, bytes, Mapping))
    )
