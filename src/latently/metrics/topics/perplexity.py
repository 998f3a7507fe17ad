"""How well topics predict what they have not seen: perplexity by document completion."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from latently.checks.arrays import Array, as_array, as_floats
from latently.checks.settings import FUNCTION, INTEGER, WHOLE, checked
from latently.metrics.topics.proportions import (
    SHARES_TOLERANCE,
    check_prior,
    check_topics,
    iterate,
    without,
)
from latently.metrics.topics.splitting import DocumentSplit, split_documents

ROWS_OF_TERMS = 1 << 14


@dataclass(frozen=True)
class HeldOut:
    """How well the second halves of documents are predicted from the first.

    Attributes
    ----------
    perplexity : float
        ``exp(-log_likelihood / n_tokens)``: lower is better, and the number of words would be guessing among
        all of them alike.
    log_likelihood : float
        Of all tokens scored, in nats.
    n_tokens : int
        Tokens scored.
    n_ignored : int
        Tokens of the second halves that were left out, as their word did not occur in training.
    """

    perplexity: float
    log_likelihood: float
    n_tokens: int
    n_ignored: int


@checked(infer=(FUNCTION, None), random_state=(INTEGER,), n_iter=(WHOLE,))
def held_out_perplexity(
    X: object,
    topic_word: ArrayLike,
    doc_topic_prior: ArrayLike | None = None,
    *,
    infer: Callable[[Any], ArrayLike] | None = None,
    seen: ArrayLike | None = None,
    random_state: int = 0,
    n_iter: int = 100,
) -> HeldOut:
    """Perplexity of documents that training has not seen, by document completion.

    Each document is cut in two by `split_documents`. The proportions of its topics are estimated from one
    half, and the tokens of the other half are predicted.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_documents, n_words), or DocumentSplit
        Whole counts of words in documents that were not used in training; or their two halves.
    topic_word : array_like of shape (n_topics, n_words)
        Probabilities of words in each topic, by any library; rows sum to 1.
    doc_topic_prior : float or array_like of shape (n_topics,), optional
        The prior weight of each topic, for `fold_in`, which estimates the proportions.
    infer : callable, optional
        Estimates the proportions instead: takes the first halves, a CSR matrix of shape (n_documents,
        n_words) without the words left out, and returns proportions of shape (n_documents, n_topics).
    seen : array_like of bool of shape (n_words,), optional
        Which words occurred in training. The others are left out of both halves, and counted: what a model
        gives to words it has never seen says nothing about its topics, and would decide the figure. By
        default, the words that have a positive probability in some topic.
    random_state : int, default 0
        Of the split.
    n_iter : int, default 100
        Steps of `fold_in`.

    Returns
    -------
    HeldOut
        With `perplexity`, `log_likelihood`, `n_tokens` and `n_ignored`.

    Raises
    ------
    ValueError
        If a count is negative or not whole (its row and column are named), shapes do not fit, there is no
        token to score, or neither or both of `doc_topic_prior` and `infer` are given.

    See Also
    --------
    split_documents : The split.
    fold_in : Proportions of given topics.

    Notes
    -----
    The protocol is that of [1]_. Only figures of the same documents, words and split can be compared. A low
    perplexity does not mean that people find the topics coherent [2]_.

    References
    ----------
    .. [1] Wallach, H. M., Murray, I., Salakhutdinov, R. and Mimno, D. (2009). Evaluation methods for topic
       models. Proceedings of the 26th International Conference on Machine Learning, 1105-1112, section 5.
    .. [2] Chang, J., Boyd-Graber, J., Gerrish, S., Wang, C. and Blei, D. M. (2009). Reading tea leaves: how
       humans interpret topic models. Advances in Neural Information Processing Systems 22.

    Examples
    --------
    Three words, of which each document uses two:

    >>> import numpy as np
    >>> from latently.metrics import held_out_perplexity
    >>> topics = np.array([[0.5, 0.5, 0.0], [0.0, 0.5, 0.5]])
    >>> documents = np.array([[20, 20, 0], [0, 20, 20]])
    >>> result = held_out_perplexity(documents, topics, doc_topic_prior=0.1)
    >>> round(result.perplexity, 2), result.n_tokens, result.n_ignored
    (2.01, 45, 0)
    """
    split = X if isinstance(X, DocumentSplit) else split_documents(X, random_state)
    topics = check_topics(topic_word, split.observed.shape[1])
    ignored = ~(topics.any(axis=0) & _mask(seen, topics.shape[1]))
    observed, held_out = without(split.observed, ignored), without(split.held_out, ignored)
    n_tokens, n_all = float(held_out.data.sum()), float(split.held_out.data.sum())
    if not n_tokens:
        raise ValueError(
            "the held-out halves have no token whose word occurred in training: give more or longer documents"
        )
    if doc_topic_prior is not None and infer is None:
        proportions = iterate(observed, topics, check_prior(doc_topic_prior, len(topics)), n_iter)
    elif doc_topic_prior is None and infer is not None:
        proportions = _checked(infer(observed), (observed.shape[0], len(topics)))
    else:
        raise ValueError("give doc_topic_prior, the prior weight of each topic, or infer: one of the two")
    log_likelihood = _log_likelihood(held_out, topics, proportions)
    return HeldOut(
        float(np.exp(-log_likelihood / n_tokens)), log_likelihood, round(n_tokens), round(n_all - n_tokens)
    )


def _log_likelihood(held_out: sparse.csr_matrix, topics: Array, proportions: Array) -> float:
    """Log-likelihood of all tokens, summed without rounding: the order of documents does not matter."""
    by_word = np.ascontiguousarray(topics.T)
    documents = np.repeat(np.arange(held_out.shape[0]), np.diff(held_out.indptr))
    terms = np.empty(len(held_out.data))
    for start in range(0, len(terms), ROWS_OF_TERMS):
        some = slice(start, start + ROWS_OF_TERMS)
        words, shares = by_word[held_out.indices[some]], proportions[documents[some]]
        with np.errstate(divide="ignore"):
            terms[some] = held_out.data[some] * np.log((words * shares).sum(axis=1))
    return math.fsum(terms)


def _mask(seen: ArrayLike | None, n_words: int) -> NDArray[np.bool_]:
    if seen is None:
        return np.ones(n_words, dtype=bool)
    mask = as_array(seen, "seen")
    if mask.shape != (n_words,) or mask.dtype != bool:
        raise ValueError(
            f"seen has shape {mask.shape} and dtype {mask.dtype}: give true or false for each word, "
            f"shape {(n_words,)}"
        )
    return mask


def _checked(proportions: ArrayLike, shape: tuple[int, int]) -> Array:
    theta = as_floats(proportions, "what infer returned")
    if theta.shape != shape:
        raise ValueError(f"infer returned shape {theta.shape}, should be {shape}: a row for each document")
    with np.errstate(invalid="ignore"):
        wrong = ~((theta >= 0).all(axis=1) & (np.abs(theta.sum(axis=1) - 1) <= SHARES_TOLERANCE))
    if wrong.any():
        raise ValueError(
            f"infer returned what are no proportions for document {int(wrong.argmax())}: rows should have no "
            "negative number and sum to 1"
        )
    return np.asarray(theta / theta.sum(axis=1, keepdims=True))
