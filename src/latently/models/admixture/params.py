"""Parameters of latent Dirichlet allocation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from latently.checks.arrays import Array, Floats, Labels


@dataclass(frozen=True)
class AdmixtureParams:
    """What is known of the topics, and the priors."""

    # (n_words, K): Dirichlet parameters of the topics, word-major: expected counts and prior
    topic_word: Floats
    doc_prior: Array  # (K,): prior of the topics of a document
    word_prior: Array  # (n_words, 1): prior of the words of a topic

    @property
    def totals(self) -> Array:
        """Sums of the Dirichlet parameters of each topic, shape (K,)."""
        return np.asarray(self.topic_word.sum(axis=0, dtype=np.float64))

    @cached_property
    def components(self) -> Array:
        """Dirichlet parameters of the topics, topic by topic, shape (K, n_words)."""
        return np.ascontiguousarray(self.topic_word.T, dtype=np.float64)

    @cached_property
    def probabilities(self) -> Array:
        """Expected probabilities of the words of each topic, shape (K, n_words)."""
        return np.asarray(self.components / self.components.sum(axis=1, keepdims=True))

    @property
    def n_words(self) -> int:
        """Size of the vocabulary."""
        return len(self.topic_word)

    def permuted(self, order: Labels) -> AdmixtureParams:
        """Relabel the topics."""
        wide = self.word_prior.shape[1] > 1
        return replace(
            self,
            topic_word=np.ascontiguousarray(self.topic_word[:, order]),
            doc_prior=self.doc_prior[order],
            word_prior=self.word_prior[:, order] if wide else self.word_prior,
        )
