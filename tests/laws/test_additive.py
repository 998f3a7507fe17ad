"""Law 1: any split into blocks gives the same statistics; an empty block gives zero."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latently.core.backends import SerialBackend
from latently.core.em import EMMap, describe
from tests.comparing import assert_identical, assert_same, leaves
from tests.laws.exemptions import bound_by
from tests.models import sum_of_pieces, whole_e_step


@bound_by()
@settings(max_examples=15)
@given(shares=st.lists(st.floats(0, 1), max_size=6))
def test_any_split_gives_the_same_statistics(entry, shares):
    model, params, data = entry.prepared()
    cuts = [round(share * len(data.weights)) for share in shares]
    pieces = sum_of_pieces(lambda block: model.e_step(params, block, SerialBackend()), data, cuts)
    assert_same(whole_e_step(model, params, data), pieces)


@bound_by()
@settings(max_examples=15)
@given(shares=st.lists(st.floats(0, 1), max_size=6))
def test_any_split_gives_the_same_description(entry, shares):
    data = entry.data(np.random.default_rng(0))
    cuts = [round(share * len(data.weights)) for share in shares]
    pieces = sum_of_pieces(entry.model.describe, data, cuts)
    assert_same(entry.model.describe(data.block(0, len(data.weights))), pieces)


@bound_by()
def test_the_blocks_of_a_source_are_such_a_split(entry):
    model, params, data = entry.prepared()
    assert sum(1 for _ in data.source.blocks()) > 1
    assert_same(whole_e_step(model, params, data), EMMap(model, data.source).e_step(params))
    assert_same(
        model.describe(data.block(0, len(data.weights))), describe(model, data.source, SerialBackend())
    )


@bound_by()
def test_an_empty_block_gives_zero(entry):
    model, params, data = entry.prepared()
    empty = model.e_step(params, data.block(3, 3), SerialBackend())
    for name, value in leaves(empty).items():
        np.testing.assert_array_equal(value, 0.0, err_msg=name)


@bound_by()
@pytest.mark.parametrize("empty_first", [True, False])
def test_an_empty_block_changes_nothing(entry, empty_first):
    model, params, data = entry.prepared()
    nothing, all_of_it = data.block(0, 0), data.block(0, len(data.weights))
    pair = [nothing, all_of_it] if empty_first else [all_of_it, nothing]
    for task in (model.describe, lambda block: model.e_step(params, block, SerialBackend())):
        assert_identical(task(pair[0]) + task(pair[1]), task(all_of_it))
