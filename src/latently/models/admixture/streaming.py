"""Stochastic steps: topics from one minibatch of documents after the other (docs/formulas.md, "Online").

Hoffman, Blei & Bach 2010, "Online learning for latent Dirichlet allocation", section 2.2; with means in
place of expected logs, Foulds et al. 2013, "Stochastic collapsed variational Bayesian inference for
latent Dirichlet allocation", section 3. A step shrinks all counts by one factor, which is kept beside
them: so it costs the words it touches, not the vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import Floats
from latently.core.array_source import ArraySource
from latently.core.backends import Backend
from latently.core.blocks import Block
from latently.core.callbacks import Callback, asked_to_stop
from latently.core.errors import FitError
from latently.core.statistics import Additive, tree_sum
from latently.models.admixture.documents import Entries, even, limits
from latently.models.admixture.inference import Expectations, Inference
from latently.models.admixture.params import AdmixtureParams, Array

TINY_FACTOR = 1e-12  # factor at which it is multiplied in
ENTRIES_OF_A_PIECE = 2**13  # entries that one thread works on


@dataclass(frozen=True)
class Schedule:
    """How much a step weighs: ``(offset + step) ** -decay``, as in Robbins & Monro 1951."""

    decay: float = 0.7  # above 0.5 and at most 1, for convergence
    offset: float = 10.0  # the larger, the less the first steps weigh

    def weight(self, step: int) -> float:
        """Of a step, the first being number 0."""
        return float((self.offset + step) ** -self.decay)


@dataclass
class Stream:
    """Counts that are brought up to date step by step."""

    raw: Floats  # (n_words, K): expected counts over `factor`; the prior is not in them
    sums: Array  # (K,): sums of `raw`
    n_documents: float  # how many documents the counts stand for
    factor: float = 1.0  # what they are to be multiplied by
    n_steps: int = 0  # steps so far
    _place: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32), repr=False)

    @classmethod
    def begin(cls, counts: Floats, n_documents: float = 1.0, n_steps: int = 0) -> Stream:
        """From expected counts of so many documents."""
        return cls(np.array(counts), counts.sum(axis=0, dtype=np.float64), n_documents, n_steps=n_steps)

    @property
    def counts(self) -> Floats:
        """The expected counts."""
        return self.raw * self.raw.dtype.type(self.factor)

    @property
    def frequencies(self) -> Array:
        """How often each word occurs in all topics."""
        return np.asarray(self.raw.sum(axis=1, dtype=np.float64) * self.factor)

    def grow(self, n_words: int) -> None:
        """Make room for new words behind the old ones."""
        more = np.zeros((n_words - len(self.raw), self.raw.shape[1]), self.raw.dtype)
        self.raw = np.concatenate([self.raw, more])

    def stand_for(self, n_documents: float) -> None:
        """Scale the counts to so many documents."""
        self.factor *= n_documents / self.n_documents
        self.n_documents = n_documents

    def local(self, block: Block) -> tuple[NDArray[np.int64], Block]:
        """The distinct words of a block, and the block with its words numbered among them."""
        from latently.kernels.topics.relabel import relabel

        if len(self._place) < len(self.raw):
            self._place = np.full(len(self.raw), -1, np.int32)
        found, numbers = relabel(block.x.words, self._place)
        entries = Entries(numbers, block.x.counts)
        return found, Block(entries, block.weights, block.offsets, block.first)

    def add(self, words: NDArray[np.int64], counts: Floats, weight: float) -> None:
        """Shrink all counts by ``1 - weight`` and add `weight` of these."""
        self.factor *= 1.0 - weight
        if self.factor < TINY_FACTOR:
            self.raw *= self.raw.dtype.type(self.factor)
            self.sums *= self.factor
            self.factor = 1.0
        share = weight / self.factor
        self.raw[words] += counts * counts.dtype.type(share)
        self.sums += counts.sum(axis=0, dtype=np.float64) * share
        self.n_steps += 1


@dataclass(frozen=True)
class Touched(Additive):
    """Expected counts of the words of a minibatch, prior not included, and the bound of its documents."""

    words: Floats
    bound: float
    n_sweeps: int


@dataclass(frozen=True)
class StreamingAdmixture:
    """Latent Dirichlet allocation by stochastic steps."""

    # how the topics of documents are found: the first gives stochastic variational Bayes, the second SCVB0
    inferring: Inference
    doc_prior: Array  # (K,): prior of the topics of a document
    word_prior: Array  # (n_words, 1): prior of the words of a topic

    def expectations(self, stream: Stream, words: NDArray[np.int64]) -> Expectations:
        """What documents need of the topics, for some words."""
        totals = stream.factor * stream.sums + self.word_prior.sum(axis=0)
        rows = stream.raw[words] * stream.raw.dtype.type(stream.factor)
        rows += self.word_prior[words].astype(rows.dtype)
        return self.inferring.of_topics(rows, totals, self.doc_prior)

    def step(self, stream: Stream, block: Block, share: float, weight: float, backend: Backend) -> Touched:
        """Bring the counts up to date with a minibatch.

        The stream is changed. `share` is how many documents there are in all for each of the minibatch, and
        `weight` what part of the counts the minibatch replaces.
        """
        words, local = stream.local(block)
        prepared = self.expectations(stream, words)

        def one(piece: Block) -> Touched:
            counts = np.zeros(prepared.table.shape, prepared.table.dtype)
            gamma = even(piece, self.doc_prior)
            bound, *_, n_sweeps = self.inferring.infer(prepared, piece, gamma, counts)
            return Touched(counts, bound, int(n_sweeps))

        found = tree_sum(backend.map(one, pieces(local)))
        stream.add(words, found.words * found.words.dtype.type(share), weight)
        return found

    def params(self, stream: Stream) -> AdmixtureParams:
        """The topics so far."""
        prior = self.word_prior.astype(stream.raw.dtype)
        return AdmixtureParams(stream.counts + prior, self.doc_prior, self.word_prior)


@dataclass
class Passing:
    """Where passes over minibatches are."""

    stream: Stream
    n_passes: int = 0  # complete ones
    n_seen: int = 0  # minibatches of the pass that goes on
    bound: float = 0.0  # of their documents
    n_tokens: float = 0.0  # in them

    def step(
        self, model: StreamingAdmixture, block: Block, share: float, rate: float, backend: Backend
    ) -> None:
        """Bring the counts up to date with a minibatch that has documents."""
        if block.n_rows and block.weights.any():
            touched = model.step(self.stream, block, share / float(block.weights.sum()), rate, backend)
            if touched.bound != touched.bound:
                raise FitError("the expected counts are not numbers")
            self.bound += touched.bound
            self.n_tokens += tokens_of(block)
        self.n_seen += 1

    def ended(self, callbacks: Sequence[Callback]) -> bool:
        """End a pass; whether a callback says to stop."""
        per_token = self.bound / self.n_tokens if self.n_tokens else 0.0
        self.n_passes, self.n_seen, self.bound, self.n_tokens = self.n_passes + 1, 0, 0.0, 0.0
        return asked_to_stop(callbacks, self.n_passes, None, per_token)


def tokens_of(block: Block) -> float:
    """Tokens of a minibatch, weights applied."""
    offsets: NDArray[np.int64] = np.asarray(block.offsets)
    per_entry = np.repeat(block.weights, np.diff(offsets))
    return float(per_entry @ block.x.counts.astype(np.float64))


def pieces(block: Block) -> Any:
    """Some consecutive documents of a minibatch, for one thread."""
    return ArraySource(block.x, block.weights, limits(block), ENTRIES_OF_A_PIECE).blocks()
