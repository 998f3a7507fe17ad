"""Variational Bayes (docs/formulas.md, "Variational Bayes").

Blei, Ng & Jordan 2003, "Latent Dirichlet allocation", section 5, in the form of Hoffman, Blei & Bach 2010,
"Online learning for latent Dirichlet allocation", section 2: probabilities of tokens are never
stored. What is remembered of a block are the Dirichlet parameters of its documents, which each E-step
starts from: so the bound never falls.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy.special import digamma, gammaln

from latently.checks.arrays import Floats
from latently.core.backends import Backend
from latently.core.blocks import Block
from latently.core.model import Unit
from latently.core.spaces import Positive, Spaces
from latently.core.statistics import Additive, tree_sum
from latently.models.admixture import plain
from latently.models.admixture.collapsed import n_tokens
from latently.models.admixture.inference import Expectations, Inference
from latently.models.admixture.params import AdmixtureParams, Array

WORDS_OF_A_PIECE = 4096  # words in a piece of the tables


@dataclass(frozen=True)
class VariationalStats(Additive):
    """Expected statistics of some documents."""

    words: Floats  # (n_words, K): expected counts
    n_tokens: float  # tokens, weights applied
    bound: float  # their share of the bound
    # sum of its absolute terms, in units of the rounding of the numbers it was computed in
    rounding_scale: float
    n_sweeps: int  # sweeps over documents


@dataclass(frozen=True)
class TopicTerms(Additive):
    """What some words add to the topics' share of the bound, by topic, and the sum of its absolute terms."""

    values: Array
    rounding_scale: float


@dataclass(frozen=True)
class VariationalAdmixture(Inference):
    """Latent Dirichlet allocation by variational Bayes."""

    unit: Unit = field(default="document", init=False)

    @property
    def _loops(self) -> Any:
        if not self.compiled:
            return plain
        from latently.kernels.topics import dirichlet, documents

        return _Loops(documents.infer, dirichlet.word_expectations, dirichlet.topic_terms)

    def prepare(self, params: AdmixtureParams, backend: Backend) -> Expectations:
        """Expected logs of the topics, some words at a time."""
        V, K = params.topic_word.shape
        table, log_maxima = np.empty((V, K), self.dtype), np.empty(V)
        totals = digamma(params.totals)
        loops = self._loops

        def fill(start: int) -> TopicTerms:
            rows = slice(start, min(start + WORDS_OF_A_PIECE, V))
            terms = np.zeros(K)
            loops.word_expectations(params.topic_word[rows], totals, table[rows], log_maxima[rows])
            size = loops.topic_terms(params.topic_word[rows], params.word_prior[rows], terms)
            return TopicTerms(terms, size)

        terms = tree_sum(backend.map(fill, range(0, V, WORDS_OF_A_PIECE)))
        return Expectations(table, log_maxima, params.doc_prior, *share_of_topics(params, terms))

    def of_topics(self, topic_word: Floats, totals: Array, doc_prior: Array) -> Expectations:
        """exp(E log) of some rows of counts over the largest of each, of topics with these sums."""
        table, log_maxima = np.empty(topic_word.shape, self.dtype), np.empty(len(topic_word))
        self._loops.word_expectations(topic_word, digamma(totals), table, log_maxima)
        return Expectations(table, log_maxima, doc_prior, 0.0)

    def e_step(self, prepared: Expectations, block: Block, memory: Array) -> tuple[VariationalStats, Array]:
        """Sweep over the documents of a block until their topics stand still."""
        words = np.zeros(prepared.table.shape, self.dtype)
        bound, rounding_scale, n_sweeps = self.infer(prepared, block, memory, words)
        return VariationalStats(
            words,
            n_tokens(block),
            bound,
            rounding_scale * (np.finfo(self.dtype).eps / np.finfo(np.float64).eps),
            int(n_sweeps),
        ), memory

    @property
    def loop(self) -> Callable[..., tuple[float, ...]]:
        return self._loops.infer

    def complete(self, prepared: Expectations, stats: VariationalStats) -> VariationalStats:
        """With the topics' share of the bound."""
        return replace(
            stats,
            bound=stats.bound + prepared.share,
            rounding_scale=stats.rounding_scale + prepared.rounding_scale,
        )

    def m_step(
        self, stats: VariationalStats, params: AdmixtureParams, fixed: Collection[str] = ()
    ) -> AdmixtureParams:
        """Counts and prior."""
        return replace(params, topic_word=stats.words + params.word_prior)

    def spaces(self, params: AdmixtureParams) -> Spaces:
        """That of the document prior; counts are too many to be compared at each step, and nobody asks."""
        return {"doc_prior": Positive(params.doc_prior.shape, params.doc_prior)}


def share_of_topics(params: AdmixtureParams, terms: TopicTerms) -> tuple[float, float]:
    """E log p(beta) - E log q(beta), from what each word adds to it, and the sum of its absolute terms."""
    totals = params.totals
    prior = params.word_prior.sum(axis=0) * np.ones(len(totals))
    more = np.stack([gammaln(prior), -gammaln(totals), (totals - prior) * digamma(totals)])
    return float((terms.values + more.sum(axis=0)).sum()), terms.rounding_scale + float(np.abs(more).sum())


@dataclass(frozen=True)
class _Loops:
    infer: Any
    word_expectations: Any
    topic_terms: Any
