"""New documents under topics that stay as they are, by CVB0.

Formulas: docs/formulas.md, "Fold-in and held-out perplexity".

Each token goes to the topics in proportion to what the others of its document have of them, prior
included, and to the probability of its word.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from latently.checks.arrays import Array, Floats
from latently.core.backends import Backend
from latently.models.admixture import plain
from latently.models.admixture.inference import Expectations, Inference
from latently.models.admixture.params import AdmixtureParams


@dataclass(frozen=True)
class CollapsedFolding(Inference):
    """Topics of documents by probabilities of words over the largest of their row."""

    def prepare(self, params: AdmixtureParams, backend: Backend) -> Expectations:
        return self.of_topics(params.topic_word, params.totals, params.doc_prior)

    def of_topics(self, topic_word: Floats, totals: Array, doc_prior: Array) -> Expectations:
        probabilities = topic_word / totals
        top = probabilities.max(axis=1, keepdims=True)
        table = np.ascontiguousarray(probabilities / top, dtype=self.dtype)
        return Expectations(table, np.log(top[:, 0]), doc_prior)

    @property
    def loop(self) -> Callable[..., tuple[float, ...]]:
        if not self.compiled:
            return plain.fold_in
        from latently.kernels.topics.folding import fold_in

        return fold_in
