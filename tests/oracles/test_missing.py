"""Missing cells against brute force: SciPy's marginals, a row-by-row EM, regressions, differences."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from scipy.special import logsumexp, softmax
from scipy.stats import norm

from latently import GaussianImputer, GaussianMixture
from latently.emissions.gaussian import STRUCTURES, Gaussian
from tests.oracles.enumeration import conditional_moments
from tests.oracles.missing_em import dense, em_step, log_densities, log_likelihood

TYPES = list(STRUCTURES)
D, K, N = 4, 3, 8


def mixture_of(covariance_type, d=D, n_components=K, seed=0):
    rng = np.random.default_rng(seed)
    means = 2 * rng.standard_normal((n_components, d))
    roots = rng.standard_normal((n_components, d, d)) + 2 * np.eye(d)
    family = Gaussian(covariance_type)
    covariances = family.from_dense(roots @ np.swapaxes(roots, 1, 2))
    weights = rng.dirichlet(np.full(n_components, 5.0))
    return GaussianMixture.from_parameters(weights, means, covariances, covariance_type=covariance_type)


def matrices_of(mixture):
    shape = mixture.means_.shape
    return dense(mixture.covariance_type, mixture.covariances_, *shape)


def incomplete(n, d, share, seed=0):
    """Rows of two clouds, some cells missing, some rows empty, and weights."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, d)) @ (np.eye(d) + 0.4 * rng.standard_normal((d, d)))
    x += 3.0 * (np.arange(n) % 2)[:, None] * rng.standard_normal(d)
    x[rng.random(x.shape) < share] = np.nan
    x[7::50] = np.nan
    return x, rng.integers(0, 4, n).astype(float)


masks = arrays(np.bool_, (N, D), elements=st.booleans())


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "NumPy"])
@settings(max_examples=20)
@given(missing=masks)
@example(missing=np.ones((N, D), dtype=bool))
@example(missing=np.zeros((N, D), dtype=bool))
def test_densities_are_brute_force_marginals(covariance_type, compiled, missing):
    mixture = mixture_of(covariance_type)
    mixture._set_params(replace(mixture._model, fused=compiled), mixture.params_)
    x = np.where(missing, np.nan, 3 * np.random.default_rng(1).standard_normal((N, D)))
    joint = log_densities(x, mixture.means_, matrices_of(mixture)) + np.log(mixture.weights_)
    assert_allclose(mixture.score_samples(x), logsumexp(joint, axis=1), rtol=1e-11, atol=1e-12)
    assert_allclose(mixture.predict_proba(x), softmax(joint, axis=1), rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("covariance_type", TYPES)
@settings(max_examples=15)
@given(missing=masks)
@example(missing=np.ones((N, D), dtype=bool))
def test_missing_cells_are_filled_by_their_expectation(covariance_type, missing):
    mixture = mixture_of(covariance_type)
    x = np.where(missing, np.nan, 3 * np.random.default_rng(2).standard_normal((N, D)))
    resp = mixture.predict_proba(x)
    expected = np.zeros_like(x)
    for n, row in enumerate(x):
        for k, matrix in enumerate(matrices_of(mixture)):
            expected[n] += resp[n, k] * conditional_moments(mixture.means_[k], matrix, row)[0]
    filled = mixture.impute(x)
    assert_allclose(filled, expected, rtol=1e-10, atol=1e-11)
    np.testing.assert_array_equal(filled[~missing], x[~missing])


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize(("n_components", "share"), [(1, 0.5), (2, 0.2), (2, 0.5)])
def test_some_steps_are_those_of_a_row_by_row_em(covariance_type, n_components, share):
    d = 5
    x, row_weights = incomplete(80, d, share)
    start = mixture_of(covariance_type, d, n_components, seed=3)
    centres = np.stack([np.nanmean(x[k::2], axis=0) for k in range(n_components)]) + 0.3
    theta = start.weights_, centres, start.covariances_
    for _ in range(4):
        theta = em_step(covariance_type, x, row_weights, *theta)
    mixture = GaussianMixture(
        n_components,
        covariance_type=covariance_type,
        weights_init=start.weights_,
        means_init=centres,
        precisions_init=start.precisions_,
        acceleration=None,
        tol=0,
        max_iter=4,
    ).fit(x, sample_weight=row_weights)
    weights, means, covariances = theta
    assert_allclose(mixture.weights_, weights, rtol=1e-9)
    assert_allclose(mixture.means_, means, rtol=1e-9, atol=1e-9)
    assert_allclose(mixture.covariances_, covariances, rtol=1e-9, atol=1e-9 * np.abs(covariances).max())
    found = log_likelihood(x, row_weights, weights, means, dense(covariance_type, covariances, *means.shape))
    assert_allclose(mixture.log_likelihood_, found, rtol=1e-12)


# -- monotone patterns: the likelihood factors into regressions -------------------------------------------


def factored_likelihood(x):
    """Maximum-likelihood mean, covariance and log-likelihood: column j regressed on those before it.

    Columns are in order of their holes: where one is missing all later ones are (Little & Rubin 2002,
    section 7.4).
    """
    d = x.shape[1]
    mean, covariance, total = np.zeros(d), np.zeros((d, d)), 0.0
    for j in range(d):
        rows = x[~np.isnan(x[:, j])]
        design = np.column_stack([np.ones(len(rows)), rows[:, :j]])
        beta, *_ = np.linalg.lstsq(design, rows[:, j], rcond=None)
        residual = rows[:, j] - design @ beta
        variance = np.mean(residual**2)
        total += norm.logpdf(residual, scale=np.sqrt(variance)).sum()
        mean[j] = beta[0] + beta[1:] @ mean[:j]
        covariance[j, :j] = covariance[:j, j] = covariance[:j, :j] @ beta[1:]
        covariance[j, j] = variance + beta[1:] @ covariance[:j, :j] @ beta[1:]
    return mean, covariance, total


@pytest.mark.parametrize("covariance_type", ["full", "tied"])
def test_monotone_patterns_have_a_closed_form(covariance_type):
    rng = np.random.default_rng(4)
    n, d = 120, 4
    x = rng.standard_normal((n, d)) @ rng.standard_normal((d, d)) + np.arange(d)
    first_missing = rng.integers(1, d + 1, n)
    x[np.arange(d) >= first_missing[:, None]] = np.nan
    mean, covariance, total = factored_likelihood(x)
    # EM does not know of the pattern, nor of the order of the columns.
    order = rng.permutation(d)
    imputer = GaussianImputer(covariance_type=covariance_type, tol=1e-14).fit(x[:, order])
    assert_allclose(imputer.log_likelihood_, total, rtol=1e-12)
    assert_allclose(imputer.mean_, mean[order], rtol=1e-6, atol=1e-6)
    assert_allclose(imputer.covariance_, covariance[np.ix_(order, order)], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("covariance_type", ["diag", "spherical"])
def test_without_correlations_the_closed_form_is_that_of_the_observed_cells(covariance_type):
    x, weights = incomplete(200, 3, 0.3, seed=5)
    mixture = GaussianMixture(1, covariance_type=covariance_type).fit(x, sample_weight=weights)
    repeated = np.repeat(x, weights.astype(int), axis=0)
    mean = np.nanmean(repeated, axis=0)
    assert_allclose(mixture.means_[0], mean, rtol=1e-12)
    if covariance_type == "diag":
        assert_allclose(mixture.covariances_[0], np.nanvar(repeated, axis=0), rtol=1e-12)
    else:
        assert_allclose(mixture.covariances_[0], np.nanmean((repeated - mean) ** 2), rtol=1e-12)
    assert mixture.n_iter_ <= 3  # no missing cell slows it down


# -- standard errors --------------------------------------------------------------------------------------


def hessian(function, at, steps):
    """Second derivatives by central differences."""
    p = len(at)
    moves = np.diag(steps)
    found = np.empty((p, p))
    for i in range(p):
        for j in range(i + 1):
            both, apart = moves[i] + moves[j], moves[i] - moves[j]
            corners = function(at + both) - function(at + apart) - function(at - apart) + function(at - both)
            found[i, j] = found[j, i] = corners / (4 * steps[i] * steps[j])
    return found


def test_standard_errors_are_those_of_the_brute_force_likelihood():
    """Of every parameter: from differences of the log-likelihood that SciPy's marginals give."""
    x, weights = incomplete(90, 2, 0.25, seed=6)
    mixture = GaussianMixture(1, tol=1e-13).fit(x, sample_weight=weights)
    low = np.tril_indices(2)

    def value(theta):
        matrix = np.empty((2, 2))
        matrix[low] = theta[2:]
        matrix[0, 1] = matrix[1, 0]
        return log_likelihood(x, weights, np.ones(1), theta[None, :2], matrix[None])

    at = np.concatenate([mixture.means_[0], mixture.covariances_[0][low]])
    expected = np.sqrt(np.diagonal(np.linalg.inv(-hessian(value, at, np.full(5, 1e-3)))))
    errors = mixture.standard_errors(x, sample_weight=weights)
    assert errors.reasons == ()
    assert_allclose(errors["means"][0], expected[:2], rtol=1e-5)
    assert_allclose(errors["covariances"][0][low], expected[2:], rtol=1e-4)


def test_standard_errors_of_a_mixture_with_missing_cells():
    x, weights = incomplete(50, 2, 0.15, seed=7)
    mixture = GaussianMixture(2, covariance_type="diag", tol=1e-13, n_init=1, random_state=0)
    mixture.fit(x, sample_weight=weights)

    def value(theta):
        share = np.array([theta[0], 1 - theta[0]])
        matrices = np.stack([np.diag(theta[5:7]), np.diag(theta[7:9])])
        return log_likelihood(x, weights, share, theta[1:5].reshape(2, 2), matrices)

    at = np.concatenate([mixture.weights_[:1], mixture.means_.ravel(), mixture.covariances_.ravel()])
    steps = np.concatenate([[1e-3], np.full(4, 2e-3), 2e-3 * mixture.covariances_.ravel()])
    expected = np.sqrt(np.diagonal(np.linalg.inv(-hessian(value, at, steps))))
    errors = mixture.standard_errors(x, sample_weight=weights)
    assert_allclose(errors["weights"], expected[0], rtol=1e-4)
    assert_allclose(errors["means"].ravel(), expected[1:5], rtol=1e-4)
    assert_allclose(errors["covariances"].ravel(), expected[5:], rtol=1e-4)


def test_a_mean_seen_in_every_row_is_as_certain_as_without_holes_elsewhere():
    x, _ = incomplete(200, 3, 0.0, seed=8)
    x = x[~np.isnan(x).all(axis=1)]
    x[::3, 1:] = np.nan
    mixture = GaussianMixture(1, tol=1e-13).fit(x)
    for kind in ("observed", "robust"):
        errors = mixture.standard_errors(x, kind)
        assert_allclose(errors["means"][0, 0], x[:, 0].std() / np.sqrt(len(x)), rtol=1e-6)
    assert (errors["means"][0, 1:] > np.nanstd(x[:, 1:], axis=0) / np.sqrt(len(x))).all()


@pytest.mark.parametrize("covariance_type", ["full", "tied"])
def test_terms_that_may_cancel_are_those_of_the_family_and_of_products_with_precisions(covariance_type):
    """Row by row: |c|' |P| |c| of cells that lie a standard deviation from the mean, half of it."""
    mixture = mixture_of(covariance_type)
    model, params = mixture._model, mixture.params_
    stats = model.e_step(params, mixture._source(incomplete(60, D, 0.0)[0]).whole())
    family, emission = model.emission, model.routines(params)
    expected = family.inner_terms(stats.emission, params.emission)
    for count, covariance in zip(stats.emission.counts, matrices_of(mixture), strict=True):
        deviations = np.sqrt(np.diag(covariance))
        expected += 0.5 * count * (deviations @ np.abs(np.linalg.inv(covariance)) @ deviations)
    assert_allclose(emission.inner_terms(stats.emission), expected, rtol=1e-12)
