"""New documents under topics that stay as they are, by CVB0.

Formulas: docs/formulas.md, "Fold-in and held-out perplexity".

Each token goes to the topics in proportion to what the others of its document have of them, prior
included, and to the probability of its word.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latently.checks.arrays import Floats
from latently.core.backends import Backend
from latently.core.blocks import Block
from latently.models.admixture import plain
from latently.models.admixture.params import AdmixtureParams, Array
from latently.models.admixture.variational import Expectations


@dataclass(frozen=True)
class CollapsedFolding:
    """Topics of documents, given those of the words."""

    n_components: int  # number of topics
    n_words: int  # size of the vocabulary
    doc_tol: float = 1e-3  # change of a document's topics, in relation to its length, at which its sweeps end
    max_sweeps: int = 100  # most sweeps over a document
    dtype: str = "float32"  # of the tables: float32 or float64
    compiled: bool = True  # whether kernels may take the place of plain NumPy

    def prepare(self, params: AdmixtureParams, backend: Backend) -> Expectations:
        """Probabilities of words over the largest of their row."""
        return self.of_topics(params.topic_word, params.totals, params.doc_prior)

    def of_topics(self, topic_word: Floats, totals: Array, doc_prior: Array) -> Expectations:
        """Probabilities of some words under each topic, as the kernel reads them."""
        probabilities = topic_word / totals
        top = probabilities.max(axis=1, keepdims=True)
        table = np.ascontiguousarray(probabilities / top, dtype=self.dtype)
        return Expectations(table, np.log(top[:, 0]), doc_prior, 0.0)

    def infer(self, prepared: Expectations, block: Block, gamma: Array, words: Floats) -> tuple[float, int]:
        """Bring `gamma` to its fixed point and add expected counts to `words`.

        Returns the log-likelihood of the words, if expected counts are wanted, and the number of sweeps.
        """
        if self.compiled:
            from latently.kernels.topics.folding import fold_in
        else:
            fold_in = plain.fold_in
        found: tuple[float, int] = fold_in(
            block.x.words,
            block.x.counts,
            block.offsets,
            block.weights,
            prepared.table,
            prepared.log_maxima,
            prepared.doc_prior,
            self.doc_tol,
            self.max_sweeps,
            gamma,
            words,
        )
        return found
