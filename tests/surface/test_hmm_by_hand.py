"""Hidden Markov models from given parameters: as good as fitted ones, or refused by name."""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from examples.own_family import Exponential, Rates
from latently import CategoricalHMM, GaussianHMM, HiddenMarkovModel, PoissonHMM, load
from latently.emissions import Gaussian, Poisson
from latently.emissions.poisson import PoissonParams

START = [0.6, 0.4]
TRANSMAT = [[0.9, 0.1], [0.2, 0.8]]
SYMBOLS = [[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]]
RATES = [[1.0, 4.0], [7.0, 2.0]]
MEANS = [[0.0, 1.0], [2.0, -1.0]]
MATRIX = [[1.0, 0.3], [0.3, 2.0]]
COVARIANCES = {
    "diag": [[1.0, 0.5], [1.0, 2.0]],
    "full": [MATRIX, [[1.0, -0.5], [-0.5, 1.0]]],
    "tied": MATRIX,
    "spherical": [1.0, 2.0],
}
ANY = HiddenMarkovModel(Poisson(), starting_values={"lambdas": RATES})
# An estimator with its settings, and its parameters.
MODELS = {
    "numbers for symbols": (CategoricalHMM(n_features=3), {"emissionprob": SYMBOLS}),
    "strings": (CategoricalHMM(categories=["z", "a", "m"]), {"emissionprob": SYMBOLS}),
    "counts": (PoissonHMM(), {"lambdas": RATES}),
    "any family": (ANY, {"lambdas": RATES}),
    **{kind: (GaussianHMM(2, kind), {"means": MEANS, "covariances": C}) for kind, C in COVARIANCES.items()},
}


def made(name, startprob):
    estimator, values = MODELS[name]
    if name == "any family":
        params = PoissonParams(np.array(RATES))
        return HiddenMarkovModel.from_parameters(Poisson(), startprob, TRANSMAT, params)
    settings = {key: getattr(estimator, key, None) for key in ("categories", "covariance_type")}
    settings = {key: value for key, value in settings.items() if value is not None}
    return type(estimator).from_parameters(startprob, TRANSMAT, **values, **settings)


def fixed(name, startprob, X):
    """The same by a fit whose parameters are all given and stay."""
    estimator, values = MODELS[name]
    first = {"stationary": [2 / 3, 1 / 3], "uniform": [0.5, 0.5]}.get(str(startprob), startprob)
    given = {"startprob_init": first, "transmat_init": TRANSMAT}
    given["startprob"] = startprob if isinstance(startprob, str) else "free"
    if name != "any family":
        given |= {f"{key}_init": value for key, value in values.items()}
    names = ("startprob", "transmat", *values)
    return clone(estimator).set_params(n_components=2, fixed=names, **given).fit(X)


@pytest.mark.parametrize("startprob", [START, "stationary", "uniform"], ids=str)
@pytest.mark.parametrize("name", MODELS)
def test_all_is_as_of_a_fit_whose_parameters_are_fixed(name, startprob, tmp_path):
    model = made(name, startprob)
    X, states = model.sample(60, random_state=0)
    other = fixed(name, startprob, X)
    assert model.score(X) == pytest.approx(other.score(X), rel=1e-12)
    assert_allclose(model.startprob_, other.startprob_, atol=1e-15)
    for ask in (
        lambda m: m.smooth(X),
        lambda m: m.filter(X),
        lambda m: m.predict(X),
        lambda m: m.forecast(X, 3).states,
        lambda m: m.sample_states(X, 3, 0),
        lambda m: m.sample(20, random_state=1)[1],
    ):
        assert_allclose(ask(model), ask(other), atol=1e-12)
    assert_array_equal(model.sample(20, random_state=1)[0], other.sample(20, random_state=1)[0])
    now = model.filtering()
    for row in X:
        probabilities = now.update(row)
    assert_allclose(probabilities, other.filter(X)[-1], atol=1e-12)
    model.save(tmp_path / "model")
    again = load(tmp_path / "model")
    assert_array_equal(again.smooth(X), model.smooth(X))
    assert not hasattr(again, "log_likelihood_")
    assert set(states.tolist()) <= {0, 1}


def test_a_family_of_ones_own(tmp_path):
    rates = Rates(np.array([[1.0, 2.0, 3.0], [0.1, 0.2, 0.3]]))
    model = HiddenMarkovModel.from_parameters(Exponential(), START, TRANSMAT, rates, n_features=3)
    X = np.array([[0.5, 0.2, np.nan], [12.0, 4.0, 2.0]])
    assert model.predict(X).tolist() == [0, 1]
    model.save(tmp_path / "model")
    again = load(tmp_path / "model", families=[Exponential])
    assert_array_equal(again.smooth(X), model.smooth(X))
    with pytest.raises(ValueError, match="3 features"):
        model.predict(X[:, :2])


def test_zeros_cannot_happen_and_are_no_parameters():
    model = CategoricalHMM.from_parameters(START, [[0.9, 0.1], [0, 1]], [[0.5, 0.5, 0], [0, 0, 1]])
    assert model.n_parameters_ == 1 + 1 + 1
    assert CategoricalHMM.from_parameters(START, TRANSMAT, SYMBOLS).n_parameters_ == 1 + 2 + 4
    assert PoissonHMM.from_parameters("stationary", TRANSMAT, RATES).n_parameters_ == 2 + 4


def test_what_needs_training_data_says_so():
    model = PoissonHMM.from_parameters(START, TRANSMAT, RATES)
    X = model.sample(50, random_state=0)[0]
    with pytest.raises(ValueError, match="not fitted to data: pass X"):
        model.bic()
    assert model.bic(X) == pytest.approx(-2 * model.score(X) + 7 * np.log(50))


def test_a_clone_is_unfitted_and_a_fit_starts_afresh():
    model = PoissonHMM.from_parameters("stationary", TRANSMAT, RATES)
    again = clone(model)
    assert again.get_params() == model.get_params()
    assert not hasattr(again, "params_")
    X = model.sample(300, random_state=0)[0]
    model.set_params(random_state=0).fit(X)
    assert model.converged_
    assert not np.allclose(model.lambdas_, RATES)


def test_a_subclass_of_the_users_makes_its_own():
    class Mine(PoissonHMM):
        pass

    assert type(Mine.from_parameters(START, TRANSMAT, RATES)) is Mine


def test_what_is_given_is_copied():
    transmat, rates = np.array(TRANSMAT), np.array(RATES)
    model = PoissonHMM.from_parameters(START, transmat, rates)
    transmat[:], rates[:] = 0.5, 3.0
    assert_array_equal(model.transmat_, TRANSMAT)
    assert_array_equal(model.lambdas_, RATES)


def categorical(startprob=START, **settings):
    return CategoricalHMM.from_parameters(startprob, TRANSMAT, SYMBOLS, **settings)


def any_family(emission, params, **settings):
    return HiddenMarkovModel.from_parameters(emission, START, TRANSMAT, params, **settings)


@dataclass(frozen=True)
class Scalar:
    rate: float


REFUSED = {
    "a word": (
        lambda: categorical(startprob="free"),
        "startprob='free': should be 2 probabilities, or 'stationary' or 'uniform'",
    ),
    "an alphabet too short": (
        lambda: categorical(categories=["a", "b"]),
        "categories holds 2 symbols, and emissionprob has 3 columns: there should be one for each",
    ),
    "a symbol twice": (lambda: categorical(categories=["a", "b", "a"]), "twice"),
    "an unknown type": (
        lambda: GaussianHMM.from_parameters(START, TRANSMAT, MEANS, MATRIX, covariance_type="round"),
        "covariance_type='round'",
    ),
    "no family": (
        lambda: any_family(Poisson, PoissonParams(np.array(RATES))),
        "emission=.*should be a family, such as Poisson",
    ),
    "no params": (
        lambda: any_family(Poisson(), RATES),
        "params is a list: should be what Poisson",
    ),
    "params of three": (
        lambda: any_family(Poisson(), PoissonParams(np.ones((3, 1)))),
        r"'lambdas' has shape \(3, 1\), should be \(2, 1\)",
    ),
    "params out of range": (
        lambda: any_family(Poisson(), PoissonParams(-np.array(RATES))),
        "'lambdas' is not feasible: not finite, or out of range",
    ),
    "params without states": (
        lambda: any_family(Exponential(), Scalar(1.0), n_features=1),
        r"'rate' has shape \(\)",
    ),
    "columns unknown": (
        lambda: any_family(Exponential(), Rates(np.array(RATES))),
        "Exponential does not tell the number of columns: give n_features",
    ),
    "no columns": (
        lambda: any_family(Exponential(), Rates(np.array(RATES)), n_features=0),
        "n_features=0: should be an integer of at least 1",
    ),
    "no variance": (
        lambda: any_family(Gaussian("diag"), Gaussian("diag").params(np.array(MEANS), np.zeros((2, 2)))),
        "'covariances' is not feasible",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_wrong_is_named(name):
    make, message = REFUSED[name]
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("diag", [[1.0, 4.0], [2.0, 3.0]]),
        ("full", [[[1.0, 0.5], [0.5, 4.0]]] * 2),
        ("tied", [[1.0, 0.5], [0.5, 4.0]]),
        ("spherical", [1.0, 4.0]),
    ],
)
def test_covars_are_matrices_whenever_they_are_read(kind, written):
    model = GaussianHMM(2, kind)
    model.startprob_, model.transmat_, model.means_ = [0.5, 0.5], np.full((2, 2), 0.5), np.zeros((2, 2))
    model.covars_ = written
    before = model.covars_
    assert before.shape == (2, 2, 2)
    model.score(np.zeros((3, 2)))
    assert_array_equal(model.covars_, before)
    assert_allclose(model.covariances_, written)
