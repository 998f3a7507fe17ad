"""Proportions of known topics in documents: the one unknown of a document that training has not seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from latently.checks.arrays import Array, as_floats, shown
from latently.checks.settings import WHOLE, checked
from latently.metrics.topics.splitting import as_counts

# Numbers in an array of documents by words by topics: a few megabytes.
ENTRIES_AT_ONCE = 400_000

# Rows of topics in single precision, with many words, sum to one to this much.
SHARES_TOLERANCE = 1e-3


@checked(n_iter=(WHOLE,))
def fold_in(X: object, topic_word: ArrayLike, doc_topic_prior: ArrayLike, *, n_iter: int = 100) -> Array:
    r"""Estimate the proportions of given topics in documents.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_documents, n_words)
        Counts of words.
    topic_word : array_like of shape (n_topics, n_words)
        Probabilities of words in each topic; rows sum to 1.
    doc_topic_prior : float or array_like of shape (n_topics,)
        The prior weight of each topic in a document, positive.
    n_iter : int, default 100
        Steps, from equal proportions.

    Returns
    -------
    ndarray of shape (n_documents, n_topics)
        Proportions; rows sum to 1. Those of a document without words are the prior's mean.

    Raises
    ------
    ValueError
        If shapes do not fit, a row of `topic_word` does not sum to 1, or a prior weight is not positive.

    Notes
    -----
    With proportions :math:`\theta`, prior weights :math:`\alpha`, topics :math:`\phi` and counts :math:`x`, a
    step is

    .. math:: \theta_k \leftarrow \frac{1}{\sum_j \alpha_j + \sum_w x_w}
              \Bigl(\alpha_k + \sum_w x_w \frac{\theta_k \phi_{kw}}{\sum_j \theta_j \phi_{jw}}\Bigr),

    which is CVB0 [1]_ with topics that are given, but for a token's own share, which stays in the
    proportions; and EM for the mode of the proportions under a Dirichlet prior of parameters
    :math:`\alpha + 1`. Words of probability zero in every topic are left out.

    References
    ----------
    .. [1] Asuncion, A., Welling, M., Smyth, P. and Teh, Y. W. (2009). On smoothing and inference for topic
       models. Proceedings of the 25th Conference on Uncertainty in Artificial Intelligence, 27-34.

    Examples
    --------
    >>> import numpy as np
    >>> from latently.metrics import fold_in
    >>> topics = np.array([[0.5, 0.5, 0.0], [0.0, 0.2, 0.8]])
    >>> fold_in([[2, 2, 0], [0, 1, 7], [0, 0, 0]], topics, doc_topic_prior=0.1).round(2)
    array([[0.97, 0.03],
           [0.02, 0.98],
           [0.5 , 0.5 ]])
    """
    counts = as_counts(X)
    topics = check_topics(topic_word, counts.shape[1])
    prior = check_prior(doc_topic_prior, len(topics))
    return iterate(without(counts, np.logical_not(topics.any(axis=0))), topics, prior, n_iter)


def iterate(counts: sparse.csr_matrix, topics: Array, prior: Array, n_iter: int) -> Array:
    """Proportions by `n_iter` steps, of counts whose words all have a positive probability somewhere.

    Documents of equally many distinct words are worked on together, which changes no bit of their results.
    """
    proportions = np.empty((counts.shape[0], len(topics)))
    by_word = np.ascontiguousarray(topics.T)
    sizes = np.diff(counts.indptr)
    for size in np.unique(sizes):
        same = np.flatnonzero(sizes == size)
        step = max(1, ENTRIES_AT_ONCE // max(1, size * len(topics)))
        for start in range(0, len(same), step):
            documents = same[start : start + step]
            entries = counts.indptr[documents][:, None] + np.arange(size)
            words = by_word[counts.indices[entries]]
            proportions[documents] = _steps(words, counts.data[entries], prior, n_iter)
    return proportions


def _steps(words: Array, counts: Array, prior: Array, n_iter: int) -> Array:
    """Steps of documents side by side: `words` is (documents, words, topics), `counts` (documents, words)."""
    total = prior.sum() + counts.sum(axis=1, keepdims=True)
    if not counts.shape[1]:
        return np.broadcast_to(prior / prior.sum(), (len(words), len(prior)))
    theta = np.full((len(words), len(prior)), 1 / len(prior))
    for _ in range(n_iter):
        ratio = counts / (words @ theta[:, :, None])[:, :, 0]
        theta = (prior + theta * (ratio[:, None, :] @ words)[:, 0, :]) / total
    return np.asarray(theta / theta.sum(axis=1, keepdims=True))


def without(counts: sparse.csr_matrix, words: NDArray[np.bool_]) -> sparse.csr_matrix:
    """The same counts where some words are taken to be absent."""
    gone = words[counts.indices]
    if not gone.any():
        return counts
    rest = counts.copy()
    rest.data[gone] = 0
    rest.eliminate_zeros()
    return rest


def check_topics(topic_word: ArrayLike, n_words: int) -> Array:
    """Topics in double precision, of rows that sum to 1.

    Raises a ValueError if the shape does not fit, a probability is negative or not finite, or a row does not
    sum to 1.
    """
    topics = as_floats(topic_word, "topic_word")
    if topics.ndim != 2 or topics.shape[1] != n_words:
        raise ValueError(
            f"topic_word has shape {topics.shape}: should be (n_topics, {n_words}), a row for each topic "
            "and a column for each word of X"
        )
    wrong = ~(np.isfinite(topics) & (topics >= 0))
    if wrong.any():
        topic, word = np.argwhere(wrong)[0]
        raise ValueError(
            f"topic_word has {topics[topic, word]:g} in topic {topic}, word {word}: give probabilities"
        )
    sums = topics.sum(axis=1)
    off = np.abs(sums - 1) > SHARES_TOLERANCE
    if off.any():
        topic = int(off.argmax())
        raise ValueError(
            f"topic {topic} of topic_word sums to {sums[topic]:g}, not to 1: divide each row by its sum"
        )
    return np.asarray(topics / sums[:, None])


def check_prior(doc_topic_prior: ArrayLike, n_topics: int) -> Array:
    """Prior weights, one for each topic.

    Raises a ValueError if they are not one or `n_topics` positive numbers.
    """
    prior = as_floats(doc_topic_prior, "doc_topic_prior")
    if prior.shape not in ((), (n_topics,)):
        raise ValueError(f"doc_topic_prior has shape {prior.shape}, should be a number or ({n_topics},)")
    if not (np.isfinite(prior) & (prior > 0)).all():
        raise ValueError(f"doc_topic_prior={shown(doc_topic_prior)}: should be positive, such as 0.1")
    return np.broadcast_to(prior, (n_topics,)).astype(np.float64)
