"""The kernels of documents under given topics, and of streams, against the same in plain NumPy."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.special import digamma

from latently.core.backends import SerialBackend
from latently.kernels.topics import dirichlet, documents, folding, relabel
from latently.models.admixture import (
    CollapsedFolding,
    Schedule,
    Stream,
    StreamingAdmixture,
    VariationalAdmixture,
    document_source,
    even,
    plain,
)
from tests.topic_cases import CASES, TINY_SINGLE, assert_near, both, over_cases

# -- documents under topics ----------------------------------------------------------------------------


def prepared(each, variational, dtype, components=None):
    """Table and log_maxima as documents read them."""
    components = each.table().astype(np.float64) if components is None else components
    totals = components.sum(axis=0)
    if not variational:
        folding = CollapsedFolding(len(totals), len(components), dtype=dtype)
        found = folding.of_topics(components, totals, each.doc_prior)
        return found.table, found.log_maxima
    table, log_maxima = np.empty(components.shape, dtype), np.empty(len(components))
    plain.word_expectations(components, digamma(totals), table, log_maxima)
    return table, log_maxima


def even_start(each):
    source = document_source(
        sparse.csr_matrix((each.counts, each.words, each.offsets), (len(each.offsets) - 1, each.n_words)),
        each.weights,
        np.float64,
    )
    gammas = [even(block, each.doc_prior) for block in source.blocks()]
    return np.concatenate([np.empty((0, each.n_topics)), *gammas])


@over_cases
@both
@pytest.mark.parametrize("variational", [True, False])
@pytest.mark.parametrize(("tol", "max_sweeps"), [(0.0, 4), (1e-2, 100)])
def test_topics_of_documents(name, dtype, variational, tol, max_sweeps):
    each = CASES[name]
    table, log_maxima = prepared(each, variational, dtype)
    reference, _ = prepared(each, variational, np.float64)
    results = []
    loops = (documents.infer, plain.infer) if variational else (folding.fold_in, plain.fold_in)
    for infer, of_words in zip(loops, (table, reference), strict=True):
        gamma, sums = even_start(each), np.zeros(of_words.shape, of_words.dtype)
        counts = each.counts.astype(of_words.dtype)
        of_documents = each.words, counts, each.offsets, each.weights
        outcome = infer(*of_documents, of_words, log_maxima, each.doc_prior, tol, max_sweeps, gamma, sums)
        results.append((gamma, sums, *outcome))
    found, expected = results
    # Single precision may stop a sweep earlier or later, when a document moves by less than tol of itself.
    single = TINY_SINGLE | {"atol": max(tol, TINY_SINGLE["atol"])}
    tolerances = {"rtol": 1e-9, "atol": 1e-11} if dtype == np.float64 else single
    for left, right in zip(found[:-1], expected[:-1], strict=True):
        assert_near(left, right, tolerances)
    assert not variational or found[3] >= abs(found[2])
    if dtype == np.float64:
        assert found[-1] == expected[-1]
    used = (np.diff(each.offsets) > 0) & (each.weights > 0)
    assert found[-1] >= used.sum() * (max_sweeps if tol == 0 else 1)
    assert_array_equal(found[0][~used], even_start(each)[~used])


def test_without_a_place_for_them_expected_counts_are_not_added():
    each = CASES["ordinary"]
    table, log_maxima = prepared(each, True, np.float64)
    ends = []
    for sums in (np.zeros(table.shape), np.zeros((0, each.n_topics))):
        gamma, fixed = even_start(each), (table, log_maxima, each.doc_prior, 1e-3, 50)
        ends.append((documents.infer(*each.documents, each.weights, *fixed, gamma, sums), gamma))
    assert ends[0][0] == ends[1][0]
    assert_array_equal(ends[0][1], ends[1][1])


# -- expectations of topics ----------------------------------------------------------------------------


@over_cases
@both
def test_expectations_of_words(name, dtype):
    each = CASES[name]
    counts = each.table().astype(dtype)
    totals = digamma(counts.sum(axis=0, dtype=np.float64))
    found = np.empty(counts.shape, dtype), np.empty(len(counts))
    expected = np.empty(counts.shape), np.empty(len(counts))
    dirichlet.word_expectations(counts, totals, *found)
    plain.word_expectations(counts.astype(np.float64), totals, *expected)
    least = np.exp(-40.0 if dtype == np.float32 else -340.0)  # so that no product of two underflows
    assert_allclose(found[0], np.maximum(expected[0], least), rtol=1e-12 if dtype == np.float64 else 1e-5)
    assert_allclose(found[1], expected[1], rtol=1e-12, atol=1e-12)
    assert_array_equal(found[0].max(axis=1), 1.0)


@over_cases
@both
@pytest.mark.parametrize("wide", [True, False])
def test_what_topics_add_to_the_bound(name, dtype, wide):
    each = CASES[name]
    counts = each.table().astype(dtype)
    prior = np.repeat(each.word_prior, each.n_topics, axis=1) * 1.5 if wide else each.word_prior
    found, expected = np.full(each.n_topics, 0.25), np.full(each.n_topics, 0.25)
    size = dirichlet.topic_terms(counts, prior, found)
    rounding_scale = plain.topic_terms(counts.astype(np.float64), prior, expected)
    assert_allclose(found, expected, rtol=1e-11, atol=1e-11 * rounding_scale)
    assert_allclose(size, rounding_scale, rtol=1e-11)


# -- streams -------------------------------------------------------------------------------------------


@over_cases
def test_words_of_a_minibatch_are_numbered_as_they_come(name):
    each = CASES[name]
    place = np.full(each.n_words, -1, np.int32)
    found, numbers = relabel.relabel(each.words, place)
    assert found.tolist() == list(dict.fromkeys(each.words.tolist()))
    assert_array_equal(found[numbers] if len(found) else numbers, each.words)
    assert_array_equal(place, -1)


@pytest.mark.parametrize("variational", [True, False])
@pytest.mark.parametrize("name", ["ordinary", "weights", "fractions", "17 topics", "uneven priors"])
@pytest.mark.parametrize("wide", [True, False])
def test_a_step_over_the_words_it_touches_is_a_step_over_all(name, variational, wide):
    """Three steps; the second party has whole tables and shrinks all of its counts each time."""
    each = CASES[name]
    V, K = each.n_words, each.n_topics
    prior = each.word_prior + (np.arange(V * K).reshape(V, K) % 3 if wide else 0.0)
    settings = {"doc_tol": 0.0, "max_sweeps": 10, "dtype": np.float64}
    kind = VariationalAdmixture if variational else CollapsedFolding
    model = StreamingAdmixture(kind(K, V, **settings), each.doc_prior, prior)
    counts = np.random.default_rng(0).gamma(1.0, 1.0, (V, K))
    stream = Stream.begin(counts)
    X = sparse.csr_matrix((each.counts, each.words, each.offsets), (len(each.offsets) - 1, V))
    source = document_source(X, each.weights, np.float64)
    (block,) = source.blocks()
    for step in range(3):
        rate = Schedule(0.7, 4.0).weight(step)
        bound = model.step(stream, block, 12.5, rate, SerialBackend()).bound
        table, log_maxima = prepared(each, variational, np.float64, counts + prior)
        sums, gamma = np.zeros((V, K)), even_start(each)
        infer = plain.infer if variational else plain.fold_in
        fixed = table, log_maxima, each.doc_prior, 0.0, 10
        value, *_ = infer(*each.documents, each.weights, *fixed, gamma, sums)
        counts = (1 - rate) * counts + rate * 12.5 * sums
        assert_allclose(stream.counts, counts, rtol=1e-10, atol=1e-12)
        assert_allclose(stream.factor * stream.sums, counts.sum(axis=0), rtol=1e-10)
        assert_allclose(bound, value, rtol=1e-10)
    assert stream.n_steps == 3


@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-10), (np.float32, 1e-4)])
def test_lazy_decay_is_eager_decay(dtype, rtol):
    """Over hundreds of steps, in which the factor is multiplied in more than once."""
    rng = np.random.default_rng(0)
    counts = rng.gamma(1.0, 1.0, (30, 4))
    stream, eager = Stream.begin(counts.astype(dtype)), counts.copy()
    least = 1.0
    for step in range(400):
        words = np.sort(rng.choice(30, 6, replace=False))
        fresh = rng.gamma(1.0, 1.0, (6, 4))
        rate = (5.0 + step) ** -0.6
        stream.add(words, fresh.astype(dtype), rate)
        eager *= 1 - rate
        eager[words] += rate * fresh
        least = min(least, stream.factor)
    assert least < 1e-10
    assert stream.factor > 1e-13
    assert_allclose(stream.counts, eager, rtol=rtol)
    assert_allclose(stream.frequencies, eager.sum(axis=1), rtol=rtol)


def test_a_step_of_weight_one_forgets_all():
    stream = Stream.begin(np.ones((3, 2)))
    stream.add(np.array([1]), np.array([[2.0, 4.0]]), 1.0)
    assert_array_equal(stream.counts, [[0, 0], [2, 4], [0, 0]])
    assert_array_equal(stream.sums * stream.factor, [2, 4])


def test_a_stream_is_scaled_and_grows():
    stream = Stream.begin(np.array([[1.0, 2.0], [3.0, 4.0]]), 10.0, 7)
    stream.stand_for(40.0)
    stream.grow(3)
    assert_array_equal(stream.counts, [[4, 8], [12, 16], [0, 0]])
    assert (stream.n_documents, stream.n_steps) == (40.0, 7)
    assert_array_equal(stream.sums * stream.factor, [16, 24])
