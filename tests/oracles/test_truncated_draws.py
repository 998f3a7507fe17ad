"""Draws within limits against SciPy's truncated normal and distributions integrated on a grid."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import kstest, multivariate_normal, norm, truncnorm

from latently import GaussianImputer, GaussianMixture
from latently.estimators.imputation.limits import (
    drawn_within,
    log_probability,
    standard_normal_between,
)

N = 4000
FREE = np.inf


def drawn(weights, means, covariances, row, lower, upper, seed=0):
    """Many draws of one row."""
    mixture = GaussianMixture.from_parameters(weights, means, covariances)
    rng = np.random.default_rng(seed)
    lower, upper = np.array(lower, dtype=float), np.array(upper, dtype=float)
    return drawn_within(mixture, np.repeat(np.array([row], dtype=float), N, axis=0), rng, lower, upper)


def on_a_grid(weights, means, covariances, lower, upper, points=500):
    """Distribution functions of two cells within limits, and the probability of the first component."""
    axes = [np.linspace(low, high, points) for low, high in zip(lower, upper, strict=True)]
    cells = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    logs = np.array(
        [
            np.log(w) + multivariate_normal.logpdf(cells, mean, matrix)
            for w, mean, matrix in zip(weights, means, covariances, strict=True)
        ]
    )
    parts = np.exp(logs - logs.max())
    density = parts.sum(axis=0)
    marginals = density.sum(axis=1), density.sum(axis=0)
    ends = [np.concatenate([[0.0], np.cumsum((one[1:] + one[:-1]) / 2)]) for one in marginals]
    functions = [
        lambda x, axis=axis, end=end: np.interp(x, axis, end / end[-1])
        for axis, end in zip(axes, ends, strict=True)
    ]
    product = (density * cells[..., 0] * cells[..., 1]).sum() / density.sum()
    return functions, product


@pytest.mark.parametrize(
    ("low", "high"),
    [(-1.0, 2.0), (3.0, 3.1), (-FREE, -6.0), (20.0, FREE), (-38.0, -37.9), (-FREE, FREE), (1e-9, 2e-9)],
)
def test_one_number_between_two(low, high):
    rng = np.random.default_rng(0)
    lows, highs = np.full(N, low), np.full(N, high)
    found = standard_normal_between(lows, highs, rng)
    assert ((low <= found) & (found <= high)).all()
    assert kstest(found, truncnorm(low, high).cdf).pvalue > 0.01
    if low > -30:
        total = norm.logsf(low) if high == FREE else np.log(norm.sf(low) - norm.sf(high))
        assert_allclose(log_probability(lows, highs)[0], total, rtol=1e-6)


def test_far_tails_are_exponential():
    rng = np.random.default_rng(0)
    for far in (1e3, 1e5):
        found = standard_normal_between(np.full(N, far), np.full(N, FREE), rng)
        assert kstest((found - far) * far, "expon").pvalue > 0.01
        mirrored = standard_normal_between(np.full(N, -FREE), np.full(N, -far), rng)
        assert kstest((-mirrored - far) * far, "expon").pvalue > 0.01
        expected = -0.5 * far**2 - np.log(far * np.sqrt(2 * np.pi))
        assert_allclose(log_probability(np.array(far), np.array(FREE)), expected, rtol=1e-5)
    edge = standard_normal_between(np.full(3, 1e12), np.full(3, FREE), rng)
    assert_allclose(edge, 1e12)


def test_one_cell_of_a_mixture_and_what_goes_with_it():
    weights, means = [0.3, 0.7], np.array([[0.0, -1.0, 0.0], [0.0, 4.0, 2.0]])
    covariances = np.array([[[1, 0.5, 0.2], [0.5, 1, 0.6], [0.2, 0.6, 1]], np.eye(3) + 0.3])
    row = [0.5, np.nan, np.nan]
    found = drawn(weights, means, covariances, row, [-FREE, -FREE, -FREE], [FREE, 0.0, FREE])
    given = [m[1:] + c[1:, 0] / c[0, 0] * 0.5 for m, c in zip(means, covariances, strict=True)]
    left = [c[1:, 1:] - np.outer(c[1:, 0], c[1:, 0]) / c[0, 0] for c in covariances]
    parts = [
        w * norm.pdf(0.5, m[0], np.sqrt(c[0, 0])) for w, m, c in zip(weights, means, covariances, strict=True)
    ]
    functions, product = on_a_grid(np.divide(parts, sum(parts)), given, left, [-8.0, -8.0], [0.0, 8.0])
    assert (found[:, 0] == 0.5).all()
    assert found[:, 1].max() < 0.0
    for j in (0, 1):
        assert kstest(found[:, 1 + j], functions[j]).pvalue > 0.01
    assert abs((found[:, 1] * found[:, 2]).mean() - product) < 0.1


SEVERAL = {
    "near": ([1.0], [[0.5, 0.5]], [0.6], [0.0, 0.0], [9.0, 9.0]),
    "far out": ([1.0], [[-4.0, -5.0]], [0.3], [0.0, 0.0], [2.0, 2.0]),
    "far out, against each other": ([1.0], [[-3.0, -3.0]], [-0.9], [0.0, 0.0], [1.5, 1.5]),
    "nearly collinear": ([1.0], [[-4.0, -4.0]], [0.999], [0.0, 0.0], [2.0, 2.0]),
    "one above, one below": ([1.0], [[4.0, -4.0]], [-0.8], [-2.0, 0.0], [0.0, 2.0]),
    "two components": ([0.9, 0.1], [[-4.0, -4.0], [-3.0, -5.0]], [0.5, -0.5], [0.0, 0.0], [2.5, 2.5]),
}


@pytest.mark.parametrize("case", list(SEVERAL))
def test_several_cells(case):
    weights, means, correlations, lower, upper = SEVERAL[case]
    covariances = np.array([[[1.0, r], [r, 1.0]] for r in correlations])
    found = drawn(weights, means, covariances, [np.nan, np.nan], lower, upper)
    assert ((lower <= found) & (found <= upper)).all()
    functions, product = on_a_grid(weights, means, covariances, lower, upper)
    for j in (0, 1):
        assert kstest(found[:, j], functions[j]).pvalue > 0.01
    spread = found.prod(axis=1).std() / np.sqrt(N)
    assert abs(found.prod(axis=1).mean() - product) < 4 * spread


def test_cells_without_limits_go_with_those_that_have_them():
    """Far out, too: the third cell is a regression on the two others."""
    covariance = np.array([[1.0, 0.4, 0.7], [0.4, 1.0, 0.1], [0.7, 0.1, 1.0]])
    found = drawn([1.0], [[-4.0, -4.0, 0.0]], [covariance], [np.nan] * 3, [0, 0, -FREE], [FREE] * 3)
    slope = np.linalg.solve(covariance[:2, :2], covariance[:2, 2])
    rest = found[:, 2] - (found[:, :2] + 4.0) @ slope
    spread = np.sqrt(covariance[2, 2] - covariance[2, :2] @ slope)
    assert kstest(rest / spread, "norm").pvalue > 0.01
    assert np.abs(np.corrcoef(rest, found[:, 0])[0, 1]) < 0.06


def test_the_imputer_draws_within_its_limits():
    rng = np.random.default_rng(0)
    truth = np.abs(rng.standard_normal((2000, 2)))
    x = np.where(rng.random(truth.shape) < 0.3, np.nan, truth)
    imputer = GaussianImputer(min_value=0.0, n_parameter_draws=2, random_state=0).fit(x)
    lost = np.isnan(x)
    for table in imputer.draw_imputations(x, 2):
        assert (table[lost] > 0).all()  # not one on the limit
        assert len(np.unique(table[lost])) == lost.sum()
        assert_array_equal(table[~lost], x[~lost])
    again = imputer.draw_imputations(x, 2)
    assert_array_equal(again[0], imputer.draw_imputations(x, 2)[0])
    assert np.abs(again[0] - again[1]).max() > 0


def test_limits_that_leave_one_value_tell_it():
    found = drawn([1.0], [[0.0, 0.0]], [[[1.0, 0.9], [0.9, 1.0]]], [np.nan, np.nan], [2, -FREE], [2, FREE])
    assert (found[:, 0] == 2.0).all()
    assert kstest((found[:, 1] - 1.8) / np.sqrt(0.19), "norm").pvalue > 0.01
