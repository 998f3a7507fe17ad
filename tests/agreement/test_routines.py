"""Log densities and statistics of rows by matrix products against the families' own NumPy, on hard data."""

from dataclasses import replace

import numpy as np
import pytest

from latently.emissions import Gaussian, Poisson
from latently.models import small_tables
from latently.models.conditional_moments import Completed
from latently.models.linear_rows import FewLinear, Linear
from latently.models.routines import Plain, routines
from tests.comparing import assert_same

FAMILIES = ("diag", "spherical")
over_families = pytest.mark.parametrize("family", FAMILIES)

# rows, features, components, distance of the means, offset, units of the features from and to
SHAPES = {
    "one feature": (60, 1, 2, 1.0, 0.0, (1.0, 1.0)),
    "few features": (300, 3, 4, 1.0, 0.0, (1.0, 1.0)),
    "many features": (200, 20, 3, 1.0, 0.0, (1.0, 1.0)),
    "offset": (200, 4, 3, 1.0, 1e6, (1.0, 1.0)),
    "scales": (200, 5, 3, 1.0, 0.0, (1e-8, 1e8)),
    "far apart": (200, 4, 3, 8.0, 0.0, (1.0, 1.0)),
    "one component": (100, 4, 1, 1.0, 0.0, (1.0, 1.0)),
    "a register of components": (100, 3, 8, 1.0, 0.0, (1.0, 1.0)),
    "less than a register": (101, 2, 5, 1.0, 0.0, (1.0, 1.0)),
    "more than a register": (200, 4, 9, 1.0, 0.0, (1.0, 1.0)),
    "two rows": (2, 3, 3, 1.0, 0.0, (1.0, 1.0)),
    "no rows": (0, 3, 2, 1.0, 0.0, (1.0, 1.0)),
}
HOLES = {"complete": 0.0, "a few missing": 0.1, "most missing": 0.8, "all missing": 1.0}


def problem(family, shape, share, rng, dtype=np.float64):
    n, d, K, distance, offset, (low, high) = shape
    # One variance for all features can only be that of one unit.
    units = np.geomspace(low, high, d) if family == "diag" else np.full(d, high)
    means = distance * rng.standard_normal((K, d))
    variances = np.exp(rng.standard_normal((K, d) if family == "diag" else (K, 1)))
    x = means[rng.integers(K, size=n)] + rng.standard_normal((n, d))
    x[rng.random(x.shape) < share] = np.nan
    x = np.repeat(x, 2, axis=0)  # duplicates
    spread = variances * units**2 if family == "diag" else variances[:, 0] * units[0] ** 2
    emission = Gaussian(family)
    params = emission.params((means + offset) * units, spread)
    resp = rng.dirichlet(np.ones(K), size=2 * n) * rng.integers(0, 3, (2 * n, 1))
    return emission, params, ((x + offset) * units).astype(dtype), resp, units


def in_units(stats, units):
    """Statistics in the features' own units: so that each entry counts."""
    square = units**2 if stats.second.ndim == 2 else units[0] ** 2
    return replace(stats, first=stats.first / units, second=stats.second / square, origin=np.zeros(0))


def assert_agree(emission, params, x, resp, units, rtol):
    chosen, plain = routines(emission, params), Plain(emission, params)
    assert type(chosen) is (FewLinear if len(params.means) <= 8 else Linear)
    densities = plain.log_density(x)
    size = np.abs(densities).max(initial=1.0)
    np.testing.assert_allclose(chosen.log_density(x), densities, rtol=rtol, atol=rtol * size)
    mine, theirs = (in_units(of.expected_stats(x, resp), units) for of in (chosen, plain))
    assert_same(theirs, mine, rtol=rtol)


@over_families
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("share", HOLES.values(), ids=HOLES)
@pytest.mark.parametrize("tiny", [0, small_tables.TINY])
def test_linear_agrees_with_plain(family, shape, share, tiny, monkeypatch):
    monkeypatch.setattr(small_tables, "TINY", tiny)  # or there would be no kernels
    assert_agree(*problem(family, shape, share, np.random.default_rng(0)), rtol=1e-10)


@over_families
def test_rows_in_other_memory_orders(family):
    emission, params, x, resp, units = problem(family, SHAPES["many features"], 0.2, np.random.default_rng(1))
    assert_agree(emission, params, np.asfortranarray(x), np.asfortranarray(resp), units, 1e-11)
    assert_agree(emission, params, np.repeat(x, 2, axis=0)[::2], resp, units, 1e-11)


@over_families
def test_rows_and_means_are_left_as_they_are(family):
    emission, params, x, resp, _ = problem(family, SHAPES["few features"], 0.2, np.random.default_rng(2))
    before = x.copy()
    linear = routines(emission, params)
    linear.log_density(x)
    stats = linear.expected_stats(x, resp)
    np.testing.assert_array_equal(x, before)
    np.testing.assert_array_equal(stats.origin, params.means)


@over_families
@pytest.mark.parametrize(("distance", "kind"), [(10.0, FewLinear), (1e3, Plain), (1e6, Plain)])
def test_far_means_are_left_to_the_family(family, distance, kind):
    emission = Gaussian(family)
    means = np.zeros((2, 3))
    means[1] = distance
    params = emission.params(means, emission.from_dense(np.stack([np.eye(3)] * 2)))
    assert type(routines(emission, params)) is kind
    assert type(routines(emission, params, compiled=False)) is Plain


@over_families
def test_units_do_not_make_means_far(family):
    emission, params, *_ = problem(family, SHAPES["scales"], 0.0, np.random.default_rng(3))
    assert type(routines(emission, params)) is FewLinear


@pytest.mark.parametrize("family", ["full", "tied"])
def test_families_with_correlations_are_completed(family):
    emission = Gaussian(family)
    params = emission.params(np.zeros((2, 3)), emission.from_dense(np.stack([np.eye(3)] * 2)))
    assert type(routines(emission, params)) is Completed


def test_other_families_are_left_to_themselves():
    emission = Poisson()
    x = np.random.default_rng(4).poisson(3.0, (20, 2)).astype(float)
    params = emission.start(emission.describe(x, np.ones(20)), 2, np.random.default_rng(5))
    chosen = routines(emission, params)
    assert type(chosen) is Plain
    np.testing.assert_array_equal(chosen.log_density(x), emission.log_density(params, x))


@pytest.mark.parametrize(
    ("family", "shape", "pooled"),
    [
        ("full", (2, 3, 3), lambda second: second),
        ("tied", (2, 3, 3), lambda second: second.sum(axis=0)),
        ("diag", (2, 3), lambda second: second),
        ("spherical", (2, 3), lambda second: second.sum(axis=1)),
    ],
)
def test_second_moments_are_pooled_into_the_shape_of_the_family(family, shape, pooled):
    second = np.random.default_rng(6).random(shape)
    np.testing.assert_array_equal(Gaussian(family).structure.pool(second), pooled(second))
