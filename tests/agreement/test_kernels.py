"""Each fused kernel against the generic path in plain NumPy, on hard data."""

from dataclasses import replace

import numpy as np
import pytest

from latently.core.backends import SerialBackend
from latently.core.blocks import Block
from latently.emissions import Gaussian
from latently.emissions.gaussian.moments import Moments
from latently.latent import Independent
from latently.latent.independent import Weights
from latently.models import LatentEmission, LatentEmissionParams, small_tables
from latently.models.accelerators import complete_rows, gaussian_responsibilities
from latently.models.linear_forms import linear_shared, linear_spherical, linear_variances

FAMILIES = ("full", "tied", "diag", "spherical")

# rows, features, components, scale of the means, offset, scale of the data
SHAPES = {
    "one feature": (700, 1, 3, 1.0, 0.0, 1.0),
    "two features": (1500, 2, 4, 1.0, 0.0, 1.0),
    "overlapping": (1500, 12, 9, 0.05, 0.0, 1.0),
    "separated": (1500, 8, 6, 3.0, 0.0, 1.0),
    "many features": (900, 37, 5, 0.5, 0.0, 1.0),
    "seventeen features, far apart": (900, 17, 7, 10.0, 0.0, 1.0),
    "a hundred features": (900, 100, 5, 0.1, 0.0, 1.0),
    "a hundred features, offset, far apart": (2300, 100, 2, 3.0, 1e6, 1.0),
    "offset": (900, 5, 3, 1.0, 1e6, 1.0),
    "offset, many features": (900, 20, 3, 1.0, 1e6, 1.0),
    "small numbers": (900, 7, 3, 1.0, 0.0, 1e-8),
    "large numbers": (900, 18, 3, 1.0, 0.0, 1e8),
    "fewer rows than a tile": (9, 2, 3, 1.0, 0.0, 1.0),
    "one component": (600, 6, 1, 1.0, 0.0, 1.0),
}


@pytest.fixture(params=["small tables", "kernels"], autouse=True)
def kernels(request, monkeypatch):
    """Tables are small here: once as they are, and once as if they were not."""
    if request.param == "kernels":
        monkeypatch.setattr(small_tables, "MOST", 0)
        monkeypatch.setattr(small_tables, "TINY", 0)


def problem(family, shape, rng, dtype=np.float64):
    n, d, K, spread, offset, unit = shape
    means = rng.normal(size=(K, d)) * 4 * spread
    roots = rng.normal(size=(K, d, d)) / np.sqrt(d) + np.eye(d)
    labels = rng.integers(K, size=n)
    x = rng.normal(size=(n, d))
    for k in range(K):
        x[labels == k] = means[k] + x[labels == k] @ roots[k].T
    x, means = ((x + offset) * unit).astype(dtype), (means + offset) * unit
    covariances = roots @ np.swapaxes(roots, 1, 2) * unit**2
    return parts(family, x, rng.integers(0, 3, n).astype(float), means, covariances, rng)


def parts(family, x, weights, means, covariances, rng):
    emission = Gaussian(family).bind(Moments.of(x.astype(np.float64), weights))
    params = emission.params(means, emission.from_dense(covariances))
    mixture_weights = Weights(rng.dirichlet(np.ones(len(means))))
    model = LatentEmission(Independent(), emission, len(means))
    return model, LatentEmissionParams(mixture_weights, params), Block(x, weights)


def assert_agree(model, params, block, rtol=1e-9):
    fused = complete_rows(model.emission, params, block)
    plain = model.generic_e_step(params, block, SerialBackend())
    assert fused is not None
    assert fused.bound == pytest.approx(plain.bound, rel=rtol)
    # The linear forms and the trace have larger terms, and say so.
    assert fused.rounding_scale >= plain.rounding_scale * (1 - rtol)
    if model.emission.correlated and not model.emission.shared and model.n_components > 1:
        assert fused.rounding_scale == pytest.approx(plain.rounding_scale, rel=rtol)
    np.testing.assert_allclose(fused.latent.counts, plain.latent.counts, rtol=rtol, atol=rtol * len(block.x))
    for name in ("counts", "first", "second"):
        mine, theirs = getattr(fused.emission, name), getattr(plain.emission, name)
        np.testing.assert_allclose(mine, theirs, rtol=0, atol=rtol * np.abs(theirs).max(initial=1e-300))


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("family", FAMILIES)
def test_agrees_with_the_generic_path(family, shape):
    assert_agree(*problem(family, shape, np.random.default_rng(0)))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("d", [6, 20])
def test_agrees_on_float32(family, d):
    shape = (1500, d, 4, 1.0, 0.0, 1.0)
    assert_agree(*problem(family, shape, np.random.default_rng(1), np.float32))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("d", [9, 20])
def test_agrees_on_duplicates_and_fortran_order(family, d):
    model, params, block = problem(family, (300, d, 4, 1.0, 0.0, 1.0), np.random.default_rng(2))
    repeated = Block(np.asfortranarray(np.repeat(block.x, 3, axis=0)), np.repeat(block.weights, 3))
    assert_agree(model, params, repeated)


@pytest.mark.parametrize("d", [3, 20])
def test_agrees_at_condition_1e9(d):
    rng = np.random.default_rng(3)
    turn = np.linalg.qr(rng.normal(size=(d, d)))[0]
    covariance = (turn * np.geomspace(1.0, 1e-9, d)) @ turn.T
    means = rng.multivariate_normal(np.zeros(d), covariance, size=2)
    x = rng.multivariate_normal(np.zeros(d), covariance, size=500)
    problem_parts = parts("full", x, np.ones(500), means, np.stack([covariance, 2 * covariance]), rng)
    # Both paths know the whitened rows to condition times rounding, 1e-7, and no better.
    assert_agree(*problem_parts, rtol=1e-6)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("d", [10, 20])
def test_an_outlier_keeps_its_scatter(family, d):
    # Its responsibility for the far component is tiny, but its distance is not.
    model, params, block = problem(family, (800, d, 3, 1.0, 0.0, 1.0), np.random.default_rng(4))
    x = block.x.copy()
    x[:5] += 40.0
    assert_agree(model, params, replace(block, x=x))


def test_components_without_weight_get_nothing():
    model, params, block = problem("full", (800, 10, 3, 1.0, 0.0, 1.0), np.random.default_rng(5))
    params = replace(params, latent=Weights(np.array([0.5, 0.0, 0.5])))
    assert_agree(model, params, block)
    assert model.e_step(params, block).latent.counts[1] == 0


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("wrong", [np.nan, np.inf])
@pytest.mark.parametrize("d", [9, 20])
def test_what_is_not_a_number_is_left_to_the_generic_path(family, wrong, d):
    model, params, block = problem(family, (300, d, 4, 1.0, 0.0, 1.0), np.random.default_rng(6))
    x = block.x.copy()
    x[0], weights = wrong, np.ones(len(x))
    with np.errstate(invalid="ignore"):
        assert complete_rows(model.emission, params, Block(x, weights)) is None


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("spread", [30.0, 1e3, 1e6])
def test_far_components(family, spread):
    """Where the linear forms would lose digits, others take over."""
    assert_agree(*problem(family, (300, 20, 4, spread, 0.0, 1.0), np.random.default_rng(7)))


@pytest.mark.parametrize("family", ["tied", "diag", "spherical"])
def test_linear_forms_refuse_what_costs_them_digits(family):
    form = {"tied": linear_shared, "diag": linear_variances, "spherical": linear_spherical}[family]
    for spread, taken in ((1.0, True), (1e3, False)):
        model, params, block = problem(family, (300, 20, 4, spread, 0.0, 1.0), np.random.default_rng(7))
        log_norm = params.latent.log - 0.5 * model.emission.log_det(params.emission)
        assert (form(model.emission, params, log_norm, block) is not None) == taken
    far = replace(block, x=block.x + 1e4 * np.abs(block.x).max())
    assert form(model.emission, params, log_norm, far) is None


@pytest.mark.parametrize("family", ["diag", "spherical"])
@pytest.mark.parametrize("width", [1e-4, 1e-12])
def test_the_linear_form_with_a_component_on_next_to_no_rows(family, width):
    model, params, block = problem(family, (900, 20, 5, 1.0, 1e3, 1.0), np.random.default_rng(9))
    theta = params.emission
    means, covariances = theta.means.copy(), theta.covariances.copy()
    means[2], covariances[2] = block.x[7], width * covariances[2]
    params = replace(params, emission=model.emission.params(means, covariances))
    log_norm = params.latent.log - 0.5 * model.emission.log_det(params.emission)
    form = linear_variances if family == "diag" else linear_spherical
    assert form(model.emission, params, log_norm, block) is not None
    assert_agree(model, params, block)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_responsibilities_without_sums(family, shape):
    """Also where a component of next to no volume is likely by a few features, and then holds no row."""
    model, params, block = problem(family, shape, np.random.default_rng(10))
    if family == "full":
        narrow = model.emission.dense(params.emission).copy()
        narrow[0, -1] *= 1e-5
        narrow[0, :, -1] *= 1e-5
        params = replace(params, emission=model.emission.params(params.emission.means, narrow))
    found = gaussian_responsibilities(model, params, block)
    if found is None:
        assert family in ("diag", "spherical")
        assert shape[3] > 1.0
        return
    np.testing.assert_allclose(found, model.responsibilities(params, block), rtol=1e-9, atol=1e-12)
    if family == "full":
        assert_agree(model, params, block, rtol=1e-8)


@pytest.mark.parametrize("d", [2, 5, 12])
def test_the_scatter_of_all_rows_keeps_its_digits_far_from_zero(d):
    """The mean of the rows is known to eps times the offset, their scatter is not to suffer from it."""
    shape = (1500, d, 4, 1.0, 1e6, 1.0)
    for seed in range(3):
        assert_agree(*problem("tied", shape, np.random.default_rng(20 + seed)), rtol=1e-12)


def test_tied_with_nearly_collinear_features():
    rng = np.random.default_rng(8)
    x = rng.normal(size=(600, 20)) @ (np.eye(20) + 40.0)
    means = x[:3].copy()
    assert_agree(
        *parts("tied", x, np.ones(600), means, np.repeat(np.cov(x.T)[None], 3, axis=0), rng), rtol=1e-8
    )
