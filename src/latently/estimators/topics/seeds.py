"""Words that a user gives to topics beforehand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import Array, shown
from latently.checks.settings import ITERABLE


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
