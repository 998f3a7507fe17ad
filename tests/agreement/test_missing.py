"""Compiled routines for rows with missing cells against plain NumPy, on hard data."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from latently.core.array_source import ArraySource
from latently.core.backends import SerialBackend
from latently.core.blocks import Block
from latently.core.em import EMMap
from latently.core.errors import ImpossibleObservationError
from latently.emissions import Gaussian
from latently.emissions.gaussian.missing import conditional
from latently.emissions.gaussian.moments import Moments
from latently.kernels.missing import fill_rows
from latently.latent import Independent
from latently.latent.independent import Weights
from latently.models import (
    LatentEmission,
    LatentEmissionParams,
    accelerators,
    conditional_moments,
    incomplete_rows,
    one_gaussian,
)
from latently.models.conditional_moments import Completed
from latently.models.routines import Plain, routines
from tests.comparing import assert_same

LONG = 4  # rows of one pattern on end

FAMILIES = ("full", "tied")
over_families = pytest.mark.parametrize("family", FAMILIES)


@pytest.fixture(autouse=True, scope="module")
def compiled():
    """Of few rows, too, or there would be no kernels."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conditional_moments, "FEW_CELLS", 0)
        yield


def rows_of(n, d, rng):
    return rng.standard_normal((n, d)) @ (np.eye(d) + 0.5 * rng.standard_normal((d, d)) / np.sqrt(d))


def scattered(share):
    """Each row a pattern of its own, or nearly so."""

    def draw(n, d, rng):
        x = rows_of(n, d, rng)
        x[rng.random(x.shape) < share] = np.nan
        return x

    return draw


def in_runs(n, d, rng):
    """Equal patterns on end, in runs of 1 to 3 * LONG rows; complete and empty ones among them."""
    x = rows_of(n, d, rng)
    start = run = 0
    while start < n:
        stop = start + int(rng.integers(1, 3 * LONG))
        share = (0.3, 0.0, 0.7, 1.0)[run % 4]
        x[start:stop, rng.random(d) < share] = np.nan
        start, run = stop, run + 1
    return x


def empty(n, d, rng):
    return np.full((n, d), np.nan)


def one_cell_each(n, d, rng):
    x = np.full((n, d), np.nan)
    columns = rng.integers(0, d, n)
    x[np.arange(n), columns] = rng.standard_normal(n)
    return x


# rows, features, components, how cells are missing, offset, units of the features from and to
SHAPES = {
    "one feature": (50, 1, 2, scattered(0.3), 0.0, (1.0, 1.0)),
    "two features": (150, 2, 3, scattered(0.3), 0.0, (1.0, 1.0)),
    "many patterns": (120, 9, 3, scattered(0.3), 0.0, (1.0, 1.0)),
    "many features": (60, 40, 2, scattered(0.2), 0.0, (1.0, 1.0)),
    "runs of equal patterns": (120, 6, 3, in_runs, 0.0, (1.0, 1.0)),
    "many features, many missing": (60, 60, 2, scattered(0.6), 0.0, (1.0, 1.0)),
    "mostly missing": (120, 7, 2, scattered(0.8), 0.0, (1.0, 1.0)),
    "one cell in each row": (60, 5, 2, one_cell_each, 0.0, (1.0, 1.0)),
    "no cell at all": (20, 4, 2, empty, 0.0, (1.0, 1.0)),
    "no cell missing": (50, 4, 2, scattered(0.0), 0.0, (1.0, 1.0)),
    "no rows": (0, 4, 2, scattered(0.3), 0.0, (1.0, 1.0)),
    "one component": (150, 6, 1, in_runs, 0.0, (1.0, 1.0)),
    "offset": (150, 5, 2, in_runs, 1e6, (1.0, 1.0)),
    "scales": (150, 5, 2, in_runs, 0.0, (1e-8, 1e8)),
}


def params_of(family, d, K, rng):
    roots = np.eye(d) + 0.5 * rng.standard_normal((K, d, d)) / np.sqrt(d)
    emission = Gaussian(family)
    return emission, emission.params(
        rng.standard_normal((K, d)), emission.from_dense(roots @ np.swapaxes(roots, 1, 2))
    )


def problem(family, shape, rng, dtype=np.float64):
    n, d, K, holes, offset, (low, high) = shape
    emission, params = params_of(family, d, K, rng)
    units = np.geomspace(low, high, d)
    x = ((holes(n, d, rng) + offset) * units).astype(dtype)
    moved = emission.params((params.means + offset) * units, params.covariances * np.outer(units, units))
    resp = rng.dirichlet(np.ones(K), size=n) * rng.integers(0, 3, (n, 1))
    return emission, moved, x, resp, units


def in_units(stats, units):
    """Statistics in the features' own units: so that each entry counts."""
    return replace(
        stats, first=stats.first / units, second=stats.second / np.outer(units, units), origin=np.zeros(0)
    )


def assert_agree(emission, params, x, resp, units=1.0, rtol=1e-10):
    compiled, plain = Completed(emission, params), Plain(emission, params)
    densities = plain.log_density(x)
    np.testing.assert_allclose(compiled.log_density(x), densities, rtol=rtol, atol=rtol * x.shape[1])
    mine, theirs = (in_units(of.expected_stats(x, resp), units) for of in (compiled, plain))
    assert_same(theirs, mine, rtol=rtol)


@over_families
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_completed_agrees_with_plain(family, shape):
    assert_agree(*problem(family, shape, np.random.default_rng(0)), rtol=1e-9)


@over_families
def test_statistics_without_densities_before_them(family):
    """The completed rows of the last tile are used for that tile only."""
    emission, params, x, resp, _ = problem(family, SHAPES["many patterns"], np.random.default_rng(1))
    fresh, used = Completed(emission, params), Completed(emission, params)
    half = len(x) // 2
    used.log_density(x[:half])
    for part in (slice(half, None), slice(0, half)):
        assert_same(
            fresh.expected_stats(x[part], resp[part]), used.expected_stats(x[part], resp[part]), 1e-13
        )


@over_families
def test_rows_in_other_memory_orders(family):
    emission, params, x, resp, units = problem(
        family, SHAPES["runs of equal patterns"], np.random.default_rng(2)
    )
    assert_agree(emission, params, np.asfortranarray(x), np.asfortranarray(resp), units)
    assert_agree(emission, params, np.repeat(x, 2, axis=0)[::2], resp, units)


@over_families
@settings(max_examples=15)
@given(missing=arrays(np.bool_, (9, 4), elements=st.booleans()))
@example(missing=np.ones((9, 4), dtype=bool))
@example(missing=np.eye(9, 4, dtype=bool))
def test_any_mask(family, missing):
    rng = np.random.default_rng(3)
    emission, params = params_of(family, 4, 2, rng)
    x = np.where(missing, np.nan, rng.standard_normal((9, 4)))
    assert_agree(emission, params, x, rng.random((9, 2)))


# -- ill-conditioned covariances --------------------------------------------------------------------------


def nearly_collinear(d, left, rng):
    """A feature follows from the others but for a variance of `left`."""
    x = rng.standard_normal((4000, d))
    x[:, -1] = x[:, :-1].sum(axis=1) + np.sqrt(left) * x[:, -1]
    return np.cov(x.T)[None]


@over_families
@pytest.mark.parametrize(
    ("left", "kind"), [(1e-1, Completed), (1e-4, Completed), (1e-7, Plain), (1e-9, Plain)]
)
def test_precisions_are_left_where_they_lose_digits(family, left, kind):
    rng = np.random.default_rng(4)
    covariances = nearly_collinear(4, left, rng)
    emission = Gaussian(family)
    params = emission.params(np.zeros((1, 4)), emission.from_dense(covariances))
    assert type(routines(emission, params)) is kind
    assert type(routines(emission, params, compiled=False)) is Plain
    x = rng.multivariate_normal(np.zeros(4), covariances[0], size=200)
    x[rng.random(x.shape) < 0.3] = np.nan
    if kind is Completed:
        assert_agree(emission, params, x, np.ones((200, 1)), rtol=1e-11 / left)


@over_families
def test_units_do_not_make_a_covariance_ill_conditioned(family):
    emission, params, *_ = problem(family, SHAPES["scales"], np.random.default_rng(5))
    assert type(routines(emission, params)) is Completed


# -- the E-step of the whole model ------------------------------------------------------------------------


def models(family, x, weights, K, rng):
    emission = Gaussian(family).bind(Moments.of(x.astype(np.float64), weights))
    _, params = params_of(family, x.shape[1], K, rng)
    model = LatentEmission(Independent(), emission, K)
    return model, LatentEmissionParams(Weights(rng.dirichlet(np.ones(K))), params)


@over_families
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("holes", [scattered(0.05), in_runs, empty], ids=["few", "runs", "empty"])
def test_e_steps_agree(family, dtype, holes):
    """Complete rows by the fused kernel, others by the compiled routines; and all by NumPy."""
    rng = np.random.default_rng(6)
    x = holes(400, 5, rng).astype(dtype)
    x[0] = 0.5
    x[1] = -1.0
    weights = rng.integers(0, 3, len(x)).astype(float)
    model, params = models(family, x, weights, 3, rng)
    plain = replace(model, fused=False)
    ends = [EMMap(m, ArraySource(x, weights, None, 128)).e_step(params) for m in (model, plain)]
    assert ends[0].bound == pytest.approx(ends[1].bound, rel=1e-12)
    assert ends[0].rounding_scale >= ends[1].rounding_scale * (1 - 1e-8)  # more where a form is linear
    assert_same(ends[1].emission, ends[0].emission)
    assert_same(ends[1].latent, ends[0].latent)
    block = Block(x, weights)
    np.testing.assert_allclose(
        model.responsibilities(params, block), plain.responsibilities(params, block), rtol=1e-9, atol=1e-13
    )


@over_families
def test_grouping_rows_by_pattern_changes_nothing_but_rounding(family):
    rng = np.random.default_rng(7)
    x = scattered(0.3)(600, 5, rng)
    weights = rng.random(len(x))
    model, params = models(family, x, weights, 2, rng)
    source = ArraySource(x, weights, None, 64)
    grouped = source.grouped()
    assert not np.array_equal(grouped.weights, weights)
    assert_same(EMMap(model, source).e_step(params), EMMap(model, grouped).e_step(params), rtol=1e-11)


def whole_step(model, params, block):
    stats = model.e_step(params, block)
    assert stats.rounding_scale >= abs(stats.bound) * (1 - 1e-12)
    return stats


@over_families
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("K", [1, 3])
def test_short_cuts_agree(family, shape, K, monkeypatch):
    """One component in one pass; more by the marginals of patterns, if they have a few rows on end."""
    monkeypatch.setattr(incomplete_rows, "ROWS_OF_A_PATTERN", 2)
    rng = np.random.default_rng(10)
    n, d, _, holes, offset, scales = shape
    emission, theta, x, _, units = problem(family, (n, d, K, holes, offset, scales), rng)
    block = Block(x, rng.integers(0, 3, n).astype(float))
    model = LatentEmission(Independent(), emission, K)
    params = LatentEmissionParams(Weights(rng.dirichlet(np.ones(K))), theta)
    mine, theirs = whole_step(model, params, block), whole_step(replace(model, fused=False), params, block)
    assert mine.bound == pytest.approx(theirs.bound, rel=1e-10, abs=1e-10)
    assert_same(theirs.latent, mine.latent, rtol=1e-10)
    assert_same(in_units(theirs.emission, units), in_units(mine.emission, units), rtol=1e-9)


@over_families
def test_short_cuts_are_taken(family, monkeypatch):
    """Long runs and one component do without the generic path, which gets the rest."""
    rng = np.random.default_rng(11)
    x = rows_of(400, 5, rng)
    x[:200, 1], x[200:390, 3], x[390:] = np.nan, np.nan, np.nan
    handed = []

    def generic(model, params, block, backend):
        handed.append(block.n_rows)
        return whole_path(model, params, block, backend)

    whole_path = LatentEmission.generic_e_step
    monkeypatch.setattr(LatentEmission, "generic_e_step", generic)
    for K, many, expected in ((1, 10, []), (2, 195, [200]), (2, 10, [10]), (2, 500, [400])):
        model, params = models(family, x, np.ones(400), K, rng)
        monkeypatch.setattr(incomplete_rows, "ROWS_OF_A_PATTERN", many)
        handed.clear()
        accelerators.incomplete_rows(model, params, Block(x, np.ones(400)), SerialBackend())
        assert handed == expected


@over_families
@pytest.mark.parametrize("K", [1, 2])
def test_an_infinite_cell_is_named(family, K, monkeypatch):
    monkeypatch.setattr(incomplete_rows, "ROWS_OF_A_PATTERN", 2)
    rng = np.random.default_rng(12)
    x = in_runs(60, 4, rng)
    x[7] = [np.nan, np.inf, 0.0, 1.0]
    model, params = models(family, np.nan_to_num(x, posinf=0.0), np.ones(60), K, rng)
    with np.errstate(invalid="ignore"), pytest.raises(ImpossibleObservationError, match="row 7 "):
        model.e_step(params, Block(x, np.ones(60)))


@over_families
def test_one_gaussian_is_whitened_where_a_trace_would_lose_digits(family):
    rng = np.random.default_rng(13)
    for left, taken in ((1.0, True), (1e-4, False)):
        emission = Gaussian(family)
        params = emission.params(np.zeros((1, 4)), emission.from_dense(nearly_collinear(4, left, rng)))
        x = scattered(0.3)(50, 4, rng)
        both = LatentEmissionParams(Weights(np.ones(1)), params)
        assert (one_gaussian.incomplete_rows(emission, both, Block(x, np.ones(50))) is not None) == taken
        filled = Block(np.nan_to_num(x), np.ones(50))
        assert (one_gaussian.complete_rows(emission, both, filled) is not None) == taken


# -- filling in -------------------------------------------------------------------------------------------


def whole_filled(x, mean, precision, noise=None, with_variances=True):
    nothing = np.empty((0, x.shape[1]))
    filled = np.empty_like(x)
    variances = np.empty_like(x) if with_variances else nothing
    fill_rows(x, mean, precision, nothing if noise is None else noise, filled, variances)
    return filled, variances


@pytest.mark.parametrize("shape", [name for name in SHAPES if "components" not in name])
def test_filled_rows_are_those_of_the_conditional(shape):
    rng = np.random.default_rng(8)
    _, params, x, _, units = problem("full", SHAPES[shape], rng)
    mean, covariance, factor = params.means[0], params.covariances[0], params.cholesky[0]
    precision = np.linalg.inv(covariance / np.outer(units, units)) / np.outer(units, units)
    filled, variances = whole_filled(x, mean, precision)
    expected, spread = np.empty_like(x), np.empty_like(x)
    for n, row in enumerate(x):
        cond = conditional(factor, ~np.isnan(row))
        expected[n] = mean + cond.completed(row[None] - mean)[0]
        spread[n] = np.diagonal(cond.covariance)
    seen = ~np.isnan(x)
    np.testing.assert_array_equal(filled[seen], x[seen])
    np.testing.assert_array_equal(variances[seen], 0.0)
    size = np.abs(x / units, where=seen, out=np.zeros_like(x)).max(initial=1.0)
    np.testing.assert_allclose(filled / units, expected / units, rtol=1e-10, atol=1e-10 * size)
    np.testing.assert_allclose(variances / units**2, spread / units**2, rtol=1e-9)
    again, _ = whole_filled(x, mean, precision, with_variances=False)
    np.testing.assert_array_equal(again, filled)


@pytest.mark.parametrize("length", [1, 2 * LONG])
def test_noise_has_the_covariance_of_what_is_missing(length):
    """Drawing is linear in the noise: its matrix, column by column, times its transpose."""
    rng = np.random.default_rng(9)
    d, missing = 6, [0, 2, 3, 5]
    _, params = params_of("full", d, 1, rng)
    x = rng.standard_normal((1, d)).repeat(length, axis=0)
    x[:, missing] = np.nan
    precision = np.linalg.inv(params.covariances[0])
    middle, _ = whole_filled(x, params.means[0], precision)
    columns = []
    for a in missing:
        noise = np.zeros_like(x)
        noise[:, a] = 1.0
        moved, _ = whole_filled(x, params.means[0], precision, noise)
        columns.append((moved - middle)[:, missing])
    matrix = np.stack(columns, axis=2)
    expected = conditional(params.cholesky[0], ~np.isnan(x[0])).covariance[np.ix_(missing, missing)]
    for one in matrix:
        np.testing.assert_allclose(one @ one.T, expected, rtol=1e-10, atol=1e-12)
