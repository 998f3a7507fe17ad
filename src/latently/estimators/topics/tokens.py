"""Documents as lists of words or of numbers of words, counted."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse


def distinct_words(documents: Iterable[Sequence[Any]]) -> list[str]:
    """All words of the documents, in alphabetical order.

    Raises a ValueError if one is not a string; it and its document are named.
    """
    words: set[Any] = set()
    for row, document in enumerate(documents):
        for word in document:
            if not isinstance(word, str):
                raise ValueError(
                    f"document {row} has {word!r} among its words: give lists of strings, or of integers "
                    "with n_features="
                )
        words.update(document)
    return sorted(words)


def count_words(documents: Iterable[Sequence[Hashable]], columns: Mapping[Any, int]) -> tuple[Any, int]:
    """Count words that have a column, and how many there are of others.

    The counts are a CSR matrix; repeats of words without a column count, too.
    """
    found, counts, ends, n_unseen = array("q"), array("d"), array("q", [0]), 0
    for words in documents:
        for word, n in Counter(words).items():
            if (column := columns.get(word)) is None:
                n_unseen += n
            else:
                found.append(column)
                counts.append(n)
        ends.append(len(found))
    entries = np.array(counts), np.array(found), np.array(ends)
    matrix = sparse.csr_matrix(entries, shape=(len(ends) - 1, len(columns)))
    matrix.sort_indices()
    return matrix, n_unseen


def count_numbers(documents: Sequence[Sequence[Any]], n_features: int, *, unseen: bool) -> tuple[Any, int]:
    """Count words given as numbers of columns; as `count_words`.

    Numbers from `n_features` on are words that the model has not seen if `unseen`, and mistakes otherwise, as
    is all that is no integer or negative: the document is named.
    """
    numbers = [_numbers(row, document) for row, document in enumerate(documents)]
    for row, ids in enumerate(numbers):
        wrong = (ids < 0) | ((ids >= n_features) & (not unseen))
        if wrong.any():
            raise ValueError(
                f"document {row} has word {int(ids[wrong.argmax()])}, and words are numbered 0 to "
                f"{n_features - 1}: number them so, or raise n_features"
            )
        ids[ids >= n_features] = -1
    return _counted(numbers, n_features)


def _numbers(row: int, document: Sequence[Any]) -> NDArray[np.int64]:
    ids = np.asarray(document)
    if len(ids) and (ids.ndim != 1 or ids.dtype.kind not in "iu"):
        raise ValueError(f"document {row} is no list of integers: give the number of the word of each token")
    return np.array(ids, dtype=np.int64)


def _counted(numbers: Sequence[NDArray[np.int64]], n_columns: int) -> tuple[Any, int]:
    sizes = [len(ids) for ids in numbers]
    columns = np.concatenate([np.zeros(0, dtype=np.int64), *numbers])
    rows = np.repeat(np.arange(len(sizes)), sizes)
    known = columns >= 0
    counts = sparse.csr_matrix(
        (np.ones(int(known.sum())), (rows[known], columns[known])), shape=(len(sizes), n_columns)
    )
    counts.sum_duplicates()
    return counts, int((~known).sum())
