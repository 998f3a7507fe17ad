"""In which form documents are handed in, and corpora as tables of counts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from numbers import Integral
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.utils import check_array

from latently.checks.arrays import MOST_COUNT, labels_of
from latently.estimators.inputs import as_table

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
        table = as_table(X, owner)
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
            f"Input X contains {what} at {place_of(counts, wrong)} ({int(wrong.sum())} such cells): a word "
            "that does not occur counts 0; mend or drop such documents"
        )
    negative = counts.data < 0
    if negative.any():
        value = counts.data[negative.argmax()]
        raise ValueError(
            f"Negative values in data passed to X: {value:g} at {place_of(counts, negative)} "
            f"({int(negative.sum())} such cells); counts of words are zero or more"
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
