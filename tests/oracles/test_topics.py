"""Topic models against formulas taken straight from the page, and against every assignment of topics."""

from itertools import combinations, product

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize
from scipy.special import digamma, gammaln

from latently import LatentDirichletAllocation
from latently.metrics import fold_in
from latently.models.admixture import AdmixtureParams
from latently.models.admixture.merging import merge, merge_seeded
from tests.oracles.evidence import log_dirichlet_multinomial, log_evidence
from tests.planted import planted

TINY = np.array([[2, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 2]])
PRIORS = {
    "even": (1.0, 1.0),
    "sparse": (0.1, 0.05),
    "uneven topics": ([0.2, 1.5], 0.3),
    "uneven words": (0.4, [0.1, 0.2, 1.0, 3.0]),
    "strong": (20.0, 10.0),
}


def as_vectors(priors, n_topics, n_words):
    alpha, eta = priors
    return np.broadcast_to(alpha, n_topics).astype(float), np.broadcast_to(eta, n_words).astype(float)


def variational(X, n_topics, priors=(0.1, 0.05), **settings):
    """Variational Bayes until nothing changes."""
    exact = {"tol": 1e-13, "doc_tol": 1e-13, "max_sweeps": 2000, "max_iter": 3000, "random_state": 0}
    lda = LatentDirichletAllocation(
        n_topics, inference="vb", doc_topic_prior=priors[0], topic_word_prior=priors[1], **(exact | settings)
    )
    return lda.fit(X)


def dirichlets(lda, X):
    """Parameters of the documents' and of the topics' Dirichlets."""
    total = np.asarray(X.sum(axis=1)).ravel() + lda.doc_topic_prior_.sum()
    return lda.doc_topic_ * total[:, None], lda.components_


def responsibilities(gamma, components):
    """phi[d, w, k], proportional to exp(E log theta_dk + E log beta_kw), and the logs of the latter."""
    theta = digamma(gamma) - digamma(gamma.sum(axis=1))[:, None]
    beta = digamma(components) - digamma(components.sum(axis=1))[:, None]
    logs = theta[:, None, :] + beta.T[None, :, :]
    phi = np.exp(logs - np.logaddexp.reduce(logs, axis=2)[:, :, None])
    return phi, logs


def divergence(parameters, prior):
    """Of one Dirichlet distribution from another."""
    logs = digamma(parameters) - digamma(parameters.sum())
    value = (
        gammaln(parameters.sum()) - gammaln(parameters).sum() - gammaln(prior.sum()) + gammaln(prior).sum()
    )
    return value + ((parameters - prior) * logs).sum()


# -- the bound -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("X", "n_topics", "priors"),
    [*((TINY, 2, priors) for priors in PRIORS.values()), (TINY[:2, :3], 3, (0.3, 0.5))],
    ids=[*PRIORS, "three topics"],
)
def test_the_bound_is_below_the_evidence_and_not_far(X, n_topics, priors):
    evidence = log_evidence(X, *as_vectors(priors, n_topics, X.shape[1]))
    bounds = [variational(X, n_topics, priors, random_state=seed).bound_ for seed in range(3)]
    assert max(bounds) < evidence
    # Topics can be named in any order, and the bound knows of one order only.
    assert max(bounds) > evidence - gammaln(n_topics + 1) - 0.4 * X.sum()


@pytest.mark.parametrize("priors", [PRIORS["sparse"], PRIORS["uneven words"]])
def test_strong_priors_of_documents_leave_little_to_be_bound(priors):
    """Hidden topics hardly matter, so the bound is nearly the evidence."""
    priors = (1e6, 1e6 * np.asarray(priors[1]))
    evidence = log_evidence(TINY, *as_vectors(priors, 2, 4))
    bound = variational(TINY, 2, priors).bound_
    assert bound < evidence
    assert_allclose(bound, evidence, rtol=1e-4)


@pytest.mark.parametrize("priors", [(1.0, 1.0), (0.1, 0.05), (3.0, [0.1, 0.2, 1.0, 3.0])])
def test_with_one_topic_the_bound_is_the_evidence(priors):
    alpha, eta = as_vectors(priors, 1, 4)
    lda = variational(TINY, 1, priors)
    assert_allclose(lda.bound_, log_evidence(TINY, alpha, eta), rtol=1e-12)
    assert_allclose(lda.components_[0], eta + TINY.sum(axis=0), rtol=1e-12)
    big = planted().counts.toarray()
    assert_allclose(
        variational(big, 1, (0.3, 0.2)).bound_,
        log_dirichlet_multinomial(big.sum(axis=0), np.full(big.shape[1], 0.2)),
        rtol=1e-12,
    )


@pytest.mark.parametrize("max_iter", [1, 3, 2000])
def test_the_bound_is_that_of_the_page(max_iter):
    """Expected logs of all that is drawn, less those of what stands for the posterior: term by term."""
    data = planted(n=30, n_words=20, n_topics=3, length=15)
    X = data.counts.toarray()
    alpha, eta = np.array([0.3, 0.7, 0.2]), np.linspace(0.05, 0.4, 20)
    lda = variational(X, 3, (alpha, eta), max_iter=max_iter, tol=0 if max_iter < 5 else 1e-12)
    gamma, components = dirichlets(lda, X)
    # The bound was taken where the topics stood in the last E-step, which are those returned.
    phi, logs = responsibilities(gamma, components)
    words = (X[:, :, None] * phi * (logs - np.log(np.maximum(phi, 1e-300)))).sum()
    documents = sum(divergence(row, alpha) for row in gamma)
    topics = sum(divergence(row, eta) for row in components)
    assert_allclose(lda.bound_, words - documents - topics, rtol=1e-10)
    assert_allclose(lda.bound_parts_["topics"], -topics, rtol=1e-10)
    assert_allclose(lda.bound_parts_["documents"], words - documents, rtol=1e-9)


def test_the_end_is_a_fixed_point():
    data = planted(1, n=40, n_words=20, n_topics=3, length=20)
    X = data.counts.toarray()
    alpha, eta = np.array([0.4, 0.9, 0.6]), np.full(20, 0.3)
    lda = variational(X, 3, (alpha, eta))
    assert lda.converged_
    gamma, components = dirichlets(lda, X)
    phi, _ = responsibilities(gamma, components)
    assert_allclose(gamma, alpha + (X[:, :, None] * phi).sum(axis=1), atol=1e-5)
    assert_allclose(components, eta + (X[:, :, None] * phi).sum(axis=0).T, atol=1e-4)
    assert_allclose(
        lda.exp_dirichlet_component_,
        np.exp(digamma(components) - digamma(components.sum(axis=1))[:, None]),
        rtol=1e-10,
    )


def test_no_other_params_nearby_have_a_higher_bound():
    X = TINY
    lda = variational(X, 2, (0.6, 0.4))
    gamma, components = dirichlets(lda, X)

    def bound(logs):
        g, c = np.exp(logs[: gamma.size]).reshape(gamma.shape), np.exp(logs[gamma.size :]).reshape(2, 4)
        phi, expected = responsibilities(g, c)
        words = (X[:, :, None] * np.where(phi > 0, phi * (expected - np.log(phi)), 0)).sum()
        priors = sum(divergence(r, np.full(2, 0.6)) for r in g) + sum(
            divergence(r, np.full(4, 0.4)) for r in c
        )
        return words - priors

    here = np.log(np.concatenate([gamma.ravel(), components.ravel()]))
    assert_allclose(bound(here), lda.bound_, rtol=1e-10)
    found = minimize(lambda logs: -bound(logs), here, method="BFGS")
    assert -found.fun <= lda.bound_ + 1e-6


# -- documents under topics that are given ------------------------------------------------------------


def posterior_mean(topics: np.ndarray, tokens: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Expected shares of the topics of a document, over every assignment of its tokens."""
    K = len(prior)
    assignments = np.array(list(product(range(K), repeat=len(tokens))))
    counts = (assignments[:, :, None] == np.arange(K)).sum(axis=1)
    log_p = np.log(topics[assignments, tokens]).sum(axis=1) + gammaln(counts + prior).sum(axis=1)
    p = np.exp(log_p - log_p.max())
    return (prior + p @ counts / p.sum()) / (prior.sum() + len(tokens))


def of_topics(topics, prior):
    """A model of these topics."""
    K, V = topics.shape
    lda = LatentDirichletAllocation(K, random_state=0, max_iter=1, tol=0, doc_tol=1e-10).fit(np.eye(V) + 1)
    lda._set_params(lda._model, AdmixtureParams(1e9 * topics.T, prior, np.full((V, 1), 0.1)))
    return lda


def test_a_document_of_one_token_has_its_posterior_mean():
    """The word is 0.854 of the first topic; the mode under the prior plus one would be [0.901, 0.099]."""
    lda = of_topics(np.array([[0.854, 0.146], [0.146, 0.854]]), np.array([0.1, 0.1]))
    assert_allclose(lda.transform([[1, 0], [0, 1]]), [[0.795, 0.205], [0.205, 0.795]], atol=5e-4)
    rng = np.random.default_rng(0)
    topics, prior = rng.dirichlet(np.ones(7), 5), rng.gamma(1.0, 1.0, 5)
    expected = [posterior_mean(topics, np.array([word]), prior) for word in range(7)]
    assert_allclose(of_topics(topics, prior).transform(np.eye(7)), expected, rtol=1e-7)


def test_documents_of_a_few_tokens_are_near_their_posterior_mean():
    """And nearer than the mode of their shares, which `metrics.fold_in` finds."""
    rng = np.random.default_rng(0)
    for K, n, near in ((2, 4, 0.03), (4, 4, 0.05), (3, 8, 0.04)):
        topics, prior = rng.dirichlet(np.ones(6), K), np.full(K, 0.3)
        X = rng.multinomial(n, rng.dirichlet(prior, 25) @ topics)
        tokens = [np.repeat(np.arange(6), row) for row in X]
        exact = np.array([posterior_mean(topics, each, prior) for each in tokens])
        off, of_mode = (
            np.abs(shares - exact).sum(axis=1).mean() / 2
            for shares in (of_topics(topics, prior).transform(X), fold_in(X, topics, prior, n_iter=500))
        )
        assert off < near, (K, n, off)
        assert off < 0.8 * of_mode, (K, n, of_mode)


# -- merging -----------------------------------------------------------------------------------------------


def merged_naively(counts: np.ndarray, n_left: int) -> list[list[int]]:
    """Every pair compared anew after every merge, as the formula says."""
    groups = [[k] for k in range(counts.shape[1])]

    def loss(pair: tuple[int, int]) -> float:
        a, b = (counts[:, groups[k]].sum(axis=1) for k in pair)
        if not a.any() or not b.any():
            return 0.0
        cosine = a @ b / np.sqrt((a @ a) * (b @ b))
        return 2 * a.sum() * b.sum() / (a.sum() + b.sum()) * (1 - cosine)

    while len(groups) > n_left:
        i, j = min(combinations(range(len(groups)), 2), key=loss)
        groups[i] += groups.pop(j)
    return groups


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("n_left", [1, 3, 7])
def test_the_cheapest_to_merge_are_merged(seed, n_left):
    rng = np.random.default_rng(seed)
    counts = rng.gamma(0.3, 5.0, (30, 8))
    counts[:, 5] = 0
    assert merge(counts, n_left) == merged_naively(counts, n_left)
    assert merge(counts[rng.permutation(30)], n_left) == merge(counts, n_left)


def test_of_equals_the_first_are_merged_and_halves_of_a_topic_before_others():
    theme = np.random.default_rng(0).gamma(0.3, 50.0, (40, 3))
    halves = np.random.default_rng(1).binomial(theme.astype(int), 0.4)
    counts = np.hstack([halves, theme.astype(int) - halves])
    assert merge(counts, 3) == [[0, 3], [1, 4], [2, 5]]
    assert merge(np.eye(4), 2) == [[0, 1], [2, 3]]


def test_known_groups_take_in_what_is_like_them_and_others_last():
    like = np.array([[9.0, 1, 0, 0], [8, 2, 0, 0], [0, 0, 5, 5], [0, 0, 4, 6], [3, 3, 3, 3]]).T
    assert merge(like, 3) == [[0, 1], [2, 3], [4]]
    assert merge(like, 3, [[0], [1]]) == [[0], [1, 4], [2, 3]]  # although the first two are nearly equal
    assert merge(like, 3, [[0]]) == [[0, 1], [2, 3], [4]]
    assert merge(np.eye(3), 2, [[0]]) == [[0], [1, 2]]
    assert merge(np.eye(3), 2, [[0], [1]]) == [[0, 2], [1]]  # there is nothing else to merge
    assert merge(np.eye(4), 3, [[0, 3], [2]]) == [[0, 3], [2], [1]]


def seeds(n_words, *topics):
    excess = np.zeros((n_words, len(topics)))
    for k, words in enumerate(topics):
        excess[list(words), k] = 5.0
    return excess


def test_seed_words_say_which_topics_belong_together():
    """Six topics are two halves of three themes of two words each."""
    counts = np.kron(np.eye(3), [[6.0, 4.0], [6.0, 4.0]]) + 0.01
    halves = [[0, 1], [2, 3], [4, 5]]
    assert merge_seeded(counts, 3, np.zeros((6, 0))) == ([], halves)
    assert merge_seeded(counts, 3, seeds(6, [2])) == ([halves[1]], [halves[0], halves[2]])
    assert merge_seeded(counts, 2, seeds(6, [0, 4])) == ([[*halves[0], *halves[2]]], [halves[1]])
    assert merge_seeded(counts, 3, seeds(6, [4], [0])) == ([halves[2], halves[0]], [halves[1]])
    counts[0] *= 3  # of one theme that two claim, the more frequent word has it
    assert merge_seeded(counts, 3, seeds(6, [1], [0]))[0] == [[], halves[0]]
    unseen = np.vstack([counts, np.zeros((1, 6))])
    assert merge_seeded(unseen, 3, seeds(7, [6]))[0] == [[]]
