"""Passes with checkpoints against those that keep every row: the same statistics, to rounding."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from latently import CategoricalHMM, GaussianHMM
from latently.core.backends import SerialBackend, backend
from latently.core.blocks import Block
from latently.core.errors import ImpossibleObservationError
from latently.emissions import Categorical, Gaussian, Poisson
from latently.emissions.categorical import CategoricalParams
from latently.latent import Chain, checkpoints
from latently.latent.chain import ChainParams
from latently.models import LatentEmission, LatentEmissionParams
from tests.chain import counted, offsets_of
from tests.comparing import assert_identical, assert_same
from tests.simulations import by_night

STATES = (1, 3, 5, *by_night(2, 8, 9))
over_states = pytest.mark.parametrize("K", STATES)
SERIAL = SerialBackend()


@pytest.fixture(autouse=True)
def short_segments(monkeypatch):
    """So that sequences of a few hundred times have many."""
    monkeypatch.setattr(checkpoints, "LEAST_ROWS", 8)


def chain_params(K, rng, shape="dense"):
    if shape == "dense":
        return ChainParams(rng.dirichlet(np.ones(K)), rng.dirichlet(np.ones(K), K))
    keep = rng.uniform(0.2, 0.8, K)[:, None]  # to itself and the next, round and round
    return ChainParams(np.eye(K)[0], keep * np.eye(K) + (1 - keep) * np.roll(np.eye(K), 1, axis=1))


def symbols(K, lengths, rng, shape="dense", missing=0.1):
    """A model of symbols, some of them missing, and a block of sequences drawn at random."""
    emissionprob = rng.dirichlet(np.ones(6), K)
    if K > 1:
        emissionprob[np.arange(K), np.arange(K) % 6] = 0.0  # exact zeros
        emissionprob /= emissionprob.sum(axis=1, keepdims=True)
    params = LatentEmissionParams(chain_params(K, rng, shape), CategoricalParams(emissionprob))
    latent, family = params.latent, Categorical(6)
    x = []
    for n in lengths:
        states = np.empty(n, dtype=np.int64)
        for t in range(n):
            states[t] = rng.choice(K, p=latent.startprob if t == 0 else latent.transmat[states[t - 1]])
        x.append(family.sample(params.emission, states, rng))
    x = np.concatenate(x)
    x[rng.random(len(x)) < missing] = 6
    return LatentEmission(Chain(), family, K), params, Block(x, np.ones(len(lengths)), offsets_of(lengths))


def limited(model, rows, arrays=1):
    """With room for so many rows of one or more arrays."""
    width = 4 if model.n_components <= 4 else -(-model.n_components // 8) * 8
    return replace(model, latent=replace(model.latent, budget=8 * rows * (arrays * width + arrays - 1)))


def assert_budget_changes_nothing(model, params, block, rows, monkeypatch):
    """Whichever way the densities come; the second is what the test would not notice if it were not taken.

    Of many states only where they are looked up: kernels are compiled for each width and way.
    """
    symbols = isinstance(model.emission, Categorical)
    for fused in (True, False) if model.n_components < 5 or not symbols else (True,):
        one = replace(model, fused=fused)
        calls = counted(monkeypatch, checkpoints, "_scaled")
        ordinary = one.e_step(params, block, SERIAL)
        assert not calls
        looked_up = fused and isinstance(model.emission, (Categorical, Poisson))
        other = limited(one, rows, 1 if looked_up else 2)
        with_checkpoints = other.e_step(params, block, SERIAL)
        assert len(calls) == sum(
            n > rows and w > 0 for n, w in zip(np.diff(block.offsets), block.weights, strict=True)
        )
        assert_same(ordinary, with_checkpoints, rtol=1e-12)
        assert_array_equal(ordinary.latent.transitions == 0, with_checkpoints.latent.transitions == 0)


# -- the same statistics -----------------------------------------------------------------------------------


@over_states
@pytest.mark.parametrize("T", [300, 257, 1001])
@pytest.mark.parametrize("shape", ["dense", "cyclic"])
def test_one_sequence_of_symbols(K, T, shape, monkeypatch):
    parts = symbols(K, [T], np.random.default_rng([K, T]), shape)
    assert_budget_changes_nothing(*parts, 100, monkeypatch)


@pytest.mark.parametrize("T", range(1, 40))
def test_each_small_length(T, monkeypatch):
    """Segments end, and the directions meet, at each place there is."""
    parts = symbols(3, [T], np.random.default_rng(T))
    assert_budget_changes_nothing(*parts, 0, monkeypatch)


@pytest.mark.parametrize("K", [2, 5])
def test_several_sequences_with_weights(K, monkeypatch):
    """Those within the budget go the ordinary way together, those beyond it one by one."""
    lengths = [3, 200, 1, 0, 40, 300, 7, 500, 20, 20]
    model, params, block = symbols(K, lengths, np.random.default_rng(K))
    weights = np.array([1.0, 2.5, 1.0, 1.0, 0.0, 0.0, 3.0, 0.5, 1.0, 2.0])
    block = replace(block, weights=weights, first=7)
    assert_budget_changes_nothing(model, params, block, 60, monkeypatch)


@pytest.mark.parametrize("family", ["numbers", "counts"])
@pytest.mark.parametrize("K", [2, *by_night(5)])
def test_numbers_and_counts(family, K, monkeypatch):
    """Missing cells and missing times among them, and an observation that is far from all states."""
    rng = np.random.default_rng(K)
    lengths, weights = [400, 5, 130], np.array([2.0, 1.0, 0.3])
    drawn = rng.standard_normal((535, 2)) if family == "numbers" else rng.poisson(3.0, (535, 2))
    x = drawn.astype(float)
    x[rng.random(x.shape) < 0.1] = np.nan
    x[200:230] = np.nan
    x[300] = 400.0
    block = Block(x, weights, offsets_of(lengths))
    emission = {"numbers": Gaussian("diag"), "counts": Poisson()}[family]
    model = LatentEmission(Chain(), emission, K)
    description = model.describe(block)
    model = model.bind(description)
    params = model.start(description, rng)
    assert_budget_changes_nothing(model, params, block, 100, monkeypatch)


def test_stationary_starts(monkeypatch):
    model, params, block = symbols(3, [300], np.random.default_rng(0))
    model = replace(model, latent=Chain(startprob="stationary"))
    assert_budget_changes_nothing(model, params, block, 50, monkeypatch)


def test_any_number_of_threads_gives_the_same_bits():
    model, params, block = symbols(3, [3000], np.random.default_rng(1))
    for fused in (True, False):
        other = limited(replace(model, fused=fused), 100)
        found = []
        for n_threads in (1, 2, 5):
            with backend(n_threads) as workers:
                found.append(other.e_step(params, block, workers))
        assert_identical(found[0], found[1])
        assert_identical(found[0], found[2])


def test_responsibilities_of_all_rows():
    """What a family's statistics are made of, row by row."""
    model, params, block = symbols(4, [500, 90], np.random.default_rng(2))
    found = limited(model, 50, 2).responsibilities(params, block)
    assert_allclose(found, model.responsibilities(params, block), rtol=1e-11, atol=1e-14)
    assert_allclose(found.sum(axis=1), 1.0, rtol=1e-12)


# -- lost states and impossible observations ---------------------------------------------------------------


def one_way(T, leave):
    """Three states that only go on, and so rarely that two steps at a time are lost by scaled vectors."""
    params = LatentEmissionParams(
        ChainParams(
            np.eye(3)[0], np.array([[1 - leave, leave, 0.0], [0.0, 1 - leave, leave], [0.0, 0.0, 1.0]])
        ),
        CategoricalParams(np.array([[0.5, 0.5, 0.0], [0.5, 0.5, 0.0], [0.0, 0.5, 0.5]])),
    )
    x = np.zeros((T, 1), dtype=np.int64)
    x[-T // 4 :] = 2  # only the last state shows it
    x[: T // 4] = 1
    return LatentEmission(Chain(), Categorical(3), 3), params, Block(x, np.array([1.5]), np.array([0, T]))


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("leave", [1e-120, 1e-180])
def test_a_lost_state_is_found_again_in_logarithms(leave, fused, monkeypatch):
    model, params, block = one_way(400, leave)
    model = replace(model, fused=fused)
    calls = counted(monkeypatch, checkpoints, "_in_logs")
    ordinary = model.e_step(params, block, SERIAL)
    found = limited(model, 50).e_step(params, block, SERIAL)
    assert calls
    assert_same(replace(ordinary, rounding_scale=0.0), replace(found, rounding_scale=0.0), rtol=1e-12)
    assert found.rounding_scale >= abs(found.bound)
    assert_allclose(found.latent.transitions[[0, 1], [1, 2]], 1.5, rtol=1e-10)


@pytest.mark.parametrize("shape", ["dense", "cyclic"])
@pytest.mark.parametrize("T", [1, 9, 200])
def test_logarithms_by_themselves(shape, T, monkeypatch):
    """As if each sequence had lost a state."""
    model, params, block = symbols(3, [T, T], np.random.default_rng(T), shape)
    ordinary = model.e_step(params, block, SERIAL)
    monkeypatch.setattr(checkpoints, "_scaled", lambda *args: None)
    for fused in (True, False):
        found = limited(replace(model, fused=fused), 0).e_step(params, block, SERIAL)
        assert_same(ordinary, found, rtol=1e-11)


@pytest.mark.parametrize("wrong", [0, 7, 8, 99, 100, 150, 199])
@pytest.mark.parametrize("fused", [True, False])
def test_an_impossible_observation_is_named(wrong, fused):
    model, params, block = symbols(3, [30, 200], np.random.default_rng(3))
    emissionprob = params.emission.emissionprob.copy()
    emissionprob[:, 5] = 0.0
    emissionprob /= emissionprob.sum(axis=1, keepdims=True)
    params = replace(params, emission=CategoricalParams(emissionprob))
    block.x[block.x == 5] = 6
    block.x[30 + wrong] = 5
    model = limited(replace(model, fused=fused), 60)
    with pytest.raises(ImpossibleObservationError, match=f"sequence 1 is impossible from time {wrong} on"):
        model.e_step(params, block, SERIAL)
    unheard = model.e_step(params, replace(block, weights=np.array([1.0, 0.0])), SERIAL)
    assert np.isfinite(unheard.bound)


# -- memory ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fused", [True, False])
def test_memory_grows_with_the_root_of_the_length(fused, monkeypatch):
    monkeypatch.undo()  # segments as they are
    model, params, _ = symbols(3, [10], np.random.default_rng(0))
    model = replace(model, fused=fused)
    rng = np.random.default_rng(1)

    def block_of(T):
        return Block(rng.integers(6, size=(T, 1)), np.ones(1), np.array([0, T]))

    def peak(model, T):
        block = block_of(T)
        tracemalloc.start()
        model.e_step(params, block, SERIAL)
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size / (8 * 4)  # rows of four padded states

    for one in (model, limited(model, 100)):  # compiled before memory is traced, for a sequence as long
        one.e_step(params, block_of(40_000), SERIAL)
    short, long = (peak(limited(model, 100), T) for T in (40_000, 640_000))
    assert long < 5 * short  # sixteen times as many rows
    assert long < 0.05 * 640_000
    assert peak(model, 640_000) > 640_000


# -- estimators --------------------------------------------------------------------------------------------


def test_fits_with_a_budget():
    rng = np.random.default_rng(0)
    states = np.cumsum(rng.random(2000) < 0.05) % 2
    numbers = states[:, None] * 3.0 + rng.normal(size=(2000, 2))
    rolls = np.where(rng.random(2000) < 0.7, states, rng.integers(4, size=2000))
    settings = {"n_components": 2, "n_init": 2, "max_iter": 20, "tol": 0, "random_state": 0}
    for estimator, x in ((GaussianHMM, numbers), (CategoricalHMM, rolls)):
        one = estimator(**settings).fit(x)
        for budget in ("8KB", 8192):
            other = estimator(**settings, memory_budget=budget).fit(x)
            assert_allclose(other.log_likelihood_history_, one.log_likelihood_history_, rtol=1e-12)
            assert_allclose(other.transmat_, one.transmat_, rtol=1e-9)
