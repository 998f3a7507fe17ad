"""The bound that EM climbs: below the log-likelihood for any resp, and by how much."""

from functools import cache

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from scipy.special import rel_entr

from latently import CategoricalHMM, GaussianMixture, MixtureModel
from latently.latent import Independent
from latently.models import bounds
from tests.laws.exemptions import bound_by
from tests.models import Exponential, responsibilities, whole_e_step
from tests.oracles.enumeration import Enumeration, expectation
from tests.oracles.paths import Truth
from tests.rows import exponential_rows

shares = st.one_of(st.just(0.0), st.floats(1e-6, 1.0))
any_shares = arrays(np.float64, (6, 3), elements=shares)


def resp_of(shares, model):
    """Probabilities of labels in proportion to the shares, the even ones where there are none."""
    shares = shares[:, : model.n_components]
    shares = np.where(shares.sum(axis=1, keepdims=True) > 0, shares, 1.0)
    return shares / shares.sum(axis=1, keepdims=True)


@cache
def enumerated(entry):
    """A model, its params, a few units, and all assignments of them: the same for all examples."""
    model, params, data = entry.tiny()
    return model, params, data, Enumeration(model, params, data)


@bound_by()
@settings(max_examples=2)
@given(shares=any_shares)
@example(shares=np.tile([1.0, 0.0, 0.0], (6, 1)))
def test_below_the_log_likelihood_by_the_divergence_from_the_posterior(entry, shares):
    model, params, data, truth = enumerated(entry)
    resp = resp_of(shares, model)
    bound = bounds.lower_bound(model, params, data.source, resp)
    assert bound <= truth.log_likelihood + 1e-9
    divergence = rel_entr(truth.of_rows(resp), truth.posterior).sum()
    assert_allclose(truth.log_likelihood - bound, divergence, rtol=1e-9, atol=1e-9)


@bound_by()
@settings(max_examples=2)
@given(shares=any_shares)
def test_it_is_expected_joint_plus_entropy(entry, shares):
    model, params, data, truth = enumerated(entry)
    resp = resp_of(shares, model)
    q = truth.of_rows(resp)
    entropy = -expectation(q, np.log(np.maximum(q, 1e-300)))
    assert_allclose(
        bounds.lower_bound(model, params, data.source, resp),
        expectation(q, truth.log_joint(params)) + entropy,
        rtol=1e-10,
        atol=1e-10,
    )


@bound_by()
def test_equal_at_the_posterior(entry):
    """Where labels are independent given the rows, the posterior itself can be handed in."""
    model, params, data = entry.prepared()
    resp = responsibilities(model, params, data)
    bound = bounds.lower_bound(model, params, data.source, resp)
    log_likelihood = whole_e_step(model, params, data).bound
    if isinstance(model.latent, Independent):
        assert_allclose(bound, log_likelihood, rtol=1e-11)
    else:
        assert bound < log_likelihood


@bound_by()
def test_q_plus_entropy_is_the_log_likelihood(entry):
    model, params, data = entry.prepared()
    q = bounds.q_function(model, params, data.source, params)
    entropy = bounds.posterior_entropy(model, params, data.source)
    assert_allclose(q + entropy, whole_e_step(model, params, data).bound, rtol=1e-12)
    assert entropy > 0


# -- the estimators ---------------------------------------------------------------------------------------


def mixtures():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((80, 2)) + 2 * (np.arange(80) % 2)[:, None]
    weights = rng.integers(0, 3, 80).astype(float)
    for covariance_type in ("full", "tied", "diag", "spherical"):
        yield GaussianMixture(2, covariance_type=covariance_type, n_init=1, random_state=0), X, weights
    yield (
        MixtureModel(Exponential(), 2, n_init=1, random_state=0),
        exponential_rows(np.arange(80) % 2, rng),
        weights,
    )


@pytest.mark.parametrize(
    ("mixture", "X", "weights"), list(mixtures()), ids=lambda value: type(value).__name__
)
def test_estimators(mixture, X, weights):
    mixture.fit(X, sample_weight=weights)
    log_likelihood, resp = float(weights @ mixture.score_samples(X)), mixture.predict_proba(X)
    q, entropy = (ask(X, sample_weight=weights) for ask in (mixture.q_function, mixture.posterior_entropy))
    assert_allclose(mixture.lower_bound(X, resp, sample_weight=weights), log_likelihood, rtol=1e-11)
    assert_allclose(q + entropy, log_likelihood, rtol=1e-11)
    shares = -(weights[:, None] * resp * np.log(np.maximum(resp, 1e-300))).sum()
    assert_allclose(entropy, shares, rtol=1e-8)
    flat = np.full_like(resp, 0.5)
    divergence = float(weights @ rel_entr(flat, resp).sum(axis=1))
    lower = mixture.lower_bound(X, flat, sample_weight=weights)
    assert_allclose(log_likelihood - lower, divergence, rtol=1e-9)
    # Q at other params, and no better ones than those EM converged to.
    other = type(mixture)(**mixture.get_params()).set_params(tol=0, max_iter=3).fit(X[::2])
    assert mixture.q_function(X, at=other.params_, sample_weight=weights) < q


@pytest.mark.parametrize(
    ("resp", "message"),
    [
        (np.full((5, 3), 1 / 3), r"resp has shape \(5, 3\), should be \(5, 2\)"),
        (np.array([[0.5, 0.5]] * 4 + [[0.5, 0.6]]), "row 4 of resp is not a set of probabilities"),
        (np.array([[1.5, -0.5]] + [[0.5, 0.5]] * 4), "row 0 of resp is not a set of probabilities"),
    ],
)
def test_resp_is_checked(resp, message):
    mixture = GaussianMixture.from_parameters([0.5, 0.5], [[0.0], [1.0]], [[[1.0]], [[1.0]]])
    with pytest.raises(ValueError, match=message):
        mixture.lower_bound(np.zeros((5, 1)), resp)


def test_q_and_the_entropy_of_paths_make_the_likelihood():
    transmat = np.array([[0.9, 0.1], [0.2, 0.8]])
    hmm = CategoricalHMM.from_parameters([0.6, 0.4], transmat, [[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]])
    X = np.array([[0], [2], [2], [1]])
    truth = Truth(np.log(hmm.emissionprob_[:, X[:, 0]].T), hmm.transmat_, hmm.startprob_)
    posterior = truth.posterior
    assert hmm.q_function(X) == pytest.approx(posterior @ truth.log_joint)
    assert hmm.posterior_entropy(X) == pytest.approx(-posterior @ np.log(posterior))
    assert hmm.q_function(X) + hmm.posterior_entropy(X) == pytest.approx(hmm.score(X))
    other = CategoricalHMM.from_parameters([0.5, 0.5], transmat, [[0.5, 0.4, 0.1], [0.2, 0.3, 0.5]])
    at = bounds.q_function(hmm._model, hmm.params_, hmm._source(X), other.params_)
    assert hmm.q_function(X, other.params_) == at < hmm.q_function(X)
