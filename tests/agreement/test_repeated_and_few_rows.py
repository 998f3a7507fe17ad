"""E-steps that take equal rows once, or few rows at once, against the generic path, on hard data."""

from dataclasses import replace

import numpy as np
import pytest

from latently.core.backends import SerialBackend
from latently.core.blocks import Block
from latently.core.errors import FitError
from latently.emissions import Gaussian, Poisson
from latently.latent import Chain, Independent
from latently.latent.independent import Weights
from latently.models import LatentEmission, LatentEmissionParams, few_rows, patterns, small_tables
from latently.models.accelerators import mixture_of_equal_rows
from latently.models.few_rows import at_once
from latently.models.symbols import chain_of_equal_rows
from tests.comparing import assert_same
from tests.models import ENTRIES

FUSED = [entry for entry in ENTRIES if entry.model.fused]
HARD = [(entry, kind) for entry in FUSED for kind in ("ordinary", *entry.hard)]


def names(values):
    return [f"{entry.name}: {kind}" for entry, kind in values]


def subject(entry, kind, times=1):
    """A model, starting values, and one block of all units, each so many times."""
    data = (entry.data if kind == "ordinary" else entry.hard[kind])(np.random.default_rng(3))
    model = entry.bound(data)
    params = entry.start(model, data)
    units = np.tile(np.arange(len(data.weights)), times)
    data = data.take(units) if times > 1 else data
    return model, params, data.block(0, len(data.weights))


def assert_agree(found, model, params, block, rtol):
    plain = model.generic_e_step(params, block, SerialBackend())
    for name in ("latent", "emission"):
        assert_same(getattr(plain, name), getattr(found, name), rtol=rtol)
    scale = max(abs(plain.bound), plain.rounding_scale)
    assert found.bound == pytest.approx(plain.bound, abs=rtol * scale)
    assert found.rounding_scale == pytest.approx(plain.rounding_scale, rel=1e-6)


@pytest.mark.parametrize(("entry", "kind"), HARD, ids=names(HARD))
def test_equal_rows_count_together(entry, kind):
    model, params, block = subject(entry, kind, times=3)
    accelerate = mixture_of_equal_rows if block.offsets is None else chain_of_equal_rows
    found = accelerate(model, params, block, SerialBackend())
    assert found is not None
    assert_agree(found, model, params, block, 1e-9)


@pytest.mark.parametrize(("entry", "kind"), HARD, ids=names(HARD))
def test_few_rows_at_once(entry, kind):
    model, params, block = subject(entry, kind)
    found = at_once(model, params, block, SerialBackend())
    assert found is not None
    assert_agree(found, model, params, block, 1e-8)
    again = at_once(model, params, block, SerialBackend())  # by what was kept
    assert again.bound == found.bound


def test_of_equal_rows_an_impossible_one_is_named_by_its_first():
    x = np.array([3.0, 1, 2, 7, 7, 1, 3, 2, 7, 2, 1, 7])[:, None]
    model = LatentEmission(Independent(), Poisson(), 2)
    params = LatentEmissionParams(
        Weights(np.array([0.5, 0.5])), model.emission.params(lambdas=np.array([[1.0], [np.nan]]))
    )
    with pytest.raises(FitError, match="row 0 "):
        mixture_of_equal_rows(model, params, Block(x, np.ones(12)), SerialBackend())
    assert patterns.patterns_of_rows(x).rows.tolist() == [0, 1, 2, 3]


def test_rows_are_equal_with_their_missing_cells():
    x = np.array([[1.0, np.nan], [1.0, 2.0], [1.0, np.nan], [np.nan, 2.0], [1.0, 2.0], [np.nan, 2.0]])
    found = patterns.patterns_of_rows(x)
    assert len(found.rows) == 3
    np.testing.assert_array_equal(x[found.rows][found.index], x)


def test_rows_without_weight_change_no_bit_and_are_not_named():
    x = np.array([9.0, 1, 2, 7, 7, 1, 9, 2, 7, 2, 1, 7])[:, None]
    weights = np.array([0.0, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1])
    for wild in (9.0, 7.0, 2.0, np.inf):
        x[[0, 6]] = wild
        found = patterns.patterns_of_block(Block(x, weights))
        assert found.rows.tolist() == [1, 2, 3]
        assert found.index[1:6].tolist() == [0, 1, 2, 2, 0]
        assert found.each_once(Block(x, weights)).weights.tolist() == [3.0, 3.0, 4.0]
    assert patterns.patterns_of_block(Block(x, np.zeros(12))) is None


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.uint8, bool])
def test_patterns_of_all_kinds_of_numbers(dtype):
    x = np.random.default_rng(0).integers(0, 2, (5000, 3)).astype(dtype)
    found = patterns.patterns_of_rows(x)
    assert len(found.rows) == 8
    np.testing.assert_array_equal(x[found.rows][found.index], x)


def test_rows_of_which_most_differ_are_left_alone():
    rng = np.random.default_rng(0)
    assert patterns.patterns_of_rows(rng.standard_normal((100, 1))) is None
    later = np.concatenate([np.zeros((5000, 1)), rng.standard_normal((20_000, 1))])  # not so at first
    assert patterns.patterns_of_rows(later) is None
    assert patterns.patterns_of_rows(np.zeros((0, 2))) is None
    assert patterns.patterns_of_rows(np.zeros((3, 0))) is None


def test_known_labels_of_equal_rows_in_a_chain():
    rng = np.random.default_rng(5)
    x = rng.poisson(5.0, (60, 1)).astype(float)
    labels = rng.integers(-1, 2, 60)
    model = LatentEmission(Chain(), Poisson(), 2)
    block = Block(x, np.ones(2), np.array([0, 25, 60]), labels=labels)
    params = LatentEmissionParams(
        model.latent.start(2, rng), model.emission.params(lambdas=np.array([[3.0], [7.0]]))
    )
    found = chain_of_equal_rows(model, params, block, SerialBackend())
    assert_agree(found, model, params, block, 1e-10)
    mixture = replace(model, latent=model.latent)
    assert mixture_of_equal_rows(mixture, params, replace(block, offsets=None), SerialBackend()) is None
    assert at_once(model, params, block, SerialBackend()) is None


def test_few_rows_obey_the_budget_and_large_ones_are_left_to_tiles(monkeypatch):
    rng = np.random.default_rng(6)
    x, offsets = rng.standard_normal((50, 2)), np.array([0, 50])
    model = LatentEmission(Chain(budget=8 * 9 * 49), Gaussian(), 2)
    params = LatentEmissionParams(
        model.latent.start(2, rng), model.emission.params(np.zeros((2, 2)), np.stack([np.eye(2)] * 2))
    )
    block = Block(x, np.ones(1), offsets)
    assert at_once(model, params, block, SerialBackend()) is None
    enough = replace(model, latent=Chain(budget=8 * 9 * 50))
    assert at_once(enough, params, block, SerialBackend()) is not None
    monkeypatch.setattr(small_tables, "MOST", 399)
    assert at_once(enough, params, block, SerialBackend()) is None


@pytest.mark.parametrize("K", [1, 2])
def test_sequences_without_weight_may_hold_anything(K):
    rng = np.random.default_rng(8)
    x = rng.standard_normal((40, 2))
    model = LatentEmission(Chain(), Gaussian(), K)
    params = LatentEmissionParams(
        model.latent.start(K, rng),
        model.emission.params(rng.standard_normal((K, 2)), np.stack([np.eye(2)] * K)),
    )
    wild = Block(np.vstack([x, np.full((5, 2), 1e200)]), np.array([1.0, 0.0]), np.array([0, 40, 45]))
    assert isinstance(few_rows.few_rows(model.emission, params.emission, wild), small_tables.Table)
    found = at_once(model, params, wild, SerialBackend())
    assert_agree(found, model, params, Block(x, np.ones(1), np.array([0, 40])), 1e-12)


def test_tables_of_columns_keep_their_routines():
    entry = next(entry for entry in FUSED if entry.name == "chain x columns")
    model, params, block = subject(entry, "ordinary")
    found = few_rows.few_rows(model.emission, params.emission, block)
    assert type(found.family) is type(model.routines(params))


def test_far_means_are_left_to_the_family():
    rng = np.random.default_rng(7)
    emission = Gaussian("diag")
    block = Block(rng.standard_normal((30, 2)), np.ones(1), np.array([0, 30]))
    near, far = (emission.params(np.array([[0.0, 0.0], [m, m]]), np.ones((2, 2))) for m in (1.0, 1e6))
    assert isinstance(few_rows.few_rows(emission, near, block), small_tables.Table)
    assert isinstance(few_rows.few_rows(emission, far, block), few_rows.Whole)
