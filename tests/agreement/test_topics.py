"""The kernels that find topics against the same in plain NumPy, on corpora that are hard."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from latently.kernels.topics import collapsed, streams, truncated
from latently.models.admixture import plain
from tests.topic_cases import CASES, EXACT, assert_near, both, case, over_cases, tolerance

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
