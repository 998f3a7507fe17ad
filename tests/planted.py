"""Corpora drawn from topics that are known, and how near those are that were found."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from latently.metrics import match_topics


@dataclass(frozen=True)
class Planted:
    """Counts, and what they were drawn from."""

    counts: sparse.csr_matrix
    topic_word: np.ndarray
    doc_topic: np.ndarray

    @property
    def tokens(self) -> list[list[str]]:
        """The same documents as lists of words, in the order of their columns."""
        return [
            [f"w{word:02d}" for word, count in enumerate(row) for _ in range(int(count))]
            for row in self.counts.toarray()
        ]


def planted(seed=0, n=300, n_words=60, n_topics=4, length=60, alpha=0.1, eta=0.05) -> Planted:
    """Documents drawn as latent Dirichlet allocation says."""
    rng = np.random.default_rng(seed)
    topics = rng.dirichlet(np.full(n_words, eta), n_topics)
    shares = rng.dirichlet(np.full(n_topics, alpha), n)
    counts = np.stack([rng.multinomial(length, share @ topics) for share in shares])
    return Planted(sparse.csr_matrix(counts), topics, shares)


def cosines(found: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Of each true topic and its partner among those found, by the best pairing."""
    return match_topics(true, found).similarity
