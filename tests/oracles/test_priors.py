"""Priors against closed forms, SciPy's densities, and an optimiser that knows only Q and the prior."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize
from scipy.stats import invwishart, multivariate_normal

from latently import GaussianImputer, GaussianMixture
from latently.emissions.gaussian import STRUCTURES, Gaussian
from latently.emissions.gaussian.moments import Moments
from latently.emissions.gaussian.prior import PRIORS, PULL, Prior
from tests.charts import Chart
from tests.laws.test_with_a_prior import over_priors, with_prior
from tests.models import whole_e_step


def complete(n=40, d=3, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)) @ rng.standard_normal((d, d)) + np.arange(d)


def posterior_of(model, stats, params):
    return model.expected_log_likelihood(stats, params) + model.log_prior(params)


@over_priors
def test_the_m_step_maximises_q_plus_log_prior(name, kind):
    entry = with_prior(name, kind)
    model, params, data = entry.prepared()
    stats = whole_e_step(model, params, data)
    best = model.m_step(stats, params)
    highest = posterior_of(model, stats, best)
    chart = Chart(model, params)

    def loss(u):
        return -posterior_of(model, stats, chart.at(u)) / data.weights.sum()

    found = minimize(loss, np.zeros(chart.size), method="BFGS", options={"gtol": 1e-6})
    at_end = posterior_of(model, stats, chart.at(found.x))
    assert highest - 1e-5 * abs(highest) <= at_end <= highest + 1e-9 * abs(highest)
    near, rng = Chart(model, best), np.random.default_rng(0)
    for size in (1e-3, 1e-2, 0.1):
        for _ in range(15):
            other = near.at(size * rng.standard_normal(near.size))
            assert posterior_of(model, stats, other) < highest


@over_priors
def test_also_with_means_held_fixed(name, kind):
    entry = with_prior(name, kind)
    model, params, data = entry.prepared()
    stats = whole_e_step(model, params, data)
    best = model.m_step(stats, params, ("means",))
    highest = posterior_of(model, stats, best)
    chart, rng = Chart(model, best), np.random.default_rng(0)
    chart.hold("means")
    for size in (1e-3, 0.03):
        for _ in range(20):
            assert posterior_of(model, stats, chart.at(size * rng.standard_normal(chart.size))) < highest


@pytest.mark.parametrize("fixed", [(), ("means",)], ids=["free", "means fixed"])
@pytest.mark.parametrize("kind", PRIORS)
@pytest.mark.parametrize("name", ["full", "diag", "spherical", "tied"])
def test_a_component_of_next_to_no_weight_counts_if_it_is_far_away(name, kind, fixed):
    """A row of weight 1e-20 at 1e10 adds as much to the scatter as one of weight 1 at 1."""
    x, weights = np.array([[0.0, 1.0], [1.0, 0.0], [1e10, 1.0]]), np.array([1.0, 1.0, 1e-20])
    family = Gaussian(name, prior=Prior(kind))
    family = family.bind(family.describe(x, weights))
    one = family.from_dense(np.eye(2)[None].repeat(2, axis=0))
    params = family.params(np.array([[0.5, 0.5], [3.0, 1.0]]), one)
    stats = family.expected_stats(params, x, weights[:, None] * [[1, 0], [1, 0], [0, 1]])
    best = family.m_step(stats, params, fixed)

    def posterior(params):
        return family.expected_log_likelihood(stats, params) + family.log_prior(params)

    assert posterior(best) > posterior(params)
    for factor in (0.95, 0.99, 1.01, 1.05):
        assert posterior(family.params(best.means, best.covariances * factor)) < posterior(best)


# -- closed forms without missing cells -------------------------------------------------------------------


@pytest.mark.parametrize("strength", [None, 7.5])
def test_ridge(strength):
    """So many more rows at the mean, with the variances of the features and no correlations."""
    X = complete()
    rows = 1 + 0.01 * len(X) if strength is None else strength
    S = np.cov(X.T, bias=True)
    expected = (len(X) * S + rows * np.diag(np.diagonal(S))) / (len(X) + rows)
    ridge = {"prior": "ridge", "prior_strength": strength}
    assert_allclose(GaussianImputer(**ridge).fit(X).covariance_, expected, rtol=1e-12)
    for kind in ("full", "tied"):
        found = GaussianMixture(covariance_type=kind, **ridge).fit(X).covariances_
        assert_allclose(found.reshape(expected.shape), expected, rtol=1e-12)
    # The variances are those of the data, only correlations shrink.
    assert_allclose(np.diagonal(expected), np.diagonal(S))


@pytest.mark.parametrize("strength", [None, 9.0])
def test_inverse_wishart(strength):
    """The mode: scatter plus scale, over n + degrees of freedom + d + 1 (Gelman et al. 2013, section 3.6)."""
    X = complete()
    n, d = X.shape
    freedom = d + 2 if strength is None else strength
    variances = X.var(axis=0)
    scale = (freedom + d + 1) * np.diag(variances)  # so that the prior's mode has the data's variances
    expected = (n * np.cov(X.T, bias=True) + scale) / (n + freedom + d + 1)
    imputer = GaussianImputer(prior="inverse-wishart", prior_strength=strength).fit(X)
    assert_allclose(imputer.covariance_, expected, rtol=1e-12)
    assert_allclose(imputer.mean_, X.mean(axis=0), rtol=1e-12)


def test_normal_inverse_wishart():
    """One component sits at the mean of the data, so is not pulled; the prior of it is one row more."""
    X = complete()
    n, d = X.shape
    rows = (d + 2) + d + 1
    expected = (n * np.cov(X.T, bias=True) + rows * np.diag(X.var(axis=0))) / (n + rows + 1)
    imputer = GaussianImputer(prior="normal-inverse-wishart").fit(X)
    assert_allclose(imputer.covariance_, expected, rtol=1e-12)
    assert_allclose(imputer.mean_, X.mean(axis=0), rtol=1e-12)


@pytest.mark.parametrize("covariance_type", list(STRUCTURES))
def test_means_are_pulled_to_the_mean_of_all_data(covariance_type):
    """PULL rows more at the grand mean, for each component."""
    X = np.concatenate([complete(30, 2), complete(20, 2, seed=1) + 10.0])
    family = Gaussian(covariance_type, prior=Prior("normal-inverse-wishart"))
    family = family.bind(Moments.of(X, np.ones(50)))
    start = family.start(Moments.of(X, np.ones(50)), 2, np.random.default_rng(0))
    resp = np.eye(2)[(np.arange(50) >= 30).astype(int)]
    end = family.m_step(family.expected_stats(start, X, resp), start)
    grand = X.mean(axis=0)
    for mean, rows in zip(end.means, (X[:30], X[30:]), strict=True):
        assert_allclose(mean, (rows.sum(axis=0) + PULL * grand) / (len(rows) + PULL), rtol=1e-12)
        assert np.abs(mean - rows.mean(axis=0)).max() > 1e-4


@pytest.mark.parametrize("kind", ["inverse-wishart", "normal-inverse-wishart"])
def test_the_log_prior_is_scipy_s_density_but_for_a_constant(kind):
    entry = with_prior("independent x full, NaN", kind, strength=8.0)
    model, params, data = entry.prepared()
    prior = model.emission.prior
    d = data.x.shape[1]
    chart, rng = Chart(model, params), np.random.default_rng(0)
    ours, theirs = [], []
    for _ in range(6):
        moved = chart.at(0.3 * rng.standard_normal(chart.size))
        theta = moved.emission
        value = sum(invwishart.logpdf(c, 8.0, (8.0 + d + 1) * np.diag(model.emission.variances))
                    for c in theta.covariances)  # fmt: skip
        if kind.startswith("normal"):
            value += sum(
                multivariate_normal.logpdf(mean, prior.mean, c / PULL)
                for mean, c in zip(theta.means, theta.covariances, strict=True)
            )
        ours.append(model.log_prior(moved))
        theirs.append(value)
    assert np.ptp(ours) > 1.0
    assert_allclose(np.diff(ours), np.diff(theirs), rtol=1e-9, atol=1e-9)


# -- what priors are for ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", PRIORS)
@pytest.mark.parametrize("covariance_type", ["full", "tied"])
def test_more_columns_than_rows_have_a_maximum_with_a_prior(kind, covariance_type):
    rng = np.random.default_rng(3)
    X = rng.standard_normal((12, 20))
    X[rng.random(X.shape) < 0.2] = np.nan
    imputer = GaussianImputer(prior=kind, covariance_type=covariance_type).fit(X)
    assert imputer.converged_
    assert np.linalg.eigvalsh(imputer.covariance_)[0] > 1e-4
    assert np.isfinite(imputer.transform(X)).all()


def test_a_prior_is_bound_to_the_units_of_the_data():
    prior = Prior("ridge", 2.0)
    with pytest.raises(ValueError, match="not bound to data yet"):
        _ = prior.diagonal
    assert replace(prior, scatter=np.ones(2)).diagonal.tolist() == [[1.0, 0.0], [0.0, 1.0]]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"prior": "rigde"},
            "prior='rigde': should be .*'ridge', 'inverse-wishart', 'normal-inverse-wishart' or None",
        ),
        ({"prior": "ridge", "prior_strength": 0}, "prior_strength=0: should be a number above 0"),
        ({"prior": "ridge", "prior_strength": np.nan}, "prior_strength=nan: should be a number above 0"),
        (
            {"prior": "inverse-wishart", "prior_strength": 2},
            "prior_strength=2: should be above n_features - 1 = 2",
        ),
    ],
)
@pytest.mark.parametrize("estimator", [GaussianMixture(), GaussianImputer()], ids=["mixture", "imputer"])
def test_bad_settings(estimator, settings, message):
    with pytest.raises(ValueError, match=message):
        estimator.set_params(**settings).fit(complete())
