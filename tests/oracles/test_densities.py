"""Log densities against mpmath, to 60 digits, on covariances and data that cost others theirs."""

import mpmath as mp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from examples.own_family import Rates
from latently import GaussianMixture, MultivariateNormal
from latently.emissions.gaussian import STRUCTURES, Gaussian
from tests.laws.exemptions import bound_by
from tests.models import Exponential

EPS = 2.0**-52


def exact(x, mean, covariance):
    """Log density of a normal distribution of the numbers as they are in memory."""
    with mp.workdps(60):
        d = len(mean)
        sigma = mp.matrix(covariance.tolist())
        away = mp.matrix([mp.mpf(float(a)) - mp.mpf(float(b)) for a, b in zip(x, mean, strict=True)])
        norm = (away.T * mp.lu_solve(sigma, away))[0]
        return -(norm + d * mp.log(2 * mp.pi) + mp.log(mp.det(sigma))) / 2


def rotated(condition, d=3, seed=0):
    """A covariance whose eigenvalues span a condition, in no axis of the features."""
    rng = np.random.default_rng(seed)
    rotation, _ = np.linalg.qr(rng.standard_normal((d, d)))
    matrix = rotation @ np.diag(np.geomspace(1, 1 / condition, d)) @ rotation.T
    return (matrix + matrix.T) / 2


def log_densities(covariance_type, means, dense, x):
    family = Gaussian(covariance_type)
    return family.log_density(family.params(means, family.from_dense(dense)), x)


@pytest.mark.parametrize("covariance_type", list(STRUCTURES))
@pytest.mark.parametrize("offset", [0.0, 1e6])
@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_gaussian_families(covariance_type, offset, scale):
    rng = np.random.default_rng(0)
    means = offset + scale * rng.standard_normal((2, 3))
    x = means[0] + scale * rng.standard_normal((5, 3))
    roots = rng.standard_normal((2, 3, 3))
    dense = scale**2 * (roots @ np.swapaxes(roots, 1, 2) + np.eye(3))
    family = Gaussian(covariance_type)
    used = family.dense(family.params(means, family.from_dense(dense)))
    found = log_densities(covariance_type, means, dense, x)
    for k in range(2):
        expected = [float(exact(row, means[k], used[k])) for row in x]
        assert_allclose(found[:, k], expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag"])
def test_condition_1e9_by_units(covariance_type):
    """Features in units far apart cost nothing: the Cholesky factor does not see units."""
    rng = np.random.default_rng(1)
    units = np.array([1.0, 10**-2.25, 10**-4.5])
    root = rng.standard_normal((3, 3)) + 2 * np.eye(3)
    covariance = (root @ root.T) * np.outer(units, units)
    assert np.linalg.cond(covariance) > 1e9
    mean = 1e6 * units
    x = mean + units * rng.standard_normal((5, 3))
    found = log_densities(covariance_type, mean[None], covariance[None], x)[:, 0]
    used = np.diag(np.diag(covariance)) if covariance_type == "diag" else covariance
    assert_allclose(found, [float(exact(row, mean, used)) for row in x], rtol=1e-12)


@pytest.mark.parametrize("covariance_type", ["full", "tied"])
@pytest.mark.parametrize("seed", range(4))
def test_condition_1e9_by_correlation(covariance_type, seed):
    """The norm is as good as the factor: a relative error of d times eps times the condition."""
    rng = np.random.default_rng(seed)
    condition = 1e9
    covariance = rotated(condition, seed=seed)
    mean = np.full(3, 1e6)
    x = mean + rng.standard_normal((5, 3)) @ np.linalg.cholesky(covariance).T
    found = log_densities(covariance_type, mean[None], covariance[None], x)[:, 0]
    expected = np.array([float(exact(row, mean, covariance)) for row in x])
    norms = np.array([float(-2 * exact(row, mean, covariance)) for row in x])
    assert_allclose(found, expected, rtol=0, atol=3 * EPS * condition * np.abs(norms).max())
    normal = MultivariateNormal(mean, covariance)
    assert_allclose(normal.log_density(x), expected, rtol=0, atol=3 * EPS * condition * np.abs(norms).max())


def test_a_covariance_on_its_floor_is_as_good_as_its_factor():
    """Its factor comes from its eigenvalues, so digits of the floor are not lost in the matrix."""
    rng = np.random.default_rng(0)
    d = 6
    line = rng.standard_normal((d, 1))
    family = Gaussian("full", 1e-6, np.ones(d))
    params = family.clipped(family.params(np.zeros((1, d)), line[None] @ np.swapaxes(line[None], 1, 2)))
    with mp.workdps(60):
        length = mp.fsum(mp.mpf(float(v)) ** 2 for v in line.ravel())
        expected = mp.log(length) + (d - 1) * mp.log(mp.mpf(1e-6))
    assert_allclose(params.log_det, float(expected), rtol=1e-13)


def test_far_tails_do_not_underflow():
    """Both components have a density of exp(-5000): the mixture does not, nor the responsibilities."""
    mixture = GaussianMixture.from_parameters([0.3, 0.7], [[0.0], [1.0]], [[[1.0]], [[1.0]]])
    with mp.workdps(60):
        parts = [
            mp.log(w) + exact([100.0], [m], np.eye(1)) for w, m in ((mp.mpf(0.3), 0.0), (mp.mpf(0.7), 1.0))
        ]
        total = mp.log(mp.exp(parts[0]) + mp.exp(parts[1]))
        resp = [float(mp.exp(part - total)) for part in parts]
        total = float(total)
    assert_allclose(mixture.score_samples([[100.0]]), total, rtol=1e-14)
    assert_allclose(mixture.predict_proba([[100.0]])[0], resp, rtol=1e-10)


def test_exponential():
    family = Exponential()
    rates = np.array([[1e-8, 3.0], [1e8, 0.2]])
    x = np.array([[1e8, 0.1], [1e-8, np.nan], [np.nan, np.nan]])
    found = family.log_density(Rates(rates), x)
    with mp.workdps(60):
        for n, row in enumerate(x):
            for k, rate in enumerate(rates):
                cells = [(mp.mpf(r), mp.mpf(c)) for r, c in zip(rate, row, strict=True) if not np.isnan(c)]
                expected = float(mp.fsum(mp.log(r) - r * c for r, c in cells))
                assert_allclose(found[n, k], expected, rtol=1e-14)


@bound_by()
def test_densities_of_a_row_do_not_depend_on_its_neighbours(entry):
    model, params, data = entry.prepared()
    together = model.emission.log_density(params.emission, data.x[:9])
    alone = np.concatenate([model.emission.log_density(params.emission, row[None]) for row in data.x[:9]])
    assert_allclose(together, alone, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("covariance_type", ["full", "tied"])
def test_terms_that_cancel_when_rows_are_whitened(covariance_type):
    """What rounding is relative to: one for each feature where none cancel, whatever the units."""
    family = Gaussian(covariance_type)

    def terms(covariance):
        return family.params(np.zeros((1, 3)), family.from_dense(covariance[None])).whitening.sum()

    assert_allclose(terms(np.diag([1e-16, 1.0, 1e16])), 3)
    units = np.outer([1e-8, 1.0, 1e8], [1e-8, 1.0, 1e8])
    correlated = rotated(1e4)
    assert_allclose(terms(correlated * units), terms(correlated), rtol=1e-9)
    assert 5 < terms(correlated) / 3 < 1000
