"""Collapsed variational Bayes of zero order, CVB0 (docs/formulas.md, "CVB0").

Asuncion, Welling, Smyth & Teh 2009, "On smoothing and inference for topic models", section 3.4. What is
remembered of a block are the probabilities of the topics of each entry. The counts of words are
frozen during a pass, so blocks can be worked on in any order and by any number of threads. There is
no objective.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from latently.checks.arrays import Floats
from latently.core.backends import Backend
from latently.core.blocks import Block
from latently.core.memory import MemoryMap
from latently.core.model import Unit
from latently.core.statistics import Additive
from latently.models.admixture.documents import lengths
from latently.models.admixture.params import AdmixtureParams
from latently.models.admixture.priors import DocumentTerms, learned_doc_prior, learned_word_prior
from latently.models.admixture.remembered import All, Likeliest, Remembered

LEAST_LEFT = 0.5  # what is left of a word's count without one entry, at least, as a part of its prior


@dataclass(frozen=True)
class CollapsedStats(Additive):
    """Expected statistics of some documents."""

    words: Floats  # (n_words, K): expected counts
    change: float  # sum of the absolute changes of the expected counts of the documents' topics
    n_tokens: float  # tokens, weights applied

    @property
    def relative_change(self) -> float:
        """Change per token."""
        return self.change / self.n_tokens if self.n_tokens > 0 else 0.0


@dataclass(frozen=True)
class Prepared:
    """What a pass needs of the params, in the numbers of the kernel."""

    table: Floats
    inverse: Floats
    doc_prior: Floats
    least: Any


@dataclass(frozen=True)
class CollapsedAdmixture:
    """Latent Dirichlet allocation by CVB0."""

    n_components: int  # number of topics
    n_words: int  # size of the vocabulary
    dtype: str = "float32"  # of what is remembered and of the tables: float32 or float64
    # how many of the likeliest topics of an entry are remembered; None remembers all
    top_topics: int | None = None
    compiled: bool = True  # whether kernels may take the place of plain NumPy
    unit: Unit = field(default="document", init=False)

    def first(self, block: Block, seed: np.uint64) -> Remembered:
        """Random probabilities of the topics of each entry."""
        if self.top_topics is None or not self.compiled:
            return All.first(block, seed, self.n_components, self.dtype, self.compiled)
        return Likeliest.first(block, seed, self.n_components, self.top_topics, self.dtype)

    def recall(self, block: Block, memory: Remembered) -> CollapsedStats:
        """The statistics of what is remembered."""
        words = np.zeros((self.n_words, self.n_components), self.dtype)
        weights = block.weights.astype(self.dtype)
        memory.loops.tally(block.x.words, block.x.counts, block.offsets, weights, *memory.arrays, words)
        return CollapsedStats(words, 0.0, n_tokens(block))

    def prepare(self, params: AdmixtureParams, backend: Backend) -> Prepared:
        """Tables as the kernel reads them."""
        least = LEAST_LEFT * float(params.word_prior.min())
        dtype = np.dtype(self.dtype).type
        return Prepared(
            params.topic_word.astype(dtype, copy=False),
            (1.0 / params.totals).astype(dtype),
            params.doc_prior.astype(dtype),
            dtype(least),
        )

    def e_step(
        self, prepared: Prepared, block: Block, memory: Remembered
    ) -> tuple[CollapsedStats, Remembered]:
        """One pass over a block."""
        words = np.zeros((self.n_words, self.n_components), self.dtype)
        change = memory.loops.sweep(
            block.x.words,
            block.x.counts,
            block.offsets,
            block.weights.astype(self.dtype),
            *memory.arrays,
            prepared.table,
            prepared.inverse,
            prepared.doc_prior,
            prepared.least,
            words,
        )
        return CollapsedStats(words, change, n_tokens(block)), memory

    def complete(self, prepared: Prepared, stats: CollapsedStats) -> CollapsedStats:
        """As they are: there is no objective."""
        return stats

    def m_step(
        self, stats: CollapsedStats, params: AdmixtureParams, fixed: Collection[str] = ()
    ) -> AdmixtureParams:
        """Counts and prior."""
        return replace(params, topic_word=stats.words + params.word_prior.astype(self.dtype))

    def document_counts(self, block: Block, memory: Remembered) -> Floats:
        """Expected counts of the topics of each document, prior not included."""
        here = np.empty((block.n_units, self.n_components), self.dtype)
        memory.loops.document_counts(block.x.counts, block.offsets, *memory.arrays, here)
        return here

    def learn(
        self, em: MemoryMap[Any, Any, Any], params: AdmixtureParams, documents: bool, words: bool
    ) -> AdmixtureParams:
        """Better priors of documents, of words, or of both, from what is remembered now.

        Psi of an expected count stands for the expectation of psi at a count that is zero with a probability
        of its own: see `learned_doc_prior`.
        """
        doc_prior = params.doc_prior

        def one(block: Block, memory: Remembered) -> DocumentTerms:
            absent = np.empty((block.n_units, self.n_components), self.dtype)
            of_words = np.zeros((self.n_words, self.n_components), self.dtype)
            weights = block.weights
            where = block.x.words, block.x.counts, block.offsets
            memory.loops.absences(*where, weights, *memory.arrays, absent, of_words)
            counts = self.document_counts(block, memory)
            return DocumentTerms.of(counts, absent, weights, doc_prior, of_words)

        terms = em.memories.sum(one)
        if documents:
            params = replace(params, doc_prior=learned_doc_prior(terms, params.doc_prior))
        if words:
            counts = params.topic_word - params.word_prior.astype(self.dtype)
            prior = learned_word_prior(counts, terms.words, params.word_prior)
            params = replace(params, word_prior=prior, topic_word=counts + prior.astype(self.dtype))
        return params


def n_tokens(block: Block) -> float:
    """Tokens of a block, weights applied."""
    if not block.n_units:
        return 0.0
    return float(block.weights @ lengths(block))
