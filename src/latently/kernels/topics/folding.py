"""The topics of new documents by CVB0, those of the words being given.

Formulas: docs/formulas.md, "Fold-in and held-out perplexity".

`resp` holds what is believed of the entries of one document. All of them are renewed from the same
counts of the document, four at a time, so that they do not wait for each other.
"""

from __future__ import annotations

import numpy as np

from latently.kernels.compiling import kernel, part
from latently.kernels.lanes import aligned, larger, line_of, load, store, total
from latently.kernels.special import log
from latently.kernels.topics.documents import mix
from latently.kernels.topics.scratch import apart

LONGEST = 32.0  # of extrapolated steps


@kernel
def fold_in(words, counts, offsets, weights, table, log_maxima, doc_prior, tol, max_sweeps, gamma, sums):
    """Bring the topics of each document to their fixed point, and add the expected counts of words.

    Parameters
    ----------
    words : array of int32 of shape (n_entries,)
        Which row of the table each entry has.
    counts : array of shape (n_entries,)
        How often the word occurs.
    offsets : array of int64 of shape (n_documents + 1,)
        Where documents begin and end.
    weights : array of shape (n_documents,)
        How often each document counts.
    table : array of shape (n_words, K)
        The probability of each word under each topic, over the largest of its row.
    log_maxima : array of shape (n_words,)
        Log of what the rows were divided by.
    doc_prior : array of shape (K,)
        Prior of the topics of a document.
    tol : float
        Stop when the topics of a document change by less, in relation to its length.
    max_sweeps : int
        Most sweeps for a document.
    gamma : array of float64 of shape (n_documents, K)
        Expected counts of the topics of the documents, prior included, before and after.
    sums : array of shape (n_words, K) or (0, K)
        To which the expected counts are added. If it has no rows nothing is, nor is there a log-likelihood.

    Returns
    -------
    log_likelihood : float
        Of the words at the expected shares of topics, weighted; 0 if there are no sums.
    n_sweeps : int
        Sweeps in all.
    """
    K = len(doc_prior)
    n = 0
    for d in range(len(offsets) - 1):
        n = max(n, offsets[d + 1] - offsets[d])
    lanes = len(line_of(table))
    wide = -(-K // lanes) * lanes
    rows, resp, share = aligned(n, wide, table.dtype), aligned(n, wide, table.dtype), np.empty(n, table.dtype)
    room, over = aligned(3, wide, table.dtype), np.empty(n, table.dtype)
    prior, now, found = room[0], room[1], room[2]
    rows[:], resp[:], room[:] = 0, 0, 0
    like = np.empty(0)
    here, after, first, second = apart(K, like), apart(K, like), apart(K, like), apart(K, like)
    for k in range(K):
        prior[k] = doc_prior[k]
    log_likelihood, n_sweeps = 0.0, 0
    for d in range(len(offsets) - 1):
        begin, n = offsets[d], offsets[d + 1] - offsets[d]
        if n == 0 or weights[d] == 0.0:
            continue
        mine = counts[begin : begin + n]
        for k in range(K):
            here[k] = gamma[d, k]
        for q in range(n):
            row, of_word = rows[q], table[words[begin + q]]
            for k in range(K):
                row[k] = of_word[k]
            over[q] = 0  # nothing is believed yet: the first sweep takes nothing out
        sweeps = 0
        while sweeps < max_sweeps:
            for k in range(K):
                now[k] = here[k]
            renew(rows, resp, over, mine, n, prior, now, found)
            moved, whole = 0.0, 0.0
            for k in range(K):
                after[k] = doc_prior[k] + np.float64(found[k])
                moved += abs(after[k] - here[k])
                whole += after[k]
            first, second, here, after = second, here, after, first
            sweeps += 1
            if moved <= tol * whole and tol > 0.0:
                break
            if tol > 0.0 and sweeps > 1 and sweeps % 2 == 1:
                extrapolate(first, second, here, doc_prior)
        n_sweeps += sweeps
        for k in range(K):
            gamma[d, k] = here[k]
            now[k] = here[k]
        if not len(sums):
            continue
        whole = here.sum()
        mix(rows, now, n, share)
        for q in range(n):
            c = counts[begin + q] * weights[d]
            log_likelihood += c * (log(np.float64(share[q]) / whole) + log_maxima[words[begin + q]])
            own, added = resp[q], sums[words[begin + q]]
            for k in range(K):
                added[k] += c * over[q] * own[k]
    return log_likelihood, n_sweeps


@part
def renew(rows, resp, over, counts, n, prior, now, found):
    """One sweep: `resp` from what the document has of topics without the token, `found` their counts.

    Rows of `resp` are not divided by their sums: `over` has what they are to be multiplied by. Four rows at a
    time go both ways, while they are near.
    """
    K, lanes = len(now), line_of(now)
    one = rows.dtype.type(1.0)
    found[:] = 0
    for q in range(0, n - 3, 4):
        at = q * K
        own_a, own_b = -min(counts[q], one) * over[q], -min(counts[q + 1], one) * over[q + 1]
        own_c, own_d = -min(counts[q + 2], one) * over[q + 2], -min(counts[q + 3], one) * over[q + 3]
        has, least = load(now, 0, lanes), load(prior, 0, lanes)
        a, b = left(rows, resp, at, own_a, has, least), left(rows, resp, at + K, own_b, has, least)
        c, d = (
            left(rows, resp, at + 2 * K, own_c, has, least),
            left(rows, resp, at + 3 * K, own_d, has, least),
        )
        for k in range(len(lanes), K, len(lanes)):
            has, least = load(now, k, lanes), load(prior, k, lanes)
            a = a + left(rows, resp, at + k, own_a, has, least)
            b = b + left(rows, resp, at + K + k, own_b, has, least)
            c = c + left(rows, resp, at + 2 * K + k, own_c, has, least)
            d = d + left(rows, resp, at + 3 * K + k, own_d, has, least)
        over[q], over[q + 1] = one / total(a), one / total(b)
        over[q + 2], over[q + 3] = one / total(c), one / total(d)
        of_a, of_b = counts[q] * over[q], counts[q + 1] * over[q + 1]
        of_c, of_d = counts[q + 2] * over[q + 2], counts[q + 3] * over[q + 3]
        for k in range(0, K, len(lanes)):
            a, b = load(resp, at + k, lanes) * of_a, load(resp, at + K + k, lanes) * of_b
            c, d = load(resp, at + 2 * K + k, lanes) * of_c, load(resp, at + 3 * K + k, lanes) * of_d
            store(found, k, load(found, k, lanes) + ((a + b) + (c + d)))
    for q in range(n - n % 4, n):
        at, own = q * K, -min(counts[q], one) * over[q]
        a = left(rows, resp, at, own, load(now, 0, lanes), load(prior, 0, lanes))
        for k in range(len(lanes), K, len(lanes)):
            a = a + left(rows, resp, at + k, own, load(now, k, lanes), load(prior, k, lanes))
        over[q] = one / total(a)
        of_a = counts[q] * over[q]
        for k in range(0, K, len(lanes)):
            store(found, k, load(found, k, lanes) + load(resp, at + k, lanes) * of_a)


@part
def left(rows, resp, at, own, has, least):
    """Into `resp`: a row times what the document has of topics, one token of the entry taken out of it."""
    lanes = line_of(rows)
    value = load(rows, at, lanes) * larger(has + load(resp, at, lanes) * own, least)
    store(resp, at, value)
    return value


@part
def extrapolate(first, second, here, doc_prior):
    """Move on along the way of the last two sweeps, to where it seems to end; no topic below its prior.

    SQUAREM (Varadhan & Roland 2008, scheme S3). A step too far costs a sweep and nothing else.
    """
    K = len(here)
    along, bend = 0.0, 0.0
    for k in range(K):
        r = second[k] - first[k]
        v = here[k] - second[k] - r
        along += r * r
        bend += v * v
    if bend <= 0.0:
        return
    step = min(max(np.sqrt(along / bend), 1.0), LONGEST)
    for k in range(K):
        r = second[k] - first[k]
        v = here[k] - second[k] - r
        value = first[k] + 2.0 * step * r + step * step * v
        here[k] = value if value > doc_prior[k] else doc_prior[k]
