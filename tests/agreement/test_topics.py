"""The kernels of topic models against the same in plain NumPy, on corpora that are hard."""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.special import digamma

from latently.core.backends import SerialBackend
from latently.kernels.topics import collapsed, dirichlet, documents, folding, relabel, streams, truncated
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


# -- CVB0 ----------------------------------------------------------------------------------------------


@over_cases
@both
def test_counts_of_words_and_documents_and_absences(name, dtype):
    each = CASES[name].as_dtype(dtype)
    n, V, K = len(each.offsets) - 1, each.n_words, each.n_topics
    ends = []
    for loops, kind in ((collapsed, dtype), (plain, np.float64)):
        sums, here = np.full((V, K), 0.5, kind), np.full((n, K), 9.0, kind)
        absent = np.full((n, K), 9.0), np.zeros((V, K))
        loops.tally(*each.documents, each.weights, each.resp, sums)
        loops.document_counts(each.counts, each.offsets, each.resp, here)
        loops.absences(*each.documents, each.weights, each.resp, *absent)
        ends.append((sums, here, *absent))
    for found, expected in zip(*ends, strict=True):
        assert_near(found, expected, tolerance(name, dtype))


def swept(each, loops):
    """What one pass makes of a case."""
    resp, sums = each.resp.copy(), np.zeros((each.n_words, each.n_topics), each.resp.dtype)
    change = loops.sweep(*each.documents, each.weights, resp, *each.frozen(), sums)
    return resp, sums, change


@over_cases
@both
def test_three_sweeps(name, dtype):
    reference = CASES[name]
    for _ in range(3):
        found, expected = swept(reference.as_dtype(dtype), collapsed), swept(reference, plain)
        for left, right in zip(found, expected, strict=True):
            assert_near(left, right, tolerance(name, dtype))
        assert (found[0] >= 0).all()
        reference = replace(reference, resp=expected[0])


def test_probabilities_stay_above_zero_where_rounding_would_not_let_them():
    """A topic that a large count has just left is expected to have nothing, or by rounding less."""
    rng = np.random.default_rng(0)
    X = rng.integers(1, 10**7, (40, 12)) * (rng.random((40, 12)) < 0.7) + np.eye(40, 12)
    each = case(X, doc_prior=1e-3, word_prior=1e-3).as_dtype(np.float32)
    for _ in range(20):
        resp, _, _ = swept(each, collapsed)
        assert (resp >= 0).all()
        assert_allclose(resp.sum(axis=1), 1.0, rtol=1e-5)
        each = replace(each, resp=resp)


@over_cases
@both
def test_the_likeliest_of_all_topics_are_all_topics(name, dtype):
    each = CASES[name].as_dtype(dtype)
    K = each.n_topics
    topics = np.tile(np.arange(K)[::-1], (len(each.words), 1)).astype(np.uint16)
    own = np.ascontiguousarray(each.resp[:, ::-1])
    sums, here = np.zeros((each.n_words, K), dtype), np.zeros((len(each.offsets) - 1, K), dtype)
    truncated.tally(*each.documents, each.weights, topics, own, sums)
    assert_near(sums, each.table() - each.word_prior, tolerance(name, dtype))
    absent = np.zeros(here.shape), np.zeros(sums.shape)
    dense = np.zeros(here.shape), np.zeros(sums.shape)
    truncated.absences(*each.documents, each.weights, topics, own, *absent)
    plain.absences(*each.documents, each.weights, each.resp, *dense)
    for left, right in zip(absent, dense, strict=True):
        assert_near(left, right, tolerance(name, dtype))
    sums[:] = 0
    change = truncated.sweep(*each.documents, each.weights, topics, own, *each.frozen(), sums)
    resp, expected, moved = swept(each, collapsed)
    assert_near(np.take_along_axis(own, np.argsort(topics, axis=1), axis=1), resp, tolerance(name, dtype))
    assert_near(sums, expected, tolerance(name, dtype))
    assert_near(change, moved, tolerance(name, dtype))
    truncated.document_counts(each.counts, each.offsets, topics, own, here)
    counts = np.zeros_like(here)
    collapsed.document_counts(each.counts, each.offsets, resp, counts)
    assert_near(here, counts, tolerance(name, dtype))
    assert (np.diff(own, axis=1) <= 0).all()


@pytest.mark.parametrize("few", [1, 2, 4])
@pytest.mark.parametrize("name", ["ordinary", "fractions", "weights", "17 topics", "uneven priors"])
def test_the_likeliest_few_topics_are_kept(name, few):
    """By the plain pass with all but the largest probabilities of an entry set to zero as it goes.

    Topics with the same counts are equally likely but for rounding: any of them may be kept.
    """
    each = CASES[name]
    K, V = each.n_topics, each.n_words
    seed = np.uint64(7)
    topics, own = np.empty((len(each.words), few), np.uint16), np.empty((len(each.words), few))
    truncated.start(*each.documents, seed, K, topics, own)
    assert_array_equal(own, np.eye(few)[np.zeros(len(own), int)])
    for _ in range(3):
        resp = np.zeros((len(own), K))
        np.put_along_axis(resp, topics.astype(int), own, axis=1)
        sparse_case = replace(each, resp=resp)
        table, inverse, prior, least = sparse_case.frozen()
        sums = np.zeros((V, K))
        truncated.sweep(*each.documents, each.weights, topics, own, *sparse_case.frozen(), sums)
        found = np.zeros_like(resp)
        np.put_along_axis(found, topics.astype(int), own, axis=1)
        expected = resp.copy()
        for d, (begin, end) in enumerate(pairwise(each.offsets)):
            here = prior + each.counts[begin:end] @ expected[begin:end]
            for p in range(begin, end):
                mine = min(each.counts[p], 1.0) * expected[p]
                left = np.where(
                    mine > 0, np.maximum(table[each.words[p]] - min(each.weights[d], 1.0) * mine, least), 0
                ) + np.where(mine > 0, 0, table[each.words[p]])
                fresh = left * np.maximum(here - mine, prior.min()) * inverse
                left_out = np.delete(fresh, topics[p])
                assert fresh[topics[p]].min() >= left_out.max() * (1 - 1e-12)
                fresh[np.isin(np.arange(K), topics[p], invert=True)] = 0
                fresh /= fresh.sum()
                here += each.counts[p] * (fresh - expected[p])
                expected[p] = fresh
        assert_allclose(found, expected, **EXACT)
        expected_sums = np.zeros((V, K))
        plain.tally(*each.documents, each.weights, expected, expected_sums)
        assert_near(sums, expected_sums, EXACT)


# -- random starts -------------------------------------------------------------------------------------


def splitmix(state):
    """The generator of Steele, Lea & Flood, in Python's own integers."""
    z = state
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
    return z ^ (z >> 31)


GOLDEN = 0x9E3779B97F4A7C15


def states(each, seed):
    """Where the stream of each document begins."""
    for begin, end in pairwise(each.offsets):
        state = seed
        for p in range(begin, end):
            state = splitmix((state + GOLDEN + int(each.words[p])) % 2**64)
            bits = int(np.float64(np.float32(each.counts[p])).view(np.uint64))
            state = splitmix((state + GOLDEN + bits) % 2**64)
        yield state, begin, end


@over_cases
def test_documents_are_told_apart_by_what_they_hold(name):
    each = CASES[name]
    assert streams.fingerprints(*each.documents).tolist() == [state for state, _, _ in states(each, 0)]


@over_cases
@both
def test_the_random_start(name, dtype):
    each = CASES[name].as_dtype(dtype)
    K = each.n_topics
    resp = np.empty((len(each.words), K), dtype)
    collapsed.start(*each.documents, np.uint64(12345), resp)
    expected = np.full(resp.shape, 0.1 / K)
    for state, begin, end in states(each, 12345):
        for p in range(begin, end):
            state = (state + GOLDEN) % 2**64
            expected[p, int((splitmix(state) >> 11) * 2.0**-53 * K)] += 0.9
    assert_allclose(resp, expected, rtol=1e-6)
    again = np.empty_like(resp)
    plain.start(*each.documents, np.uint64(1), again)  # by other random numbers
    assert_allclose(np.sort(again, axis=1), np.sort(expected, axis=1), rtol=1e-6)


def test_random_starts_are_even_and_differ_by_seed():
    each = case(np.random.default_rng(0).integers(0, 2, (400, 60)), n_topics=8)
    drawn = []
    for seed in (1, 2):
        resp = np.empty((len(each.words), 8))
        collapsed.start(*each.documents, np.uint64(seed), resp)
        drawn.append(resp.argmax(axis=1))
    shares = np.bincount(drawn[0], minlength=8) / len(resp)
    assert_allclose(shares, 1 / 8, atol=0.012)
    assert 0.1 < (drawn[0] == drawn[1]).mean() < 0.15


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
