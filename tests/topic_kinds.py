"""Kinds of inference of topic models, for laws: one pass of each over a small corpus, and fits."""

from dataclasses import replace

import numpy as np
import pytest

from latently import LatentDirichletAllocation
from latently.core.backends import SerialBackend
from latently.core.memory import MemoryMap
from latently.models.admixture import (
    AdmixtureParams,
    CollapsedAdmixture,
    VariationalAdmixture,
    document_source,
    even,
)
from tests.planted import planted

N_WORDS, K, SEED = 40, 3, np.uint64(5)
COUNTS = planted(0, n=50, n_words=N_WORDS, n_topics=K, length=20).counts.tolil()
COUNTS[7] = 0
COUNTS = COUNTS.tocsr()
WEIGHTS = np.random.default_rng(0).permutation(np.arange(50) % 4.0)
PRIORS = np.array([0.3, 0.1, 0.7]), np.linspace(0.02, 0.3, N_WORDS)[:, None]


class Collapsed:
    """CVB0 in double precision: what is remembered are probabilities of the topics of entries."""

    model = CollapsedAdmixture(K, N_WORDS, np.float64)

    def remember(self, block):
        return self.model.first(block, SEED)


class Truncated(Collapsed):
    model = CollapsedAdmixture(K, N_WORDS, np.float64, top_topics=2)


class Plain(Collapsed):
    model = CollapsedAdmixture(K, N_WORDS, np.float64, compiled=False)


class Variational:
    """Variational Bayes: what is remembered are parameters of the topics of documents."""

    model = VariationalAdmixture(K, N_WORDS, dtype=np.float64)

    def remember(self, block):
        return even(block, PRIORS[0])


class PlainVariational(Variational):
    model = VariationalAdmixture(K, N_WORDS, dtype=np.float64, compiled=False)


KINDS = [Collapsed(), Truncated(), Plain(), Variational(), PlainVariational()]
over_kinds = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: type(kind).__name__.lower())


def fitted(inference, X=COUNTS, weights=None, **settings):
    settings = {"n_components": K, "tol": 0, "max_iter": 30, "random_state": 0, **settings}
    return LatentDirichletAllocation(inference=inference, **settings).fit(X, None, weights)


def params():
    """Topics after a pass or two, no two alike."""
    rng = np.random.default_rng(1)
    return AdmixtureParams(rng.gamma(0.5, 8.0, (N_WORDS, K)) + PRIORS[1], *PRIORS)


def source(counts=COUNTS, weights=WEIGHTS, entries=None):
    whole = document_source(counts, weights, np.float64)
    return whole if entries is None else replace(whole, block_rows=entries)


def of_source(kind, data):
    return MemoryMap(kind.model, data.remembering(kind.remember, SerialBackend()))


def pass_over(kind, counts=COUNTS, weights=WEIGHTS, entries=None):
    """Statistics of one pass from the random start, and what is remembered."""
    data = source(counts, weights, entries)
    em = of_source(kind, data)
    return em.e_step(params()), em


def remembered(em):
    """In the order of documents: expected counts of their topics."""
    if isinstance(em.model, VariationalAdmixture):
        return np.concatenate(em.memories.each)
    return np.concatenate(em.memories.turned(em.model.document_counts).each)
