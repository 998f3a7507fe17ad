"""The words that a model knows, how it finds them in texts, and how often documents have them."""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from numbers import Integral
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer

from latently.checks.arrays import Cells, shown
from latently.checks.settings import ITERABLE
from latently.estimators.topics.texts import configured

Kind = Literal["counts", "ids", "tokens", "texts"]


@dataclass(frozen=True, eq=False)
class Words:
    """What the columns of a corpus are."""

    kind: Kind  # {"counts", "ids", "tokens", "texts"}: in which form documents came first
    n_features: int  # number of columns
    # (n_features,): the word of each column; None if they are numbers
    # only
    vocabulary: Cells | None = None
    vectorizer: CountVectorizer | None = None  # how texts are split into words
    fixed: bool = False  # whether the vocabulary was given, and so does not grow

    @cached_property
    def columns(self) -> Mapping[Any, int]:
        """The column of each word."""
        return {} if self.vocabulary is None else {word: i for i, word in enumerate(self.vocabulary.tolist())}

    def with_new(self, words: Sequence[object]) -> Words:
        """The same words with others behind them."""
        if not words:
            return self
        assert self.vocabulary is not None
        vocabulary = np.concatenate([self.vocabulary, as_objects(words)])
        return Words(self.kind, len(vocabulary), vocabulary, self.vectorizer, self.fixed)

    def settings(self) -> dict[str, Any] | None:
        """Settings of the vectorizer, if any, that are not scikit-learn's defaults, fit for a JSON file.

        Raises a ValueError if one of them is a function or an object, which a file cannot hold.
        """
        if self.vectorizer is None:
            return None
        usual = CountVectorizer().get_params()
        changed = {
            name: value
            for name, value in self.vectorizer.get_params().items()
            if name not in ("dtype", "vocabulary") and value != usual[name]
        }
        for name, value in changed.items():
            try:
                json.dumps(value)
            except TypeError:
                raise ValueError(
                    f"the vectorizer's {name} is {value!r}, which a file cannot hold: use names and numbers, "
                    "or fit on lists of words"
                ) from None
        return changed

    @classmethod
    def restored(
        cls,
        kind: Kind,
        n_features: int,
        vocabulary: Sequence[object] | None,
        settings: Mapping[str, object] | None,
        fixed: bool,
    ) -> Words:
        """Words from what a file held; `settings` as given by the method of that name."""
        words = None if vocabulary is None else as_objects(vocabulary)
        return cls(kind, n_features, words, None if settings is None else configured(settings), fixed)


def as_vocabulary(vocabulary: Any) -> Cells:
    """A vocabulary as an array of its words by column.

    Refuses an empty one, a word that is there twice, and columns of a mapping that are not 0, 1, 2, ...
    """
    if isinstance(vocabulary, str):
        raise ValueError(f"vocabulary={shown(vocabulary)} is one string: give a list of words")
    if isinstance(vocabulary, Mapping):
        columns = list(vocabulary.values())
        if not all(isinstance(j, Integral) for j in columns) or sorted(columns) != [*range(len(columns))]:
            raise ValueError("vocabulary maps words to columns with gaps or repeats: number them from 0 on")
        words = sorted(vocabulary, key=vocabulary.__getitem__)
    elif not ITERABLE.is_satisfied_by(vocabulary):
        raise ValueError(
            f"vocabulary={shown(vocabulary)}: should be a list of words, or map words to columns"
        )
    else:
        words = vocabulary.tolist() if hasattr(vocabulary, "tolist") else list(vocabulary)
    if not words:
        raise ValueError("vocabulary is empty: give at least one word, or leave it out")
    first: dict[Any, int] = {}
    for column, word in enumerate(words):
        if not isinstance(word, Hashable):
            raise ValueError(f"vocabulary has {shown(word)} in column {column}: should be a word")
        if first.setdefault(word, column) != column:
            raise ValueError(
                f"vocabulary has the word {word!r} twice, in columns {first[word]} and {column}: give each "
                "word once"
            )
    return as_objects(words)


def as_objects(words: Sequence[object]) -> Cells:
    """An array of one dimension, whatever the words are."""
    array = np.empty(len(words), dtype=object)
    array[:] = words
    return array


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


@dataclass(frozen=True)
class WordCounts:
    """Of some documents. Those of further documents add."""

    n_documents: int
    documents: Counter[str]  # in how many a word is
    tokens: Counter[str]  # how often a word is there

    @classmethod
    def of(cls, documents: Iterable[Sequence[str]]) -> WordCounts:
        """Of lists of words."""
        n, in_documents, tokens = 0, Counter[str](), Counter[str]()
        for n, document in enumerate(documents, 1):  # noqa: B007
            tokens.update(document)
            in_documents.update(set(document))
        return cls(n, in_documents, tokens)

    def __add__(self, other: WordCounts) -> WordCounts:
        return WordCounts(
            self.n_documents + other.n_documents,
            self.documents + other.documents,
            self.tokens + other.tokens,
        )

    def frequent(self, vectorizer: CountVectorizer) -> list[str]:
        """Words that a vectorizer keeps by the number of documents they are in, in alphabetical order."""
        least, most = (
            share * self.n_documents if isinstance(share, float) else share
            for share in (vectorizer.min_df, vectorizer.max_df)
        )
        return sorted(word for word, n in self.documents.items() if least <= n <= most)

    def learned(self, vectorizer: CountVectorizer) -> list[str]:
        """The vocabulary that a vectorizer learns of these documents."""
        found = self.frequent(vectorizer)
        if vectorizer.max_features is None:
            return found
        return sorted(sorted(found, key=lambda word: -self.tokens[word])[: vectorizer.max_features])
