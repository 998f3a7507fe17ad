"""Diversity of topics: whether each has words of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import ArrayLike

from latently.checks.settings import WHOLE, checked
from latently.metrics.topics.word_lists import word_lists


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
