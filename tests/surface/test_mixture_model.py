"""Mixtures of any family, the user's own among them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from examples.own_family import Exponential, Rates
from latently import GaussianMixture, HiddenMarkovModel, MixtureModel, datasets, load
from latently.emissions import Binomial, Categorical, Gaussian, Poisson

FAITHFUL = datasets.load_faithful().data
RATES = np.array([[1.0, 0.2, 3.0], [0.1, 2.0, 0.5]])


def exponentials(n=600, missing=0.2):
    rng = np.random.default_rng(0)
    labels = rng.choice(2, size=n, p=[0.65, 0.35])
    x = rng.exponential(1 / RATES[labels])
    x[rng.random(x.shape) < missing] = np.nan
    return x, labels


@pytest.mark.parametrize(
    ("value", "family", "values"),
    [
        (0.5, Poisson(), ", column 0 holds 0.5: counts are whole numbers from 0"),
        (-1, Poisson(), ", column 0 holds -1: counts are whole numbers from 0"),
        (3, Binomial(2), ", column 0 holds 3: successes are whole numbers from 0 to 2, the number"),
        (3, Categorical(3), r" holds 3.0, which is not in the alphabet \(0, 1, 2\): add it to categories"),
        (0.5, Categorical(3), r" holds 0.5, which is not in the alphabet \(0, 1, 2\): add it to categories"),
    ],
)
def test_values_that_a_family_does_not_have(value, family, values):
    x = np.array([[0.0], [1.0], [2.0], [np.nan], [2.0], [0.0]])
    mixture = MixtureModel(family, 2, n_init=1, random_state=0).fit(x)
    x[4] = value
    for verb in (mixture.fit, mixture.predict, mixture.score_samples):
        with pytest.raises(ValueError, match=f"row 4{values}"):
            verb(x)
    with pytest.raises(ValueError, match=f"time 4{values}"):
        HiddenMarkovModel(family, 2, n_init=1).fit(x)


@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
def test_symbols_of_any_kind_are_read_by_the_alphabet_of_the_fit(shape, tmp_path):
    """The labels say what the symbols were: each component has symbols of its own."""
    rng = np.random.default_rng(0)
    x = rng.choice(["oak", "elm", "ash"], 200, p=[0.5, 0.3, 0.2]).astype(object)
    x[7] = None
    start = {"emissionprob": [[0.2, 0.3, 0.5], [0.5, 0.4, 0.1]]}
    mixture = MixtureModel(Categorical(), 2, starting_values=start, max_iter=5, tol=0).fit(x.reshape(shape))
    assert mixture._model.emission.alphabet.tolist() == ["ash", "elm", "oak"]
    codes = np.array([np.nan if s is None else ["ash", "elm", "oak"].index(s) for s in x])[:, None]
    same = MixtureModel(Categorical(3), 2, starting_values=start, max_iter=5, tol=0).fit(codes)
    assert_allclose(mixture.log_likelihood_, same.log_likelihood_, rtol=1e-12)
    assert_allclose(mixture.predict_proba(x[:9].reshape(shape)), same.predict_proba(codes[:9]), rtol=1e-12)
    drawn, _ = mixture.sample(50, random_state=0)
    assert set(drawn[:, 0]) == {"ash", "elm", "oak"}
    mixture.save(tmp_path / "model")
    assert (load(tmp_path / "model").predict(drawn) == mixture.predict(drawn)).all()
    with pytest.raises(
        ValueError, match=r"row 1 holds 'fir', which is not in the alphabet \('ash', 'elm', 'oak'\)"
    ):
        mixture.predict(["elm", "fir"])


def test_an_alphabet_that_is_given_keeps_its_order():
    mixture = MixtureModel(Categorical(categories=["b", "a", "c"]), n_init=1).fit(list("abab"))
    assert mixture.params_.emission.emissionprob.tolist() == [[0.5, 0.5, 0.0]]
    assert mixture.predict(["b"]).tolist() == [0]


def test_symbols():
    """One symbol says nothing of classes, so the best that a mixture can do are the frequencies."""
    x = np.random.default_rng(0).choice(4, size=(300, 1), p=[0.4, 0.3, 0.2, 0.1])
    mixture = MixtureModel(Categorical(4), 2, random_state=0).fit(x)
    counts = np.bincount(x[:, 0])
    assert_allclose(mixture.log_likelihood_, counts @ np.log(counts / 300), rtol=1e-9)
    assert_allclose(mixture.predict_proba(x).sum(axis=1), 1)
    drawn, labels = mixture.sample(50, 0)
    assert set(drawn[:, 0]) <= set(range(4))
    assert labels.shape == (50,)
    gaps = np.where(np.arange(300)[:, None] < 20, np.nan, x)
    assert mixture.fit(gaps).n_observed_ == 280
    assert_allclose(mixture.score_samples(gaps[:20]), 0, atol=1e-12)


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag", "spherical"])
def test_the_same_as_gaussian_mixture(covariance_type):
    ours = MixtureModel(Gaussian(covariance_type), 2, n_init=6, random_state=0).fit(FAITHFUL)
    other = GaussianMixture(2, covariance_type=covariance_type, n_init=6, random_state=0).fit(FAITHFUL)
    assert_array_equal(ours.params_.emission.means, other.means_)
    assert_array_equal(ours.params_.emission.covariances, other.covariances_)
    assert_array_equal(ours.weights_, other.weights_)
    assert ours.log_likelihood_ == other.log_likelihood_
    assert ours.bic() == other.bic()
    assert_array_equal(ours.predict(FAITHFUL), other.predict(FAITHFUL))
    assert Gaussian().reg_covar == other.reg_covar


def test_a_family_of_ones_own_with_missing_cells():
    x, labels = exponentials()
    mixture = MixtureModel(Exponential(), 2, random_state=0).fit(x)
    assert_allclose(mixture.params_.emission.rates, RATES, rtol=0.25)
    assert np.mean(mixture.predict(x) == labels) > 0.9
    assert mixture.converged_
    assert mixture.n_parameters_ == 1 + 6
    n = (~np.isnan(x).all(axis=1)).sum()
    assert n < len(x)
    assert mixture.n_observed_ == n
    assert mixture.bic() == pytest.approx(-2 * mixture.log_likelihood_ + 7 * np.log(n))
    assert_allclose(mixture.score_samples(np.full((1, 3), np.nan)), 0.0, atol=1e-12)
    assert_allclose(mixture.predict_proba(np.full((1, 3), np.nan))[0], mixture.weights_)


def test_without_holes_it_is_the_same_as_by_hand():
    x, labels = exponentials(missing=0.0)
    one = MixtureModel(Exponential(), 1).fit(x)
    assert_allclose(one.params_.emission.rates[0], 1 / x.mean(axis=0), rtol=1e-12)
    assert_allclose(one.log_likelihood_, -len(x) * (1 + np.log(x.mean(axis=0))).sum())
    del labels


def test_starting_values_and_fixed_parameters():
    x, _ = exponentials()
    start = {"weights": np.array([0.3, 0.7]), "rates": RATES[::-1]}
    mixture = MixtureModel(Exponential(), 2, starting_values=start, fixed=("weights",)).fit(x)
    assert len(mixture.restarts_.runs) == 1
    assert_array_equal(mixture.weights_, [0.3, 0.7])
    assert_allclose(mixture.params_.emission.rates, RATES[::-1], rtol=0.3)
    rates = MixtureModel(Exponential(), 2, starting_values=start, fixed=("rates",)).fit(x)
    assert_array_equal(rates.params_.emission.rates, RATES[::-1])
    assert_allclose(rates.weights_, [0.35, 0.65], atol=0.08)
    assert rates.n_parameters_ == 1
    some = MixtureModel(Exponential(), 2, starting_values={"rates": RATES}, n_init=3, random_state=0).fit(x)
    assert_allclose(some.params_.emission.rates, RATES, rtol=0.3)


def test_a_family_without_a_sampler_says_so():
    x, _ = exponentials()
    mixture = MixtureModel(Exponential(), 2, n_init=1, random_state=0).fit(x)
    with pytest.raises(NotImplementedError, match="Exponential has no sample method"):
        mixture.sample(3)


def test_a_family_without_a_type_of_parameters_says_so():
    class Bare(Exponential):
        params_type = None

    with pytest.raises(NotImplementedError, match="Bare has no params_type and no params method"):
        Bare().params(RATES)


def test_labels_without_means_are_ordered_by_weight():
    x, _ = exponentials()
    for seed in range(3):
        mixture = MixtureModel(Exponential(), 2, random_state=seed, tol=1e-5).fit(x)
        assert mixture.weights_[0] > mixture.weights_[1]


def test_the_family_is_not_changed_by_the_fit():
    family = Gaussian("full")
    MixtureModel(family, 2, n_init=1, random_state=0).fit(FAITHFUL)
    assert family == Gaussian("full")
    assert family.variances is None
    own = Exponential()
    assert MixtureModel(own, 2, n_init=1, random_state=0).fit(exponentials()[0]).emission is own
    assert isinstance(Rates(RATES), Rates)
