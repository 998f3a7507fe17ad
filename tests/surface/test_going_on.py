"""Fits that go on from parameters in force, fits of no steps, and what repeats with an integer seed."""

import copy
import warnings
from functools import cache

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from latently import CategoricalHMM, GaussianHMM, GaussianMixture, HiddenMarkovModel, MixtureModel, PoissonHMM
from latently.emissions import Poisson

RNG = np.random.default_rng(0)
ROWS = np.concatenate([RNG.normal(0, 1, (150, 2)), RNG.normal(2, 1, (150, 2))])
COUNTS = np.where(np.arange(160) // 20 % 2, RNG.poisson(3, 160), RNG.poisson(9, 160))[:, None]
ONE = {"n_init": 1, "random_state": 0, "acceleration": None}
MODELS = {
    "mixture": (GaussianMixture(2, **ONE), ROWS),
    "mixture of counts": (MixtureModel(Poisson(), 2, **ONE), COUNTS),
    "chain": (GaussianHMM(2, covariance_type="full", **ONE), ROWS),
    "counts": (PoissonHMM(2, **ONE), COUNTS),
    "symbols": (CategoricalHMM(3, **ONE), COUNTS % 5),
}
models = pytest.mark.parametrize("name", MODELS)


@cache
def fitted(name):
    """A model that no test alters."""
    estimator, X = MODELS[name]
    return clone(estimator).fit(X)


def without_warning(fit):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return fit()


@models
@pytest.mark.parametrize("step", [1, 7])
def test_steps_of_a_run_are_the_run(name, step):
    estimator, X = MODELS[name]
    whole = fitted(name)
    assert whole.converged_
    assert whole.n_iter_ >= 5
    model, n_steps = clone(estimator).set_params(warm_start=True, max_iter=step), 0
    while n_steps <= 2 * whole.n_iter_:
        without_warning(lambda: model.fit(X))
        assert model.n_iter_ <= step
        n_steps += model.n_iter_
        if model.converged_:
            break
    assert model.converged_
    assert n_steps == whole.n_iter_
    assert model.log_likelihood_ == pytest.approx(whole.log_likelihood_, rel=1e-12)


@models
def test_a_fit_goes_on_without_losing_its_labels(name):
    X = MODELS[name][1]
    model = copy.deepcopy(fitted(name)).set_params(warm_start=True)
    before, labels = model.log_likelihood_, model.predict(X)
    model.fit(X)
    assert len(model.restarts_.runs) == 1
    assert before <= model.log_likelihood_ < before + 1e-4
    assert_array_equal(model.predict(X), labels)
    half = model.fit(X[::2])  # other data: nothing is remembered of how near the end was
    assert half.converged_
    assert half.n_iter_ >= 3


def test_a_fit_goes_on_from_what_was_set():
    model = GaussianMixture(2, warm_start=True)
    model.weights_, model.means_, model.covariances_ = [0.5, 0.5], [[3.0, 3.0], [-1.0, -1.0]], [np.eye(2)] * 2
    given = GaussianMixture(
        2, weights_init=[0.5, 0.5], means_init=[[3.0, 3.0], [-1.0, -1.0]], precisions_init=[np.eye(2)] * 2
    )
    assert_allclose(model.fit(ROWS).means_, given.fit(ROWS).means_, rtol=1e-12)
    assert model.means_[0, 0] > model.means_[1, 0]
    part = PoissonHMM(2, warm_start=True, random_state=0)
    part.lambdas_ = [[9.0], [3.0]]
    assert part.fit(COUNTS).lambdas_[0] > part.lambdas_[1]
    chain = PoissonHMM(2, warm_start=True)
    chain.startprob_, chain.transmat_, chain.lambdas_ = [1, 0], [[0.9, 0.1], [0, 1]], [[9.0], [3.0]]
    assert chain.fit(COUNTS).transmat_[1, 0] == 0
    assert chain.n_parameters_ == 0 + 1 + 2  # zeros that are kept are not free


def test_what_was_set_is_not_lost_silently():
    model = GaussianMixture(2, random_state=0)
    model.means_ = [[3.0, 3.0], [-1.0, -1.0]]
    with pytest.warns(UserWarning, match="means_ set by hand: fit starts again"):
        model.fit(ROWS)
    assert model.weights_[0] >= model.weights_[1]
    model.means_ = model.means_ + 1
    with pytest.warns(UserWarning, match="means_ set by hand"):
        model.fit(ROWS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(ROWS)


@pytest.mark.parametrize(
    ("settings", "X", "message"),
    [
        ({"n_components": 3}, ROWS, "n_components=3, and warm_start=True goes on from 2 components"),
        ({}, ROWS[:, :1], "X has 1 features, but GaussianMixture is expecting 2"),
        ({"warm_start": "yes"}, ROWS, "warm_start='yes': should be True or False"),
    ],
)
def test_where_a_fit_cannot_go_on(settings, X, message):
    model = GaussianMixture(2, random_state=0).fit(ROWS).set_params(**{"warm_start": True, **settings})
    with pytest.raises(ValueError, match=message):
        model.fit(X)


def test_one_component_is_no_components():
    model = GaussianMixture(1).fit(ROWS).set_params(n_components=2, warm_start=True)
    with pytest.raises(ValueError, match="goes on from 1 component: set it back"):
        model.fit(ROWS)
    with pytest.raises(ValueError, match="n_features=2, and the means are those of 1 column: leave it out"):
        HiddenMarkovModel.from_parameters("poisson", [1.0], [[1.0]], {"lambdas": [[2.0]]}, n_features=2)


@models
def test_no_steps_leave_the_best_start(name):
    estimator, X = MODELS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        starts = clone(estimator).set_params(max_iter=0, n_init="auto").fit(X)
    assert starts.n_iter_ == 0
    assert not starts.converged_
    tried = [run.log_likelihood for run in starts.restarts_.runs]
    assert len(tried) > 10
    assert starts.log_likelihood_ == max(tried)
    assert starts.log_likelihood_ == pytest.approx(starts.score(X) * (len(X) if "mix" in name else 1))


def test_no_steps_leave_what_is_given():
    means = [[20.0, 30.0], [-3.0, 1.0]]
    assert_array_equal(GaussianMixture(2, means_init=means, max_iter=0).fit(ROWS).means_, means)


@models
def test_samples_repeat_with_an_integer(name):
    model = copy.deepcopy(fitted(name))
    assert_array_equal(model.sample(30)[0], model.sample(30)[0])
    assert_array_equal(model.sample(30)[0], model.sample(30, random_state=0)[0])
    assert not np.array_equal(model.sample(30)[0], model.sample(30, random_state=1)[0])
    model.set_params(random_state=np.random.default_rng(0))
    assert not np.array_equal(model.sample(30)[0], model.sample(30)[0])


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag", "spherical"])
def test_single_precision_in_and_out(covariance_type):
    single = ROWS.astype(np.float32)
    model, double = (
        GaussianMixture(2, covariance_type=covariance_type, **ONE).fit(X) for X in (single, ROWS)
    )
    attributes = ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_")
    for attribute in attributes:
        assert getattr(model, attribute).dtype == np.float32
        assert_allclose(getattr(model, attribute), getattr(double, attribute), rtol=1e-3, atol=1e-3)
    for method in ("predict_proba", "score_samples", "uncertainty"):
        assert getattr(model, method)(single).dtype == np.float32
        assert getattr(model, method)(ROWS).dtype == np.float64
        assert_allclose(getattr(double, method)(single), getattr(double, method)(ROWS), rtol=1e-4, atol=1e-6)
    incomplete = single.copy()
    incomplete[0, 0] = np.nan
    assert model.impute(incomplete).dtype == np.float32
    assert model.score(single) * len(single) == pytest.approx(model.log_likelihood_, rel=1e-12)
    before = model.score(single)
    model.means_ = model.means_  # what is shown is rounded; to set it changes nothing
    assert model.score(single) == before
