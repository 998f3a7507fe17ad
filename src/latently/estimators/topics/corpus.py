"""From what users hand in to counts of words, with what is to be said about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from latently.checks.arrays import Cells
from latently.checks.settings import check_whole
from latently.core.array_source import ArraySource
from latently.estimators.informative import check_weights
from latently.estimators.topics.facts import Facts, remarks_on, split_into_words
from latently.estimators.topics.forms import is_rectangle, read_table, recognise
from latently.estimators.topics.texts import (
    SplitTexts,
    as_vectorizer,
    check_texts,
    learn_words,
    warn_of_no_blanks,
)
from latently.estimators.topics.words import (
    Kind,
    WordCounts,
    Words,
    as_objects,
    as_vocabulary,
    count_numbers,
    count_words,
    distinct_words,
)
from latently.models.admixture import document_source
from latently.wording import count

R = TypeVar("R")

OWNER = "this topic model"


@dataclass(frozen=True, eq=False)
class Corpus:
    """Documents as counts of words."""

    # csr_matrix of shape (n_documents, n_features): float64, or float32 where a table was; indices sorted, no
    # duplicates, no explicit zeros. It may share the memory of what was handed in: do not write into it
    counts: sparse.csr_matrix
    words: Words  # what the columns are
    # words of the documents that were ignored because they have no column, repeats included
    n_unseen: int = 0
    read: tuple[str, ...] = ()  # how texts were read, in a sentence
    # (n_documents,): how often each document counts; None if each does once
    weights: NDArray[np.float64] | None = None
    handed: Any = None  # what was handed in, which may have names of columns

    def weighted(self, sample_weight: object) -> Corpus:
        """The same documents, each counted so often."""
        return replace(self, weights=check_weights(sample_weight, self.counts.shape[0]))

    @cached_property
    def facts(self) -> Facts:
        """What a fit is to know of them."""
        return Facts.of(self.counts, self._weights, self.n_unseen)

    @property
    def remarks(self) -> tuple[str, ...]:
        """Sentences about what a user might not expect."""
        return remarks_on(self.read, self.n_unseen, self.facts.empty)

    def source(self, dtype: np.dtype[Any]) -> ArraySource:
        """The documents as a fit goes through them, counts in numbers of that kind."""
        return document_source(self.counts, self._weights, dtype)

    def said(self, of_counts: Callable[[Any], R]) -> R:
        """What is said of their counts."""
        return of_counts(self.counts)

    @property
    def _weights(self) -> NDArray[np.float64]:
        return np.ones(self.counts.shape[0]) if self.weights is None else self.weights


def read_corpus(
    X: object,
    *,
    vocabulary: object = None,
    n_features: int | None = None,
    vectorizer: object = None,
    owner: str = OWNER,
) -> Corpus:
    """Read the first documents of a model.

    X is a table of counts, or documents: raw texts, lists of words, or, if `vocabulary` or `n_features` is
    given, lists of numbers of words. The vocabulary, a sequence or a mapping to columns, has the word of each
    column; others are ignored. The vectorizer, or parameters of scikit-learn's `CountVectorizer` that replace
    ``stop_words="english"``, ``min_df=2`` and ``max_df=0.5``, says how texts are split. Messages speak for
    `owner`.
    """
    form, documents = recognise(X)
    how = Asked.checked(form, vocabulary, n_features, vectorizer)
    n_unseen = 0
    read: tuple[str, ...] = ()
    if form == "integers" and how.n_given is not None:
        counts, _ = count_numbers(documents, how.n_given, unseen=False)
        words = Words("ids", how.n_given, how.vocabulary, how.splitter, fixed=True)
    elif form in ("table", "integers"):
        counts = _table(form, documents, X, owner)
        words = how.of_table(counts.shape[1], X)
    else:
        counts, words, n_unseen, read = _from_words(form, documents, how)
    if not counts.nnz:
        raise ValueError("X has no words, all documents are empty: give at least one that is not")
    return Corpus(counts, words, n_unseen, read, handed=X)


@dataclass(frozen=True)
class Asked:
    """What a user says of the words of first documents."""

    vocabulary: Cells | None  # the word of each column
    n_given: int | None  # how many columns there are
    splitter: Any  # how texts are split

    @classmethod
    def checked(cls, form: str, vocabulary: object, n_features: int | None, vectorizer: object) -> Asked:
        """What is said, checked for documents of such a form."""
        given = None if vocabulary is None else as_vocabulary(vocabulary)
        n_given = _n_given(n_features, given)
        splitter: Any = None if vectorizer is None and form != "texts" else as_vectorizer(vectorizer)
        if form == "tokens" and vectorizer is not None:
            raise ValueError(
                "vectorizer= is for raw texts, and X has lists of words, which are taken as they are: leave "
                "it out, or hand in the texts"
            )
        if form in ("tokens", "texts") and given is None and n_features is not None:
            raise ValueError(
                f"n_features={n_features} is for lists of integers: leave it out, or give vocabulary="
            )
        if form == "texts" and given is None and splitter.vocabulary is not None:
            given = as_vocabulary(splitter.vocabulary)
        return cls(given, n_given, splitter)

    def of_table(self, n_columns: int, X: object) -> Words:
        """The words of the columns of a table."""
        if self.n_given is not None and n_columns != self.n_given:
            raise ValueError(
                f"X has {count(n_columns, 'column')}, and vocabulary= or n_features= announce "
                f"{count(self.n_given, 'word')}: give as many words as columns"
            )
        named = self.vocabulary if self.vocabulary is not None else _names(X)
        return Words("counts", n_columns, named, self.splitter, fixed=True)

    def of_documents(self, form: str, names: Sequence[str] | None) -> Words:
        """The words of texts or lists of words: those given, or those learned."""
        kind: Kind = "texts" if form == "texts" else "tokens"
        words = self.vocabulary if names is None else as_objects(names)
        assert words is not None
        return Words(kind, len(words), words, self.splitter, fixed=names is None)


def read_documents(X: object, words: Words, *, grow: bool = False, owner: str = OWNER) -> Corpus:
    """Read further documents of a model, over the words that it knows.

    Rows of integers are what they were for the first documents. If the vocabulary is to `grow`, new words of
    texts and lists get columns, behind the old ones and in alphabetical order; of texts only words that are
    in as many documents as the vectorizer asks for. Otherwise, and if the vocabulary was given, new words are
    ignored and counted.
    """
    form, documents = recognise(X)
    if form == "integers" and words.kind == "ids":
        counts, n_unseen = count_numbers(documents, words.n_features, unseen=True)
        return Corpus(counts, words, n_unseen)
    if form in ("table", "integers"):
        counts = _table(form, documents, X, owner)
        if counts.shape[1] != words.n_features:
            raise ValueError(
                f"X has {counts.shape[1]} features, but {owner} is expecting {words.n_features} features as "
                "input: the columns must be those of the vocabulary it was fitted with"
            )
        return Corpus(counts, words)
    if words.vocabulary is None:
        raise ValueError(
            f"{owner} was fitted on columns without words, and X has words: fit with vocabulary=, or give "
            "counts"
        )
    tokens = _split(form, documents, words)
    tokens = list(tokens) if grow else tokens  # gone through twice
    known = words.with_new(_new_words(form, tokens, words) if grow and not words.fixed else [])
    counts, n_unseen = count_words(tokens, known.columns)
    return Corpus(_clipped(counts, form, words.vectorizer), known, n_unseen)


def read_words(X: object, words: Words) -> list[Any] | None:
    """The words of documents in their order; None for tables, which do not have it.

    Raises a ValueError if documents are texts, and the model does not know how to split them.
    """
    form, documents = recognise(X)
    if form == "table" or (form == "integers" and words.kind != "ids"):
        return None
    return list(_split(form, documents, words))


def _from_words(form: str, documents: Any, how: Asked) -> tuple[Any, Words, int, tuple[str, ...]]:
    """First documents that are texts or lists of words."""
    read: tuple[str, ...] = ()
    if form == "texts":
        check_texts(documents)
        if how.vocabulary is None:
            warn_of_no_blanks(documents, how.splitter)
            counts, names = learn_words(documents, how.splitter)
            counts.sort_indices()
            return counts, how.of_documents(form, names), 0, split_into_words(how.splitter, len(names))
        read = split_into_words(how.splitter)
        documents = SplitTexts(documents, how.splitter)
    words = how.of_documents(form, distinct_words(documents) if how.vocabulary is None else None)
    counts, n_unseen = count_words(documents, words.columns)
    return _clipped(counts, form, how.splitter), words, n_unseen, read


def _split(form: str, documents: Any, words: Words) -> Any:
    if form != "texts":
        return documents
    if words.vectorizer is None:
        raise ValueError(
            "X has texts, and the model was not fitted on texts: split each into a list of words, as for "
            "the fit"
        )
    check_texts(documents)
    return SplitTexts(documents, words.vectorizer)


def _new_words(form: str, tokens: Sequence[Any], words: Words) -> list[str]:
    known = words.vectorizer
    found = WordCounts.of(tokens).frequent(known) if known and form == "texts" else distinct_words(tokens)
    return [word for word in found if word not in words.columns]


def _clipped(counts: sparse.csr_matrix, form: str, vectorizer: Any) -> sparse.csr_matrix:
    """Ones for a vectorizer that asks whether words occur, not how often."""
    if form == "texts" and vectorizer.binary:
        counts.data[:] = 1
    return counts


def _table(form: str, documents: Any, X: Any, owner: str) -> sparse.csr_matrix:
    if form == "integers" and not is_rectangle(documents):
        raise ValueError(
            "X has lists of integers of several lengths, which are no table of counts: if they are numbers "
            "of words, give vocabulary= or n_features="
        )
    return read_table(X if form == "table" else documents, owner)


def _names(X: object) -> Cells | None:
    names = list(getattr(X, "columns", ()))
    return as_vocabulary(names) if names and all(isinstance(name, str) for name in names) else None


def _n_given(n_features: int | None, given: Cells | None) -> int | None:
    n_features = None if n_features is None else check_whole("n_features", n_features)
    if given is None:
        return n_features
    if n_features not in (None, len(given)):
        raise ValueError(
            f"n_features={n_features} and vocabulary has {count(len(given), 'word')}: leave n_features out"
        )
    return len(given)
