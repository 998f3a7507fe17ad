"""What makes a fitted topic model, as facts of a file, and back: what is read is checked, then believed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer

from latently.core.parameters import check_feasible, named
from latently.core.spaces import Positive
from latently.estimators.inputs import Array
from latently.estimators.saving import Saved
from latently.estimators.settable import Settable
from latently.estimators.topics.settings import asked_dtype
from latently.estimators.topics.texts import DEFAULTS
from latently.estimators.topics.words import Kind, Words, as_vocabulary
from latently.models.admixture import AdmixtureParams, Stream
from latently.wording import count

SUMS_TOL = 1e-3  # of sums in single precision

Floats = NDArray[np.float32] | NDArray[np.float64]


@dataclass(frozen=True)
class TopicOutcome:
    """What a fit leaves beside the parameters: each field is an attribute of that name and an underscore."""

    bound: float | None
    bound_parts: dict[str, float] | None
    history: Array
    n_iter: int
    converged: bool
    stop_reason: str
    remarks: tuple[str, ...]
    empty_documents: NDArray[np.int64]
    dtype: Literal["float32", "float64"] = "float64"  # of the counts, in which parameters are shown

    def check(self) -> None:
        """Refuse a record that is not whole."""
        parts = () if self.bound_parts is None else tuple(self.bound_parts.values())
        numbers = [*parts, 0.0 if self.bound is None else self.bound, *self.history.flat]
        if self.history.ndim != 1 or self.empty_documents.ndim != 1 or not np.isfinite(numbers).all():
            raise ValueError("the record of its fit is not whole: a number is not finite, or a row no row")


class SavedTopics(Settable[None, AdmixtureParams], Saved):
    """A topic model as a file has it: its words, its parameters, and what the next step needs."""

    _words: Words
    _dtype: np.dtype[Any]

    @classmethod
    def _classes(cls) -> Iterable[type]:
        return TopicOutcome, Stream

    def _stored_settings(self) -> dict[str, Any]:
        """The same settings in words that JSON has."""
        settings = super()._stored_settings()
        dtype, vectorizer, seeds = (settings[name] for name in ("dtype", "vectorizer", "seed_words"))
        if not isinstance(dtype, str):
            settings["dtype"] = asked_dtype(dtype).name
        if isinstance(vectorizer, CountVectorizer):
            usual = CountVectorizer().get_params()
            settings["vectorizer"] = {
                name: value
                for name, value in vectorizer.get_params().items()
                if name != "dtype" and (name in DEFAULTS or value != usual[name])
            }
        if isinstance(seeds, Mapping):
            settings["seed_words"] = [list(seeds.get(k, ())) for k in range(max(seeds, default=-1) + 1)]
        elif seeds is not None:
            settings["seed_words"] = [list(words) for words in seeds]
        return settings

    def _facts(self) -> dict[str, Any]:
        params, words = self.params_, self._words
        return super()._facts() | {
            "kind": words.kind,
            "vocabulary": words.vocabulary,
            "splitting": words.settings(),
            "fixed": words.fixed,
            "dtype": self._dtype.name,
            "topic_word": params.topic_word,
            "doc_prior": params.doc_prior,
            "word_prior": params.word_prior,
            "doc_topic": getattr(self, "doc_topic_", None),
            "seen_documents": self._seen,
            "seen_words": self._frequent,
            "n_documents": self._n_documents,
            "stream": vars(self).get("_stream"),
            "outcome": self._outcome,
        }

    def _restore(
        self,
        n_features: int,
        feature_names: tuple[str, ...] | None,
        kind: Kind,
        vocabulary: object,
        splitting: dict[str, Any] | None,
        fixed: bool,
        dtype: Literal["float32", "float64"],
        topic_word: Floats,
        doc_prior: Array,
        word_prior: Array,
        doc_topic: Floats | None,
        seen_documents: NDArray[np.uint64],
        seen_words: NDArray[np.bool_],
        n_documents: float,
        stream: Stream | None,
        outcome: TopicOutcome | None,
    ) -> None:
        """Words, parameters and record, all of so many topics and words."""
        self._restore_columns(n_features, feature_names)
        self._words = _words(kind, n_features, vocabulary, splitting, fixed)
        V, K = n_features, self.n_components
        params = AdmixtureParams(topic_word, doc_prior, word_prior)
        if (topic_word.shape, doc_prior.shape) != ((V, K), (K,)) or word_prior.shape not in ((V, 1), (V, K)):
            raise ValueError(f"its parameters are not those of {_size(K, V)}")
        check_feasible(params, {name: Positive(value.shape, value) for name, value in named(params).items()})
        if not 0 < n_documents < np.inf:
            raise ValueError(f"it stands for {n_documents} documents")
        if seen_words.shape != (V,) or seen_documents.ndim != 1:
            raise ValueError(f"what it has seen of {count(V, 'word')} is not whole")
        if outcome is not None:
            outcome.check()
        self._dtype = np.dtype(dtype)
        self._n_documents = n_documents
        self._frequent, self._seen = seen_words, seen_documents
        self._set_params(None, params, outcome)
        self.vocabulary_ = self._words.vocabulary
        if doc_topic is not None:
            _check_shares(doc_topic, K)
            self.doc_topic_ = doc_topic
        if stream is not None:
            _check_stream(stream, V, K, self._dtype)
            self._stream = stream


def _words(kind: Kind, n_features: int, vocabulary: Any, splitting: Any, fixed: bool) -> Words:
    """The words, found to be sound."""
    if vocabulary is not None:
        if not isinstance(vocabulary, np.ndarray) or vocabulary.ndim != 1:
            raise ValueError("its vocabulary is not a row of words")
        vocabulary = as_vocabulary(vocabulary)
    if vocabulary is not None and len(vocabulary) != n_features:
        raise ValueError(f"its {count(n_features, 'column')} and its vocabulary do not fit")
    if vocabulary is None and (kind in ("tokens", "texts") or not fixed):
        raise ValueError(f"it was fitted on {kind}, and has no vocabulary")
    words = Words.restored(kind, n_features, vocabulary, splitting, fixed)
    if words.vectorizer is not None:
        words.vectorizer.build_analyzer()
    elif kind == "texts":
        raise ValueError("it was fitted on texts, and does not say how they are split")
    return words


def _check_shares(shares: Floats, K: int) -> None:
    if (
        shares.ndim != 2
        or shares.shape[1] != K
        or not (shares >= 0).all()
        or not (np.abs(shares.sum(axis=1) - 1.0) <= SUMS_TOL).all()
    ):
        raise ValueError(f"the topics of its documents are not shares of {count(K, 'topic')}")


def _size(n_topics: int, n_words: int) -> str:
    return f"{count(n_topics, 'topic')} and {count(n_words, 'word')}"


def _check_stream(stream: Stream, V: int, K: int, dtype: np.dtype[Any]) -> None:
    """The counts that steps go on from are feasible, and sum to their sums."""
    if stream.raw.shape != (V, K) or stream.sums.shape != (K,) or stream.raw.dtype != dtype:
        raise ValueError(f"its stream is not that of {_size(K, V)}")
    numbers, sums = (stream.factor, stream.n_documents), stream.raw.sum(axis=0, dtype=np.float64)
    if (
        not np.isfinite([*stream.sums, *numbers]).all()
        or not (stream.raw >= 0).all()
        or min(numbers) <= 0
        or stream.n_steps < 0
        or not np.allclose(stream.sums, sums, rtol=SUMS_TOL, atol=SUMS_TOL * sums.max(initial=0.0))
    ):
        raise ValueError("the counts of its stream are not feasible, or do not sum to their sums")
