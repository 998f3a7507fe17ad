"""Columns never observed together, against regressions on what they share and the determinant by search."""

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize

from latently import GaussianHMM, GaussianImputer, GaussianMixture, dispersed_starts, load
from latently.core.errors import UndeterminedWarning
from latently.emissions.gaussian.matrices import least_dependent

pytestmark = pytest.mark.filterwarnings("ignore::latently.core.errors.UndeterminedWarning")


def surveys(*blocks, shared=1, n=300, seed=0, clusters=1):
    """Tables on end that share some columns and each have some of their own; and the cells as they were."""
    rng = np.random.default_rng(seed)
    d = shared + sum(blocks)
    root = rng.standard_normal((d, d)) + 1.5
    truth = rng.standard_normal((n * len(blocks), d)) @ root.T + 3.0
    truth += 12.0 * np.arange(len(truth))[:, None] % clusters
    incomplete, start = truth.copy(), shared
    for i, width in enumerate(blocks):
        own = np.zeros(d, dtype=bool)
        own[:shared] = own[start : start + width] = True
        incomplete[np.ix_(np.arange(i * n, (i + 1) * n), ~own)] = np.nan
        start += width
    return incomplete, truth


def precision_between(covariance, unseen):
    """The largest partial correlation of pairs that are never observed together."""
    precision = np.linalg.inv(covariance)
    scale = np.sqrt(np.diagonal(precision))
    return np.abs((precision / np.outer(scale, scale))[unseen]).max()


def unseen(x):
    seen = (~np.isnan(x)).astype(float)
    return seen.T @ seen == 0


@pytest.mark.parametrize(
    ("blocks", "shared"), [((1, 1), 1), ((2, 1), 1), ((2, 3), 2), ((1, 2, 1), 2)], ids=str
)
def test_closed_form_by_regressions_on_the_shared_columns(blocks, shared):
    x, _ = surveys(*blocks, shared=shared)
    imputer = GaussianImputer(tol=1e-13, max_iter=5000).fit(x)
    every = x[:, :shared]
    mean, covariance = np.zeros(x.shape[1]), np.zeros((x.shape[1],) * 2)
    mean[:shared], covariance[:shared, :shared] = every.mean(axis=0), np.cov(every.T, bias=True)
    slopes, left = np.eye(x.shape[1], shared), np.zeros_like(covariance)
    for i in range(len(blocks)):
        rows = x[i * 300 : (i + 1) * 300]
        own = np.flatnonzero(~np.isnan(rows[0]))[shared:]
        design = np.column_stack([np.ones(300), rows[:, :shared]])
        coefficients, *_ = np.linalg.lstsq(design, rows[:, own], rcond=None)
        slopes[own] = coefficients[1:].T
        mean[own] = coefficients[0] + slopes[own] @ mean[:shared]
        rest = rows[:, own] - design @ coefficients
        left[np.ix_(own, own)] = rest.T @ rest / 300
    covariance = slopes @ covariance[:shared, :shared] @ slopes.T + left
    assert_allclose(imputer.mean_, mean, rtol=1e-5)
    assert_allclose(imputer.covariance_, covariance, rtol=1e-5)
    assert precision_between(imputer.covariance_, unseen(x)) < 1e-12
    assert_allclose(imputer.score(x) * len(x), imputer.log_likelihood_, rtol=1e-12)


def test_em_stays_there():
    x, _ = surveys(2, 1, shared=2)
    imputer = GaussianImputer(tol=1e-12, max_iter=5000).fit(x)
    again = GaussianMixture(
        means_init=imputer.mean_[None],
        precisions_init=np.linalg.inv(imputer.covariance_)[None],
        tol=0.0,
        max_iter=200,
        reg_covar=0.0,
    ).fit(x)
    assert precision_between(again.covariances_[0], unseen(x)) < 1e-5
    assert_allclose(again.log_likelihood_, imputer.log_likelihood_, rtol=1e-10)


def test_the_determinant_is_the_greatest():
    """Four columns in a ring, each observed with its neighbours only: no closed form."""
    rng = np.random.default_rng(0)
    truth = rng.standard_normal((400, 4)) @ (rng.standard_normal((4, 4)) + 1.0)
    x = np.full_like(truth, np.nan)
    for i in range(4):
        pair = [i, (i + 1) % 4]
        x[i * 100 : (i + 1) * 100, pair] = truth[i * 100 : (i + 1) * 100, pair]
    imputer = GaussianImputer().fit(x)
    found = imputer.covariance_

    def with_free(free):
        matrix = found.copy()
        matrix[0, 2] = matrix[2, 0] = free[0]
        matrix[1, 3] = matrix[3, 1] = free[1]
        return matrix

    def falls(free):
        sign, log_det = np.linalg.slogdet(with_free(free))
        return -log_det if sign > 0 else np.inf

    best = minimize(falls, [found[0, 2], found[1, 3]], method="Nelder-Mead", options={"xatol": 1e-9})
    assert_allclose([found[0, 2], found[1, 3]], best.x, rtol=1e-5)
    assert precision_between(found, unseen(x)) < 1e-10
    assert imputer.diagnostics_[0].which == ((0, 2), (1, 3))


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_units_do_not_matter(scale):
    rng = np.random.default_rng(1)
    root = rng.standard_normal((5, 5))
    matrix, free = root @ root.T, np.zeros((5, 5), dtype=bool)
    free[0, 3] = free[3, 0] = free[1, 4] = free[4, 1] = free[1, 3] = free[3, 1] = True
    units = np.array([scale, 1.0, 1.0, scale, 1.0])
    found = least_dependent(matrix * np.outer(units, units), free) / np.outer(units, units)
    assert_allclose(found, least_dependent(matrix, free), rtol=1e-10)
    assert_allclose(np.linalg.inv(found)[free], 0.0, atol=1e-10)
    assert_array_equal(least_dependent(matrix, free)[~free], matrix[~free])


def test_intervals_hold_what_they_say_and_draws_say_nothing_of_the_dependence():
    x, truth = surveys(1, 1, n=600, seed=2)
    imputer = GaussianImputer(n_parameter_draws=5, random_state=0).fit(x)
    lower, upper = imputer.interval(x)
    lost = np.isnan(x)
    assert abs(((lower < truth) & (truth < upper))[lost].mean() - 0.95) < 0.025
    for draw in imputer.parameter_draws_:
        assert precision_between(draw.covariances[0], unseen(x)) < 1e-12


@pytest.mark.parametrize("covariance_type", ["full", "tied"])
def test_mixtures(covariance_type):
    x, _ = surveys(1, 2, shared=2, clusters=2)
    with pytest.warns(UndeterminedWarning, match="columns 2 and 3; 2 and 4 are never observed together"):
        mixture = GaussianMixture(2, covariance_type=covariance_type, n_init=1, random_state=0).fit(x)
    for matrix in np.atleast_3d(mixture.covariances_).reshape(-1, 5, 5):
        assert precision_between(matrix, unseen(x)) < 1e-9
    assert_allclose(mixture.score(x) * len(x), mixture.log_likelihood_, rtol=1e-12)
    assert mixture.diagnostics_[0].which == ((2, 3), (2, 4))
    with warnings.catch_warnings():
        warnings.simplefilter("error", UndeterminedWarning)
        assert GaussianMixture(2, covariance_type="diag", n_init=1, random_state=0).fit(x).diagnostics_ == ()
        assert GaussianMixture(2, n_init=1, random_state=0).fit(x[:300, :3]).diagnostics_ == ()


def test_a_hidden_markov_model():
    x, _ = surveys(1, 1, n=100)
    with pytest.warns(UndeterminedWarning, match="never observed together"):
        model = GaussianHMM(2, covariance_type="full", n_init=1, random_state=0).fit(x)
    assert max(precision_between(matrix, unseen(x)) for matrix in model.covariances_) < 1e-9
    assert [found.which for found in model.diagnostics_ if found.kind == "never observed together"] == [
        ((1, 2),)
    ]


def test_it_is_said_by_name_and_kept_in_files(tmp_path):
    x, _ = surveys(1, 1)
    frame = pd.DataFrame(np.insert(x, 1, np.nan, axis=1), columns=["x", "none", "y", "z"])
    with pytest.warns(UndeterminedWarning, match="'y' and 'z' are never observed .* independent given"):
        imputer = GaussianImputer(keep_empty_features=True).fit(frame)
    (found,) = imputer.diagnostics_
    assert (found.kind, found.which) == ("never observed together", ((2, 3),))
    imputer.save(tmp_path / "model")
    assert load(tmp_path / "model").diagnostics_ == imputer.diagnostics_
    with pytest.warns(UndeterminedWarning, match="comes from the prior"):
        GaussianImputer(prior="ridge").fit(x)
    with pytest.raises(ValueError, match=r"columns 1 and 2 are never .*: use draw_method='bootstrap'"):
        GaussianImputer(n_parameter_draws=2, draw_method="posterior").fit(x)
    assert GaussianImputer().fit(surveys(2)[0]).diagnostics_ == ()


def test_dispersed_starts_see_that_parameters_differ_where_heights_do_not():
    x, _ = surveys(1, 1)
    found = dispersed_starts(GaussianImputer(), x, n_starts=4, random_state=0)
    assert found.level
    assert found.apart > 0.2
    assert not found.agree
    assert dispersed_starts(GaussianImputer(), x[:300, :2], n_starts=4, random_state=0).apart < 1e-2
