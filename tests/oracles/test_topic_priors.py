"""Priors of topic models that are learned, against optimisers and by hand."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from scipy.special import digamma

from latently import LatentDirichletAllocation
from latently.core.backends import SerialBackend
from latently.core.memory import MemoryMap
from latently.models.admixture import AdmixtureParams, CollapsedAdmixture, document_source
from latently.models.admixture.priors import DocumentTerms, gain, learned_doc_prior, learned_word_prior
from tests.oracles.evidence import log_dirichlet_multinomial

# -- learned priors ------------------------------------------------------------------------------------


def hard(counts):
    """Logs of the probabilities that counts are zero, when they are known."""
    return np.where(counts > 0, -np.inf, 0.0)


def polya(counts, weights, alpha):
    """log-likelihood of a Dirichlet-multinomial distribution."""
    return weights @ log_dirichlet_multinomial(counts, alpha)


@pytest.fixture(scope="module")
def hard_counts():
    rng = np.random.default_rng(0)
    true = np.array([0.15, 0.6, 2.0])
    counts = np.stack([rng.multinomial(n, rng.dirichlet(true)) for n in rng.integers(1, 60, 300)])
    return counts, rng.integers(0, 3, 300).astype(float)


def test_the_gain_of_known_counts_is_a_difference_of_digammas(hard_counts):
    counts, _ = hard_counts
    prior = np.array([0.2, 0.5, 1.5])
    assert_allclose(gain(counts, hard(counts), prior), digamma(counts + prior) - digamma(prior), atol=1e-12)


def test_the_gain_of_a_count_that_may_be_zero_is_that_of_teh():
    """A binomial count: the probability of none is exact, and the rest stands at its mean."""
    p, n, prior = 0.3, 4, 0.2
    absent = n * np.log1p(-p)
    mean = n * p / (1 - (1 - p) ** n)
    by_hand = (1 - (1 - p) ** n) * (digamma(mean + prior) - digamma(prior))
    assert_allclose(gain(np.array([[n * p]]), np.array([[absent]]), prior), by_hand, rtol=1e-12)
    chances = [1, 4, 6, 4, 1] * p ** np.arange(5) * (1 - p) ** (4 - np.arange(5))
    exact = (chances * (digamma(np.arange(5) + prior) - digamma(prior))).sum()
    naive = digamma(n * p + prior) - digamma(prior)
    assert abs(by_hand - exact) < 0.1 * abs(naive - exact)


def test_learning_a_prior_of_documents_climbs_to_the_maximum(hard_counts):
    counts, weights = hard_counts
    alpha = np.array([1.0, 1.0, 1.0])
    values = [polya(counts, weights, alpha)]
    for _ in range(500):
        terms = DocumentTerms.of(counts, hard(counts), weights, alpha, np.zeros((1, 3)))
        alpha = learned_doc_prior(terms, alpha)
        values.append(polya(counts, weights, alpha))
    assert np.diff(values).min() > -1e-9
    best = minimize(lambda logs: -polya(counts, weights, np.exp(logs)), np.zeros(3), method="BFGS")
    assert_allclose(alpha, np.exp(best.x), rtol=1e-4)
    assert_allclose(values[-1], -best.fun, rtol=1e-9)


@pytest.mark.parametrize("n_columns", [1, 4])
def test_learning_a_prior_of_words_climbs_to_the_maximum(n_columns):
    rng = np.random.default_rng(1)
    counts = np.stack([rng.multinomial(200, rng.dirichlet(np.full(50, 0.3))) for _ in range(4)], axis=1)
    prior = np.full((50, n_columns), 1.0)

    def likelihood(eta):
        return log_dirichlet_multinomial(counts.T, np.full(50, eta)).sum()

    values = [likelihood(1.0)]
    for _ in range(300):
        prior = learned_word_prior(counts, hard(counts), prior)
        values.append(likelihood(float(prior[0, 0])))
    assert np.diff(values).min() > -1e-9
    best = minimize(lambda log: -likelihood(np.exp(log[0])), [0.0], method="BFGS")
    assert_allclose(prior, np.exp(best.x[0]), rtol=1e-4)


def test_words_with_priors_of_their_own_keep_their_distance():
    counts = np.random.default_rng(0).integers(0, 5, (6, 2)).astype(float)
    prior = np.full((6, 2), 0.5)
    prior[2, 1] += 7.0
    better = learned_word_prior(counts, hard(counts), prior)
    assert_allclose(better - better.min(), prior - 0.5, atol=1e-12)
    assert better.min() != 0.5


def test_priors_are_learned_from_what_is_believed_of_the_tokens():
    """One step of the fit, with responsibilities of zero and one: as from the counts themselves."""
    rng = np.random.default_rng(0)
    X = rng.integers(0, 3, (40, 12))
    source = document_source(csr_matrix(X), np.arange(40) % 3.0, np.float64)
    model = CollapsedAdmixture(3, 12, np.float64)
    em = MemoryMap(model, source.remembering(lambda b: model.first(b, np.uint64(0)), SerialBackend()))
    for memory in em.memories.each:
        memory.resp[:] = np.eye(3)[rng.integers(3, size=len(memory.resp))]
    stats = em.memories.sum(model.recall)
    params = AdmixtureParams(stats.words + 0.2, np.array([0.5, 0.3, 0.1]), np.full((12, 1), 0.2))
    counts = np.concatenate(em.memories.turned(model.document_counts).each)
    better = model.learn(em, params, True, True)
    terms = DocumentTerms.of(counts, hard(counts), source.weights, params.doc_prior, np.zeros((12, 3)))
    assert_allclose(better.doc_prior, learned_doc_prior(terms, params.doc_prior), rtol=1e-9)
    expected = learned_word_prior(stats.words, hard(stats.words), params.word_prior)
    assert_allclose(better.word_prior, expected, rtol=1e-9)
    assert_allclose(better.topic_word, stats.words + expected, rtol=1e-12)
    assert_array_equal(model.learn(em, params, True, False).word_prior, params.word_prior)


def test_auto_learns_uneven_priors_of_topics_that_are():
    rng = np.random.default_rng(0)
    true = np.array([2.0, 0.5, 0.1])
    topics = rng.dirichlet(np.full(60, 0.05), 3)
    X = np.stack([rng.multinomial(80, rng.dirichlet(true) @ topics) for _ in range(400)])
    lda = LatentDirichletAllocation(3, random_state=0, tol=0, max_iter=600).fit(X)
    order = np.argsort(-lda.doc_topic_.mean(axis=0))
    assert_allclose(lda.doc_topic_prior_[order], true, rtol=0.35)
    assert 0.02 < lda.topic_word_prior_ < 0.1
    fixed = LatentDirichletAllocation(3, doc_topic_prior=None, topic_word_prior=None, random_state=0).fit(X)
    assert_array_equal(fixed.doc_topic_prior_, 0.1)
    assert fixed.topic_word_prior_ == 0.05


@pytest.mark.parametrize("inference", ["cvb0", "vb"])
def test_auto_learns_of_topics_that_rest_at_once(inference):
    """Nine short texts, whose topics stand still before the pass from which on others are learned."""
    texts = ["abc", "abd", "bcd", "xyz", "xyw", "yzw", "acd", "xzw", "bda"]
    lda, fixed = (
        LatentDirichletAllocation(
            2, inference=inference, doc_topic_prior=prior, topic_word_prior=prior, random_state=0
        ).fit([list(text) for text in texts])
        for prior in ("auto", None)
    )
    assert lda.converged_
    assert (lda.doc_topic_prior_ != fixed.doc_topic_prior_).all()
    assert lda.topic_word_prior_ > 1.5 * fixed.topic_word_prior_
    assert inference == "vb" or fixed.n_iter_ < lda.n_iter_ < 20
    assert_array_equal(
        lda.doc_topic_.argmax(axis=1), lda.doc_topic_[0].argmax() ^ np.array([0, 0, 0, 1, 1, 1, 0, 1, 0])
    )
