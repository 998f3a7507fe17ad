"""Matched labels against every possible matching, tried one by one."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from latently.metrics import match_labels, matched_accuracy

labels = st.one_of(st.integers(-2, 2), st.sampled_from(["a", "b", "unmatched 1"]), st.none())
pairs_of_labels = st.lists(st.tuples(labels, labels), min_size=1, max_size=12)
pairs_of_integers = st.lists(st.tuples(st.integers(-2, 2), st.integers(-2, 2)), min_size=1, max_size=12)


def object_arrays(pairs):
    return tuple(np.fromiter(column, dtype=object) for column in zip(*pairs, strict=True))


def best_agreement(true, predicted):
    """Try every one-to-one renaming; names of no true label stand by for those left over."""
    levels = list(dict.fromkeys(predicted))
    names = [*dict.fromkeys(true), *(object() for _ in levels)]
    renamings = (dict(zip(levels, chosen, strict=True)) for chosen in permutations(names, len(levels)))
    return max(sum(renaming[p] == t for t, p in zip(true, predicted, strict=True)) for renaming in renamings)


@settings(max_examples=40)
@given(pairs_of_integers)
def test_matching_is_the_best_of_all(pairs):
    true, predicted = map(list, zip(*pairs, strict=True))
    best = best_agreement(true, predicted)
    assert np.sum(match_labels(true, predicted) == np.array(true)) == best
    assert matched_accuracy(true, predicted) == best / len(true)


@given(pairs_of_labels)
def test_renaming_keeps_the_partition_and_gives_the_accuracy(pairs):
    true, predicted = object_arrays(pairs)
    renamed = match_labels(true, predicted)
    assert_array_equal(renamed[:, None] == renamed, predicted[:, None] == predicted)
    assert matched_accuracy(true, predicted) == np.mean(renamed == true)


@given(pairs_of_labels)
def test_predicted_names_do_not_matter(pairs):
    true, predicted = object_arrays(pairs)
    renamed = np.array([f"state {label}" for label in predicted])
    assert_array_equal(match_labels(true, predicted), match_labels(true, renamed))


@pytest.mark.parametrize("dtype", [np.int8, np.uint64, np.float32, bool, "<U1", object])
def test_dtype_of_true_is_kept_when_all_are_matched(dtype):
    true = np.array([0, 1, 1]).astype(dtype)
    matched = match_labels(true, ["x", "y", "y"])
    assert matched.dtype == true.dtype
    assert_array_equal(matched, true)


@pytest.mark.parametrize(
    ("true", "expected"),
    [
        ([0, 0, 1, 1], [0, 0, 1, 2]),
        ([-1, -1, 3, 3], [-1, -1, 3, 0]),
        ([0.5, 0.5, 0.0, 0.0], [0.5, 0.5, 0.0, 1.0]),
        ([False, False, True, True], [0, 0, 1, 2]),
        (np.array([0, 0, 2**64 - 1, 2**64 - 1], dtype=np.uint64), [0, 0, 2**64 - 1, 1]),
        (["a", "a", "b", "b"], ["a", "a", "b", "unmatched 1"]),
        (["a", "a", "unmatched 1", "unmatched 1"], ["a", "a", "unmatched 1", "unmatched 2"]),
        ([None, None, "b", "b"], [None, None, "b", "unmatched 1"]),
    ],
)
def test_a_label_without_a_partner_takes_a_new_name(true, expected):
    renamed = match_labels(true, [5, 5, 6, 7]).tolist()
    assert renamed == expected
    assert [type(label) for label in renamed] == [type(label) for label in expected]


@pytest.mark.parametrize(
    ("true", "predicted", "expected"),
    [
        ([0, 0, 0, 0, 0], ["c", "b", "a", "a", "b"], [1, 0, 2, 2, 0]),  # left over: numbered as they appear
        (np.fromiter([(0, 1), (0, 1), (1, 0)], dtype=object), [1, 1, 0], [(0, 1), (0, 1), (1, 0)]),
        ([0, 1, 1, 2], ["a", "a", "a", "a"], [1, 1, 1, 1]),  # fewer than true ones
    ],
)
def test_labels_are_matched(true, predicted, expected):
    assert match_labels(true, predicted).tolist() == expected


@pytest.mark.parametrize("metric", [match_labels, matched_accuracy])
@pytest.mark.parametrize(
    ("true", "predicted", "message"),
    [
        ([0, 1, 1, 0], [0, 1, 1], "true is of length 4, predicted of 3"),
        ([], [], r"true is empty"),
        ([0], [], r"predicted is empty"),
        ([[0], [1]], [0, 1], r"true has shape \(2, 1\)"),
        ([0, 1], [[0, 1]], r"predicted has shape \(1, 2\)"),
        (0, [0], r"true has shape \(\)"),
        ([0.0, 1.0], [1.0, np.nan], r"predicted holds NaN, first in row 1"),
        ([None, np.nan, np.nan], [0, 1, 2], r"true holds NaN, first in row 1"),
    ],
)
def test_what_cannot_be_matched_is_named(metric, true, predicted, message):
    with pytest.raises(ValueError, match=message):
        metric(true, predicted)
