"""Collapsed variational Bayes of zero order, one pass over some documents (docs/formulas.md, "CVB0").

`resp` holds what is believed of each entry (one distinct word of one document): the probabilities of
its topics. The counts of words are frozen during a pass; those of the document follow each entry.
"""

from __future__ import annotations

import numpy as np

from latently.kernels.compiling import kernel, part
from latently.kernels.special import log
from latently.kernels.topics.scratch import apart
from latently.kernels.topics.streams import document_state, uniform

GUESS = 0.9  # what a random start gives to the topic it draws


@kernel
def start(words, counts, offsets, seed, resp):
    """Give each entry to a topic at random, almost.

    Parameters
    ----------
    words : array of int32 of shape (n_entries,)
        Which word each entry is.
    counts : array of shape (n_entries,)
        How often it occurs.
    offsets : array of int64 of shape (n_documents + 1,)
        Where documents begin and end.
    seed : uint64
        The seed; the stream of a document follows from it and from what the document holds.
    resp : array of shape (n_entries, K)
        Filled in.
    """
    K = resp.shape[1]
    rest = (1.0 - GUESS) / K
    for d in range(len(offsets) - 1):
        state = document_state(words, counts, offsets[d], offsets[d + 1], seed)
        for p in range(offsets[d], offsets[d + 1]):
            state, u = uniform(state)
            row = resp[p]
            for k in range(K):
                row[k] = rest
            row[min(int(u * K), K - 1)] += GUESS


@kernel
def tally(words, counts, offsets, weights, resp, sums):
    """Add the expected counts of words, as `resp` has them, to `sums` of shape (n_words, K)."""
    K = resp.shape[1]
    for d in range(len(offsets) - 1):
        for p in range(offsets[d], offsets[d + 1]):
            c = counts[p] * weights[d]
            row, total = resp[p], sums[words[p]]
            for k in range(K):
                total[k] += c * row[k]


@kernel
def sweep(words, counts, offsets, weights, resp, table, inverse, doc_prior, least, sums):
    """One pass; `resp` is brought up to date and its expected counts are added to `sums`.

    Parameters
    ----------
    words, counts, offsets
        The documents, as in `start`.
    weights : array of shape (n_documents,)
        How often each document counts.
    resp : array of shape (n_entries, K)
        Probabilities of the topics of each entry, before and after.
    table : array of shape (n_words, K)
        Expected counts of words, prior included.
    inverse : array of shape (K,)
        One over the sums of the columns of the table.
    doc_prior : array of shape (K,)
        Prior of the topics of a document.
    least : float
        What is left at least of a count when the entry itself is taken out of it; above zero.
    sums : array of shape (n_words, K)
        Zeros, or sums to which these are added.

    Returns
    -------
    change : float
        Sum of the absolute changes of the documents' expected counts, weighted.
    """
    K = len(inverse)
    here, before, fresh = np.empty(K, resp.dtype), np.empty(K, resp.dtype), apart(K, resp)
    one, none = inverse.dtype.type(1.0), inverse.dtype.type(0.0)
    floor = doc_prior.min()  # which only rounding can fall below
    change = 0.0
    for d in range(len(offsets) - 1):
        expected(counts, offsets[d], offsets[d + 1], resp, doc_prior, here)
        for k in range(K):
            before[k] = here[k]
        weight = weights[d]
        part_of = weight if weight < one else one
        for p in range(offsets[d], offsets[d + 1]):
            c = counts[p]
            row, of_word = resp[p], table[words[p]]
            own = c if c < one else one  # one token, or what there is of it
            counted = own * part_of
            total = none
            for k in range(K):
                left = of_word[k] - counted * row[k]
                left = left if left > least else least
                others = here[k] - own * row[k]
                others = others if others > floor else floor
                v = left * others * inverse[k]
                fresh[k] = v
                total += v
            scale = one / total
            added = sums[words[p]]
            weighted = c * weight
            for k in range(K):
                v = fresh[k] * scale
                here[k] += c * (v - row[k])
                row[k] = v
                added[k] += weighted * v
        moved = 0.0
        for k in range(K):
            moved += abs(here[k] - before[k])
        change += weight * moved
    return change


@part
def expected(counts, begin, end, resp, doc_prior, here):
    """Expected counts of a document's topics, prior included."""
    K = len(doc_prior)
    for k in range(K):
        here[k] = doc_prior[k]
    for p in range(begin, end):
        c, row = counts[p], resp[p]
        for k in range(K):
            here[k] += c * row[k]


@kernel
def absences(words, counts, offsets, weights, resp, in_documents, in_words):
    """Logs of the probabilities that a topic does not occur: what learning of the priors needs.

    Parameters
    ----------
    words, counts, offsets, weights, resp
        As in `sweep`.
    in_documents : array of shape (n_documents, K)
        Filled in: for each document, the log probability that none of its tokens is of the topic.
    in_words : array of shape (n_words, K)
        To which the same is added for each word.
    """
    K = resp.shape[1]
    logs = np.empty(K)
    for d in range(len(offsets) - 1):
        total = in_documents[d]
        for k in range(K):
            total[k] = 0.0
        for p in range(offsets[d], offsets[d + 1]):
            row, of_word = resp[p], in_words[words[p]]
            c = counts[p]
            weighted = c * weights[d]
            for k in range(K):
                left = 1.0 - row[k]
                logs[k] = log(left if left > 1e-12 else 1e-12)
            for k in range(K):
                total[k] += c * logs[k]
                of_word[k] += weighted * logs[k]


@kernel
def document_counts(counts, offsets, resp, here):
    """Expected counts of the topics of each document, without prior, into `here` (n_documents, K)."""
    none = np.zeros(resp.shape[1], resp.dtype)
    for d in range(len(offsets) - 1):
        expected(counts, offsets[d], offsets[d + 1], resp, none, here[d])
