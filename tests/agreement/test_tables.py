"""Products of families by tables and in one kernel, against the plain NumPy of each family."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from latently.checks.columns import as_table
from latently.core.backends import SerialBackend
from latently.core.blocks import Block
from latently.emissions import Categorical, Columns, Gaussian, Poisson
from latently.latent import Independent
from latently.latent.chain import Chain
from latently.latent.independent import Weights
from latently.models import LatentEmission, LatentEmissionParams, products
from latently.models.products import Product, mixture_of_products
from tests.comparing import assert_same

SIZES = (2, 3, 7, 2)
FAMILIES = [*map(Categorical, SIZES), Gaussian(), Gaussian(), Poisson()]


@pytest.fixture(params=[0, 2**20], ids=["kernels", "NumPy"], autouse=True)
def _few(monkeypatch, request):
    monkeypatch.setattr(products, "FEW_CELLS", request.param)


def problem(K, share, n=300, scale=1.0, offset=0.0):
    rng = np.random.default_rng(0)
    x = np.column_stack(
        [rng.integers(size, size=n) for size in SIZES]
        + [scale * rng.standard_normal((n, 2)) + offset, rng.poisson(3, n)]
    )
    product = Columns(dict(enumerate(FAMILIES))).learned(as_table(x.astype(object)))
    x[rng.random(x.shape) < share] = np.nan
    x[0] = np.nan
    product = product.bind(product.describe(x, np.ones(n)))
    params = product.start(product.describe(x, np.ones(n)), K, rng)
    weights = np.full(K, 1.0 / K)
    model = LatentEmission(Independent(), product, K)
    return model, LatentEmissionParams(Weights(weights), params), Block(x, rng.integers(0, 3, n) * 1.0)


@pytest.mark.parametrize("share", [0.0, 0.2, 0.9])
@pytest.mark.parametrize("K", [2, 3, 5, 8, 9, 17])
def test_the_e_step(K, share):
    model, params, block = problem(K, share)
    found = mixture_of_products(model, params, block, SerialBackend())
    plain = replace(model, fused=False).e_step(params, block)
    assert_same(found, plain, rtol=1e-10)
    routines = model.routines(params)
    assert isinstance(routines, Product)
    assert len(routines.emission.looked_up.at) == 4
    densities = model.emission.log_density(params.emission, block.x)
    assert_allclose(routines.log_density(block.x), densities, rtol=1e-11, atol=1e-11)
    resp = np.random.default_rng(1).dirichlet(np.ones(K), len(block.x))
    expected = model.emission.expected_stats(params.emission, block.x, resp)
    assert_same(routines.expected_stats(block.x, resp), expected, rtol=1e-10)


@pytest.mark.parametrize(("scale", "offset"), [(1e-8, 0.0), (1e8, 0.0), (1.0, 1e6)])
def test_units_and_offsets(scale, offset):
    """Rows twice, a fifth of the cells missing; sums in units of the columns."""
    model, params, block = problem(5, 0.2, scale=scale, offset=offset)
    x = np.repeat(block.x, 2, axis=0)
    found = mixture_of_products(model, params, Block(x, np.ones(len(x))), SerialBackend())
    plain = replace(model, fused=False).e_step(params, Block(x, np.ones(len(x))))
    assert_allclose(found.bound, plain.bound, rtol=1e-10)
    assert_same(found.latent, plain.latent, rtol=1e-8)
    learned = (model.emission.m_step(stats.emission, params.emission)["normal"] for stats in (found, plain))
    (means, variances), (others, spreads) = ((one.means, one.covariances) for one in learned)
    assert_allclose((means - others) / scale, 0.0, atol=1e-8)
    assert_allclose(variances, spreads, rtol=1e-7)


def test_impossible_cells_have_no_density():
    model, params, block = problem(3, 0.0)
    name = next(name for name in params.emission.names if name.startswith("categorical"))
    certain = np.zeros_like(params.emission[name].probabilities)
    certain[:, :, 0] = 1.0
    values = tuple(
        replace(one, probabilities=certain) if part == name else one
        for part, one in zip(params.emission.names, params.emission, strict=True)
    )
    impossible = replace(params, emission=replace(params.emission, values=values))
    density = model.routines(impossible).log_density(block.x)
    assert (
        np.isneginf(density) == np.isneginf(model.emission.log_density(impossible.emission, block.x))
    ).all()
    assert products.FEW_CELLS or mixture_of_products(model, impossible, block, SerialBackend()) is None
    with pytest.raises(ValueError, match="has zero density under every component"):
        model.e_step(impossible, block)


def test_cells_beyond_the_tables_are_left_to_the_families():
    model, params, block = problem(3, 0.0)
    x = block.x.copy()
    x[5, 0] = 2.0
    assert model.routines(params).tables(len(x)).places(x) is None


def few_patterns(latent, K=3, n=300):
    """Three columns of few values, some of them missing: far fewer different rows than rows."""
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.integers(2, size=n), rng.integers(3, size=n), rng.poisson(1.0, n)]).astype(float)
    families = {0: Categorical(2), 1: Categorical(3), 2: Poisson()}
    product = Columns(families).learned(as_table(x.astype(object)))
    x[rng.random(x.shape) < 0.1] = np.nan
    product = product.bind(product.describe(x, np.ones(n)))
    model = LatentEmission(latent, product, K)
    emission = product.start(product.describe(x, np.ones(n)), K, rng)
    return model, LatentEmissionParams(latent.start(K, rng), emission), x


def test_equal_rows_are_worked_out_once():
    model, params, x = few_patterns(Independent())
    block = Block(x, np.random.default_rng(1).integers(0, 4, len(x)) * 0.5, first=7)
    routines = model.routines(params)
    rows, _ = products._rows(routines, routines.tables(len(x)), block)
    assert len(rows.weights) < len(x) / 2
    plain = replace(model, fused=False).e_step(params, block)
    assert_same(mixture_of_products(model, params, block, SerialBackend()), plain, rtol=1e-10)


@pytest.mark.parametrize("K", [2, 5, 8, 9])
@pytest.mark.parametrize("least", [0.1, 1e-9, 0.0])
def test_all_columns_in_tables(K, least):
    """Probabilities as small as makes some rows as good as impossible: their logarithms are needed."""
    rng = np.random.default_rng(0)
    x = np.floor(rng.random((500, 60)) * rng.integers(2, 5, 60))
    product = Columns(dict.fromkeys(range(60), "categorical")).learned(as_table(x.astype(object)))
    p = rng.dirichlet(np.ones(4), (K, 60)) * (
        np.arange(4) < product.parts[0].family.sizes_of_columns[:, None]
    )
    p = np.where(p == p.max(axis=2, keepdims=True), 1.0, max(least, 1e-30)) * (p > 0)
    emission = product.params(**{"categorical.probabilities": p / p.sum(axis=2, keepdims=True)})
    x[rng.random(x.shape) < 0.1] = np.nan
    x[rng.random(500) < 0.5] = x[0]
    model, params = LatentEmission(Independent(), product, K), Weights(rng.dirichlet(np.ones(K)))
    params, block = LatentEmissionParams(params, emission), Block(x, rng.random(500))
    found = mixture_of_products(model, params, block, SerialBackend())
    assert_same(found, replace(model, fused=False).e_step(params, block), rtol=1e-10)


@pytest.mark.parametrize("known", [0.0, 0.4])
def test_patterns_pass_along_a_chain_as_symbols_do(known):
    model, params, x = few_patterns(Chain())
    rng = np.random.default_rng(1)
    labels = np.where(rng.random(len(x)) < known, rng.integers(3, size=len(x)), -1)
    block = Block(x, np.array([1.0, 2.0, 0.0]), np.array([0, 80, 200, 300]), labels=labels if known else None)
    found = products.chain_of_products(model, params, block, SerialBackend())
    assert_same(found, replace(model, fused=False).e_step(params, block), rtol=1e-9)
