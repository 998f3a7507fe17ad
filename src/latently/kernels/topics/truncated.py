"""CVB0 that remembers the likeliest few topics of each entry only (docs/formulas.md, "CVB0").

As `kernels.topics.collapsed`, but with two arrays of shape (n_entries, L) in place of one of (n_entries, K):
`topics` names the topics, `resp` holds their probabilities, which sum to one.
"""

from __future__ import annotations

import numpy as np

from latently.kernels.compiling import kernel, part
from latently.kernels.special import log
from latently.kernels.topics.streams import document_state, uniform


@kernel
def start(words, counts, offsets, seed, n_topics, topics, resp):
    """Give each entry to a topic at random."""
    L = topics.shape[1]
    for d in range(len(offsets) - 1):
        state = document_state(words, counts, offsets[d], offsets[d + 1], seed)
        for p in range(offsets[d], offsets[d + 1]):
            state, u = uniform(state)
            first = min(int(u * n_topics), n_topics - 1)
            for i in range(L):
                topics[p, i] = (first + i) % n_topics
                resp[p, i] = 1.0 if i == 0 else 0.0


@kernel
def tally(words, counts, offsets, weights, topics, resp, sums):
    """Add the expected counts of words to `sums` of shape (n_words, K)."""
    for d in range(len(offsets) - 1):
        for p in range(offsets[d], offsets[d + 1]):
            c = counts[p] * weights[d]
            total = sums[words[p]]
            for i in range(topics.shape[1]):
                total[topics[p, i]] += c * resp[p, i]


@kernel
def sweep(words, counts, offsets, weights, topics, resp, table, inverse, doc_prior, least, sums):
    """One pass; see `kernels.topics.collapsed.sweep`."""
    K, L = len(inverse), topics.shape[1]
    here, fresh, before = np.empty(K, resp.dtype), np.empty(K, resp.dtype), np.empty(K, resp.dtype)
    best, value = np.empty(L, np.int64), np.empty(L, resp.dtype)
    one = inverse.dtype.type(1.0)
    floor = doc_prior.min()
    change = 0.0
    for d in range(len(offsets) - 1):
        expected(counts, offsets[d], offsets[d + 1], topics, resp, doc_prior, here)
        for k in range(K):
            before[k] = here[k]
        weight = weights[d]
        part_of = weight if weight < one else one
        for p in range(offsets[d], offsets[d + 1]):
            c, own, mine, of_word = counts[p], resp[p], topics[p], table[words[p]]
            of_document = c if c < one else one
            of_table = of_document * part_of
            for k in range(K):
                others = here[k] if here[k] > floor else floor
                fresh[k] = of_word[k] * others * inverse[k]
            for i in range(L):
                k = mine[i]
                left = of_word[k] - of_table * own[i]
                left = left if left > least else least
                others = here[k] - of_document * own[i]
                others = others if others > floor else floor
                fresh[k] = left * others * inverse[k]
            total = likeliest(fresh, best, value)
            added = sums[words[p]]
            weighted = c * weight
            for i in range(L):
                here[mine[i]] -= c * own[i]
            for i in range(L):
                v = value[i] / total
                mine[i] = best[i]
                own[i] = v
                here[best[i]] += c * v
                added[best[i]] += weighted * v
        moved = 0.0
        for k in range(K):
            moved += abs(here[k] - before[k])
        change += weight * moved
    return change


@part
def likeliest(fresh, best, value):
    """The largest numbers, largest first, into `best` (where) and `value`; returns their sum."""
    L = len(best)
    n = 0
    for k in range(len(fresh)):
        v = fresh[k]
        if n == L and v <= value[L - 1]:
            continue
        i = n if n < L else L - 1
        while i > 0 and value[i - 1] < v:
            value[i] = value[i - 1]
            best[i] = best[i - 1]
            i -= 1
        value[i] = v
        best[i] = k
        n = min(n + 1, L)
    total = value[0] * 0
    for i in range(L):
        total += value[i]
    return total


@part
def expected(counts, begin, end, topics, resp, doc_prior, here):
    """Expected counts of a document's topics, prior included."""
    for k in range(len(doc_prior)):
        here[k] = doc_prior[k]
    for p in range(begin, end):
        for i in range(topics.shape[1]):
            here[topics[p, i]] += counts[p] * resp[p, i]


@kernel
def absences(words, counts, offsets, weights, topics, resp, in_documents, in_words):
    """Logs of the probabilities that a topic does not occur; see `kernels.topics.collapsed.absences`."""
    for d in range(len(offsets) - 1):
        total = in_documents[d]
        for k in range(len(total)):
            total[k] = 0.0
        for p in range(offsets[d], offsets[d + 1]):
            of_word = in_words[words[p]]
            for i in range(topics.shape[1]):
                left = 1.0 - np.float64(resp[p, i])
                v = counts[p] * log(left if left > 1e-12 else 1e-12)
                total[topics[p, i]] += v
                of_word[topics[p, i]] += weights[d] * v


@kernel
def document_counts(counts, offsets, topics, resp, here):
    """Expected counts of the topics of each document, without prior, into `here` (n_documents, K)."""
    none = np.zeros(here.shape[1], resp.dtype)
    for d in range(len(offsets) - 1):
        expected(counts, offsets[d], offsets[d + 1], topics, resp, none, here[d])
