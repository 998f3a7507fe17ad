"""Corpora that are hard for kernels of topic models."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

from latently.models.admixture import plain

RNG = np.random.default_rng(0)


@dataclass(frozen=True)
class Case:
    """Documents as entries, what is believed of them, and priors."""

    words: np.ndarray
    counts: np.ndarray
    offsets: np.ndarray
    weights: np.ndarray
    n_words: int
    resp: np.ndarray
    doc_prior: np.ndarray
    word_prior: np.ndarray

    @property
    def n_topics(self):
        return len(self.doc_prior)

    @property
    def documents(self):
        return self.words, self.counts, self.offsets

    def table(self):
        """Expected counts, prior included, as a pass finds them."""
        sums = np.zeros((self.n_words, self.n_topics), self.resp.dtype)
        plain.tally(*self.documents, self.weights, self.resp, sums)
        return sums + self.word_prior.astype(sums.dtype)

    def frozen(self):
        """What a sweep takes beside the documents."""
        table = self.table()
        dtype = self.resp.dtype.type
        inverse = (1.0 / table.sum(axis=0, dtype=np.float64)).astype(self.resp.dtype)
        return table, inverse, self.doc_prior.astype(self.resp.dtype), dtype(0.5 * self.word_prior.min())

    def as_dtype(self, dtype):
        cast = {name: getattr(self, name).astype(dtype) for name in ("counts", "weights", "resp")}
        return replace(self, **cast)


def case(X, n_topics=5, weights=None, doc_prior=0.1, word_prior=0.05):
    X = sparse.csr_matrix(X, dtype=float)
    X.eliminate_zeros()
    n, V = X.shape
    resp = np.maximum(np.random.default_rng(0).dirichlet(np.full(n_topics, 0.3), X.nnz), 1e-9)
    return Case(
        X.indices.astype(np.int32),
        X.data,
        X.indptr.astype(np.int64),
        np.ones(n) if weights is None else weights,
        V,
        resp / resp.sum(axis=1, keepdims=True),
        np.broadcast_to(doc_prior, n_topics).astype(float),
        np.broadcast_to(word_prior, V).astype(float)[:, None],
    )


def ordinary(rng, n=23, V=31, most=4):
    """Some documents are empty, the first and the last among them; some words never occur."""
    X = rng.integers(0, most, (n, V)) * (rng.random((n, V)) < 0.3)
    X[[0, n // 3, n // 3 + 1, n - 1]] = 0
    X[:, [3, V - 1]] = 0
    return X


def heavy(rng):
    X = ordinary(rng).astype(float)
    X[2, 5] = X[4, 5] = 1e6
    X[4, 9] = 1e6 + 1
    return X


CASES = {
    "ordinary": case(ordinary(RNG)),
    "counts of 1e6": case(heavy(RNG)),
    "fractions": case(ordinary(RNG) * RNG.random((23, 31)) * 1.2),
    "one word a document": case(np.eye(12, 20)[:, RNG.permutation(20)]),
    "one word in all": case(np.ones((9, 1)), n_topics=3),
    "tiny priors": case(ordinary(RNG), doc_prior=1e-3, word_prior=1e-3),
    "uneven priors": case(
        ordinary(RNG), doc_prior=[1e-3, 0.1, 1, 5, 30], word_prior=np.geomspace(1e-3, 10, 31)
    ),
    "one topic": case(ordinary(RNG), n_topics=1),
    "17 topics": case(ordinary(RNG), n_topics=17),
    "weights": case(ordinary(RNG), weights=RNG.choice([0.0, 0.3, 1.0, 2.0, 7.5], 23)),
    "long documents": case(ordinary(RNG, 5, 300, 9), n_topics=8),
    "no documents": case(np.zeros((0, 6))),
}
EXACT = {"rtol": 1e-12, "atol": 1e-13}
SINGLE = {"rtol": 2e-5, "atol": 1e-5}
# A probability rests on what is left of a count without the token itself: with tiny priors few digits are.
TINY_SINGLE = {"rtol": 2e-3, "atol": 5e-4}
over_cases = pytest.mark.parametrize("name", list(CASES))
both = pytest.mark.parametrize("dtype", [np.float64, np.float32])


def tolerance(name, dtype):
    if dtype == np.float64:
        return EXACT
    return TINY_SINGLE if name in ("tiny priors", "uneven priors", "one word a document") else SINGLE


def assert_near(found, expected, tolerances):
    """Relative to the largest number, where that is above one."""
    scale = max(1.0, float(np.abs(expected).max(initial=0.0)))
    assert_allclose(np.asarray(found) / scale, np.asarray(expected, dtype=np.float64) / scale, **tolerances)
