"""scikit-learn's Gaussian mixture by a change of the import: its steps, its figures and its private names."""

import inspect
import pickle
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import mixture
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from latently import datasets
from latently.compat.sklearn import BayesianGaussianMixture, GaussianMixture
from latently.core.errors import SpuriousMaximumWarning

X = datasets.load_faithful().data
START = {"weights_init": [0.5, 0.5], "means_init": [[2.5, 60.0], [4.0, 75.0]], "reg_covar": 0.0}
PRECISIONS = {
    "full": [np.diag([1.0, 0.01])] * 2,
    "tied": np.diag([1.0, 0.01]),
    "diag": [[1.0, 0.01]] * 2,
    "spherical": [0.02, 0.02],
}
ATTRIBUTES = ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_")
KINDS = pytest.mark.parametrize("kind", PRECISIONS)


def pair(kind, **settings):
    """scikit-learn's mixture and ours, from the same starting values."""
    settings = {**START, "covariance_type": kind, "precisions_init": PRECISIONS[kind], **settings}
    return mixture.GaussianMixture(2, **settings), GaussianMixture(2, **settings)


@KINDS
@pytest.mark.parametrize("tol", [1e-2, 1e-6])
def test_steps_are_those_of_scikit_learn(kind, tol):
    theirs, ours = pair(kind, tol=tol)
    theirs.fit(X)
    assert_array_equal(ours.fit_predict(X), theirs.predict(X))
    assert (ours.n_iter_, ours.converged_) == (theirs.n_iter_, True)
    for attribute in ATTRIBUTES:
        assert_allclose(getattr(ours, attribute), getattr(theirs, attribute), rtol=1e-7)
    assert_allclose(ours.lower_bounds_[-2], theirs.lower_bound_, rtol=1e-10)
    if hasattr(theirs, "lower_bounds_"):  # from scikit-learn 1.7 on
        assert_allclose(ours.lower_bounds_[:-1], theirs.lower_bounds_[1:], rtol=1e-10)
    assert ours.lower_bounds_[-1] == ours.lower_bound_ == pytest.approx(ours.score(X), rel=1e-12)


@KINDS
def test_figures_are_those_of_scikit_learn_at_the_same_parameters(kind):
    theirs, ours = pair(kind)
    theirs.fit(X)
    ours._set_parameters(theirs._get_parameters())
    for one, other in zip(ours._get_parameters(), theirs._get_parameters(), strict=True):
        assert_allclose(one, other, rtol=1e-9)
    for figure in ("score_samples", "predict_proba", "score", "bic", "aic"):
        assert_allclose(getattr(ours, figure)(X), getattr(theirs, figure)(X), rtol=1e-9, atol=1e-12)
    for figure in ("_estimate_log_prob", "_estimate_weighted_log_prob"):
        assert_allclose(getattr(ours, figure)(X), getattr(theirs, figure)(X), rtol=1e-9)
    for figure in ("_estimate_log_prob_resp", "_e_step"):
        for one, other in zip(getattr(ours, figure)(X), getattr(theirs, figure)(X), strict=True):
            assert_allclose(one, other, rtol=1e-8, atol=1e-8)
    assert ours._n_parameters() == theirs._n_parameters()
    log_resp = theirs._e_step(X)[1]
    for model in (ours, theirs):
        model._m_step(X, log_resp)
    assert_allclose(ours.covariances_, theirs.covariances_, rtol=1e-9)


def test_a_model_begins_from_responsibilities_and_what_is_given():
    resp = np.random.default_rng(0).dirichlet([1.0, 1.0], len(X))
    theirs, ours = pair("tied", weights_init=None, precisions_init=None)
    for model in (theirs, ours):
        model._initialize(X, resp)
    for attribute in ("weights_", "means_", "covariances_", "precisions_cholesky_"):
        assert_allclose(getattr(ours, attribute), getattr(theirs, attribute), rtol=1e-7)


def test_it_has_the_settings_and_attributes_of_scikit_learn():
    theirs = mixture.GaussianMixture
    settings = inspect.signature(GaussianMixture).parameters
    assert settings.keys() == inspect.signature(theirs).parameters.keys()
    for name, parameter in inspect.signature(theirs).parameters.items():
        assert settings[name].default == parameter.default
        assert settings[name].kind == parameter.kind
    fitted = GaussianMixture(2, random_state=0).fit(X)
    shown = {name for name in vars(theirs(2).fit(X)) if name.endswith("_")}
    assert not [name for name in shown if not hasattr(fitted, name)]
    with pytest.raises(NotImplementedError, match="prior='normal-inverse-wishart'"):
        BayesianGaussianMixture(2)


def test_a_fit_goes_on_step_by_step_as_in_scikit_learn():
    whole, steps = (pair("full", tol=1e-5, max_iter=n, warm_start=n == 1)[1] for n in (100, 1))
    whole.fit(X)
    for _ in range(whole.n_iter_):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            steps.fit(X)
    assert steps.converged_
    assert_allclose(steps.means_, whole.means_, rtol=1e-12)


def test_more_runs_are_never_worse_and_a_spurious_one_loses():
    rows = np.random.default_rng(0).normal(size=(60, 4))
    scores = [GaussianMixture(3, n_init=n, random_state=0, tol=1e-4).fit(rows).score(rows) for n in (1, 6)]
    assert scores[0] < scores[1]
    points = np.concatenate([rows, np.repeat(rows[:1] + 9, 3, axis=0)])
    with pytest.warns(SpuriousMaximumWarning, match="rests on"):
        GaussianMixture(2, n_init=3, random_state=0).fit(points)


def test_what_is_said_of_a_fit(capsys):
    with pytest.warns(ConvergenceWarning, match="Best performing initialization did not converge"):
        GaussianMixture(2, max_iter=2, random_state=0).fit(X)
    GaussianMixture(2, n_init=2, random_state=0, verbose=2, verbose_interval=2).fit(X)
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if "Iter" not in line] == [
        line for i in range(2) for line in (f"Initialization {i}", "Initialization converged.")
    ]
    assert lines[1].startswith("  Iteration 2\t ll change ")


def test_by_hand_pickled_and_cloned():
    model = GaussianMixture(2, random_state=0)
    with pytest.raises(NotFittedError, match="This GaussianMixture instance is not fitted yet"):
        model.predict(X)
    model.weights_, model.means_ = [0.4, 0.6], START["means_init"]
    with pytest.raises(NotFittedError, match="set covariances_"):
        model.predict(X)
    model.covariances_ = [np.diag([1.0, 100.0])] * 2
    for one, other in zip(model.sample(5), model.sample(5), strict=True):
        assert_array_equal(one, other)
    model.fit(X)
    again = pickle.loads(pickle.dumps(model))
    assert again.score(X) == model.score(X) == model.model_.score(X)
    assert not hasattr(clone(model), "means_")


def test_single_precision_stays_single():
    rows = X.astype(np.float32)
    model = GaussianMixture(2, random_state=0).fit(rows)
    assert {getattr(model, attribute).dtype for attribute in ATTRIBUTES} == {np.dtype(np.float32)}
    assert model.score(rows) == float(model.score_samples(rows).mean())
