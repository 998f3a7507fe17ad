"""Published and re-derived maxima of the likelihood of tables with holes, and Little's test of them."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from latently import GaussianImputer, GaussianMixture, datasets, little_mcar_test

GOLDEN = json.loads(Path(__file__).with_name("missing.json").read_text())
TABLES = {
    "apple": datasets.load_apple().data,
    "cholesterol": datasets.load_cholesterol().data,
    "airquality": datasets.load_airquality().data[:, :4],
}
TOL = 1e-13
RTOL = 1e-5

over_tables = pytest.mark.parametrize("table", list(TABLES))


@cache
def imputed(table, covariance_type="full"):
    return GaussianImputer(covariance_type=covariance_type, tol=TOL).fit(TABLES[table])


@over_tables
@pytest.mark.parametrize("covariance_type", ["full", "tied"])
def test_maximum_likelihood(table, covariance_type):
    golden, imputer = GOLDEN[table], imputed(table, covariance_type)
    assert np.isnan(TABLES[table]).any()
    assert imputer.converged_
    assert_allclose(imputer.mean_, golden["mean"], rtol=RTOL)
    assert_allclose(imputer.covariance_, golden["covariance"], rtol=RTOL)
    assert_allclose(imputer.log_likelihood_, golden["log_likelihood"], rtol=RTOL)


@over_tables
def test_log_likelihood_to_the_digits_printed(table):
    assert f"{imputed(table).log_likelihood_:.6f}" == f"{GOLDEN[table]['log_likelihood']:.6f}"


@over_tables
def test_the_default_tolerance_is_enough_for_five_digits_of_the_likelihood(table):
    imputer = GaussianImputer().fit(TABLES[table])
    assert_allclose(imputer.log_likelihood_, GOLDEN[table]["log_likelihood"], rtol=RTOL)


@over_tables
def test_a_mixture_of_one_component_is_the_same(table):
    mixture = GaussianMixture(1, tol=TOL).fit(TABLES[table])
    assert_allclose(mixture.means_[0], GOLDEN[table]["mean"], rtol=RTOL)
    assert_allclose(mixture.covariances_[0], GOLDEN[table]["covariance"], rtol=RTOL)
    assert_allclose(mixture.log_likelihood_, GOLDEN[table]["log_likelihood"], rtol=RTOL)


@over_tables
def test_without_acceleration_it_is_the_same(table):
    plain = GaussianImputer(acceleration=None, tol=TOL).fit(TABLES[table])
    assert_allclose(plain.mean_, GOLDEN[table]["mean"], rtol=RTOL)
    assert_allclose(plain.covariance_, GOLDEN[table]["covariance"], rtol=RTOL)


def test_little_s_test_of_apple():
    golden = GOLDEN["apple"]["little_mcar"]
    found = little_mcar_test(TABLES["apple"])
    assert_allclose(found.statistic, golden["statistic"], rtol=RTOL)
    assert found.df == golden["df"]
    assert_allclose(found.p_value, golden["p"], rtol=RTOL)
    assert found.n_patterns == 2


def test_little_s_test_of_airquality():
    """All six columns, those of the calendar among them."""
    golden = GOLDEN["airquality"]["little_mcar_all_six_columns"]
    table = datasets.load_airquality().data
    assert table.shape == (153, 6)
    assert datasets.load_airquality().feature_names[:4] == GOLDEN["airquality"]["columns"]
    found = little_mcar_test(table)
    assert_allclose(found.statistic, golden["statistic"], rtol=golden["tolerance"])
    assert found.df == golden["df"]
    assert round(found.p_value, 5) == golden["p"]
