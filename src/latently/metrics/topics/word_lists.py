"""Topics as lists of their likeliest words, whichever way they are handed in, and how different they are."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from latently.checks.arrays import Cells, as_floats
from latently.checks.settings import ITERABLE, LIST, WHOLE, Such, check_setting, checked

Words = list[list[Hashable]]
WORDS = Such(
    lambda val: LIST.is_satisfied_by(val) and all(isinstance(word, Hashable) for word in val),
    "a list of words",
)


def word_lists(topics: Any, n: int, vocabulary: Sequence[Any] | None = None) -> Words:
    """The first `n` words of each topic, the likeliest first.

    Topics are weights of words, or lists of words from the likeliest down. Of equal weights the first counts
    as greater; words of weight zero are no words of the topic. Without a vocabulary, words are the numbers of
    columns. Refuses no topics, a topic without words or with one twice, weights that are negative or not
    finite, and a vocabulary of another size.
    """
    check_setting("topics", topics, ITERABLE)
    topics = topics.to_numpy() if hasattr(topics, "to_numpy") else topics
    topics = topics if isinstance(topics, np.ndarray) else list(topics)
    for topic, words in enumerate(topics):
        check_setting(f"topic {topic}", words, WORDS)
    lists = (
        _of_weights(topics, n, vocabulary) if _is_weights(topics) else [list(words)[:n] for words in topics]
    )
    if not lists:
        raise ValueError("topics is empty: give at least one topic")
    for topic, words in enumerate(lists):
        if not words:
            raise ValueError(f"topic {topic} has no words: give at least one")
        if len(set(words)) < len(words):
            twice = next(word for i, word in enumerate(words) if word in words[:i])
            raise ValueError(f"topic {topic} has the word {twice!r} twice: give each word once")
    return lists


def _is_weights(topics: Any) -> bool:
    """Whether these are weights: an array of two dimensions, or what becomes one of fractions."""
    if isinstance(topics, np.ndarray):
        return topics.ndim == 2 and topics.dtype.kind in "fiub"
    return (
        all(any(isinstance(word, (float, np.floating)) for word in words) for words in topics)
        and len(topics) > 0
    )


def _of_weights(topics: object, n: int, vocabulary: Sequence[object] | None) -> Words:
    weights = as_floats(topics, "topics")
    wrong = ~(np.isfinite(weights) & (weights >= 0))
    if wrong.any():
        topic, word = np.argwhere(wrong)[0]
        raise ValueError(
            f"topic {topic} has weight {weights[topic, word]:g} for word {word}: give no such weight"
        )
    names: Cells | Sequence[Any] = range(weights.shape[1]) if vocabulary is None else vocabulary
    if len(names) != weights.shape[1]:
        raise ValueError(
            f"vocabulary is of length {len(names)}, and topics have shape {weights.shape}: give a word for "
            "each column"
        )
    order = np.argsort(-weights, axis=1, kind="stable")[:, :n]
    return [[names[i] for i in row if weights[topic, i] > 0] for topic, row in enumerate(order)]


@checked(n=(WHOLE,))
def diversity(topics: ArrayLike | Sequence[Sequence[Any]], n: int = 25) -> float:
    """Share of distinct words among the first words of all topics; higher is better.

    Parameters
    ----------
    topics : array_like of shape (n_topics, n_words), or list of lists of words
        Weights of words in each topic, or the words of each topic from the likeliest down.
    n : int, default 25
        How many words of each topic.

    Returns
    -------
    float
        1 if no word is in two topics, one over the number of topics if all have the same words.

    Raises
    ------
    ValueError
        If there are no topics, or one has no words or a word twice.

    References
    ----------
    Dieng, A. B., Ruiz, F. J. R. and Blei, D. M. (2020). Topic modeling in embedding spaces. Transactions of
    the Association for Computational Linguistics 8, 439-453, section 6.

    Examples
    --------
    >>> from latently.metrics import diversity
    >>> diversity([["sea", "ship"], ["sea", "sail"]])
    0.75
    """
    words = [word for topic in word_lists(topics, n) for word in topic]
    return len(set(words)) / len(words)
