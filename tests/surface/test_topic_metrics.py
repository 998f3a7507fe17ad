"""Metrics of topics: values worked by hand, defined where others give NaN, and errors that say why."""

import re
from functools import partial
from math import log, sqrt

import numpy as np
import pandas
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from latently import LatentDirichletAllocation
from latently.metrics import (
    DocumentSplit,
    coherence,
    diversity,
    fold_in,
    held_out_perplexity,
    match_topics,
    split_documents,
    stability,
)

# Three documents: the sea is in two, with the ship in one of them; the hill stands alone.
SEA = [["sea", "ship"], ["sea", "sail"], ["hill"]]
VOCABULARY = ["hill", "sail", "sea", "ship"]
COUNTS = np.array([[0, 0, 1, 1], [0, 1, 1, 0], [1, 0, 0, 0]])
MEASURES = ["u_mass", "c_npmi", "c_v"]


# The sea and the ship: P(sea) = 2/3, P(ship) = P(sea, ship) = 1/3. Ship and sail never meet: P = epsilon.
TOGETHER, APART = log(3 / 2) / log(3), log(1e-12 * 9) / -log(1e-12)
about = partial(pytest.approx, rel=1e-6, abs=1e-15)
ABCA = [["a", "b", "c", "a"]]
RARE = [["a"], ["b"], *([["c"]] * 98)]


@pytest.mark.parametrize(
    ("topic", "documents", "measure", "options", "value"),
    [
        # D(sea) = 2, D(sea, ship) = 1: log((1 + 1) / 2); D(ship) = 1 the other way round: log((1 + 1) / 1).
        ("sea ship", SEA, "u_mass", {}, about(0.0)),
        ("ship sea", SEA, "u_mass", {}, about(log(2))),
        # (sea, ship) and (sea, sail) are 0, and (ship, sail) never meet: log((0 + 1) / 1).
        ("sea ship sail", SEA, "u_mass", {}, about(0.0)),
        # The hill never meets the sea: log((0 + 1) / 2).
        ("sea hill", SEA, "u_mass", {}, about(-log(2))),
        ("sea ship hill", SEA, "u_mass", {"n": 2}, about(0.0)),
        ("sea ship", SEA, "c_npmi", {}, about(TOGETHER)),
        ("sea ship sail", SEA, "c_npmi", {}, about((2 * TOGETHER + APART) / 3)),
        # npmi(sea, sea) = npmi(ship, ship) = 1, npmi(sea, ship) = a: vectors (1, a), (a, 1); their sum.
        ("sea ship", SEA, "c_v", {}, about((1 + TOGETHER) / sqrt(2 * (1 + TOGETHER**2)))),
        # Windows of two: (a, b), (b, c), (c, a); each pair meets in one of three, each word is in two.
        ("a b", ABCA, "c_npmi", {"window": 2}, about(log((1 / 3) / (4 / 9)) / log(3))),
        # The whole text is one window, and every window has both.
        ("a b", ABCA, "c_npmi", {}, 1),
        # P(a) P(b) = 1e-4: log(1e-6 / 1e-4) / -log(1e-6).
        ("a b", RARE, "c_npmi", {"epsilon": 1e-6}, about(-1 / 3)),
        ("a b", RARE, "c_npmi", {"epsilon": 0.3}, 1),
        ("a b", RARE, "c_npmi", {"epsilon": 1e-300}, pytest.approx(-1, abs=0.02)),
    ],
)
def test_coherence_by_hand(topic, documents, measure, options, value):
    assert coherence([topic.split()], documents, measure, **options).mean == value


def test_coherence_is_c_v_unless_asked_otherwise_and_the_mean_of_topics():
    topics = [["sea", "ship", "sail"], ["sea", "ship"]]
    found = coherence(topics, SEA, "c_v")
    assert coherence(topics, SEA).mean == found.mean == pytest.approx(found.per_topic.mean())
    assert coherence([["a", "c"]], RARE, "c_npmi", epsilon=1e-100).mean > -1


@pytest.mark.parametrize("measure", MEASURES)
def test_bags_of_words_count_documents(measure):
    # No document is longer than a window, so windows are documents here too.
    topics = [["sea", "ship", "sail"], ["hill", "sea"]]
    expected = coherence(topics, SEA, measure).per_topic
    columns = [[VOCABULARY.index(word) for word in topic] for topic in topics]
    weights = np.array([[0.0, 0.2, 0.5, 0.3], [0.9, 0.0, 0.1, 0.0]])
    for counts in (COUNTS, sparse.csc_matrix(COUNTS), pandas.DataFrame(COUNTS), 3.5 * COUNTS):
        assert_allclose(coherence(topics, counts, measure, vocabulary=VOCABULARY).per_topic, expected)
        assert_allclose(coherence(columns, counts, measure).per_topic, expected)
        assert_allclose(coherence(weights, counts, measure).per_topic, expected)
    assert_allclose(coherence(weights, SEA, measure, vocabulary=VOCABULARY).per_topic, expected)
    assert_allclose(coherence(weights.tolist(), SEA, measure, vocabulary=VOCABULARY).per_topic, expected)
    empty = np.vstack([COUNTS, np.zeros((2, 4))])
    assert_allclose(coherence(columns, empty, measure).per_topic, expected)
    assert_allclose(coherence(topics, [[], *SEA, []], measure).per_topic, expected)


ABSENT = pytest.mark.filterwarnings("ignore:.* occur in no document")


@ABSENT
def test_what_others_leave_undefined_has_a_value():
    unknown = {measure: coherence([["sea", "whale"], ["whale", "sea"]], SEA, measure) for measure in MEASURES}
    # The sea without the whale: log((0 + 1) / 2). The whale never occurs: the least, log(1 / 3).
    assert_allclose(unknown["u_mass"].per_topic, [-log(2), -log(3)])
    assert_allclose(unknown["c_npmi"].per_topic, [-1, -1])
    # The whale's vector is zero, the sea's is (1, 0), and so is their sum.
    assert_allclose(unknown["c_v"].per_topic, [0.5, 0.5])
    for measure in MEASURES:
        alone = coherence([["sea"], ["whale"], ["whale", "oar"]], SEA, measure).per_topic
        assert_array_equal(alone[:2], [0, 0])
        assert alone[2] == pytest.approx({"u_mass": -log(3), "c_npmi": -1, "c_v": 0}[measure])


@pytest.mark.parametrize("measure", MEASURES)
def test_words_that_occur_nowhere_are_named(measure):
    with pytest.warns(
        UserWarning, match="^'whale' of topic 0, 'oar' of topic 1 occur in no document, and get"
    ):
        coherence([["sea", "whale"], ["oar"]], SEA, measure)
    nowhere = [[f"w{k}{i}" for i in range(4)] for k in range(2)]
    with pytest.warns(UserWarning, match="'w10' of topic 1 and 3 more occur in no document") as told:
        coherence(nowhere, SEA, measure)
    assert told[0].filename == __file__
    with pytest.warns(UserWarning, match="^3 of topic 0 occur in no document"):
        coherence([[0, 3]], COUNTS * [1, 1, 1, 0], measure)


@ABSENT
@pytest.mark.parametrize("measure", MEASURES)
def test_a_single_document_gives_numbers(measure):
    assert np.isfinite(coherence([["a", "b", "c"]], [["a", "b"]], measure).per_topic).all()
    assert np.isfinite(coherence([["a", "b"]], [["a"], ["b"]], measure).per_topic).all()


def test_u_mass_of_gensim_has_another_epsilon():
    """Its `segmentation.s_one_pre` and `log_conditional_probability`, written out."""
    lda = LatentDirichletAllocation(2, vocabulary=VOCABULARY, random_state=0).fit(COUNTS)
    here, n = COUNTS > 0, len(COUNTS)
    expected = [
        np.mean(
            [
                log((np.sum(here[:, lower] & here[:, upper]) / n + 1e-12) / (here[:, upper].sum() / n))
                for i, lower in enumerate(topic)
                for upper in topic[:i]
            ]
        )
        for topic in np.argsort(-lda.topic_word_, axis=1, kind="stable")[:, :3]
    ]
    assert_allclose(lda.coherence(COUNTS, "u_mass", 3, epsilon=1e-12).per_topic, expected, rtol=1e-12)
    assert (lda.coherence(COUNTS, "u_mass", 3).per_topic != expected).any()


@pytest.mark.parametrize(
    ("topics", "documents", "options", "message"),
    [
        ([["sea"]], SEA, {"measure": "umass"}, "measure='umass': should be one of 'c_v', 'c_npmi', 'u_mass'"),
        ([["sea"]], SEA, {"measure": "u_mass", "window": 5}, "window=5: is for 'c_v'"),
        ([["sea"]], SEA, {"window": 0}, "window=0: should be an integer of at least 1"),
        ([["sea"]], SEA, {"epsilon": 0}, "epsilon=0: should be a number above 0"),
        ([["sea"]], SEA, {"n": 0}, "n=0: should be an integer of at least 1"),
        ([["sea"]], [[], []], {}, "documents have no words"),
        ([["sea"]], [], {}, "documents have no words"),
        ([["sea"]], np.zeros((2, 2)), {"vocabulary": ["sea", "ship"]}, "documents have no words"),
        ([["sea"]], ["the sea"], {}, "documents are strings: give each text as a list of words"),
        ([["sea"], []], SEA, {}, "topic 1 has no words"),
        (np.array([[1.0, 0.0], [0.0, 0.0]]), SEA, {}, "topic 1 has no words"),
        ([["sea", "sea"]], SEA, {}, "topic 0 has the word 'sea' twice"),
        ([], SEA, {}, "topics is empty"),
        (np.array([[0.5, -0.5]]), SEA, {}, "topic 0 has weight -0.5 for word 1"),
        (np.array([[0.5, np.nan]]), SEA, {}, "topic 0 has weight nan for word 1"),
        (
            np.ones((1, 4)),
            SEA,
            {"vocabulary": ["a"]},
            "vocabulary is of length 1, and topics have shape (1, 4)",
        ),
        (
            [["sea"]],
            COUNTS,
            {},
            "topic 0 has the word 'sea', which is no column of documents: give vocabulary",
        ),
        ([[0, 4]], COUNTS, {}, "topic 0 has word 4, and documents have columns 0 to 3"),
        ([[0]], -COUNTS, {}, "X has -1 in row 0, column 2: counts are finite, and zero or more"),
    ],
)
def test_incoherent_requests_are_named(topics, documents, options, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        coherence(topics, documents, **options)


def test_diversity_is_the_share_of_distinct_words():
    assert diversity([["a", "b"], ["b", "c"]]) == 3 / 4
    assert diversity([["a", "b"], ["b", "c"]], n=1) == 1
    weights = np.array([[0.6, 0.4, 0.0], [0.5, 0.3, 0.2]])
    assert diversity(weights, n=2) == 1 / 2
    assert diversity(weights) == 3 / 5
    assert diversity(pandas.DataFrame(weights), n=2) == 1 / 2


def test_topics_are_matched_to_their_permutation_and_runs_alike_are_stable():
    topics = np.random.default_rng(0).dirichlet(np.full(20, 0.1), 5)
    order = [3, 0, 4, 1, 2]
    match = match_topics(topics, 1e-200 * topics[order])
    assert_array_equal(np.array(order)[match.partner], np.arange(5))
    assert_allclose(match.similarity, 1)
    result = stability([topics, topics[::-1], topics[[1, 0, 2, 3, 4]]])
    assert result.mean == pytest.approx(1)
    assert result.per_topic.shape == (3, 5)
    assert_allclose(stability([np.eye(5, 20, 5), np.eye(5, 20)]).per_topic, 0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: match_topics([[1, 0]], [[1, 0, 0]]), "a has shape (1, 2) and b (1, 3)"),
        (lambda: match_topics([[1, 0], [0, 0]], [[1, 0]]), "topic 1 of a has no weights"),
        (lambda: match_topics([[1, 0]], [[1, -1]]), "topic 0 of b has no weights"),
        (lambda: match_topics([1, 0], [[1, 1]]), "a has shape (2,): give a row for each topic"),
        (lambda: stability([[[1, 0]]]), "topic_words is of length 1: stability needs at least two runs"),
        (lambda: stability([[[1, 0]], [[1, 0], [0, 1]]]), "run 1 has shape (2, 2) and run 0 (1, 2)"),
    ],
)
def test_topics_that_cannot_be_matched_are_named(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()


# Held-out perplexity.

RNG = np.random.default_rng(7)
TOPICS = RNG.dirichlet(np.full(30, 0.2), 4)
X = np.array([RNG.multinomial(40, share @ TOPICS) for share in RNG.dirichlet(np.full(4, 0.3), 25)])


def test_halves_sum_to_the_whole_and_documents_that_differ_are_not_split_alike():
    split = split_documents(X)
    assert_array_equal((split.observed + split.held_out).toarray(), X)
    assert split.observed.data.min() == 1
    assert 0.4 < split.observed.sum() / X.sum() < 0.6
    assert 60 < split_documents(np.eye(200, dtype=int)).observed.nnz < 140


def test_equal_documents_are_split_alike_wherever_they_stand():
    split = split_documents(X).observed.toarray()
    order = RNG.permutation(25)
    assert_array_equal(split_documents(X[order]).observed.toarray(), split[order])
    assert_array_equal(split_documents(np.vstack([X, X])).observed.toarray(), np.vstack([split, split]))
    shuffled = sparse.coo_matrix(X)
    for same in (X.astype(float), X.astype(np.uint8), sparse.csc_matrix(X), shuffled, sparse.csr_array(X)):
        assert_array_equal(split_documents(same).observed.toarray(), split)
    assert (split_documents(X, random_state=1).observed.toarray() != split).any()


def test_the_users_counts_stay_as_they_were():
    matrix = sparse.csr_matrix(
        (np.array([1.0, 2.0, 4.0]), np.array([1, 0, 1]), np.array([0, 3])), shape=(1, 2)
    )
    split = split_documents(matrix)
    assert_array_equal((split.observed + split.held_out).toarray(), [[2, 5]])
    assert_array_equal(matrix.data, [1, 2, 4])
    assert_array_equal(matrix.indices, [1, 0, 1])


def test_fractions_are_refused_or_go_into_one_half():
    fractions = X + np.where(X > 0, 0.25, 0)
    row, column = np.argwhere(X > 0)[0]
    message = f"X has {fractions[row, column]:g} in row {row}, column {column}: tokens are split one by one"
    with pytest.raises(ValueError, match=re.escape(message)):
        split_documents(fractions)
    with pytest.raises(ValueError, match=re.escape(message)):
        held_out_perplexity(fractions, TOPICS, 0.1)
    split = split_documents(fractions, fractional=True)
    assert_allclose((split.observed + split.held_out).toarray(), fractions)
    assert set(np.unique(split.observed.data % 1)) == {0.0, 0.25}
    assert np.isfinite(held_out_perplexity(split, TOPICS, 0.1).perplexity)


def test_true_topics_predict_better_than_others():
    true, flat = held_out_perplexity(X, TOPICS, 0.3), held_out_perplexity(X, np.full((4, 30), 1 / 30), 0.3)
    assert true.perplexity < 20
    assert flat.perplexity == pytest.approx(30)
    assert true.n_tokens == flat.n_tokens == split_documents(X).held_out.sum()
    assert true.log_likelihood == pytest.approx(-true.n_tokens * np.log(true.perplexity))


def test_order_of_documents_changes_no_bit():
    order = RNG.permutation(25)
    assert held_out_perplexity(X[order], TOPICS, 0.3) == held_out_perplexity(X, TOPICS, 0.3)
    assert_array_equal(fold_in(X[order], TOPICS, 0.3), fold_in(X, TOPICS, 0.3)[order])


def test_words_that_training_has_not_seen_are_left_out_and_counted():
    seen = np.arange(30) >= 3
    whole, part = held_out_perplexity(X, TOPICS, 0.3), held_out_perplexity(X, TOPICS, 0.3, seen=seen)
    n_unseen = split_documents(X).held_out[:, :3].sum()
    assert n_unseen > 0
    assert (part.n_tokens, part.n_ignored) == (whole.n_tokens - n_unseen, n_unseen)
    # A word that no topic has counts as unseen.
    without = np.where(seen, TOPICS, 0)
    without /= without.sum(axis=1, keepdims=True)
    assert held_out_perplexity(X, without, 0.3).n_ignored == n_unseen


def test_proportions_may_come_from_any_library():
    given = held_out_perplexity(X, TOPICS, 0.3)
    asked = []

    def infer(observed):
        asked.append(observed)
        return fold_in(observed, TOPICS, 0.3)

    assert held_out_perplexity(X, TOPICS, infer=infer, seen=np.arange(30) > 0).n_ignored > 0
    assert asked.pop()[:, 0].nnz == 0
    assert held_out_perplexity(X, TOPICS, infer=infer).perplexity == pytest.approx(given.perplexity)
    only_first = held_out_perplexity(X, np.eye(2, 30), infer=lambda observed: np.tile([1.0, 0.0], (25, 1)))
    assert only_first.perplexity == np.inf


def test_single_precision_a_vector_of_weights_and_halves_of_ones_own_are_taken():
    double = held_out_perplexity(X, TOPICS, [0.3, 0.3, 0.3, 0.3])
    single = held_out_perplexity(X, TOPICS.astype(np.float32), 0.3)
    assert single.perplexity == pytest.approx(double.perplexity, rel=1e-5)
    split = DocumentSplit(sparse.csr_matrix(X), sparse.csr_matrix(X))
    result = held_out_perplexity(split, TOPICS, 0.3)
    assert result.n_tokens == X.sum()
    assert result.log_likelihood == pytest.approx((X * np.log(fold_in(X, TOPICS, 0.3) @ TOPICS)).sum())


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((X, TOPICS), {}, "give doc_topic_prior, the prior weight of each topic, or infer: one of the two"),
        ((X, TOPICS, 0.1), {"infer": len}, "give doc_topic_prior, the prior weight of each topic, or infer"),
        ((X, TOPICS[:, 1:], 0.1), {}, "topic_word has shape (4, 29): should be (n_topics, 30)"),
        ((X, 2 * TOPICS, 0.1), {}, "topic 0 of topic_word sums to 2, not to 1: divide each row by its sum"),
        ((X, -TOPICS, 0.1), {}, "in topic 0, word 0: give probabilities"),
        ((X, TOPICS, [0.1, 0.1]), {}, "doc_topic_prior has shape (2,), should be a number or (4,)"),
        ((X, TOPICS, 0), {}, "doc_topic_prior=0: should be positive"),
        (
            (X, TOPICS, 0.1),
            {"seen": np.ones(30)},
            "seen has shape (30,) and dtype float64: give true or false",
        ),
        (
            (X, TOPICS, 0.1),
            {"seen": np.zeros(30, dtype=bool)},
            "have no token whose word occurred in training",
        ),
        ((-X, TOPICS, 0.1), {}, "counts are finite, and zero or more"),
        ((X[0], TOPICS, 0.1), {}, "X has shape (30,): give a row for each document"),
        ((X, TOPICS), {"infer": lambda observed: np.ones(3)}, "infer returned shape (3,), should be (25, 4)"),
        ((X, TOPICS), {"infer": lambda observed: np.ones((25, 4))}, "infer returned what are no proportions"),
    ],
)
def test_what_cannot_be_scored_is_named(arguments, options, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        held_out_perplexity(*arguments, **options)
