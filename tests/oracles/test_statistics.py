"""The tree in which blocks are summed, and the sums that are not plain additions."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from latently.core.statistics import Additive, tree_sum
from latently.emissions.gaussian.moments import ComponentMoments, Moments


class Term:
    """Writes down how it was added, and how many of its kind are alive."""

    alive = most = 0

    def __init__(self, text):
        self.text = text
        Term.alive += 1
        Term.most = max(Term.most, Term.alive)

    def __del__(self):
        Term.alive -= 1

    def __add__(self, other):
        return Term(f"({self.text}{other.text})")


@pytest.mark.parametrize(
    ("letters", "tree"),
    [
        ("a", "a"),
        ("ab", "(ab)"),
        ("abc", "((ab)c)"),
        ("abcd", "((ab)(cd))"),
        ("abcde", "(((ab)(cd))e)"),
        ("abcdefg", "(((ab)(cd))((ef)g))"),
    ],
)
def test_the_tree_is_fixed_by_number_and_order(letters, tree):
    assert tree_sum(Term(letter) for letter in letters).text == tree
    assert tree_sum([Term(letter) for letter in letters]).text == tree


def test_few_partial_sums_are_alive():
    Term.most = Term.alive
    before = Term.alive
    tree_sum(Term("x") for _ in range(1024))
    assert Term.most - before <= 14


def test_nothing_to_sum():
    with pytest.raises(ValueError, match="nothing to sum"):
        tree_sum([])


@given(st.lists(st.integers(-(10**6), 10**6), min_size=1))
def test_the_sum_is_the_sum(numbers):
    assert tree_sum(numbers) == sum(numbers)


def test_statistics_taken_at_different_origins_do_not_add():
    one = ComponentMoments(np.ones(1), np.ones((1, 2)), np.ones((1, 2)), np.zeros((1, 2)))
    other = ComponentMoments(np.ones(1), np.ones((1, 2)), np.ones((1, 2)), np.ones((1, 2)))
    with pytest.raises(ValueError, match="different values of 'origin'"):
        _ = one + other
    assert (3 * one).counts == 3
    assert (one * 3).origin.tolist() == [[0.0, 0.0]]
    assert isinstance(one, Additive)


@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_moments_of_pieces(offset):
    """Mean and scatter by a formula that never subtracts squares."""
    rng = np.random.default_rng(0)
    x, weights = rng.standard_normal((100, 3)) + offset, rng.integers(0, 3, 100).astype(float)
    cuts = [0, 13, 13, 60, 100]
    total = tree_sum(Moments.of(x[low:high], weights[low:high]) for low, high in pairwise(cuts))
    repeated = np.repeat(x, weights.astype(int), axis=0) - offset
    assert_allclose(total.mean - offset, repeated.mean(axis=0), atol=1e-14 + 4e-16 * offset)
    assert_allclose(total.covariance, np.cov(repeated.T, bias=True), rtol=1e-9, atol=1e-9)
    assert_allclose(total.low - offset, repeated.min(axis=0), atol=1e-15 * (1 + offset))


def test_a_constant_feature_has_variance_zero_to_the_bit():
    x = np.column_stack([np.full(10, 0.1), np.arange(10.0)])
    halves = Moments.of(x[:3], np.ones(3)) + Moments.of(x[3:], np.ones(7))
    assert halves.variances[0] == 0.0
    assert halves.variances[1] > 0


def test_covariances_of_incomplete_rows_are_those_of_the_rows_with_both_features():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((200, 3)) @ [[2.0, 1.0, 0.5], [0.0, 1.0, 0.3], [0.0, 0.0, 1.0]]
    x[rng.random(x.shape) < 0.2] = np.nan
    found = Moments.of(x[:70], np.ones(70)) + Moments.of(x[70:], np.ones(130))
    np.testing.assert_allclose(found.mean, np.nanmean(x, axis=0), rtol=1e-12)
    for i, j in np.ndindex(3, 3):
        pair = x[:, [i, j]][~np.isnan(x[:, [i, j]]).any(axis=1)]
        assert found.covariance[i, j] == pytest.approx(np.cov(pair.T, bias=True)[0, 1], rel=1e-10)
