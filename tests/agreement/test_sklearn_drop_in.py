"""A drop-in for scikit-learn: on real data the same parameters, predictions, criteria and attributes."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture as Rival

from latently import GaussianMixture, datasets

TYPES = ["full", "tied", "diag", "spherical"]


TABLES = {"faithful": (datasets.load_faithful().data, 2), "iris": (load_iris().data, 3)}


def starting_values(X, K, covariance_type):
    """Means at some rows, the pooled covariance, unequal weights."""
    rng = np.random.default_rng(1)
    weights = np.arange(1.0, K + 1) / np.arange(1.0, K + 1).sum()
    precision = np.linalg.inv(np.atleast_2d(np.cov(X.T, bias=True)))
    precision = (precision + precision.T) / 2
    precisions = {
        "full": np.repeat(precision[None], K, axis=0),
        "tied": precision,
        "diag": np.repeat(1 / X.var(axis=0)[None], K, axis=0),
        "spherical": np.repeat(1 / X.var(axis=0).mean(), K),
    }[covariance_type]
    return {
        "weights_init": weights,
        "means_init": X[rng.choice(len(X), K, replace=False)],
        "precisions_init": precisions,
    }


def both(X, K, covariance_type, max_iter=20):
    settings = {
        "covariance_type": covariance_type,
        "tol": 0,
        "reg_covar": 0,
        "max_iter": max_iter,
        "random_state": 0,
        **starting_values(X, K, covariance_type),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        rival = Rival(K, **settings).fit(X)
    ours = GaussianMixture(K, **settings).fit(X)
    assert ours.n_iter_ == rival.n_iter_ == max_iter
    return ours, rival


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("table", list(TABLES))
def test_parameters(table, covariance_type):
    X, K = TABLES[table]
    ours, rival = both(X, K, covariance_type)
    deviations = X.std(axis=0)
    assert_allclose(ours.weights_, rival.weights_, rtol=1e-6)
    assert_allclose(ours.means_ / deviations, rival.means_ / deviations, rtol=1e-6, atol=1e-8)
    assert_allclose(ours.covariances_, rival.covariances_, rtol=1e-6, atol=1e-8 * deviations.min() ** 2)
    assert_allclose(ours.precisions_, rival.precisions_, rtol=1e-5, atol=1e-6 / deviations.max() ** 2)
    assert ours.precisions_cholesky_.shape == rival.precisions_cholesky_.shape


@pytest.mark.parametrize("covariance_type", TYPES)
def test_what_is_said_of_rows(covariance_type):
    X, K = TABLES["iris"]
    ours, rival = both(X, K, covariance_type)
    new = X[:50] * 1.1
    assert_allclose(ours.score_samples(new), rival.score_samples(new), rtol=1e-6)
    assert_allclose(ours.score(new), rival.score(new), rtol=1e-7)
    assert_allclose(ours.predict_proba(new), rival.predict_proba(new), atol=1e-6)
    np.testing.assert_array_equal(ours.predict(new), rival.predict(new))
    assert_allclose(ours.bic(X), rival.bic(X), rtol=1e-8)
    assert_allclose(ours.aic(X), rival.aic(X), rtol=1e-8)
    assert ours.n_parameters_ == rival._n_parameters()


def test_fitted_attributes_are_all_there():
    """A drop-in has what others read, with the same shapes and kinds."""
    X, K = TABLES["faithful"]
    for covariance_type in TYPES:
        ours, rival = both(X, K, covariance_type)
        for name in vars(rival):
            if name.endswith("_") and not name.startswith("_"):
                assert hasattr(ours, name), name
                assert (
                    np.shape(getattr(ours, name)) == np.shape(getattr(rival, name)) or name == "lower_bounds_"
                )
