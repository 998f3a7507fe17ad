"""All that a report speaks of: a topic model, the documents it was fitted to, and how it was chosen."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from latently.checks.arrays import Array
from latently.estimators.latent_dirichlet_allocation import LatentDirichletAllocation
from latently.metrics import TopicScores, coherence, match_topics
from latently.plots.topic_models.looks import shares
from latently.report.analysis import Told, Truth
from latently.report.topics.collection import Collection
from latently.report.topics.trials import Trial

RELEVANCE = 0.6
N_WORDS = 10
CAME_BACK_COSINE = 0.5  # cosine from which on a topic of another fit is the same
MOST_READ = 3_000_000  # tokens read for coherence; of more, documents at even steps


@dataclass(frozen=True)
class TopicsAnalysis(Told):
    """A topic model and how it came about."""

    model: LatentDirichletAllocation
    collection: Collection  # the documents it was fitted to
    source: str  # what the documents are called: the name of a file
    labels: Sequence[str]  # what each document is called in pictures
    truth: Truth | None = None  # a label of each document that the model never saw; an empty one is not known
    # fits to nine tenths of the documents, by number of topics, that of the model among them
    trials: Sequence[Trial] = ()
    settings: Mapping[str, str] = field(default_factory=dict)  # how the model was asked for, to be printed
    notes: Sequence[str] = ()  # sentences on what looked odd in the file
    reading: str = ""  # lines of Python that read the documents into `X`; empty where these are unknown

    @property
    def n_topics(self) -> int:
        """How many topics."""
        return len(self.model.components_)

    @property
    def n_documents(self) -> int:
        """How many documents."""
        return self.collection.n_documents

    @cached_property
    def shares(self) -> Array:
        """Share of all tokens of each topic."""
        return shares(self.model)

    @cached_property
    def doc_topic(self) -> Array:
        """What each document has of each topic, shape (n_documents, n_topics)."""
        found = getattr(self.model, "doc_topic_", None)
        if found is None or len(found) != self.n_documents:
            found = self.model.transform(self.collection.counts)
        return np.asarray(found)

    @cached_property
    def full(self) -> NDArray[np.bool_]:
        """Which documents have words."""
        return np.asarray(self.collection.lengths > 0)

    @cached_property
    def likeliest(self) -> NDArray[np.intp]:
        """The topic that each document has most of; of an empty one, -1."""
        return np.where(self.full, self.doc_topic.argmax(axis=1), -1)

    @cached_property
    def most_above(self) -> NDArray[np.intp]:
        """The topic that each document has most of in relation to all documents; of an empty one, -1."""
        mean = self.doc_topic[self.full].mean(axis=0)
        return np.where(self.full, (self.doc_topic / mean).argmax(axis=1), -1)

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """Of how many documents each topic is the likeliest."""
        return np.bincount(self.likeliest[self.full], minlength=self.n_topics)

    @cached_property
    def top_words(self) -> list[list[str]]:
        """Ten words of each topic, by relevance."""
        return [[str(word) for word in words] for words in self.model.top_words(N_WORDS, RELEVANCE)]

    @cached_property
    def top_documents(self) -> NDArray[np.intp]:
        """The document that gives most of its words to each topic."""
        return np.asarray(self._tokens.argmax(axis=0))

    @cached_property
    def concentration(self) -> Array:
        """Share of each topic's tokens that its foremost document alone has."""
        total = self._tokens.sum(axis=0)
        return np.asarray(
            np.divide(self._tokens.max(axis=0), total, out=np.zeros_like(total), where=total > 0)
        )

    @property
    def _tokens(self) -> Array:
        """Expected tokens of each topic in each document."""
        return np.asarray(self.doc_topic * self.collection.lengths[:, None])

    @cached_property
    def cosines(self) -> Array:
        """Of the words of each pair of topics, zero on the diagonal, shape (n_topics, n_topics)."""
        table = self.model.topic_word_
        table = table / np.linalg.norm(table, axis=1, keepdims=True)
        found = table @ table.T
        np.fill_diagonal(found, 0.0)
        return np.asarray(found)

    @property
    def by_windows(self) -> bool:
        """Whether coherence counts words in windows of texts; otherwise in documents."""
        return self.collection.texts is not None

    @cached_property
    def coherence(self) -> TopicScores:
        """c_npmi of the ten likeliest words of each topic, in the documents it was fitted to."""
        vectorizer = self.model._words.vectorizer
        if self.collection.texts is None or vectorizer is None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # words that no document has are told as such
                return coherence(self.model.topic_word_, self.collection.counts, "c_npmi", n=N_WORDS)
        split = vectorizer.build_analyzer()
        step = -(-self.collection.n_tokens_before // MOST_READ)
        read = [split(text) for text in self.collection.texts[::step]]
        return coherence(self.model.top_words(N_WORDS), read, "c_npmi")

    @cached_property
    def trial(self) -> Trial | None:
        """The fit of as many topics to nine tenths of the documents."""
        return next((trial for trial in self.trials if trial.n_components == self.n_topics), None)

    @cached_property
    def came_back(self) -> Array | None:
        """Cosine of each topic with its partner in the fit to nine tenths of the documents."""
        if self.trial is None:
            return None
        return np.asarray(match_topics(self.model.topic_word_, self.trial.topic_word).similarity)

    @cached_property
    def known(self) -> NDArray[np.bool_]:
        """Which documents have words and a true label."""
        assert self.truth is not None
        return np.asarray(self.full & np.array([bool(label) for label in self.truth.labels]))

    @cached_property
    def agreement(self) -> tuple[float, float] | None:
        """Adjusted Rand index with the truth: of the likeliest topics, and of those most above their mean."""
        if self.truth is None or not self.known.any():
            return None
        true = np.array(self.truth.labels)[self.known]
        found = (self.likeliest[self.known], self.most_above[self.known])
        first, second = (float(adjusted_rand_score(true, labels)) for labels in found)
        return first, second
