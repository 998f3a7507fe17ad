"""The laws, for topic models: documents are the units, words the columns, topics the states."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone

from latently import LatentDirichletAllocation
from latently.core.array_source import ArraySource
from latently.core.backends import SerialBackend
from latently.core.em import Settings, run
from latently.core.errors import FitError
from latently.core.fixed_point import iterate
from latently.core.memory import MemoryMap
from latently.estimators.topics.starts import some_documents
from latently.models.admixture import (
    AdmixtureParams,
    CollapsedAdmixture,
    CollapsedFolding,
    Entries,
    VariationalAdmixture,
    document_source,
    even,
)
from tests.comparing import assert_identical, assert_same
from tests.laws.exemptions import INFERENCES, MONOTONE, REORDERED, REPEATS, over_inferences
from tests.planted import planted
from tests.refusing import changed, refused

pytestmark = pytest.mark.filterwarnings("ignore:documents without words")

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


# -- 1: additive -------------------------------------------------------------------------------------------


@over_kinds
@pytest.mark.parametrize("entries", [1, 37, 300])
def test_any_split_gives_the_same_statistics(kind, entries):
    whole, one = pass_over(kind)
    pieces, many = pass_over(kind, entries=entries)
    assert len(one.memories.each) == 1
    assert len(many.memories.each) > 1
    assert_same(pieces, whole, rtol=1e-11)
    assert_allclose(remembered(many), remembered(one), rtol=1e-12)
    if isinstance(kind, Collapsed):
        recalled = [em.memories.sum(kind.model.recall) for em in (one, many)]
        assert_same(*recalled, rtol=1e-12)
        learned = [kind.model.learn(em, params(), True, True) for em in (one, many)]
        assert_same(*learned, rtol=1e-10)


@over_kinds
def test_documents_without_words_give_zero(kind):
    nothing = sparse.csr_matrix((4, N_WORDS))
    stats, em = pass_over(kind, nothing, np.ones(4))
    assert_array_equal(stats.words, 0.0)
    assert stats.n_tokens == 0.0
    if isinstance(kind, Variational):
        share = kind.model.prepare(params(), SerialBackend()).share
        assert stats.bound == share
        assert_array_equal(em.memories.each[0], np.tile(PRIORS[0], (4, 1)))
    else:
        assert stats.change == 0.0
        assert_array_equal(remembered(em), 0.0)


@over_kinds
def test_an_empty_block_gives_zero(kind):
    (block,) = source().blocks()
    entries = Entries(block.x.words[:0], block.x.counts[:0])
    empty = ArraySource(entries, np.empty(0), np.zeros(1, np.int64), 10)
    (none,) = [replace(block, x=entries, weights=empty.weights, offsets=empty.offsets)]
    prepared = kind.model.prepare(params(), SerialBackend())
    stats, _ = kind.model.e_step(prepared, none, kind.remember(none))
    assert_array_equal(stats.words, 0.0)
    assert stats.n_tokens == 0.0


# -- 2: weights are repeats --------------------------------------------------------------------------------


def repeated(counts, weights):
    return counts[np.repeat(np.arange(len(weights)), weights.astype(int))]


@over_kinds
@pytest.mark.parametrize("scale", [1.0, 0.25])
def test_weights_are_repeats(kind, scale):
    """Of whole counts and of fractions."""
    counts, many = COUNTS * scale, repeated(COUNTS * scale, WEIGHTS)
    one, em = pass_over(kind, counts)
    other, repeats = pass_over(kind, many, np.ones(many.shape[0]))
    if isinstance(kind, Variational):
        one, other = (replace(stats, n_sweeps=0) for stats in (one, other))  # which are made once
    assert_same(other, one, rtol=1e-11)
    each = np.repeat(remembered(em), WEIGHTS.astype(int), axis=0)
    assert_allclose(remembered(repeats), each, rtol=1e-10, atol=1e-12)
    if isinstance(kind, Collapsed):
        learned = [kind.model.learn(which, params(), True, True) for which in (em, repeats)]
        assert_same(*learned, rtol=1e-10)


@over_inferences(REPEATS)
def test_weights_are_repeats_in_a_fit(inference):
    one = fitted(inference, COUNTS[WEIGHTS > 0], WEIGHTS[WEIGHTS > 0])
    other = fitted(inference, repeated(COUNTS, WEIGHTS))
    assert_allclose(one.components_, other.components_, rtol=1e-6)
    assert_allclose(one.doc_topic_prior_, other.doc_topic_prior_, rtol=1e-6)
    if inference == "vb":
        assert_allclose(one.history_, other.history_, rtol=1e-9)


def test_the_documents_of_a_start_follow_from_what_they_hold():
    """Equal ones count once; documents without weight, and the order of the others, do not matter."""
    order = np.random.default_rng(0).permutation(50)
    many = repeated(COUNTS, WEIGHTS)
    corpora = (COUNTS, WEIGHTS), (COUNTS[order], WEIGHTS[order]), (many, np.ones(many.shape[0]))
    totals = []
    for counts, weights in corpora:
        few = some_documents(source(counts, weights), 100, SEED)
        assert 100 <= len(few.x.words) < COUNTS.nnz
        totals.append(np.bincount(few.x.words, few.row_weights * few.x.counts, N_WORDS))
    assert_array_equal(totals[1], totals[0])
    assert_array_equal(totals[2], totals[0])


@pytest.mark.parametrize("inference", ["cvb0", "vb"])
def test_documents_without_weight_may_hold_anything(inference):
    counts = COUNTS.tolil()
    counts[np.flatnonzero(WEIGHTS == 0)] = 3
    one, other = (fitted(inference, X, WEIGHTS, max_iter=10) for X in (COUNTS, counts.tocsr()))
    assert_allclose(one.components_, other.components_, rtol=1e-9)


# -- 3: monotone -------------------------------------------------------------------------------------------


@over_inferences(MONOTONE)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("seed", range(3))
def test_the_bound_never_falls(inference, dtype, seed):
    data = planted(seed, n=80, n_words=50, n_topics=5, length=30)
    weights = np.random.default_rng(seed).integers(0, 3, 80).astype(float)
    settings = {"n_components": 6, "dtype": dtype, "max_iter": 40, "max_sweeps": 5, "random_state": seed}
    history = fitted(inference, data.counts, weights, **settings).history_
    slack = (1e-13 if dtype == "float64" else 1e-6) * np.abs(history).max()
    assert np.diff(history).min() >= -slack
    assert history[-1] > history[0]


@pytest.mark.parametrize("kind", KINDS[3:], ids=lambda kind: type(kind).__name__.lower())
def test_it_climbs_from_anywhere(kind):
    """From topics that have nothing to do with the documents: the engine's guard, and no change of sign."""
    em = of_source(kind, source())
    result = run(em, params(), Settings(tol=0, max_iter=30), 1.0)
    history = np.array([step.log_likelihood for step in result.history])
    assert np.diff(history).min() >= -1e-9
    assert history[-1] > history[0] + 50


# -- 4: deterministic --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def many_blocks():
    """Enough entries for several blocks, and for several pieces of a minibatch."""
    rng = np.random.default_rng(0)
    return sparse.csr_matrix(rng.poisson(0.4, (700, 300)) * (1 + rng.integers(0, 3, (700, 1))))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "settings",
    [*({"inference": name} for name in INFERENCES), {"inference": "cvb0", "top_topics": 2}],
    ids=str,
)
def test_any_number_of_threads_gives_the_same_bits(settings, dtype, many_blocks):
    assert sum(1 for _ in document_source(many_blocks, np.ones(700), np.float32).blocks()) > 2
    inference, found = settings["inference"], []
    for n_jobs in (1, 3):
        lda = LatentDirichletAllocation(4, n_jobs=n_jobs, dtype=dtype, random_state=3, tol=0, **settings)
        lda.set_params(max_iter=22 if inference == "cvb0" else 2).fit(many_blocks)
        found.append([lda.params_, lda.transform(many_blocks), lda.history_, lda.score(many_blocks)])
        if inference in ("cvb0", "vb"):
            found[-1].append(lda.doc_topic_)
        else:
            found[-1].append(lda.partial_fit(many_blocks[:300]).params_)
    for left, right in zip(*found, strict=True):
        assert_identical(left, right)


@over_inferences()
def test_same_seed_same_fit_and_another_seed_another(inference):
    one, same, other = (fitted(inference, random_state=seed, max_iter=5).params_ for seed in (1, 1, 2))
    assert_identical(one, same)
    with pytest.raises(AssertionError):
        assert_identical(one, other)


# -- 5: equivariant ----------------------------------------------------------------------------------------

ORDER = np.array([2, 0, 1])


@over_kinds
def test_reordered_documents_in_a_pass(kind):
    order = np.random.default_rng(0).permutation(50)
    one, em = pass_over(kind)
    other, moved = pass_over(kind, COUNTS[order], WEIGHTS[order])
    assert_same(other, one, rtol=1e-11)
    assert_allclose(remembered(moved), remembered(em)[order], rtol=1e-12)


@over_inferences(REORDERED)
def test_reordered_documents_in_a_fit(inference):
    """The start follows from what documents hold: so the same topics come back, in the same order."""
    order = np.random.default_rng(0).permutation(50)
    one, other = fitted(inference), fitted(inference, COUNTS[order])
    assert_allclose(other.components_, one.components_, rtol=1e-6)
    assert_allclose(other.doc_topic_, one.doc_topic_[order], rtol=1e-6, atol=1e-9)


@over_inferences()
def test_reordered_new_documents(inference):
    order = np.random.default_rng(0).permutation(40)
    lda = LatentDirichletAllocation(K, inference=inference, random_state=0).fit(COUNTS[:30])
    documents = COUNTS[10:].toarray()
    assert_array_equal(lda.transform(documents[order]), lda.transform(documents)[order])
    assert lda.score(documents[order]) == pytest.approx(lda.score(documents), rel=1e-12)


@over_kinds
def test_relabelled_topics(kind):
    """A pass from relabelled topics, and what is remembered of them, gives the same relabelled."""
    one, em = pass_over(kind)
    topics = params()
    moved = topics.permuted(ORDER)
    fresh = type(kind)()
    data = source()
    memories = data.remembering(kind.remember, SerialBackend())
    for memory in memories.each:
        if isinstance(kind, Variational):
            memory[:] = memory[:, ORDER]
        elif hasattr(memory, "topics"):
            memory.topics[:] = np.argsort(ORDER)[memory.topics]
        else:
            memory.resp[:] = memory.resp[:, ORDER]
    other_em = MemoryMap(fresh.model, memories)
    other = other_em.e_step(moved)
    assert_allclose(other.words, one.words[:, ORDER], rtol=1e-11, atol=1e-12)
    assert_allclose(remembered(other_em), remembered(em)[:, ORDER], rtol=1e-11, atol=1e-12)
    if isinstance(kind, Variational):
        assert_allclose(other.bound, one.bound, rtol=1e-12)
    assert_array_equal(moved.totals, topics.totals[ORDER])


@pytest.mark.parametrize("kind", [KINDS[0], KINDS[3]], ids=["collapsed", "variational"])
def test_renumbered_words(kind):
    """Another order of the vocabulary, documents and what is remembered of them as before."""
    data, topics = source(), params()
    place = np.random.default_rng(0).permutation(N_WORDS)
    renumbered = replace(data, x=Entries(np.argsort(place)[data.x.words].astype(np.int32), data.x.counts))
    moved = replace(topics, topic_word=topics.topic_word[place], word_prior=topics.word_prior[place])
    ends = []
    for which, theta in ((data, topics), (renumbered, moved)):
        em = MemoryMap(kind.model, which.remembering(lambda _: kind.remember(data.whole()), SerialBackend()))
        ends.append((em.e_step(theta), em))
    assert_allclose(ends[1][0].words, ends[0][0].words[place], rtol=1e-12)
    assert_allclose(remembered(ends[1][1]), remembered(ends[0][1]), rtol=1e-12)


def test_topics_of_new_documents_move_with_the_labels_and_the_words():
    model = CollapsedFolding(K, N_WORDS, dtype=np.float64)
    (block,) = source().blocks()
    nothing = np.empty((0, K))
    found = []
    for theta in (params(), params().permuted(ORDER)):
        gamma = even(block, theta.doc_prior)
        likelihood = model.infer(model.prepare(theta, SerialBackend()), block, gamma, nothing)[0]
        found.append((gamma, likelihood))
    assert_allclose(found[1][0], found[0][0][:, ORDER], rtol=1e-8)
    assert_allclose(found[1][1], found[0][1], rtol=1e-12)


# -- 8: honest ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("max_iter", [1, 7, 500])
def test_the_bound_is_that_of_the_topics_returned(max_iter):
    """From an E-step of their own that starts where the documents were left: it hardly does better."""
    tol = 0 if max_iter < 100 else 1e-9
    lda = LatentDirichletAllocation(
        K, inference="vb", tol=tol, max_iter=max_iter, doc_tol=1e-10, max_sweeps=300, random_state=0
    ).fit(COUNTS)
    assert lda.bound_ == lda.history_[-1]
    assert_allclose(sum(lda.bound_parts_.values()), lda.bound_, rtol=1e-12)
    assert len(lda.history_) == lda.n_iter_ + 1
    data = document_source(COUNTS, np.ones(50), np.float64)
    model = VariationalAdmixture(K, N_WORDS, dtype=np.float64, doc_tol=1e-10, max_sweeps=300)
    lengths = np.asarray(COUNTS.sum(axis=1)).ravel() + lda.doc_topic_prior_.sum()
    left = lda.doc_topic_ * lengths[:, None]
    em = MemoryMap(model, data.remembering(lambda _: left, SerialBackend()))
    again = em.e_step(lda.params_).bound
    assert_allclose(again, lda.bound_, rtol=1e-11)
    assert lda.converged_ == (max_iter == 500)
    assert ("converged" in lda.stop_reason_) == lda.converged_


def test_without_an_objective_none_is_reported():
    kept = {"doc_topic_prior": None, "topic_word_prior": None}  # what is learned moves what had come to rest
    lda = LatentDirichletAllocation(K, **kept, random_state=0).fit(COUNTS)
    assert lda.bound_ is None
    assert lda.bound_parts_ is None
    assert not any(hasattr(lda, name) for name in ("bic", "aic", "log_likelihood_"))
    assert len(lda.history_) == lda.n_iter_
    assert lda.converged_
    assert lda.history_[-1] <= 1e-3 < lda.history_[:-1].min()


def test_the_relative_change_is_that_of_the_documents_topics():
    em = of_source(KINDS[0], source())
    before = remembered(em)
    stats = em.e_step(params())
    tokens = WEIGHTS @ np.asarray(COUNTS.sum(axis=1)).ravel()
    moved = WEIGHTS @ np.abs(remembered(em) - before).sum(axis=1)
    assert_allclose(stats.relative_change, moved / tokens, rtol=1e-12)


@over_inferences()
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_topics_of_the_documents_are_those_of_the_topics(inference, dtype):
    """What `fit` says of its documents is what `transform` says."""
    data = planted(2)
    lda = fitted(inference, data.counts, n_components=4, dtype=dtype, max_iter=5)
    shares = lda.transform(data.counts)
    assert_array_equal(shares, clone(lda).fit_transform(data.counts))
    if inference in ("cvb0", "vb"):
        assert_array_equal(shares, lda.doc_topic_)


# -- 9: never silently broken ------------------------------------------------------------------------------


@over_inferences()
def test_counts_beyond_the_precision_are_refused(inference):
    for dtype, value, why in (
        ("float32", 5e15, "float32 can hold"),
        ("float64", 1e31, r"holds 1e\+31 at row 3, column 5: counts are at most 2\*\*53"),
        ("float64", 1e308, r"holds 1e\+308 at row 3, column 5"),
    ):
        counts = changed(COUNTS.toarray().astype(float), (3, 5), value)
        model = LatentDirichletAllocation(K, inference=inference, dtype=dtype)
        refused(lambda model=model, counts=counts: model.fit(counts), why)


@over_inferences()
@pytest.mark.filterwarnings("ignore:X has .*topic models count tokens")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("scale", [1e-30, 1e-3, 1e10])
def test_counts_of_any_size_give_numbers(inference, dtype, scale):
    counts = COUNTS.toarray() * scale
    counts[5] *= 1e-4
    lda = fitted(inference, counts, dtype=dtype, max_iter=22)
    expected_logs = lda.exp_dirichlet_component_ if inference.endswith("vb") else 1.0
    for found in (lda.components_, lda.transform(counts), expected_logs):
        assert np.isfinite(found).all()
        assert np.all(np.asarray(found) >= 0)
    assert (lda.components_ > 0).all()


@over_inferences()
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("doc_prior", [1e-10, 1e10])
@pytest.mark.parametrize("word_prior", [1e-10, 1e10])
def test_priors_of_any_size_give_numbers(inference, dtype, doc_prior, word_prior):
    counts = COUNTS.toarray()
    counts[20:] *= np.eye(30, N_WORDS, dtype=int)  # documents of one word, that others do not have
    priors = {"doc_topic_prior": doc_prior, "topic_word_prior": word_prior}
    lda = fitted(inference, counts, dtype=dtype, max_iter=25, **priors)
    assert np.isfinite(lda.topic_word_).all()
    assert_allclose(lda.topic_word_.sum(axis=1), 1.0, rtol=1e-6)
    assert_allclose(lda._shares_of(lda._read(counts).counts).sum(axis=1), 1.0, rtol=1e-6)


def test_what_is_no_number_ends_the_fit():
    data = source(weights=np.ones(50))
    em = of_source(KINDS[0], data)
    em.memories.each[0].resp[3] = np.nan
    with pytest.raises(FitError, match="expected counts are not numbers"):
        iterate(em, params(), Settings(1e-3, 10))
    em = of_source(KINDS[3], data)
    topics = params()
    topics.topic_word[3, 1] = np.nan
    with pytest.raises(FitError, match="not a number"):
        run(em, topics, Settings(tol=0, max_iter=3), 1.0)
