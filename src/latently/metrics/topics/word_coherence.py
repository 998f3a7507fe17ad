"""Coherence of topics: whether the first words of a topic stand together in texts."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from latently.checks.arrays import Array
from latently.checks.settings import ITERABLE, POSITIVE, WHOLE, check_setting, checked, one_of
from latently.metrics.topics.cooccurrence import Cooccurrence, in_counts, in_texts
from latently.metrics.topics.word_lists import WORDS, Words, word_lists

Measure = Literal["c_v", "c_npmi", "u_mass"]

WINDOWS: dict[str, int | None] = {"c_v": 110, "c_npmi": 10, "u_mass": None}
SMOOTHING = 1e-12  # Roeder, Both & Hinneburg (2015), section 2
NAMED_WORDS = 5


@dataclass(frozen=True)
class TopicScores:
    """A figure for each topic.

    Attributes
    ----------
    mean : float
        The mean of all.
    per_topic : ndarray of shape (n_topics,); of `stability`, (n_runs, n_topics)
        Each.
    """

    mean: float
    per_topic: Array


@checked(
    measure=(one_of(*get_args(Measure)),),
    n=(WHOLE,),
    vocabulary=(WORDS, None),
    window=(WHOLE, None),
    epsilon=(POSITIVE, None),
)
def coherence(
    topics: ArrayLike | Sequence[Sequence[object]],
    documents: object,
    measure: Measure = "c_v",
    *,
    n: int = 10,
    vocabulary: Sequence[object] | None = None,
    window: int | None = None,
    epsilon: float | None = None,
) -> TopicScores:
    r"""How much the first words of each topic stand together in documents; higher is better.

    Parameters
    ----------
    topics : array_like of shape (n_topics, n_words), or list of lists of words
        Weights of words in each topic, or the words of each topic from the likeliest down, by any library.
    documents : list of lists of words, or matrix of shape (n_documents, n_words)
        Texts as words in their order. Or an array or a sparse matrix of counts: the order is then not known,
        so words stand together in a document instead of in a window, and figures are not those of windows.
    measure : {"c_v", "c_npmi", "u_mass"}, default "c_v"
        See the notes. "c_v" agrees best with people, in [1]_.
    n : int, default 10
        How many words of each topic.
    vocabulary : sequence of n_words words, optional
        The words of the columns; needed where topics are weights and documents are words, or the reverse.
    window : int, optional
        Tokens in a window of "c_v" and "c_npmi", by default 110 and 10.
    epsilon : float, optional
        What keeps logarithms of zero away, by default 1e-12; for "u_mass" one over the number of documents,
        as in [2]_. gensim's "u_mass" has 1e-12.

    Returns
    -------
    TopicScores
        `mean`, and `per_topic` of shape (n_topics,): from -1 to 1 for "c_npmi", from 0 to 1 for "c_v" but for
        words that avoid each other, usually negative for "u_mass". Never NaN.

    Raises
    ------
    ValueError
        If there are no documents with words, a topic has no words or a word twice, or words and columns do
        not fit.

    Warns
    -----
    UserWarning
        If words of topics occur in no document; they are named.

    Notes
    -----
    Let :math:`P(w)` be the share of windows with word :math:`w`, :math:`P(v, w)` with both, and

    .. math:: \mathrm{npmi}(v, w) = \frac{\log\frac{P(v, w) + \epsilon}{P(v) P(w)}}
              {-\log(P(v, w) + \epsilon)},

    held between -1 and 1, and 1 where every window has both.

    - "u_mass" [2]_: mean of :math:`\log\bigl((P(v, w) + \epsilon) / P(v)\bigr)` over pairs where :math:`v`
      stands above :math:`w` in the topic; windows are documents. Where :math:`v` never occurs, the least
      value there is, :math:`\log \epsilon`.
    - "c_npmi": mean of npmi over pairs. Where a word never occurs, the least value, -1.
    - "c_v" [1]_: each word is a vector of its npmi with all words of the topic; mean cosine between those
      vectors and their sum. A word that never occurs has a vector of zeros, and cosine 0.

    A topic of one word has no pairs, and the value 0.

    References
    ----------
    .. [1] Röder, M., Both, A. and Hinneburg, A. (2015). Exploring the space of topic coherence measures.
       Proceedings of the 8th ACM International Conference on Web Search and Data Mining, 399-408, section 3.
    .. [2] Mimno, D., Wallach, H. M., Talley, E., Leenders, M. and McCallum, A. (2011). Optimizing semantic
       coherence in topic models. Proceedings of the 2011 Conference on Empirical Methods in Natural Language
       Processing, 262-272, section 4.

    Examples
    --------
    >>> from latently.metrics import coherence
    >>> texts = [["sea", "ship"], ["sea", "ship", "sail"], ["hill", "farm"], ["hill", "farm", "sail"]]
    >>> coherence([["sea", "ship"], ["sea", "farm"]], texts, "c_npmi").per_topic.round(3)
    array([ 1.  , -0.95])
    """
    if window is not None and measure == "u_mass":
        raise ValueError(f"window={window!r}: is for 'c_v' and 'c_npmi'; 'u_mass' counts documents")
    lists, counted = _counted(topics, documents, n, vocabulary, window or WINDOWS[measure])
    if not counted.n_windows:
        raise ValueError("documents have no words: give at least one that does")
    joint = counted.joint / counted.n_windows
    small = epsilon or (1 / counted.n_windows if measure == "u_mass" else SMOOTHING)
    _warn_of_absent(lists, joint)
    score = {"u_mass": _u_mass, "c_npmi": _c_npmi, "c_v": _c_v}[measure]
    values = np.zeros(len(lists))
    for topic, words in enumerate(lists):
        if len(words) > 1:
            both = joint[topic, : len(words), : len(words)]
            values[topic] = score(np.diagonal(both), both, small)
    return TopicScores(float(values.mean()), values)


def _warn_of_absent(lists: Sequence[Sequence[object]], joint: Array) -> None:
    """Tell which words of topics occur in no document."""
    absent = [
        f"{word!r} of topic {topic}"
        for topic, words in enumerate(lists)
        for word, occurs in zip(words, np.diagonal(joint[topic]), strict=False)
        if not occurs
    ]
    if absent:
        more = f" and {len(absent) - NAMED_WORDS} more" if len(absent) > NAMED_WORDS else ""
        warnings.warn(
            f"{', '.join(absent[:NAMED_WORDS])}{more} occur in no document, and get the least score there "
            "is: give documents that have the words of the topics",
            UserWarning,
            stacklevel=4,
        )


def _u_mass(single: Array, joint: Array, epsilon: float) -> float:
    above, below = np.triu_indices(len(single), 1)
    occurs = single[above] > 0
    ratio = (joint[above, below] + epsilon) / np.where(occurs, single[above], 1.0)
    return float(np.log(np.where(occurs, ratio, epsilon)).mean())


def _c_npmi(single: Array, joint: Array, epsilon: float) -> float:
    above, below = np.triu_indices(len(single), 1)
    values = _npmi(single, joint, epsilon)[above, below]
    return float(np.where((single[above] > 0) & (single[below] > 0), values, -1.0).mean())


def _c_v(single: Array, joint: Array, epsilon: float) -> float:
    vectors = _npmi(single, joint, epsilon)
    whole = vectors.sum(axis=0)
    lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(whole)
    cosines = np.divide(vectors @ whole, lengths, out=np.zeros(len(vectors)), where=lengths > 0)
    return float(cosines.mean())


def _npmi(single: Array, joint: Array, epsilon: float) -> Array:
    """Normalised pointwise mutual information; zero for words that never occur."""
    expected = np.outer(single, single)
    occur, always = expected > 0, joint + epsilon >= 1
    together = np.where(always, 0.5, joint + epsilon)
    values = np.log(together / np.where(occur, expected, 1.0)) / -np.log(together)
    return np.where(occur, np.where(always, 1.0, np.clip(values, -1.0, 1.0)), 0.0)


def _counted(
    topics: object, documents: Any, n: int, vocabulary: Sequence[Any] | None, window: int | None
) -> tuple[Sequence[Sequence[Any]], Cooccurrence]:
    """The first words of topics, and where they stand together."""
    shape = getattr(documents, "shape", ())
    if isinstance(shape, tuple) and len(shape) == 2:
        if vocabulary is not None and len(vocabulary) != shape[1]:
            raise ValueError(
                f"vocabulary is of length {len(vocabulary)}, and documents have shape {shape}: give a word "
                "for each column"
            )
        columns = _as_columns(word_lists(topics, n), vocabulary)
        return columns, in_counts(columns, documents)
    check_setting("documents", documents, ITERABLE)
    texts = list(documents)
    if texts and isinstance(texts[0], str):
        raise ValueError("documents are strings: give each text as a list of words, such as text.split()")
    for document, words in enumerate(texts):
        check_setting(f"document {document}", words, WORDS)
    lists = word_lists(topics, n, vocabulary)
    return lists, in_texts(lists, texts, window)


def _as_columns(lists: Words, vocabulary: Sequence[object] | None) -> list[list[int]]:
    """Words as columns of a matrix."""
    column_of = {} if vocabulary is None else {word: column for column, word in enumerate(vocabulary)}
    columns: list[list[int]] = []
    for topic, words in enumerate(lists):
        columns.append([])
        for word in words:
            if isinstance(word, (int, np.integer)):
                columns[-1].append(int(word))
            elif word in column_of:
                columns[-1].append(column_of[word])
            else:
                raise ValueError(
                    f"topic {topic} has the word {word!r}, which is no column of documents: give vocabulary, "
                    "the word of each column"
                )
    return columns
