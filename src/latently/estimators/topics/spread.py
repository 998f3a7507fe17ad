"""Documents on the workers of a Dask cluster: they are read there, and stay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
from scipy import sparse

from latently.core.cluster import Chunk, ClusterSource
from latently.core.statistics import tree_sum
from latently.core.streamed import Survey
from latently.core.workers import gathered, talking
from latently.estimators.topics.corpus import Asked, Corpus, read_documents
from latently.estimators.topics.facts import Facts, remarks_on, split_into_words
from latently.estimators.topics.forms import Layout, check_apart, documents_in, layout_of
from latently.estimators.topics.texts import SplitTexts, check_texts, no_word
from latently.estimators.topics.words import WordCounts, Words
from latently.models.admixture import entries_in_block
from latently.sources import DaskScan
from latently.sources.base import Part, located

FORMS = {"texts": "texts", "words": "tokens", "lists": "tokens", "table": "table"}


@dataclass(frozen=True, eq=False)
class SpreadCorpus:
    """Documents as counts of words, partition by partition where they were read."""

    client: Any  # of the cluster
    parts: list[Any]  # futures of a `Corpus` each
    words: Words  # what the columns are
    read: tuple[str, ...] = ()  # how texts were read, in a sentence
    handed: Any = None  # the head of a table, which may have names of columns

    def weighted(self, sample_weight: object) -> SpreadCorpus:
        """The same documents.

        Raises a ValueError if there are weights.
        """
        if sample_weight is not None:
            raise ValueError("sample_weight is for documents in memory: repeat a document, or leave it out")
        return self

    @cached_property
    def facts(self) -> Facts:
        """What a fit is to know of them."""
        found = tree_sum(gathered(self.client, _facts, self.parts))
        if not found.n_entries:
            raise ValueError("X has no words, all documents are empty: give at least one that is not")
        return found

    @property
    def remarks(self) -> tuple[str, ...]:
        """Sentences about what a user might not expect."""
        return remarks_on(self.read, self.facts.n_unseen, self.facts.empty)

    def source(self, dtype: np.dtype[Any]) -> ClusterSource:
        """The documents as a fit goes through them, counts in numbers of that kind."""
        with talking(self.client):
            chunks = self.client.map(_chunk, self.parts, dtype=dtype, pure=False)
        entries = entries_in_block(self.facts.n_entries, self.words.n_features)
        return ClusterSource(self.client, chunks, entries).evenly()

    def said(self, of_counts: Callable[[Any], object]) -> None:
        """Nothing yet: it is said when it is asked for."""


def spread(
    scan: DaskScan, *, vocabulary: object, n_features: int | None, vectorizer: object, owner: str
) -> SpreadCorpus:
    """Read the first documents of a model where they lie; see `read_corpus`.

    Raises a ValueError if they are no documents, or a document lies in two partitions.
    """
    layout = layout_of(scan)
    form = FORMS[layout]
    how = Asked.checked(form, vocabulary, n_features, vectorizer)
    read: tuple[str, ...] = ()
    head = None
    if layout == "table":
        head = scan.head()
        words = how.of_table(head.shape[1], head)
    else:
        names = None
        if how.vocabulary is None:
            counts = tree_sum(scan.each(partial(_counted, layout=layout, splitter=how.splitter)))
            names = counts.learned(how.splitter) if form == "texts" else sorted(counts.documents)
            if form == "texts" and not names:
                raise no_word(how.splitter, counts.n_documents)
        words = how.of_documents(form, names)
        if form == "texts":
            read = split_into_words(how.splitter, None if names is None else len(names))
    if layout == "words":
        check_apart(scan)
    parts = scan.submitted(partial(_read, layout=layout, words=words, owner=owner))
    return SpreadCorpus(scan.client, parts, words, read, head)


def _counted(part: Part, layout: Layout, splitter: object) -> WordCounts:
    with located(part):
        documents = documents_in(part.table, layout)
        if layout == "texts":
            check_texts(documents)
            documents = SplitTexts(documents, splitter)
        return WordCounts.of(documents)


def _read(part: Part, layout: Layout, words: Words, owner: str) -> Corpus:
    with located(part):
        n_rows = part.table.shape[0] if hasattr(part.table, "shape") else len(part.table)
        if not n_rows:
            return Corpus(sparse.csr_matrix((0, words.n_features)), words)
        corpus = read_documents(documents_in(part.table, layout), words, owner=owner)
        return corpus if words.fixed else replace(corpus, n_unseen=0)  # words that were not to be kept


def _facts(corpus: Corpus) -> Facts:
    return corpus.facts


def _chunk(corpus: Corpus, dtype: np.dtype[Any]) -> Chunk:
    if not corpus.counts.shape[0]:
        return Chunk(None, None)
    source = corpus.source(dtype)
    return Chunk(source, Survey(source.n_rows, source.offsets, np.empty((0, 1))))
