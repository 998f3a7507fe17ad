"""Priors of topic models, and words that a user gives to topics: from what a user says to arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import Array, as_floats, shown
from latently.checks.settings import ITERABLE

# Tuned on a split of the Associated Press corpus other than the one that is scored; see docs/topics.md.
TUNED = {"cvb0": (0.1, 0.05), "online": (0.1, 0.05), "vb": (0.05, 0.05), "online_vb": (0.05, 0.05)}

LEAST, MOST = 1e-10, 1e10  # what products of priors can be held in single precision


@dataclass(frozen=True)
class Priors:
    """Where the priors start from, and whether they are learned."""

    documents: Array  # (n_components,): prior of the topics of a document
    words: Array  # (n_features,): prior of the words of a topic
    # whether they are learned
    learn_documents: bool
    learn_words: bool

    @classmethod
    def of(
        cls, inference: str, documents: object, words: object, n_components: int, n_features: int
    ) -> Priors:
        """Check them and fill in what is tuned.

        Raises a ValueError if one is neither None, "auto", a positive number nor a vector of the right length
        of such.
        """
        doc_tuned, word_tuned = TUNED[inference]
        learned = inference in ("cvb0", "vb")
        return cls(
            _vector(documents, doc_tuned, n_components, "doc_topic_prior", "n_components"),
            _vector(words, word_tuned, n_features, "topic_word_prior", "the number of words"),
            learned and _is_auto(documents),
            learned and _is_auto(words),
        )

    def fixed(self) -> Priors:
        """The same, not learned."""
        return replace(self, learn_documents=False, learn_words=False)


def _is_auto(value: object) -> bool:
    return isinstance(value, str) and value == "auto"


def _vector(value: object, tuned: float, size: int, name: str, of: str) -> Array:
    if value is None or _is_auto(value):
        return np.full(size, tuned)
    array = as_floats(value, name)
    if not ((array >= LEAST) & (array <= MOST)).all():
        raise ValueError(f"{name}={shown(value)}: should be above zero, from {LEAST:g} to {MOST:g}")
    if array.ndim == 0:
        return np.full(size, float(array))
    if array.shape != (size,):
        raise ValueError(f"{name} has shape {array.shape}: should be a number or {size} of them, as {of} is")
    return array


def seeded_prior(
    seed_words: object, words: Array, vocabulary: Any, frequencies: Array, n_components: int
) -> Array:
    """The prior of words, in which seeds count in their topics as often as they occur in all texts.

    What is in a prior stays there, so the seeds pull as much at the last pass as at the first. Seeds are a
    mapping or a sequence of the words of each topic, of their numbers where there is no vocabulary; `words`
    is the prior of all words. Of shape (n_features, n_components), or (n_features, 1) without seeds. Refuses
    a topic or a word that is not there.
    """
    if seed_words is None:
        return words[:, None]
    prior = np.repeat(words[:, None], n_components, axis=1)
    for topic, seeds in _pairs(seed_words):
        if not isinstance(topic, (int, np.integer)) or not 0 <= topic < n_components:
            raise ValueError(
                f"seed_words names topic {topic!r}: topics are 0 to {n_components - 1}; raise n_components"
            )
        if isinstance(seeds, str):
            raise ValueError(f"seed_words of topic {topic} are one string, {seeds!r}: give a list of words")
        if not isinstance(seeds, Iterable):
            raise ValueError(f"seed_words of topic {topic} are {shown(seeds)}: give a list of words")
        for word in seeds:
            column = _column(word, vocabulary, len(words))
            prior[column, topic] += max(frequencies[column], 1.0)
    return prior


def _pairs(seed_words: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(seed_words, Mapping):
        return seed_words.items()
    if not ITERABLE.is_satisfied_by(seed_words):
        raise ValueError(
            f"seed_words={shown(seed_words)}: should map topics to lists of words, or be a list of such lists"
        )
    return enumerate(seed_words)


def _column(word: object, vocabulary: NDArray[Any] | None, n_features: int) -> int:
    if vocabulary is not None:
        found = np.flatnonzero(vocabulary == word)
        if len(found):
            return int(found[0])
        raise ValueError(
            f"seed_words names {word!r}, which is not in the vocabulary: was it left out as a stop word, "
            "as too rare or too frequent, or is it spelt with capitals?"
        )
    if isinstance(word, (int, np.integer)) and 0 <= word < n_features:
        return int(word)
    raise ValueError(
        f"seed_words names {shown(word)}: without a vocabulary, words are ids 0 to {n_features - 1}"
    )
