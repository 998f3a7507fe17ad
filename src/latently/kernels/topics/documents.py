"""The topics of documents, given those of the words (docs/formulas.md, "Variational Bayes").

Nothing is kept for an entry: its probabilities are the product of what is expected of the document's
topics and of the word's row of the table, over the sum of that.
"""

from __future__ import annotations

import numpy as np

from latently.kernels.compiling import kernel, part
from latently.kernels.lanes import aligned, largest, line_of, load, store, total
from latently.kernels.special import digamma, exp, lgamma, log
from latently.kernels.topics.scratch import apart


@kernel
def infer(words, counts, offsets, weights, table, log_maxima, doc_prior, tol, max_sweeps, gamma, sums):
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
    log_maxima : array of shape (n_words,)
        Log of what the rows were divided by.
    doc_prior : array of shape (K,)
        Prior of the topics of a document.
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
    rounding_scale : float
        Sum of its absolute terms.
    n_sweeps : int
        Sweeps in all.
    """
    K = len(doc_prior)
    n = 0
    for d in range(len(offsets) - 1):
        n = max(n, offsets[d + 1] - offsets[d])
    lanes = len(line_of(table))
    wide = -(-K // lanes) * lanes
    rows, share = aligned(n, wide, table.dtype), np.empty(n, table.dtype)
    theta, pulled, logs = aligned(1, wide, table.dtype)[0], aligned(1, wide, table.dtype)[0], np.empty(K)
    rows[:], theta[:] = 0, 0
    here, fresh = apart(K, logs), apart(K, logs)
    of_prior = log_beta(doc_prior)
    bound, rounding_scale, n_sweeps = 0.0, 0.0, 0
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
            expect_logs(here, logs, theta)
            pull(rows, theta, mine, n, pulled)
            for k in range(K):
                fresh[k] = doc_prior[k] + np.float64(theta[k] * pulled[k])
            moved, whole = 0.0, 0.0
            for k in range(K):
                moved += abs(fresh[k] - here[k])
                whole += fresh[k]
            here, fresh = fresh, here
            sweeps += 1
            if moved <= tol * whole and tol > 0.0:
                break
        n_sweeps += sweeps
        for k in range(K):
            gamma[d, k] = here[k]
        top = expect_logs(here, logs, theta)
        mix(rows, theta, n, share)
        value, size = 0.0, 0.0
        for q in range(n):
            term = counts[begin + q] * (log(np.float64(share[q])) + log_maxima[words[begin + q]] + top)
            value += term
            size += abs(term)
        if len(sums):
            for q in range(n):
                c = counts[begin + q] / share[q] * weights[d]
                row, added = rows[q], sums[words[begin + q]]
                for k in range(K):
                    added[k] += c * (theta[k] * row[k])
        more, most = divergence(here, doc_prior, logs, fresh, counts, begin, n, *of_prior)
        value, size = value + more, size + most
        bound += weights[d] * value
        rounding_scale += weights[d] * size
    return bound, rounding_scale, n_sweeps


@part
def expect_logs(here, logs, theta):
    """exp(E log) of a document's topics over the largest; returns its log."""
    K = len(here)
    for k in range(K):
        logs[k] = digamma(here[k])
    top = largest(logs)
    least = -40.0 if theta.itemsize == 4 else -340.0  # no product with a row underflows
    for k in range(K):
        v = logs[k] - top
        theta[k] = exp(v if v > least else least)
    return top


@part
def four_products(rows, at, theta):
    """Sums of the products of four rows with theta, which is loaded once for all."""
    K, lanes = len(theta), line_of(theta)
    t = load(theta, 0, lanes)
    a, b = load(rows, at, lanes) * t, load(rows, at + K, lanes) * t
    c, d = load(rows, at + 2 * K, lanes) * t, load(rows, at + 3 * K, lanes) * t
    for k in range(len(lanes), K, len(lanes)):
        t = load(theta, k, lanes)
        a = a + load(rows, at + k, lanes) * t
        b = b + load(rows, at + K + k, lanes) * t
        c = c + load(rows, at + 2 * K + k, lanes) * t
        d = d + load(rows, at + 3 * K + k, lanes) * t
    return total(a), total(b), total(c), total(d)


@part
def product(row, at, theta):
    """Sum of the products of one row with theta."""
    lanes = line_of(theta)
    a = load(row, at, lanes) * load(theta, 0, lanes)
    for k in range(len(lanes), len(theta), len(lanes)):
        a = a + load(row, at + k, lanes) * load(theta, k, lanes)
    return total(a)


@part
def mix(rows, theta, n, share):
    """Into `share`: each row times theta."""
    K = len(theta)
    for q in range(0, n - 3, 4):
        share[q], share[q + 1], share[q + 2], share[q + 3] = four_products(rows, q * K, theta)
    for q in range(n - n % 4, n):
        share[q] = product(rows, q * K, theta)


@part
def pull(rows, theta, counts, n, pulled):
    """Into `pulled`: the sum of the rows times their counts, each over the row times theta.

    Four rows at a time go both ways, while they are near.
    """
    K, lanes = len(pulled), line_of(pulled)
    pulled[:] = 0
    for q in range(0, n - 3, 4):
        at = q * K
        of_a, of_b, of_c, of_d = four_products(rows, at, theta)
        a, b, c, d = counts[q] / of_a, counts[q + 1] / of_b, counts[q + 2] / of_c, counts[q + 3] / of_d
        for k in range(0, K, len(lanes)):
            one = load(rows, at + k, lanes) * a + load(rows, at + K + k, lanes) * b
            two = load(rows, at + 2 * K + k, lanes) * c + load(rows, at + 3 * K + k, lanes) * d
            store(pulled, k, load(pulled, k, lanes) + (one + two))
    for q in range(n - n % 4, n):
        a = counts[q] / product(rows, q * K, theta)
        for k in range(0, K, len(lanes)):
            store(pulled, k, load(pulled, k, lanes) + load(rows, q * K + k, lanes) * a)


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
