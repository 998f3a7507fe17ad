"""Metrics of topics against brute force: every window, pair, step and matching by itself."""

from itertools import combinations, permutations
from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from latently.metrics import (
    coherence,
    fold_in,
    held_out_perplexity,
    match_topics,
    split_documents,
    stability,
)
from latently.metrics.topics import cooccurrence

WORDS = "abcdef"
SMALL = 1e-12
texts = st.lists(st.lists(st.sampled_from(WORDS + "xyz"), max_size=12), min_size=1, max_size=6).filter(any)
topics = st.lists(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=4, unique=True), min_size=1, max_size=3
)
slow = settings(deadline=None)


def windows_of(documents, size):
    """Each window as a set, cut out by hand."""
    whole = [document for document in documents if document]
    if size is None:
        return [set(document) for document in whole]
    return [
        set(document[start : start + size])
        for document in whole
        for start in range(max(1, len(document) - size + 1))
    ]


def share(windows, *words):
    return sum(all(word in window for word in words) for window in windows) / len(windows)


def npmi(windows, v, w):
    single, both = share(windows, v) * share(windows, w), share(windows, v, w)
    if single == 0:
        return 0.0
    if both == 1:
        return 1.0
    return max(-1.0, min(1.0, log((both + SMALL) / single) / -log(both + SMALL)))


def u_mass(windows, topic):
    def term(above, below):
        single = share(windows, above)
        small = 1 / len(windows)
        return log((share(windows, above, below) + small) / single) if single else log(small)

    return np.mean([term(above, below) for above, below in combinations(topic, 2)])


def c_npmi(windows, topic):
    def term(v, w):
        return npmi(windows, v, w) if share(windows, v) and share(windows, w) else -1.0

    return np.mean([term(v, w) for v, w in combinations(topic, 2)])


def c_v(windows, topic):
    vectors = [np.array([npmi(windows, v, w) for w in topic]) for v in topic]
    whole = np.sum(vectors, axis=0)

    def cosine(vector):
        length = np.linalg.norm(vector) * np.linalg.norm(whole)
        return vector @ whole / length if length else 0.0

    return np.mean([cosine(vector) for vector in vectors])


BY_HAND = {"u_mass": u_mass, "c_npmi": c_npmi, "c_v": c_v}


@slow
@pytest.mark.filterwarnings("ignore:.* occur in no document")
@given(topics, texts, st.sampled_from(sorted(BY_HAND)), st.integers(1, 14))
def test_coherence_counts_every_window(chosen, documents, measure, window):
    size = None if measure == "u_mass" else window
    windows = windows_of(documents, size)
    expected = [BY_HAND[measure](windows, topic) if len(topic) > 1 else 0.0 for topic in chosen]
    scores = coherence(chosen, documents, measure, window=size)
    assert_allclose(scores.per_topic, expected, rtol=1e-9, atol=1e-9)
    assert scores.mean == pytest.approx(np.mean(expected), abs=1e-9)


@slow
@pytest.mark.filterwarnings("ignore:.* occur in no document")
@given(topics, texts, st.sampled_from(sorted(BY_HAND)))
def test_coherence_of_counts_is_that_of_whole_documents(chosen, documents, measure):
    vocabulary = [*WORDS, "x", "y", "z"]
    counts = np.array([[document.count(word) for word in vocabulary] for document in documents])
    windows = windows_of(documents, None)
    expected = [BY_HAND[measure](windows, topic) if len(topic) > 1 else 0.0 for topic in chosen]
    scores = coherence(chosen, counts, measure, vocabulary=vocabulary)
    assert_allclose(scores.per_topic, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("window", [None, 1, 3, 50])
def test_parts_of_long_texts_are_put_together(monkeypatch, window):
    rng = np.random.default_rng(0)
    documents = [[*rng.choice([*WORDS, "x"], size)] for size in (40, 0, 7, 90, 1)]
    chosen = [["a", "b", "c"], ["d", "e"]]
    whole = cooccurrence.in_texts(chosen, documents, window)
    monkeypatch.setattr(cooccurrence, "TOKENS_AT_ONCE", 8)
    parts = cooccurrence.in_texts(chosen, documents, window)
    assert_array_equal(parts.joint, whole.joint)
    windows = windows_of(documents, window)
    assert parts.n_windows == len(windows)
    for v, w in combinations(range(3), 2):
        both = sum({chosen[0][v], chosen[0][w]} <= one for one in windows)
        assert parts.joint[0, v, w] == parts.joint[0, w, v] == both


def steps(words, topic_word, prior, n_iter):
    """Proportions of one document, token by token."""
    theta = np.full(len(topic_word), 1 / len(topic_word))
    for _ in range(n_iter):
        total = np.array(prior, dtype=float)
        for word in words:
            resp = theta * topic_word[:, word]
            total += resp / resp.sum()
        theta = total / total.sum()
    return theta


def random_topics(rng, n_topics, n_words):
    return rng.dirichlet(np.full(n_words, 0.3), n_topics)


def test_proportions_are_those_of_the_steps_token_by_token():
    rng = np.random.default_rng(1)
    topic_word, prior = random_topics(rng, 3, 7), [0.1, 0.5, 1.0]
    X = rng.poisson(0.8, (20, 7))
    expected = [
        steps(np.repeat(np.arange(7), row), topic_word, prior, 30) if row.any() else np.array(prior) / 1.6
        for row in X
    ]
    assert_allclose(fold_in(X, topic_word, prior, n_iter=30), expected, rtol=1e-12)


def test_proportions_climb_to_the_mode_of_the_posterior():
    rng = np.random.default_rng(2)
    topic_word, X = random_topics(rng, 2, 5), np.array([[3, 0, 1, 2, 0]])
    theta = fold_in(X, topic_word, 0.7, n_iter=5000)[0]
    grid = np.linspace(0, 1, 200_001)[1:-1]
    mixed = np.outer(grid, topic_word[0]) + np.outer(1 - grid, topic_word[1])
    posterior = (X * np.log(mixed)).sum(axis=1) + 0.7 * (np.log(grid) + np.log(1 - grid))
    assert theta[0] == pytest.approx(grid[posterior.argmax()], abs=1e-5)


def test_perplexity_is_that_of_the_second_halves_token_by_token():
    rng = np.random.default_rng(3)
    topic_word = random_topics(rng, 3, 8)
    X = rng.poisson(2.0, (15, 8))
    seen = np.arange(8) != 4
    split = split_documents(X, random_state=5)
    total, scored, ignored = 0.0, 0, 0
    for first, second in zip(split.observed.toarray(), split.held_out.toarray(), strict=True):
        words = [word for word in np.repeat(np.arange(8), first.astype(int)) if seen[word]]
        theta = steps(words, topic_word, np.full(3, 0.2), 40) if words else np.full(3, 1 / 3)
        for word in np.repeat(np.arange(8), second.astype(int)):
            if seen[word]:
                total, scored = total + log(theta @ topic_word[:, word]), scored + 1
            else:
                ignored += 1
    result = held_out_perplexity(X, topic_word, 0.2, seen=seen, random_state=5, n_iter=40)
    assert result.log_likelihood == pytest.approx(total, rel=1e-12)
    assert result.perplexity == pytest.approx(np.exp(-total / scored), rel=1e-12)
    assert (result.n_tokens, result.n_ignored) == (scored, ignored)
    assert ignored > 0


@pytest.mark.parametrize(("n_first", "n_second"), [(3, 3), (2, 4), (4, 2), (1, 1)])
def test_topics_are_paired_as_the_best_of_all_pairings(n_first, n_second):
    rng = np.random.default_rng(4)
    a, b = random_topics(rng, n_first, 6), 10 * random_topics(rng, n_second, 6)
    cosines = np.array([[x @ y / np.linalg.norm(x) / np.linalg.norm(y) for y in b] for x in a])
    wide = cosines if n_first <= n_second else cosines.T
    best = max(
        sum(wide[i, j] for i, j in enumerate(chosen))
        for chosen in permutations(range(wide.shape[1]), wide.shape[0])
    )
    match = match_topics(a, b)
    assert match.similarity.sum() == pytest.approx(best)
    for topic, partner in enumerate(match.partner):
        assert match.similarity[topic] == (pytest.approx(cosines[topic, partner]) if partner >= 0 else 0)
    assert (match.partner >= 0).sum() == min(n_first, n_second)


def test_stability_is_the_mean_over_pairs_of_runs():
    rng = np.random.default_rng(5)
    runs = [random_topics(rng, 3, 6) for _ in range(4)]
    means = [match_topics(a, b).similarity.mean() for a, b in combinations(runs, 2)]
    result = stability(runs)
    assert result.mean == pytest.approx(np.mean(means))
    mine = [match_topics(runs[1], runs[other]).similarity for other in (0, 2, 3)]
    assert_allclose(result.per_topic[1], np.mean(mine, axis=0))
