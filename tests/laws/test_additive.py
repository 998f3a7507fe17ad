"""Law 1: any split into blocks gives the same statistics; an empty block gives zero."""

import pickle

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from latently.core.backends import SerialBackend
from latently.core.em import EMMap, describe
from latently.core.statistics import Nodes
from tests.comparing import assert_identical, assert_same, leaves
from tests.laws.exemptions import bound_by
from tests.models import sum_of_pieces, whole_e_step


@bound_by()
@settings(max_examples=3)
@given(shares=st.lists(st.floats(0, 1), max_size=6))
def test_any_split_gives_the_same_statistics_and_description(entry, shares):
    model, params, data = entry.prepared()
    cuts = [round(share * len(data.weights)) for share in shares]
    for task in (lambda block: model.e_step(params, block, SerialBackend()), entry.model.describe):
        assert_same(task(data.block(0, len(data.weights))), sum_of_pieces(task, data, cuts))


@bound_by()
def test_the_blocks_of_a_source_are_such_a_split(entry):
    model, params, data = entry.prepared()
    assert sum(1 for _ in data.source.blocks()) > 1
    assert_same(whole_e_step(model, params, data), EMMap(model, data.source).e_step(params))
    assert_same(
        model.describe(data.block(0, len(data.weights))), describe(model, data.source, SerialBackend())
    )


@bound_by()
def test_an_empty_block_gives_zero_and_changes_nothing(entry):
    model, params, data = entry.prepared()
    empty = model.e_step(params, data.block(3, 3), SerialBackend())
    for name, value in leaves(empty).items():
        np.testing.assert_array_equal(value, 0.0, err_msg=name)
    for task in (model.describe, lambda block: model.e_step(params, block, SerialBackend())):
        nothing, all_of_it = task(data.block(0, 0)), task(data.block(0, len(data.weights)))
        for total in (nothing + all_of_it, all_of_it + nothing):
            assert_identical(total, all_of_it)


@given(owners=st.lists(st.integers(0, 3), min_size=1, max_size=40), data=st.data())
def test_a_total_has_the_same_bits_whoever_adds_what(owners, data):
    """None is a chunk without units."""
    rng = np.random.default_rng(len(owners))
    values = [None if x < -1.5 else x for x in rng.standard_normal(len(owners))]
    inorder = Nodes(len(values))
    for place, value in enumerate(values):
        inorder.put(place, value)
    parts = [Nodes(len(values)) for _ in range(4)]
    for place in data.draw(st.permutations(range(len(values)))):
        parts[owners[place]].put(place, values[place])
    total = Nodes(len(values))
    for part in data.draw(st.permutations(parts)):
        total.merge(pickle.loads(pickle.dumps(part)))
    assert total.total == inorder.total
    if inorder.total is not None:
        assert abs(inorder.total - sum(value for value in values if value is not None)) < 1e-12
