"""Law 8: the reported likelihood is that of the returned parameters; `converged_` says why it stopped."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.exceptions import ConvergenceWarning

from latently import GaussianMixture, MixtureModel
from latently.core.em import EMMap, Settings, run
from latently.emissions.gaussian import STRUCTURES
from tests.laws.exemptions import bound_by
from tests.models import Exponential, iterate
from tests.rows import exponential_rows

OVERLAPPING = np.concatenate(
    [
        np.random.default_rng(0).standard_normal((150, 1)),
        2.2 + np.random.default_rng(1).standard_normal((150, 1)),
    ]
)


def assert_true_of_its_params(result, em):
    """No hidden prior in the objective, and no step in the history that was not taken."""
    stats = em.e_step(result.params)
    assert result.log_likelihood == result.objective == stats.bound
    assert result.history[-1].log_likelihood == result.log_likelihood


@bound_by()
def test_tol_zero_takes_exactly_max_iter_steps(entry):
    model, params, data = entry.prepared()
    em = EMMap(model, data.source)
    result = run(em, params, Settings(tol=0, max_iter=7), data.weights.sum())
    assert_true_of_its_params(result, em)
    assert (result.n_iter, len(result.history), result.converged) == (7, 8, False)
    assert result.stop_reason == "reached max_iter=7"
    assert em.e_step(iterate(em, params, 7)).bound == result.log_likelihood


@bound_by()
def test_converged_means_that_there_was_nothing_left_to_gain(entry):
    """Run on to the end: the gain was no more than `tol` says, twofold for the estimate being one."""
    model, params, data = entry.prepared()
    em, n = EMMap(model, data.source), data.weights.sum()
    tol = 1e-4
    plain, accelerated = (
        run(em, params, Settings(tol=tol, accelerate=accelerate), n) for accelerate in (False, True)
    )
    limit = run(em, plain.params, Settings(tol=1e-9, accelerate=True, max_iter=200), n).log_likelihood
    for result in (plain, accelerated):
        assert_true_of_its_params(result, em)
        assert result.converged
        assert result.stop_reason.startswith("converged")
        assert limit - result.log_likelihood <= 2 * tol * n
    assert plain.n_iter == len(plain.history) - 1
    assert accelerated.log_likelihood <= limit + 2 * tol * n  # the same maximum: a limit of both


def test_slow_convergence_does_not_look_like_convergence():
    """Each step gains less than `tol` per row long before the sum of the steps to come does."""
    tol, n = 1e-6, len(OVERLAPPING)
    start = {"means_init": [[0.9], [1.3]], "reg_covar": 0.0, "max_iter": 20_000}
    limit = GaussianMixture(2, tol=1e-13, **start).fit(OVERLAPPING).log_likelihood_

    plain = GaussianMixture(2, tol=tol, acceleration=None, **start).fit(OVERLAPPING)
    history = plain.log_likelihood_history_
    small_step = int(np.flatnonzero(np.diff(history) <= tol * n)[0]) + 1
    assert limit - history[small_step] > 10 * tol * n
    assert plain.n_iter_ > small_step + 10
    assert plain.converged_
    assert limit - plain.log_likelihood_ <= 2 * tol * n

    accelerated = GaussianMixture(2, tol=tol, **start).fit(OVERLAPPING)
    assert accelerated.n_iter_ < plain.n_iter_ / 2
    assert accelerated.converged_
    assert limit - accelerated.log_likelihood_ <= 2 * tol * n


@pytest.mark.parametrize("covariance_type", list(STRUCTURES))
def test_estimator(covariance_type):
    X = np.random.default_rng(0).standard_normal((100, 2)) + 3 * (np.arange(100) % 2)[:, None]
    weights = np.random.default_rng(1).random(100)
    mixture = GaussianMixture(2, covariance_type=covariance_type, n_init=3, random_state=0).fit(
        X, sample_weight=weights
    )
    assert_allclose(mixture.log_likelihood_, weights @ mixture.score_samples(X), rtol=1e-12)
    assert_allclose(mixture.lower_bound_, mixture.score(X, sample_weight=weights), rtol=1e-12)
    assert mixture.log_likelihood_history_[-1] == mixture.log_likelihood_
    assert len(mixture.parameter_change_history_) == len(mixture.log_likelihood_history_)
    assert len(mixture.log_likelihood_history_) <= mixture.n_iter_ + 1  # proposals thrown away are steps, too
    assert mixture.parameter_change_history_[0] == np.inf
    assert mixture.restarts_.runs[0].log_likelihood == mixture.log_likelihood_
    assert mixture.converged_
    assert mixture.stop_reason_ == "converged: at most 1e-08 per unit of weight still to be gained"


def test_estimator_of_a_family_of_ones_own():
    x = exponential_rows(np.arange(120) % 2, np.random.default_rng(0))
    mixture = MixtureModel(Exponential(), 2, random_state=0).fit(x)
    assert_allclose(mixture.log_likelihood_, mixture.score_samples(x).sum(), rtol=1e-12)


@pytest.mark.parametrize("max_iter", [1, 5])
def test_reaching_max_iter_warns_and_is_not_convergence(max_iter):
    with pytest.warns(
        ConvergenceWarning, match=f"reached max_iter={max_iter} before .* increase max_iter or tol"
    ):
        mixture = GaussianMixture(2, max_iter=max_iter, n_init=2, random_state=0).fit(OVERLAPPING)
    assert not mixture.converged_
    assert mixture.stop_reason_ == f"reached max_iter={max_iter}"
    assert mixture.n_iter_ == max_iter
    assert_allclose(mixture.log_likelihood_, mixture.score(OVERLAPPING) * len(OVERLAPPING), rtol=1e-12)
