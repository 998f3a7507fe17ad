"""From the same starting values, after the same number of steps: scikit-learn's parameters."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture as Peer

from latently import GaussianMixture

SHAPES = [(100, 1, 2, 2.0), (300, 2, 3, 1.0), (1000, 5, 4, 0.5), (5000, 8, 3, 0.3)]


def problem(n, d, K, spread, seed=0):
    rng = np.random.default_rng(seed)
    means = rng.normal(size=(K, d)) * 4 * spread
    roots = rng.normal(size=(K, d, d)) / np.sqrt(d) + np.eye(d)
    labels = rng.integers(K, size=n)
    return means[labels] + np.einsum("nij,nj->ni", roots[labels], rng.normal(size=(n, d))), means


def precisions(covariance_type, d, K):
    return {
        "full": np.repeat(0.3 * np.eye(d)[None], K, axis=0),
        "tied": 0.3 * np.eye(d),
        "diag": np.full((K, d), 0.3),
        "spherical": np.full(K, 0.3),
    }[covariance_type]


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag", "spherical"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("n_steps", [1, 20])
def test_same_parameters(covariance_type, shape, n_steps):
    n, d, K, _ = shape
    X, means = problem(*shape)
    start = {
        "covariance_type": covariance_type,
        "weights_init": np.full(K, 1 / K),
        "means_init": means,
        "precisions_init": precisions(covariance_type, d, K),
        "reg_covar": 0.0,
        "max_iter": n_steps,
        "tol": 0.0,
    }
    ours = GaussianMixture(K, **start).fit(X)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        theirs = Peer(K, **start).fit(X)
    assert ours.n_iter_ == theirs.n_iter_ == n_steps
    for name in ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_"):
        mine, peers = getattr(ours, name), getattr(theirs, name)
        assert mine.shape == peers.shape
        assert_allclose(mine, peers, rtol=1e-6, atol=1e-6 * np.abs(peers).max(), err_msg=name)
    assert ours.log_likelihood_ == pytest.approx(theirs.score(X) * n, rel=1e-9)
    assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-6)
    assert_allclose(ours.score_samples(X), theirs.score_samples(X), rtol=1e-6, atol=1e-6)
    assert ours.bic() == pytest.approx(theirs.bic(X), rel=1e-9)
    assert ours.aic(X) == pytest.approx(theirs.aic(X), rel=1e-9)
