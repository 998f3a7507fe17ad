"""Which topic of one run is which of another, and how much topics change from run to run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from latently.checks.arrays import Array, as_floats
from latently.checks.settings import ITERABLE, check_setting
from latently.metrics.topics.word_coherence import TopicScores


@dataclass(frozen=True)
class TopicMatch:
    """Topics of one run and their partners in another.

    Attributes
    ----------
    partner : ndarray of int of shape (n_topics,)
        For each topic of the first run the topic of the second, -1 if none is left for it.
    similarity : ndarray of shape (n_topics,)
        The cosine between the two, from 0 to 1; 0 without a partner.
    """

    partner: NDArray[np.intp]
    similarity: Array


def match_topics(a: ArrayLike, b: ArrayLike) -> TopicMatch:
    """Pair the topics of two runs, one to one, so that the sum of their cosines is greatest.

    Parameters
    ----------
    a, b : array_like of shape (n_topics, n_words)
        Weights or probabilities of words in each topic, of any scale. The runs may have different numbers of
        topics.

    Returns
    -------
    TopicMatch
        With `partner` and `similarity`, for each topic of `a`.

    Raises
    ------
    ValueError
        If the numbers of words differ, or a topic has negative weights, or no positive one.

    See Also
    --------
    stability : The same over several runs.
    match_labels : Labels instead of topics.

    Notes
    -----
    The assignment problem of [1]_.

    References
    ----------
    .. [1] Kuhn, H. W. (1955). The Hungarian method for the assignment problem. Naval Research Logistics
       Quarterly 2, 83-97.

    Examples
    --------
    >>> from latently.metrics import match_topics
    >>> match = match_topics([[3, 1, 0], [0, 1, 3]], [[0, 0, 1], [1, 0, 0]])
    >>> match.partner, match.similarity.round(3)
    (array([1, 0]), array([0.949, 0.949]))
    """
    from scipy.optimize import linear_sum_assignment

    first, second = _directions(a, "a"), _directions(b, "b")
    if first.shape[1] != second.shape[1]:
        raise ValueError(
            f"a has shape {first.shape} and b {second.shape}: give topics over one vocabulary, a column for "
            "each word"
        )
    cosines = np.minimum(first @ second.T, 1.0)
    rows, columns = linear_sum_assignment(cosines, maximize=True)
    partner, similarity = np.full(len(first), -1, dtype=np.intp), np.zeros(len(first))
    partner[rows], similarity[rows] = columns, cosines[rows, columns]
    return TopicMatch(partner, similarity)


def stability(topic_words: Sequence[ArrayLike]) -> TopicScores:
    """How much topics are the same in each of several runs, such as runs from different seeds.

    The topics of each pair of runs are paired by `match_topics`.

    Parameters
    ----------
    topic_words : sequence of array_like of shape (n_topics, n_words)
        The topics of each run, at least two; all of one shape.

    Returns
    -------
    TopicScores
        `per_topic` of shape (n_runs, n_topics): the mean cosine between a topic and its partners in the other
        runs. `mean` is the mean of these: 1 if all runs have the same topics.

    Raises
    ------
    ValueError
        If there are fewer than two runs, or their shapes differ, or a topic has negative weights, or no
        positive one.

    References
    ----------
    Greene, D., O'Callaghan, D. and Cunningham, P. (2014). How many topics? Stability analysis for topic
    models. Machine Learning and Knowledge Discovery in Databases, 498-513.

    Examples
    --------
    >>> from latently.metrics import stability
    >>> runs = [[[3, 1, 0], [0, 1, 3]], [[0, 1, 3], [3, 1, 0]], [[3, 1, 0], [0, 3, 1]]]
    >>> result = stability(runs)
    >>> round(result.mean, 3), result.per_topic.round(3).tolist()
    (0.867, [[1.0, 0.8], [0.8, 1.0], [1.0, 0.6]])
    """
    check_setting("topic_words", topic_words, ITERABLE)
    runs = [as_floats(run, f"run {i}") for i, run in enumerate(topic_words)]
    if len(runs) < 2:
        raise ValueError(f"topic_words is of length {len(runs)}: stability needs at least two runs")
    for number, run in enumerate(runs):
        if run.ndim != 2 or run.shape != runs[0].shape:
            raise ValueError(
                f"run {number} has shape {run.shape} and run 0 {runs[0].shape}: give runs of as many topics "
                "and words"
            )
    totals = np.zeros((len(runs), len(runs[0])))
    for i, j in combinations(range(len(runs)), 2):
        match = match_topics(runs[i], runs[j])
        totals[i] += match.similarity
        totals[j, match.partner] += match.similarity
    per_topic = totals / (len(runs) - 1)
    return TopicScores(float(per_topic.mean()), per_topic)


def _directions(topics: ArrayLike, name: str) -> Array:
    """Topics as vectors of length one."""
    weights = as_floats(topics, name)
    if weights.ndim != 2:
        raise ValueError(
            f"{name} has shape {weights.shape}: give a row for each topic, a column for each word"
        )
    wrong = ~((np.isfinite(weights) & (weights >= 0)).all(axis=1) & weights.any(axis=1))
    if wrong.any():
        raise ValueError(
            f"topic {int(wrong.argmax())} of {name} has no weights: give finite ones, zero or more, not all "
            "zero"
        )
    scaled = weights / weights.max(axis=1, keepdims=True)
    return np.asarray(scaled / np.linalg.norm(scaled, axis=1, keepdims=True))
