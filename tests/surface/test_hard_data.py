"""Data that break other libraries: from far away, in odd units, in single precision, on a few points."""

import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from sklearn.base import clone

from latently import GaussianMixture
from latently.core.errors import ConstantColumnWarning, SpuriousMaximumWarning, WeightWarning
from latently.core.parameters import feasible

TYPES = ["full", "tied", "diag", "spherical"]


def clouds(n=120, d=2, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, d)) + 3 * (np.arange(n) % 2)[:, None]
    return np.round(x * 2**20) / 2**20


@pytest.mark.parametrize("covariance_type", TYPES)
def test_far_away_and_in_odd_units(covariance_type):
    """The same clusters, from the same seed."""
    x = clouds()
    mixture = GaussianMixture(2, covariance_type=covariance_type, random_state=0, tol=1e-6, n_init=1)
    plain = clone(mixture).fit(x)
    for offset, scale in ((1e6, 1.0), (-1e6, 1.0), (0.0, 1e-8), (0.0, 1e8), (1e14, 1e8)):
        moved = mixture.fit(x * scale + offset)
        assert_allclose(moved.weights_, plain.weights_, rtol=1e-5)
        assert_allclose((moved.means_ - offset) / scale, plain.means_, atol=1e-5)
        assert_allclose(moved.covariances_ / scale**2, plain.covariances_, rtol=1e-4, atol=1e-5)
        in_units = moved.log_likelihood_ + len(x) * 2 * np.log(scale)
        assert_allclose(in_units, plain.log_likelihood_, rtol=1e-7)
        np.testing.assert_array_equal(moved.predict(x * scale + offset), plain.predict(x))


@pytest.mark.parametrize("covariance_type", TYPES)
def test_units_far_apart(covariance_type):
    """A condition of 1e32 that is one of units only."""
    scales = np.array([1e-8, 1e8])
    x = clouds() * (1.0 if covariance_type == "spherical" else scales)
    mixture = GaussianMixture(2, covariance_type=covariance_type, n_init=3, random_state=0).fit(x)
    assert mixture.converged_
    assert mixture.diagnostics_ == ()


@pytest.mark.parametrize("covariance_type", ["full", "tied"])
@pytest.mark.parametrize("reg_covar", [0.0, 1e-12])
def test_condition_1e9(covariance_type, reg_covar):
    """Two features that are almost one: no floor is needed, and none is felt."""
    x = clouds()
    x[:, 1] = x[:, 0] + 8e-5 * x[:, 1]
    assert np.linalg.cond(np.corrcoef(x.T)) > 5e8
    settings = {"covariance_type": covariance_type, "reg_covar": reg_covar, "n_init": 3, "random_state": 0}
    mixture = GaussianMixture(2, **settings).fit(x)
    assert mixture.converged_
    assert mixture.diagnostics_ == ()
    # In the other coordinates, where nothing is nearly collinear, it is the same mixture.
    plain = GaussianMixture(2, **settings).fit(np.column_stack([x[:, 0], (x[:, 1] - x[:, 0]) / 8e-5]))
    assert_allclose(mixture.log_likelihood_, plain.log_likelihood_ - len(x) * np.log(8e-5), rtol=1e-7)


@pytest.mark.parametrize("covariance_type", ["full", "tied"])
def test_collinear_features_rest_on_the_floor_and_say_so(covariance_type):
    x = clouds()
    x = np.column_stack([x, x.sum(axis=1)])
    mixture = GaussianMixture(2, covariance_type=covariance_type, n_init=2, random_state=0)
    with pytest.warns(SpuriousMaximumWarning, match="all components rest on the floor set by reg_covar"):
        mixture.fit(x)
    assert np.isfinite(mixture.log_likelihood_)
    assert mixture.converged_


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("offset", [0.0, 1e3])
def test_float32(covariance_type, offset):
    """Shown as single, and summed as double."""
    x = (clouds() + offset).astype(np.float32)
    mixture = GaussianMixture(2, covariance_type=covariance_type, n_init=1, random_state=0, tol=1e-6)
    single, double = (clone(mixture).fit(X) for X in (x, x.astype(float)))
    assert_allclose(single.params_.emission.means, double.params_.emission.means, rtol=1e-9)
    assert_allclose(single.params_.emission.covariances, double.params_.emission.covariances, rtol=1e-6)
    assert_allclose(single.log_likelihood_, double.log_likelihood_, rtol=1e-10)


@pytest.mark.parametrize("covariance_type", TYPES)
def test_duplicates(covariance_type):
    """Each row a hundred times is a weight of a hundred, not a hundred times the evidence of a cluster."""
    x = clouds(40)
    mixture = GaussianMixture(2, covariance_type=covariance_type, n_init=2, random_state=0)
    once, often = (clone(mixture).fit(X) for X in (x, np.repeat(x, 100, axis=0)))
    assert_allclose(often.means_, once.means_, rtol=1e-4, atol=1e-6)
    assert_allclose(often.log_likelihood_, 100 * once.log_likelihood_, rtol=1e-7)


def test_a_few_points_many_times():
    """As many distinct rows as components: every component a point, and all of it said."""
    x = np.repeat([[0.0, 0.0], [1.0, 5.0], [7.0, 2.0]], 20, axis=0)
    with pytest.warns(SpuriousMaximumWarning, match="floor"):
        mixture = GaussianMixture(3, n_init=2, random_state=0).fit(x)
    assert_allclose(sorted(mixture.means_[:, 0]), [0.0, 1.0, 7.0], atol=1e-6)
    assert np.isfinite(mixture.log_likelihood_)


# -- whatever hypothesis thinks of ------------------------------------------------------------------------

cells = st.one_of(
    st.integers(-3, 3).map(float),
    st.floats(-1e3, 1e3),
    st.floats(-1e-6, 1e-6),
    st.sampled_from([1e6, 1e6 + 1, 1e8, 1e-8]),
)
shapes = st.tuples(st.integers(1, 14), st.integers(1, 3))
tables = shapes.flatmap(lambda shape: arrays(np.float64, shape, elements=cells))


QUICK = {"n_init": 2, "max_iter": 60, "tol": 1e-4, "n_jobs": 1, "random_state": 0}


def refused(mixture, x, remedies, weights=None):
    """Whether it is, with a remedy; parameters are as they should be if it is not."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for category in (SpuriousMaximumWarning, ConstantColumnWarning, WeightWarning):
            warnings.simplefilter("ignore", category)
        warnings.filterwarnings("ignore", message="EM reached max_iter")
        try:
            mixture.fit(x, sample_weight=weights)
        except ValueError as error:
            message = str(error)
            assert "\n" not in message
            anyway = "lower n_components", "nothing to learn from"
            assert any(remedy in message for remedy in (*anyway, *remedies)), message
            return True
    assert np.isfinite(mixture.log_likelihood_)
    assert feasible(mixture._model.spaces(mixture.params_), mixture.params_)
    return False


@settings(max_examples=60)
@given(x=tables, K=st.integers(1, 3), covariance_type=st.sampled_from(TYPES), data=st.data())
def test_finite_and_feasible_or_one_clear_error(x, K, covariance_type, data):
    x = np.repeat(x, data.draw(st.integers(1, 3), "repeats"), axis=0)
    counts = st.one_of(st.integers(0, 3).map(float), st.floats(0, 1e3))
    weights = data.draw(st.one_of(st.none(), arrays(np.float64, len(x), elements=counts)), "weights")
    mixture = GaussianMixture(K, covariance_type=covariance_type, **QUICK)
    remedies = "leave it out", "at least one row must count", "choose another unit"
    if refused(mixture, x, remedies, weights):
        return
    used = x if weights is None else x[weights > 0]
    assert_allclose(mixture.predict_proba(used).sum(axis=1), 1.0)
    history = mixture.log_likelihood_history_
    assert (np.diff(history) >= -1e-6 * np.abs(history).max()).all()


mild = st.one_of(st.integers(-3, 3).map(float), st.floats(-3, 3).map(lambda cell: round(cell, 2)))
units = st.sampled_from([1e-8, 1.0, 1e8])


@settings(max_examples=40)
@given(
    x=shapes.flatmap(lambda shape: arrays(np.float64, shape, elements=mild)),
    unit=units,
    K=st.integers(1, 2),
    covariance_type=st.sampled_from(TYPES),
)
def test_without_a_floor_singular_is_an_error_and_nothing_else_is(x, unit, K, covariance_type):
    assume(len(x) > 1)
    refused(GaussianMixture(K, covariance_type=covariance_type, reg_covar=0, **QUICK), x * unit, ["set reg_"])


def test_kmeans_says_nothing_of_rows_that_are_nearly_the_same():
    X = np.repeat([[0.0, 0.0], [1.0, 3.0], [5.0, 2.0], [5.0, 2.0 + 1e-12]], 20, axis=0)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        GaussianMixture(4, init_params="kmeans", random_state=0).fit(X)
    assert {warning.category for warning in told} == {SpuriousMaximumWarning}
