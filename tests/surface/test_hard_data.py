"""Data that break other libraries: from far away, in odd units, in single precision, on a few points."""

import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from latently import GaussianMixture
from latently.core.errors import ConstantColumnWarning, SpuriousMaximumWarning, WeightWarning
from latently.core.parameters import feasible

TYPES = ["full", "tied", "diag", "spherical"]


def clouds(n=120, d=2, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, d)) + 3 * (np.arange(n) % 2)[:, None]
    return np.round(x * 2**20) / 2**20


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize(("offset", "scale"), [(1e6, 1.0), (-1e6, 1.0), (0.0, 1e-8), (0.0, 1e8), (1e14, 1e8)])
def test_far_away_and_in_odd_units(covariance_type, offset, scale):
    """The same clusters, from the same seed."""
    x = clouds()
    settings = {"covariance_type": covariance_type, "random_state": 0, "tol": 1e-6, "n_init": 2}
    plain = GaussianMixture(2, **settings).fit(x)
    moved = GaussianMixture(2, **settings).fit(x * scale + offset)
    assert_allclose(moved.weights_, plain.weights_, rtol=1e-5)
    assert_allclose((moved.means_ - offset) / scale, plain.means_, atol=1e-5)
    assert_allclose(moved.covariances_ / scale**2, plain.covariances_, rtol=1e-4, atol=1e-5)
    n = len(x)
    assert_allclose(moved.log_likelihood_ + n * 2 * np.log(scale), plain.log_likelihood_, rtol=1e-7)
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
    mixture = GaussianMixture(
        2, covariance_type=covariance_type, reg_covar=reg_covar, n_init=3, random_state=0
    ).fit(x)
    assert mixture.converged_
    assert mixture.diagnostics_ == ()
    difference = (x[:, 1] - x[:, 0]) / 8e-5
    # In the other coordinates, where nothing is nearly collinear, it is the same mixture.
    plain = GaussianMixture(2, covariance_type=covariance_type, reg_covar=reg_covar, n_init=3, random_state=0)
    plain.fit(np.column_stack([x[:, 0], difference]))
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
    x = (clouds() + offset).astype(np.float32)
    single = GaussianMixture(2, covariance_type=covariance_type, n_init=2, random_state=0, tol=1e-6).fit(x)
    double = GaussianMixture(2, covariance_type=covariance_type, n_init=2, random_state=0, tol=1e-6).fit(
        x.astype(float)
    )
    found, expected = (
        single.params_.emission,
        double.params_.emission,
    )  # shown as single, and summed as double
    assert_allclose(found.means, expected.means, rtol=1e-9)
    assert_allclose(single.log_likelihood_, double.log_likelihood_, rtol=1e-10)


@pytest.mark.parametrize("covariance_type", TYPES)
def test_duplicates(covariance_type):
    """Each row a hundred times is a weight of a hundred, not a hundred times the evidence of a cluster."""
    x = clouds(40)
    often = GaussianMixture(2, covariance_type=covariance_type, n_init=2, random_state=0).fit(
        np.repeat(x, 100, axis=0)
    )
    once = GaussianMixture(2, covariance_type=covariance_type, n_init=2, random_state=0).fit(x)
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


def refusal(mixture, x, weights=None):
    """The message with which a fit was refused; None if it was not, and parameters are as they should be."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", SpuriousMaximumWarning)
        warnings.simplefilter("ignore", ConstantColumnWarning)
        warnings.simplefilter("ignore", WeightWarning)
        warnings.filterwarnings("ignore", message="EM reached max_iter")
        try:
            mixture.fit(x, sample_weight=weights)
        except ValueError as error:
            return str(error)
    assert np.isfinite(mixture.log_likelihood_)
    assert feasible(mixture._model.spaces(mixture.params_), mixture.params_)
    return None


@settings(max_examples=60)
@given(x=tables, K=st.integers(1, 3), covariance_type=st.sampled_from(TYPES), data=st.data())
def test_finite_and_feasible_or_one_clear_error(x, K, covariance_type, data):
    x = np.repeat(x, data.draw(st.integers(1, 3), "repeats"), axis=0)
    counts = st.one_of(st.integers(0, 3).map(float), st.floats(0, 1e3))
    weights = data.draw(st.one_of(st.none(), arrays(np.float64, len(x), elements=counts)), "weights")
    mixture = GaussianMixture(
        K, covariance_type=covariance_type, n_init=2, max_iter=60, tol=1e-4, n_jobs=1, random_state=0
    )
    message = refusal(mixture, x, weights)
    if message is not None:
        assert "\n" not in message
        remedies = (
            "lower n_components",
            "leave it out",
            "at least one row must count",
            "nothing to learn from",
            "choose another unit",
        )
        assert any(remedy in message for remedy in remedies), message
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
    mixture = GaussianMixture(
        K,
        covariance_type=covariance_type,
        reg_covar=0,
        n_init=2,
        max_iter=60,
        tol=1e-4,
        n_jobs=1,
        random_state=0,
    )
    message = refusal(mixture, x * unit)
    if message is not None:
        assert "\n" not in message
        remedies = ("set reg_covar", "lower n_components", "nothing to learn from")
        assert any(remedy in message for remedy in remedies), message


def test_kmeans_says_nothing_of_rows_that_are_nearly_the_same():
    X = np.repeat([[0.0, 0.0], [1.0, 3.0], [5.0, 2.0], [5.0, 2.0 + 1e-12]], 20, axis=0)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        GaussianMixture(4, init_params="kmeans", random_state=0).fit(X)
    assert {warning.category for warning in told} == {SpuriousMaximumWarning}
