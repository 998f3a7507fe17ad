"""The laws, for topic models: documents are the units, words the columns, topics the states."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from latently import LatentDirichletAllocation
from latently.core.array_source import ArraySource
from latently.core.backends import SerialBackend
from latently.core.em import Settings, run
from latently.core.memory import MemoryMap
from latently.estimators.topics.starts import some_documents
from latently.models.admixture import (
    CollapsedFolding,
    Entries,
    document_source,
    even,
)
from tests.comparing import assert_identical, assert_same
from tests.laws.exemptions import INFERENCES, MONOTONE, REORDERED, REPEATS, over_inferences
from tests.planted import planted
from tests.topic_kinds import (
    COUNTS,
    KINDS,
    N_WORDS,
    PRIORS,
    SEED,
    WEIGHTS,
    Collapsed,
    K,
    Variational,
    fitted,
    of_source,
    over_kinds,
    params,
    pass_over,
    remembered,
    source,
)

pytestmark = pytest.mark.filterwarnings("ignore:documents without words")

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


@pytest.mark.parametrize(
    ("settings", "dtype"),
    [
        *(({"inference": name}, "float64") for name in INFERENCES),
        *(({"inference": "cvb0", "top_topics": 2}, dtype) for dtype in ("float32", "float64")),
        *(
            pytest.param({"inference": name}, "float32", marks=[] if name == "vb" else pytest.mark.slow)
            for name in INFERENCES
        ),
    ],
    ids=str,
)
def test_any_number_of_threads_gives_the_same_bits(settings, dtype, many_blocks, shared_out):
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
