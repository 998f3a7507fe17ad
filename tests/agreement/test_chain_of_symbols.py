"""Symbols, looked up and tallied in passing, against the generic path."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from latently.core.backends import backend
from latently.core.blocks import Block
from latently.core.errors import ImpossibleObservationError
from latently.emissions import Categorical
from latently.emissions.categorical import CategoricalParams
from latently.latent import chain as compiled
from latently.latent import passes
from latently.models import LatentEmission, LatentEmissionParams
from tests import chain as plain
from tests.chain import LENGTHS, STATES, WEIGHTS, counted, offsets_of
from tests.comparing import assert_identical, assert_same

# -- symbols, looked up and tallied in passing -------------------------------------------------------------


def symbols(K, n_symbols, lengths, weights, rng, missing=0.0, zeros=False):
    x = rng.integers(n_symbols, size=(int(lengths.sum()), 1))
    x[rng.random(len(x)) < missing] = n_symbols
    emissionprob = rng.dirichlet(np.ones(n_symbols), K)
    if zeros:
        emissionprob[np.arange(K), np.arange(K) % n_symbols] = 0.0
        emissionprob /= emissionprob.sum(axis=1, keepdims=True)
    params = LatentEmissionParams(
        compiled.ChainParams(rng.dirichlet(np.ones(K)), rng.dirichlet(np.ones(K), K)),
        CategoricalParams(emissionprob),
    )
    model = LatentEmission(compiled.Chain(), Categorical(n_symbols), K)
    return model, params, Block(x, weights, offsets_of(lengths))


def assert_fused_agrees(model, params, block, monkeypatch, workers=None):
    fused = model.e_step(params, block, workers)
    with monkeypatch.context() as patch:
        # Its own scaling, and not by the same kernel.
        patch.setattr(compiled.Chain, "run", run_plainly)
        generic = replace(model, fused=False).e_step(params, block)
    assert_allclose(fused.bound, generic.bound, rtol=1e-12, atol=1e-14)
    assert_same(fused.latent.initial, generic.latent.initial, rtol=1e-10)
    assert_same(fused.latent.transitions, generic.latent.transitions, rtol=1e-10)
    assert_same(fused.emission, generic.emission, rtol=1e-10)
    assert fused.rounding_scale >= abs(fused.bound) * (1 - 1e-12)


def run_plainly(self, params, density, block, visit, workers):
    return plain.Chain().run(params, density, block, visit, workers)


@pytest.mark.parametrize("K", STATES)
@pytest.mark.parametrize("n_symbols", [2, 7])
@pytest.mark.parametrize(("missing", "zeros"), [(0.0, False), (0.3, False), (0.2, True)])
def test_fused_symbols_agree_with_the_generic_path(K, n_symbols, missing, zeros, monkeypatch):
    zeros = zeros and K > 1  # an only state must allow all symbols
    rng = np.random.default_rng([K, n_symbols])
    in_logs = counted(monkeypatch, passes, "_in_logs")
    assert_fused_agrees(*symbols(K, n_symbols, LENGTHS, WEIGHTS, rng, missing, zeros), monkeypatch)
    assert zeros or not in_logs


@pytest.mark.parametrize("K", [2, 5, 8])
def test_fused_symbols_on_the_shared_path(K, monkeypatch):
    monkeypatch.setattr(passes, "SHARED", 2)
    rng = np.random.default_rng(K)
    parts = symbols(K, 6, np.array([901]), np.array([1.5]), rng, 0.1)
    calls = counted(monkeypatch, passes, "_shared")
    assert_fused_agrees(*parts, monkeypatch)
    assert calls
    found = []
    for n_threads in (1, 2, 7):
        with backend(n_threads) as workers:
            found.append(parts[0].e_step(*parts[1:], workers))
    assert_identical(found[0], found[1])
    assert_identical(found[0], found[2])


def test_symbols_that_hardly_count(monkeypatch):
    """Weights far below one, and some symbols seen once."""
    rng = np.random.default_rng(3)
    weights = np.array([1e-3, 1e-9, 0.2])
    assert_fused_agrees(*symbols(3, 9, np.array([3, 5, 2]), weights, rng), monkeypatch)


def test_all_symbols_missing_leaves_the_chain_alone(monkeypatch):
    rng = np.random.default_rng(0)
    model, params, block = symbols(3, 4, np.array([1, 30]), np.ones(2), rng, missing=1.0)
    stats = model.e_step(params, block)
    assert_allclose(stats.bound, 0.0, atol=1e-12)
    assert_array_equal(stats.emission.counts, 0.0)
    assert_allclose(stats.latent.initial, 2 * params.latent.startprob, rtol=1e-12)
    assert_fused_agrees(model, params, replace(block, weights=np.array([1.0, 0.0])), monkeypatch)


def test_rare_symbols(monkeypatch):
    """Probabilities of 1e-300 are as good as any."""
    rng = np.random.default_rng(1)
    model, params, block = symbols(3, 4, np.array([300]), np.ones(1), rng)
    emissionprob = params.emission.emissionprob.copy()
    emissionprob[:, 0] *= 1e-300
    emissionprob /= emissionprob.sum(axis=1, keepdims=True)
    params = replace(params, emission=CategoricalParams(emissionprob))
    assert (block.x == 0).sum() > 30
    assert_fused_agrees(model, params, block, monkeypatch)


def test_an_impossible_symbol_is_named_by_both():
    rng = np.random.default_rng(2)
    model, params, block = symbols(3, 4, np.array([6, 6]), np.ones(2), rng)
    block.x[:] = rng.integers(1, 4, size=block.x.shape)
    block.x[8] = 0
    emissionprob = params.emission.emissionprob.copy()
    emissionprob[:, 0] = 0.0
    emissionprob /= emissionprob.sum(axis=1, keepdims=True)
    params = replace(params, emission=CategoricalParams(emissionprob))
    for fused in (True, False):
        with pytest.raises(ImpossibleObservationError, match="sequence 1 is impossible from time 2 on"):
            replace(model, fused=fused).e_step(params, block)
    unheard = model.e_step(params, replace(block, weights=np.array([1.0, 0.0])))
    assert np.isfinite(unheard.bound)
