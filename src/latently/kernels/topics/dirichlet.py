"""Expectations of the topics' Dirichlet distributions (docs/formulas.md, "Variational Bayes")."""

from __future__ import annotations

import numpy as np

from latently.kernels.compiling import kernel
from latently.kernels.lanes import largest
from latently.kernels.special import digamma, exp, lgamma


@kernel
def word_expectations(counts, totals, table, log_maxima):
    """Fill `table` with exp(E log beta) of some words over the largest of their row, with log `log_maxima`.

    Parameters
    ----------
    counts : array of shape (n_words, K)
        Dirichlet parameters, word-major.
    totals : array of shape (K,)
        psi of their sums over all words.
    table : array of shape (n_words, K)
        Filled in.
    log_maxima : array of shape (n_words,)
        Filled in.
    """
    K = len(totals)
    logs = np.empty(K)
    least = -40.0 if table.itemsize == 4 else -340.0
    for w in range(len(counts)):
        here, row = counts[w], table[w]
        for k in range(K):
            logs[k] = digamma(np.float64(here[k])) - totals[k]
        top = largest(logs)
        for k in range(K):
            v = logs[k] - top
            row[k] = exp(v if v > least else least)
        log_maxima[w] = top


@kernel
def topic_terms(counts, prior, terms):
    """Add to `terms` (K,) what each word adds to E log p(beta) - E log q(beta), sums over words aside.

    That is log Gamma(lambda) - log Gamma(eta) + (eta - lambda) psi(lambda). Returns the sum of the absolute
    values of all three. `prior` has shape (n_words, 1) or (n_words, K).
    """
    K = counts.shape[1]
    wide = prior.shape[1] > 1
    size = 0.0
    for w in range(len(counts)):
        here = counts[w]
        if wide:
            for k in range(K):
                x, eta = np.float64(here[k]), prior[w, k]
                of_x, of_eta, rest = lgamma(x), lgamma(eta), (eta - x) * digamma(x)
                terms[k] += of_x - of_eta + rest
                size += abs(of_x) + abs(of_eta) + abs(rest)
        else:
            eta = prior[w, 0]
            constant = lgamma(eta)
            for k in range(K):
                x = np.float64(here[k])
                of_x, rest = lgamma(x), (eta - x) * digamma(x)
                terms[k] += of_x - constant + rest
                size += abs(of_x) + abs(constant) + abs(rest)
    return size
