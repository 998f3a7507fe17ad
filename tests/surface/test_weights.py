"""Weights of any size: the same fit, its log-likelihood by the weights as they were given."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.base import clone

from latently import GaussianHMM, GaussianImputer, GaussianMixture, MixtureModel, PoissonHMM, datasets, select
from latently.core.errors import WeightWarning
from latently.emissions import Poisson

FAITHFUL = datasets.load_faithful().data
COUNTS = np.random.default_rng(0).poisson(np.where(np.arange(200) // 20 % 2, 9, 2))[:, None]
CASES = {
    "mixture": (GaussianMixture(2, random_state=0, n_init=2), FAITHFUL, "sample_weight"),
    "counts": (MixtureModel(Poisson(), 2, random_state=0, n_init=2), COUNTS, "sample_weight"),
    "states": (GaussianHMM(2, random_state=0, n_init=2), FAITHFUL, "sequence_weight"),
    "states of counts": (PoissonHMM(2, random_state=0, n_init=2), COUNTS, "sequence_weight"),
    "holes": (
        GaussianImputer(n_parameter_draws=0),
        np.where(np.random.default_rng(1).random(FAITHFUL.shape) < 0.2, np.nan, FAITHFUL),
        "sample_weight",
    ),
}


@pytest.mark.filterwarnings("ignore:the weights of")
@pytest.mark.parametrize("name", CASES)
def test_weights_far_from_one(name):
    estimator, x, argument = CASES[name]
    n = len(x) if argument == "sample_weight" else 1
    plain = clone(estimator).fit(x, **{argument: np.full(n, 2.0)})
    for size in (1e-300, 1e-57, 1e57, 1e300):
        scaled = clone(estimator).fit(x, **{argument: np.full(n, 2.0 * size)})
        assert scaled.log_likelihood_ / size == pytest.approx(plain.log_likelihood_, rel=1e-12)
        history, usual = (model.log_likelihood_history_[:5] for model in (scaled, plain))
        assert_allclose(history / size, usual, rtol=1e-12)


@pytest.mark.filterwarnings("ignore:the weights of")
@pytest.mark.parametrize("prior", ["ridge", "inverse-wishart", "normal-inverse-wishart"])
def test_a_prior_is_worth_its_rows_by_the_weights_given(prior):
    """Weights of 1e-30 leave the prior; those of 1e30 leave the data, and the objective is by them."""
    settings = {"prior": prior, "n_init": 2, "random_state": 0}
    believed = GaussianMixture(1, **settings).fit(FAITHFUL, sample_weight=np.full(272, 1e-30))
    share = 7 / 8 if prior == "normal-inverse-wishart" else 1.0  # its mode
    assert_allclose(believed.covariances_[0], share * np.diag(FAITHFUL.var(axis=0)), rtol=1e-6, atol=1e-12)
    seen = GaussianMixture(1, **settings).fit(FAITHFUL, sample_weight=np.full(272, 1e30))
    strength = 0.01 if prior == "ridge" else 0.0  # a hundredth of the data
    learned = (np.cov(FAITHFUL.T, ddof=0) + strength * np.diag(FAITHFUL.var(axis=0))) / (1 + strength)
    assert_allclose(seen.covariances_[0], learned, rtol=1e-6)
    alone = GaussianMixture(1, **settings).fit(FAITHFUL)
    assert seen._model.emission.prior.row == alone._model.emission.prior.row == 1.0


@pytest.mark.filterwarnings("ignore:the weights of")
def test_weights_of_all_sizes_at_once():
    weights = 10.0 ** np.random.default_rng(0).uniform(-300, 300, 272)
    mixture = GaussianMixture(1).fit(FAITHFUL, sample_weight=weights)
    assert_allclose(mixture.means_[0], np.average(FAITHFUL, axis=0, weights=weights / weights.max()))


def test_draws_from_more_rows_than_can_be_counted():
    """They all are the fit itself."""
    x = CASES["holes"][1]
    imputer = GaussianImputer(n_parameter_draws=2, random_state=0).fit(x, sample_weight=np.full(272, 1e300))
    for draw in imputer.parameter_draws_:
        assert_allclose(draw.means[0], imputer.mean_, rtol=1e-4)


@pytest.mark.parametrize("name", CASES)
def test_one_weight_is_that_of_all(name):
    estimator, x, argument = CASES[name]
    x = x if argument == "sample_weight" else [x[:80], x[80:]]
    found = clone(estimator).fit(x, **{argument: 3.0})
    assert found.log_likelihood_ == clone(estimator).fit(x, **{argument: np.full(len(x), 3)}).log_likelihood_


@pytest.mark.parametrize("name", CASES)
def test_weights_that_sum_to_one_are_warned_of(name):
    estimator, x, argument = CASES[name]
    x = x if argument == "sample_weight" else [x[:50], x[50:100], x[100:150]]
    n = len(x)
    what = "rows" if argument == "sample_weight" else "sequences"
    weights = np.full(n, 1 / n if what == "rows" else 0.01)
    with pytest.warns(WeightWarning, match=rf"the weights of {n} {what} sum to .* multiply them by"):
        estimator.fit(x, **{argument: weights})
    with warnings.catch_warnings():
        warnings.simplefilter("error", WeightWarning)
        estimator.fit(x, **{argument: weights / weights.mean()})


def test_a_search_does_not_hide_it():
    grid = {"n_components": [1, 2]}
    with pytest.warns(WeightWarning, match="favour the largest model") as told:
        select(GaussianMixture(n_init=1, random_state=0), FAITHFUL, grid, sample_weight=np.full(272, 1 / 272))
    assert len(told) == 1
