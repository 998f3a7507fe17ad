"""The topics of documents, given those of the words (docs/formulas.md, "Variational Bayes").

Nothing is kept for an entry: its probabilities are the product of what is expected of the document's
topics and of the word's row of the table, over the sum of that.
"""

from __future__ import annotations

import numpy as np

from latently.kernels.compiling import kernel, part
from latently.kernels.lanes import EIGHT, aligned, load, store, total
from latently.kernels.special import digamma, exp, lgamma, log
from latently.kernels.topics.scratch import apart

LONGEST = 32.0  # of extrapolated steps


@kernel
def infer(words, counts, offsets, weights, table, tops, doc_prior, variational, tol, max_sweeps, gamma, sums):
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
        What is expected of each word under each topic, over the largest of its row.
    tops : array of shape (n_words,)
        Log of what the rows were divided by.
    doc_prior : array of shape (K,)
        Prior of the topics of a document.
    variational : bool
        Whether a topic of a document weighs exp(E log theta), as in variational Bayes, or E theta.
    tol : float
        Stop when the topics of a document change by less, in relation to its length.
    max_sweeps : int
        Most sweeps for a document.
    gamma : array of float64 of shape (n_documents, K)
        Dirichlet parameters of the documents, before and after.
    sums : array of shape (n_words, K) or (0, K)
        To which the expected counts are added; nothing is if it has no rows.

    Returns
    -------
    bound : float
        Share of the documents in the bound, weighted.
    magnitude : float
        Sum of its absolute terms.
    n_sweeps : int
        Sweeps in all.
    """
    K = len(doc_prior)
    n = 0
    for d in range(len(offsets) - 1):
        n = max(n, offsets[d + 1] - offsets[d])
    wide = -(-K // 8) * 8
    rows, share = aligned(n, wide, table.dtype), np.empty(n, table.dtype)
    theta, pulled, logs = aligned(1, wide, table.dtype)[0], aligned(1, wide, table.dtype)[0], np.empty(K)
    rows[:], theta[:] = 0, 0
    here, first, second = apart(K, logs), apart(K, logs), apart(K, logs)
    of_prior = log_beta(doc_prior)
    bound, magnitude, n_sweeps = 0.0, 0.0, 0
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
        sweeps = 0
        while sweeps < max_sweeps:
            expect(here, variational, logs, theta)
            mix(rows, theta, n, share)
            for q in range(n):
                share[q] = mine[q] / share[q]
            pull(rows, share, n, pulled)
            moved, total = 0.0, 0.0
            for k in range(K):
                v = doc_prior[k] + np.float64(theta[k] * pulled[k])
                moved += abs(v - here[k])
                total += v
                first[k], second[k], here[k] = second[k], here[k], v
            sweeps += 1
            if moved <= tol * total and tol > 0.0:
                break
            if tol > 0.0 and not variational and sweeps % 2 == 0:
                extrapolate(first, second, here, doc_prior)
        n_sweeps += sweeps
        for k in range(K):
            gamma[d, k] = here[k]
        top = expect(here, variational, logs, theta)
        mix(rows, theta, n, share)
        value, size = 0.0, 0.0
        for q in range(n):
            term = counts[begin + q] * (log(np.float64(share[q])) + tops[words[begin + q]] + top)
            value += term
            size += abs(term)
        if len(sums):
            for q in range(n):
                c = counts[begin + q] / share[q] * weights[d]
                row, added = rows[q], sums[words[begin + q]]
                for k in range(K):
                    added[k] += c * (theta[k] * row[k])
        if variational:
            more, most = divergence(here, doc_prior, logs, first, counts, begin, n, *of_prior)
            value, size = value + more, size + most
        bound += weights[d] * value
        magnitude += weights[d] * size
    return bound, magnitude, n_sweeps


@part
def extrapolate(first, second, here, doc_prior):
    """Move on along the way of the last two sweeps, to where it seems to end; no topic below its prior.

    SQUAREM (Varadhan & Roland 2008, scheme S3). By means, the topics of a document have one fixed point, the
    maximum of a concave function, so that a step too far costs a sweep and nothing else.
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


@part
def expect(here, variational, logs, theta):
    """Weights of a document's topics over the largest; returns its log."""
    K = len(here)
    if variational:
        return expect_logs(here, logs, theta)
    top, total = 0.0, 0.0
    for k in range(K):
        top = max(top, here[k])
        total += here[k]
    for k in range(K):
        theta[k] = here[k] / top
    return log(top / total)


@part
def expect_logs(here, logs, theta):
    """exp(E log) of a document's topics over the largest; returns its log."""
    K = len(here)
    for k in range(K):
        logs[k] = digamma(here[k])
    top = logs[0]
    for k in range(K):
        top = logs[k] if logs[k] > top else top
    least = -40.0 if theta.itemsize == 4 else -340.0  # no product with a row underflows
    for k in range(K):
        v = logs[k] - top
        theta[k] = exp(v if v > least else least)
    return top


@part
def mix(rows, theta, n, share):
    """Into `share`: each row times theta. Four rows at a time, so that theta is loaded once for all."""
    K = len(theta)
    for q in range(0, n - 3, 4):
        at, t = q * K, load(theta, 0, EIGHT)
        a, b = load(rows, at, EIGHT) * t, load(rows, at + K, EIGHT) * t
        c, d = load(rows, at + 2 * K, EIGHT) * t, load(rows, at + 3 * K, EIGHT) * t
        for k in range(8, K, 8):
            t = load(theta, k, EIGHT)
            a = a + load(rows, at + k, EIGHT) * t
            b = b + load(rows, at + K + k, EIGHT) * t
            c = c + load(rows, at + 2 * K + k, EIGHT) * t
            d = d + load(rows, at + 3 * K + k, EIGHT) * t
        share[q], share[q + 1], share[q + 2], share[q + 3] = total(a), total(b), total(c), total(d)
    for q in range(n - n % 4, n):
        a = load(rows, q * K, EIGHT) * load(theta, 0, EIGHT)
        for k in range(8, K, 8):
            a = a + load(rows, q * K + k, EIGHT) * load(theta, k, EIGHT)
        share[q] = total(a)


@part
def pull(rows, share, n, pulled):
    """Into `pulled`: the sum of the rows times their share."""
    K = len(pulled)
    pulled[:] = 0
    for q in range(0, n - 3, 4):
        at, a, b, c, d = q * K, share[q], share[q + 1], share[q + 2], share[q + 3]
        for k in range(0, K, 8):
            one = load(rows, at + k, EIGHT) * a + load(rows, at + K + k, EIGHT) * b
            two = load(rows, at + 2 * K + k, EIGHT) * c + load(rows, at + 3 * K + k, EIGHT) * d
            store(pulled, k, load(pulled, k, EIGHT) + (one + two))
    for q in range(n - n % 4, n):
        for k in range(0, K, 8):
            store(pulled, k, load(pulled, k, EIGHT) + load(rows, q * K + k, EIGHT) * share[q])


@part
def divergence(here, doc_prior, logs, of_here, counts, begin, n, of_prior, size_of_prior):
    """E log p(theta) - E log q(theta), less what `digamma` of the total adds to the words' part.

    In the words' part theta is exp(psi(gamma_k)), without the factor exp(-psi(sum of gamma)). What the prior
    alone adds is given, with the sum of its absolute terms; `of_here` is room.
    """
    K = len(here)
    total, prior, length = 0.0, 0.0, 0.0
    for k in range(K):
        total += here[k]
        prior += doc_prior[k]
    for q in range(n):
        length += counts[begin + q]
    for k in range(K):
        of_here[k] = lgamma(here[k])
    rest, of_total = (total - prior - length) * digamma(total), lgamma(total)
    value = of_prior + rest - of_total
    size = size_of_prior + abs(rest) + abs(of_total)
    for k in range(K):
        rest = (doc_prior[k] - here[k]) * logs[k]
        value += rest + of_here[k]
        size += abs(rest) + abs(of_here[k])
    return value, size


@part
def log_beta(prior):
    """Log Gamma of the sum less the sum of log Gamma, and the sum of absolute terms."""
    total, value, size = 0.0, 0.0, 0.0
    for k in range(len(prior)):
        term = lgamma(prior[k])
        total += prior[k]
        value -= term
        size += abs(term)
    return value + lgamma(total), size + abs(lgamma(total))
