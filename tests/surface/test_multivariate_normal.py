"""The multivariate normal distribution against scipy.stats and numerical integration."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.integrate import quad
from scipy.stats import kstest, multivariate_normal, norm

from latently import MultivariateNormal
from latently.core.errors import SingularCovarianceError

MEAN = np.array([1.0, -2.0, 0.5])
ROOT = np.array([[1.0, 0.0, 0.0], [0.5, 2.0, 0.0], [-0.3, 0.4, 0.7]])
COVARIANCE = ROOT @ ROOT.T
NORMAL = MultivariateNormal(MEAN, COVARIANCE)
ROWS = np.random.default_rng(0).standard_normal((20, 3)) * 3


def test_densities():
    expected = multivariate_normal(MEAN, COVARIANCE)
    assert_allclose(NORMAL.log_density(ROWS), expected.logpdf(ROWS), rtol=1e-12)
    assert_allclose(NORMAL.density(ROWS), expected.pdf(ROWS), rtol=1e-12)
    assert_allclose(NORMAL.entropy(), expected.entropy(), rtol=1e-12)
    assert_allclose(NORMAL.log_det, np.linalg.slogdet(COVARIANCE)[1], rtol=1e-12)
    assert NORMAL.n_features == 3


def test_mahalanobis_is_a_distance_not_its_square():
    away = ROWS - MEAN
    squares = np.einsum("ni,ij,nj->n", away, np.linalg.inv(COVARIANCE), away)
    assert_allclose(NORMAL.mahalanobis(ROWS), np.sqrt(squares), rtol=1e-12)
    assert NORMAL.mahalanobis(MEAN[None]) == 0.0


@pytest.mark.parametrize("keep", [[0], [2, 0], [1, 2], [0, 1, 2]])
def test_marginal(keep):
    marginal = NORMAL.marginal(keep)
    assert_allclose(marginal.mean, MEAN[keep])
    assert_allclose(marginal.covariance, COVARIANCE[np.ix_(keep, keep)])


def test_marginal_by_integration():
    """The other features integrated out, one number at a time."""
    two = NORMAL.marginal([0, 2])
    for row in ROWS[:3]:
        total, _ = quad(
            lambda cell, row=row: NORMAL.density([[row[0], cell, row[2]]])[0],
            -40,
            40,
            epsabs=1e-14,
            points=[-2],
        )
        assert_allclose(two.density(row[None, [0, 2]])[0], total, rtol=1e-6)


@pytest.mark.parametrize("given", [[0], [1], [2, 0]])
def test_conditional_is_joint_over_marginal(given):
    values = np.array([0.3, -1.0])[: len(given)]
    free = [i for i in range(3) if i not in given]
    conditional = NORMAL.conditional(given, values)
    rows = ROWS.copy()
    rows[:, given] = values
    expected = NORMAL.log_density(rows) - NORMAL.marginal(given).log_density(values[None])[0]
    assert_allclose(conditional.log_density(rows[:, free]), expected, rtol=1e-10)


def test_conditional_on_nothing_is_the_distribution_itself():
    assert_array_equal(NORMAL.conditional([], []).covariance, COVARIANCE)


def test_sample():
    rows = NORMAL.sample(4000, random_state=0)
    assert_allclose(rows.mean(axis=0), MEAN, atol=0.15)
    assert_allclose(np.cov(rows.T), COVARIANCE, rtol=0.15, atol=0.15)
    for feature in range(3):
        marginal = norm(MEAN[feature], np.sqrt(COVARIANCE[feature, feature]))
        assert kstest(rows[:, feature], marginal.cdf).pvalue > 1e-3
    assert NORMAL.sample().shape == (1, 3)


def test_an_integer_repeats_a_generator_is_drawn_from_none_is_fresh():
    assert_array_equal(NORMAL.sample(5, random_state=3), NORMAL.sample(5, random_state=3))
    rng = np.random.default_rng(3)
    first, second = NORMAL.sample(5, random_state=rng), NORMAL.sample(5, random_state=rng)
    assert (first != second).all()
    assert_array_equal(first, NORMAL.sample(5, random_state=3))
    assert (NORMAL.sample(5) != NORMAL.sample(5)).all()
    old = np.random.RandomState(0)
    assert (NORMAL.sample(5, random_state=old) != NORMAL.sample(5, random_state=old)).all()


def test_fit_is_maximum_likelihood():
    weights = np.arange(20.0)
    normal = MultivariateNormal.fit(ROWS, sample_weight=weights)
    assert_allclose(normal.mean, np.average(ROWS, axis=0, weights=weights), rtol=1e-12)
    assert_allclose(normal.covariance, np.cov(ROWS.T, aweights=weights, bias=True), rtol=1e-12)
    repeated = MultivariateNormal.fit(np.repeat(ROWS, weights.astype(int), axis=0))
    assert_allclose(repeated.covariance, normal.covariance, rtol=1e-12)


@pytest.mark.parametrize(("offset", "scale"), [(1e6, 1.0), (0.0, 1e-8), (0.0, 1e8)])
def test_fit_is_equivariant(offset, scale):
    x = np.round(ROWS * 2**20) / 2**20
    plain, moved = MultivariateNormal.fit(x), MultivariateNormal.fit(x * scale + offset)
    assert_allclose(moved.mean, plain.mean * scale + offset, rtol=1e-14, atol=1e-14 * scale)
    assert_allclose(moved.covariance / scale**2, plain.covariance, rtol=1e-12)


def test_it_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        NORMAL.mean[0] = 0.0
    with pytest.raises(AttributeError):
        NORMAL.mean = MEAN


@pytest.mark.parametrize(
    ("mean", "covariance", "message"),
    [
        ([0.0, 0.0], [[1.0]], r"covariance has shape \(1, 1\), should be \(2, 2\) as the mean is"),
        ([[0.0]], [[1.0]], r"mean has shape \(1, 1\), should be \(n_features,\)"),
        ([], np.empty((0, 0)), "mean has shape"),
        ([np.nan], [[1.0]], "mean has entries that are not finite"),
        ([0.0], [[np.inf]], "covariance has entries that are not finite"),
        ([0.0, 0.0], [[1.0, 0.5], [0.4, 1.0]], "covariance is not symmetric"),
        (
            [0.0, 0.0],
            [[1.0, 2.0], [2.0, 1.0]],
            "the covariance of this distribution is not positive definite",
        ),
        ([0.0, 0.0], [[1.0, 1.0], [1.0, 1.0]], "not positive definite"),
        ([0.0], [[0.0]], "not positive definite"),
    ],
)
def test_bad_parameters(mean, covariance, message):
    with pytest.raises(ValueError, match=message):
        MultivariateNormal(mean, covariance)


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_symmetric_up_to_rounding_in_any_units(scale):
    covariance = scale**2 * np.array([[1.0, 0.5 + 1e-12], [0.5, 1.0]])
    assert_array_equal(*(lambda c: (c, c.T))(MultivariateNormal([0.0, 0.0], covariance).covariance))
    with pytest.raises(ValueError, match="not symmetric"):
        MultivariateNormal([0.0, 0.0], scale**2 * np.array([[1.0, 0.51], [0.5, 1.0]]))


def test_collinear_rows_are_an_error():
    with pytest.raises(SingularCovarianceError, match="leave out collinear features"):
        MultivariateNormal.fit(np.outer(np.arange(10.0), [1.0, 2.0]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: NORMAL.marginal([3]), "keep holds 3: should be from 0 to 2"),
        (lambda: NORMAL.marginal([-1]), "keep holds -1: should be from 0 to 2"),
        (lambda: NORMAL.marginal([0, 0]), "keep holds a position twice"),
        (lambda: NORMAL.marginal([0.5]), "keep holds 0.5: should be positions of features"),
        (lambda: NORMAL.conditional([0, 1, 2], [0.0, 0.0, 0.0]), "given names every feature: none is left"),
        (lambda: NORMAL.conditional([0], [0.0, 1.0]), r"values has shape \(2,\), should be \(1,\)"),
        (lambda: NORMAL.conditional([0], [np.nan]), "values has entries that are not finite"),
        (lambda: NORMAL.log_density(np.zeros((2, 4))), r"X has shape \(2, 4\), should be \(n_samples, 3\)"),
        (lambda: NORMAL.log_density(np.zeros(3)), r"X has shape \(3,\)"),
        (lambda: MultivariateNormal.fit([[np.nan]]), "no column has an observed value"),
        (lambda: MultivariateNormal.fit(np.zeros((3, 1)), [1.0, -1.0, 1.0]), "sample_weight of row 1 is -1"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
