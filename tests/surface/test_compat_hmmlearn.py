"""Scripts written for hmmlearn, with another import: the same arguments, steps, records and numbers."""

import logging
import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal, assert_equal
from sklearn.base import clone

import latently
from latently import datasets
from latently.compat import hmmlearn as hmm

QUAKES = datasets.load_earthquakes().data
FAITHFUL = datasets.load_faithful().data
ROLLS = np.asarray(datasets.load_casino().data).reshape(-1, 1) - 1
START, STAY = [0.6, 0.4], [[0.7, 0.3], [0.4, 0.6]]
NO_PRIOR = {"covars_prior": 0, "covars_weight": 0}
LOADED = {"emissionprob_": [[0.1, 0.1, 0.1, 0.1, 0.1, 0.5], [0.2, 0.2, 0.2, 0.2, 0.1, 0.1]]}
MEANS = {"means_": [[2.0, 55.0], [4.5, 80.0]]}
COVARS = {
    "diag": [[1.0, 100.0]] * 2,
    "full": [[[1.0, 0.0], [0.0, 100.0]]] * 2,
    "tied": [[1.0, 0.0], [0.0, 100.0]],
    "spherical": [50.0, 50.0],
}
CASES = {
    "counts": (hmm.PoissonHMM, {}, {"lambdas_": [[15.0], [25.0]]}, QUAKES, [50, 57]),
    "symbols": (hmm.CategoricalHMM, {}, LOADED, ROLLS, None),
    **{
        kind: (
            hmm.GaussianHMM,
            {"covariance_type": kind, **NO_PRIOR},
            MEANS | {"covars_": covars},
            FAITHFUL,
            [100, 172],
        )
        for kind, covars in COVARS.items()
    },
}
# By hmmlearn 0.3.3: log-likelihood before each of six steps, ...
HISTORY = {
    "counts": [-352.1729191, -346.810123, -344.5150108, -343.6050022, -343.2846905, -343.1850901],
    "symbols": [-523.4520587, -519.5242421, -519.1583104, -518.8371934, -518.5516442, -518.2947276],
    "diag": [-1426.9808017, -1131.9780603, -1116.8108526, -1114.4359674, -1114.2797635, -1114.2781477],
    "full": [-1426.9808017, -1113.1959869, -1099.442291, -1097.1863321, -1096.8603392, -1096.8407323],
    "tied": [-1426.9808017, -1115.4155556, -1105.2911767, -1105.2170693, -1105.213987, -1105.2138663],
    "spherical": [-1881.5443916, -1681.1913108, -1674.1133034, -1673.9605399, -1673.9369965, -1673.9329805],
}
# ... number of steps at tol=0.01, and log-likelihood before the sixth with params="st".
N_STEPS = {"counts": 9, "symbols": 54, "diag": 6, "full": 7, "tied": 5, "spherical": 6}
CHAIN_ONLY = {"counts": -343.4600273, "symbols": -522.4847764, "spherical": -1789.4262385}
CHAIN_ONLY |= dict.fromkeys(("diag", "full", "tied"), -1330.8449726)
cases = pytest.mark.parametrize("name", CASES)


def made(name, **settings):
    """A model with its starting values, and the data."""
    cls, own, values, X, lengths = CASES[name]
    model = cls(2, **{"init_params": "", **own, **settings})
    model.startprob_, model.transmat_ = START, STAY
    for attribute, value in values.items():
        setattr(model, attribute, value)
    return model, X, lengths


@cases
def test_steps_are_those_of_hmmlearn(name):
    history = HISTORY[name]
    model, X, lengths = made(name, n_iter=6, tol=0)
    model.fit(X, lengths)
    assert_allclose(model.monitor_.history, history, rtol=0, atol=2e-7)
    assert model.monitor_.iter == 6
    assert not model.monitor_.converged
    assert model.score(X, lengths) > history[-1]
    model, _, _ = made(name, n_iter=100, tol=0.01)
    model.fit(X, lengths)
    assert model.monitor_.iter == N_STEPS[name]
    assert model.monitor_.converged
    model, _, _ = made(name, n_iter=6, tol=0, params="st")
    model.fit(X, lengths)
    assert_allclose(model.monitor_.history[-1], CHAIN_ONLY[name], rtol=0, atol=2e-7)
    for attribute, value in CASES[name][2].items():
        kept = model._covars_ if attribute == "covars_" else getattr(model, attribute)
        assert_allclose(kept, value, rtol=1e-14)


@cases
def test_a_fit_goes_on_where_the_last_ended(name):
    whole, X, lengths = made(name, n_iter=6, tol=0)
    model, _, _ = made(name, n_iter=3, tol=0)
    whole.fit(X, lengths)
    history = [*model.fit(X, lengths).monitor_.history, *model.fit(X, lengths).monitor_.history]
    assert_allclose(history, whole.monitor_.history, rtol=1e-12)
    assert_allclose(model.transmat_, whole.transmat_, rtol=1e-9)


@cases
def test_what_is_said_is_what_latently_says(name):
    model, X, lengths = made(name, algorithm="map", random_state=3)
    values = CASES[name][2].values()
    own = {"covariance_type": name} if name in COVARS else {}
    same = getattr(latently, type(model).__name__).from_parameters(START, STAY, *values, **own)
    for verb in ("score", "score_samples", "predict_proba", "aic", "bic"):
        assert_equal(getattr(model, verb)(X, lengths), getattr(same, verb)(X, lengths))
    assert_equal(model.decode(X, lengths), same.decode(X, lengths, "map"))
    assert_array_equal(model.predict(X, lengths), same.decode(X, lengths, "map")[1])
    assert_equal(model.decode(X, lengths, "viterbi"), same.decode(X, lengths))
    assert_equal(model.sample(9, currstate=1), same.sample(9, 3, currstate=1))
    assert_allclose(model.get_stationary_distribution(), [4 / 7, 3 / 7])


@cases
def test_starting_values_that_are_not_given_are_found(name, caplog):
    cls, own, _, X, lengths = CASES[name]
    model = cls(2, n_iter=200, random_state=0, **own).fit(X, lengths)
    assert not caplog.records
    assert model.n_features == (6 if name == "symbols" else X.shape[1])
    assert model.monitor_.converged
    assert model.score(X, lengths) > HISTORY[name][-1] - 1
    first = np.array(model.transmat_)
    letters = "".join(model._letters)
    model.set_params(init_params=letters.replace("t", ""), n_iter=0).fit(X, lengths)
    assert_allclose(model.transmat_, first, rtol=1e-14)  # kept; all else was found anew
    assert {record.levelno for record in caplog.records} == {logging.WARNING}
    assert len(caplog.records) == len(letters) - 1
    assert "startprob_ was set and will be overwritten: leave 's' out of" in caplog.records[0].getMessage()


def test_what_stops_a_fit_may_be_ones_own(capsys):
    class Threshold(hmm.ConvergenceMonitor):
        @property
        def converged(self):
            return self.history[-1] >= self.tol

    model, X, lengths = made("counts", n_iter=100)
    model.monitor_ = Threshold(-343.3, 100, verbose=True)
    history = model.fit(X, lengths).monitor_.history
    assert history[-2] < -343.3 <= history[-1]
    lines = capsys.readouterr().err.splitlines()
    assert [float(line.split()[1]) for line in lines] == pytest.approx(list(history), abs=1e-6)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("counts", {"lambdas_weight": 1.0}),
        ("symbols", {"emissionprob_prior": 1.5}),
        ("full", {"covars_prior": 0.5}),
        ("diag", {"means_weight": [1.0, 0.0]}),
        ("tied", {"startprob_prior": np.array([2.0, 1.0])}),
    ],
)
def test_priors_are_refused(name, settings):
    model, X, lengths = made(name, **settings)
    message = f"takes no {next(iter(settings))}: estimates are those of maximum likelihood"
    with pytest.raises(ValueError, match=message):
        model.fit(X, lengths)


def test_what_is_not_there_says_what_is():
    for absent in (hmm.GMMHMM, hmm.MultinomialHMM):
        with pytest.raises(NotImplementedError, match=f"no {absent.__name__}: latently.HiddenMarkovModel"):
            absent(2, n_iter=5)
    with pytest.raises(ValueError, match=r"integers from 0: latently.CategoricalHMM takes other symbols"):
        hmm.CategoricalHMM(2).fit(list("abba"))
    with pytest.raises(ValueError, match="algorithm"):
        made("counts", algorithm="smoothing")[0].predict(QUAKES)


@cases
def test_copies(name):
    model, X, lengths = made(name, n_iter=2)
    model.fit(X, lengths)
    assert pickle.loads(pickle.dumps(model)).score(X, lengths) == model.score(X, lengths)
    other = clone(model)
    assert repr(other) == repr(model)
    assert not hasattr(other, "transmat_")
