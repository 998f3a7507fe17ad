"""Agreement with hmmlearn: the same start, the same number of steps, the same model to eight digits.

hmmlearn is in the extra "bench", not in "dev": where it is not installed these tests are left out. Its
priors are set to zero; by default it adds to Gaussian covariances.
"""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import latently

hmm = pytest.importorskip("hmmlearn.hmm", reason="hmmlearn comes with the extra 'bench'")

TOLERANCE = {"rtol": 1e-8, "atol": 1e-8}
LENGTHS = [40, 1, 60, 2, 97]
STEPS = (1, 2, 10)
PLAIN = {"acceleration": None, "tol": 0}
PEER = {"implementation": "log", "init_params": "", "tol": -np.inf}

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]


def chain(K, rng, zeros):
    transmat = rng.dirichlet(np.ones(K), K) + 2 * np.eye(K)
    if zeros:
        transmat *= np.eye(K) + np.roll(np.eye(K), 1, axis=1) > 0
    return rng.dirichlet(np.full(K, 5.0)), transmat / transmat.sum(axis=1, keepdims=True)


def peer_of(cls, n_iter, startprob, transmat, emission, **settings):
    peer = cls(len(transmat), n_iter=n_iter, **PEER, **settings)
    peer.startprob_, peer.transmat_ = startprob, transmat
    for name, value in emission.items():
        setattr(peer, name, value)
    return peer


def assert_agree(model, peer, x, names):
    for name in ("startprob_", "transmat_", *names):
        assert_allclose(getattr(model, name), getattr(peer, name), **TOLERANCE, err_msg=name)
    assert_allclose(model.log_likelihood_, peer.score(x, LENGTHS), rtol=1e-10)
    assert_allclose(model.log_likelihood_history_[:-1], peer.monitor_.history, rtol=1e-10)
    assert_says_the_same(model, peer, x)


def assert_says_the_same(model, peer, x):
    value, posteriors = model.score_samples(x, lengths=LENGTHS)
    their_value, their_posteriors = peer.score_samples(x, LENGTHS)
    assert_allclose(value, their_value, rtol=1e-10)
    assert_allclose(model.score(x, lengths=LENGTHS), peer.score(x, LENGTHS), rtol=1e-10)
    assert_allclose(posteriors, their_posteriors, **TOLERANCE)
    assert_allclose(model.predict_proba(x, lengths=LENGTHS), peer.predict_proba(x, LENGTHS), **TOLERANCE)
    (best, path), (their_best, their_path) = model.decode(x, lengths=LENGTHS), peer.decode(x, LENGTHS)
    assert_allclose(best, their_best, rtol=1e-10)
    assert_array_equal(path, their_path)
    assert_array_equal(model.predict(x, lengths=LENGTHS), path)
    by_itself = model.decode(x, lengths=LENGTHS, algorithm="map")[1]
    assert_array_equal(by_itself, peer.decode(x, LENGTHS, algorithm="map")[1])
    assert_allclose(model.get_stationary_distribution(), peer.get_stationary_distribution(), **TOLERANCE)


over_steps = pytest.mark.parametrize("steps", STEPS)


@over_steps
@pytest.mark.parametrize(("K", "zeros"), [(2, False), (3, True), (5, False), (8, False)])
def test_symbols(K, zeros, steps):
    rng = np.random.default_rng(K)
    startprob, transmat = chain(K, rng, zeros)
    emissionprob = rng.dirichlet(np.ones(6), K)
    x = rng.integers(6, size=(sum(LENGTHS), 1))
    model = latently.CategoricalHMM(
        K,
        n_features=6,
        startprob_init=startprob,
        transmat_init=transmat,
        emissionprob_init=emissionprob,
        max_iter=steps,
        **PLAIN,
    ).fit(x, lengths=LENGTHS)
    emission = {"emissionprob_": emissionprob, "n_features": 6}
    peer = peer_of(hmm.CategoricalHMM, steps, startprob, transmat, emission).fit(x, LENGTHS)
    assert_agree(model, peer, x, ["emissionprob_"])


@over_steps
@pytest.mark.parametrize(("K", "zeros"), [(2, False), (3, True), (5, False)])
def test_counts(K, zeros, steps):
    rng = np.random.default_rng(10 + K)
    startprob, transmat = chain(K, rng, zeros)
    lambdas = rng.uniform(1.0, 20.0, (K, 2))
    x = rng.poisson(lambdas[rng.integers(K, size=sum(LENGTHS))])
    model = latently.PoissonHMM(
        K,
        startprob_init=startprob,
        transmat_init=transmat,
        lambdas_init=lambdas + 1.0,
        max_iter=steps,
        **PLAIN,
    ).fit(x, lengths=LENGTHS)
    emission = {"lambdas_": lambdas + 1.0, "n_features": 2}
    peer = peer_of(hmm.PoissonHMM, steps, startprob, transmat, emission).fit(x, LENGTHS)
    assert_agree(model, peer, x, ["lambdas_"])


COVARIANCES = {
    "diag": lambda K, d: np.full((K, d), 2.0),
    "full": lambda K, d: np.tile(2.0 * np.eye(d) + 0.3, (K, 1, 1)),
    "tied": lambda K, d: 2.0 * np.eye(d) + 0.3,
    "spherical": lambda K, d: np.full(K, 2.0),
}


@over_steps
@pytest.mark.parametrize("covariance_type", list(COVARIANCES))
@pytest.mark.parametrize(("K", "zeros"), [(2, False), (3, True), (5, False)])
def test_numbers(covariance_type, K, zeros, steps):
    rng = np.random.default_rng(20 + K)
    startprob, transmat = chain(K, rng, zeros)
    d = 3
    means = 3.0 * rng.standard_normal((K, d))
    x = means[rng.integers(K, size=sum(LENGTHS))] + rng.standard_normal((sum(LENGTHS), d))
    covariances = COVARIANCES[covariance_type](K, d)
    model = latently.GaussianHMM(
        K,
        covariance_type=covariance_type,
        reg_covar=0.0,
        startprob_init=startprob,
        transmat_init=transmat,
        means_init=means + 0.5,
        covariances_init=covariances,
        max_iter=steps,
        **PLAIN,
    ).fit(x, lengths=LENGTHS)
    emission = {"n_features": d, "means_": means + 0.5, "covars_": covariances}
    priors = {"covars_prior": 0, "covars_weight": 0, "min_covar": 0, "covariance_type": covariance_type}
    peer = peer_of(hmm.GaussianHMM, steps, startprob, transmat, emission, **priors).fit(x, LENGTHS)
    assert_agree(model, peer, x, ["means_"])
    assert model.covariances_.shape == covariances.shape
    theirs = peer.covars_
    if covariance_type == "spherical":  # after a fit hmmlearn gives each matrix once for each feature
        theirs = theirs[::d]
    assert_allclose(model.covars_, theirs, **TOLERANCE)
