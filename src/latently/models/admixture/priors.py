"""Learning of Dirichlet priors (docs/formulas.md, "Learned priors")."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import digamma

from latently.checks.arrays import Floats
from latently.core.statistics import Additive
from latently.models.admixture.params import Array

WORDS_AT_A_TIME = 1024  # words looked at together
SMALLEST_PRIOR = 1e-5
LARGEST_PRIOR = 1e5


@dataclass(frozen=True)
class DocumentTerms(Additive):
    """What learning of the priors from expected counts needs."""

    gained: Array  # (K,): sum over documents of E[psi(n + alpha) - psi(alpha)]
    spread: float  # sum over documents of psi(length + sum of alpha) - psi(sum of alpha)
    words: Array  # (n_words, K): logs of the probabilities that a word is never of a topic

    @classmethod
    def of(
        cls, counts: Floats, absent: Array, weights: Array, doc_prior: Array, words: Array
    ) -> DocumentTerms:
        """Of expected counts (n_documents, K) and the logs of the probabilities that a count is zero."""
        total = doc_prior.sum()
        lengths = counts.sum(axis=1, dtype=np.float64)
        spread = weights @ (digamma(lengths + total) - digamma(total))
        return cls(weights @ gain(counts, absent, doc_prior), float(spread), words)


def gain(counts: Floats, absent: Array, prior: object) -> Array:
    """E[psi(n + prior) - psi(prior)] for counts that are zero with probability exp(absent).

    A count that is not zero is taken for its mean, given that it is not (Teh, Kurihara & Welling 2008,
    "Collapsed variational inference for HDP", who add a term of second order).
    """
    present = -np.expm1(absent)
    mean = np.divide(np.maximum(counts, 0.0), present, out=np.zeros(present.shape), where=present > 0)
    return np.asarray(present * (digamma(mean + prior) - digamma(prior)))


def learned_doc_prior(terms: DocumentTerms, doc_prior: Array) -> Array:
    """One step of Minka's fixed point (Minka 2000, "Estimating a Dirichlet distribution", equation 55)."""
    if terms.spread <= 0.0:
        return doc_prior
    return np.asarray(np.clip(doc_prior * terms.gained / terms.spread, SMALLEST_PRIOR, LARGEST_PRIOR))


def learned_word_prior(counts: Floats, absent: Array, word_prior: Array) -> Array:
    """The same step for one number shared by all words and topics.

    Where words have priors of their own (of seeds), these keep their distance from the others.
    """
    base = float(word_prior.min())
    V = len(counts)
    totals = counts.sum(axis=0, dtype=np.float64)
    spread = V * float((digamma(totals + V * base) - digamma(V * base)).sum())
    if spread <= 0.0:
        return word_prior
    pieces = [slice(start, start + WORDS_AT_A_TIME) for start in range(0, V, WORDS_AT_A_TIME)]
    gained = sum(float(gain(counts[rows], absent[rows], base).sum()) for rows in pieces)
    better = float(np.clip(base * gained / spread, SMALLEST_PRIOR, LARGEST_PRIOR))
    return np.asarray(word_prior + (better - base))
