"""What hmmlearn's users write: taken where its meaning is clear, else answered with the right name."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal, assert_equal
from sklearn.base import clone

from latently import CategoricalHMM, GaussianHMM, HiddenMarkovModel, PoissonHMM, load
from latently.emissions import Poisson

RNG = np.random.default_rng(0)
ROWS = np.concatenate([RNG.normal(0, 1, (60, 2)), RNG.normal(4, 1, (60, 2)), RNG.normal(0, 1, (60, 2))])
COUNTS = np.where(np.arange(180) // 30 % 2, RNG.poisson(3, 180), RNG.poisson(12, 180))[:, None]
LENGTHS = [50, 60, 70]
ONE = {"n_init": 1, "random_state": 0}
MODELS = {
    "gaussian": (GaussianHMM(2, "full", **ONE), ROWS),
    "tied": (GaussianHMM(2, "tied", **ONE), ROWS),
    "counts": (PoissonHMM(2, **ONE), COUNTS),
    "symbols": (CategoricalHMM(2, **ONE), COUNTS % 5),
    "family": (HiddenMarkovModel(Poisson(), 2, **ONE), COUNTS),
}
models = pytest.mark.parametrize("name", MODELS)


@models
def test_lengths_by_position(name):
    estimator, X = MODELS[name]
    model = clone(estimator).fit(X, LENGTHS)
    named = clone(estimator).fit(X, lengths=LENGTHS)
    assert model.log_likelihood_ == named.log_likelihood_ != clone(estimator).fit(X).log_likelihood_
    for verb in ("score", "predict", "predict_proba", "smooth", "filter", "bic", "aic"):
        ask = getattr(model, verb)
        assert_array_equal(ask(X, LENGTHS), ask(X, lengths=LENGTHS))
    for verb in ("decode", "score_samples"):
        assert_equal(getattr(model, verb)(X, LENGTHS), getattr(named, verb)(X, lengths=LENGTHS))
    assert_array_equal(model.decode(X, LENGTHS, "map")[1], model.predict_proba(X, LENGTHS).argmax(axis=1))


@models
def test_an_entry_for_each_time_is_scikit_learns_y(name):
    estimator, X = MODELS[name]
    y = np.arange(len(X))
    model = clone(estimator).fit(X, y, lengths=LENGTHS)
    assert_allclose(model.score(X, y, lengths=LENGTHS), model.log_likelihood_, rtol=1e-12)


@models
def test_sequences_that_go_on_from_a_state(name):
    """The first state is the one asked for, and those after it follow the transitions."""
    model = clone(MODELS[name][0]).fit(MODELS[name][1])
    for state in range(2):
        seconds = np.array([model.sample(2, seed, currstate=state)[1] for seed in range(400)])
        assert (seconds[:, 0] == state).all()
        p = model.transmat_[state, 1]
        assert abs(seconds[:, 1].mean() - p) < 4 * np.sqrt(p * (1 - p) / 400)


def test_attributes_by_their_names_in_hmmlearn():
    model = GaussianHMM(2, "full", **ONE).fit(ROWS)
    for name, remedy in {
        "monitor_": "read converged_, stop_reason_",
        "n_features": "read n_features_in_",
    }.items():
        for call in (lambda name=name: getattr(model, name), lambda name=name: setattr(model, name, 1)):
            with pytest.raises(AttributeError, match=f"GaussianHMM has no attribute '{name}': {remedy}"):
                call()
    with pytest.raises(ValueError, match="has no setting 'n_iter': write max_iter="):
        model.n_iter = 100


def test_texts_are_read_as_advised():
    """What an error says to write is what makes sense of the data."""
    texts = ["CGACT", "GGA"]
    model = CategoricalHMM(2, **ONE).fit(list("CGACTGGA"), lengths=[5, 3])
    with pytest.raises(ValueError, match=r"X is a text: write list\(X\) if its letters are the symbols"):
        model.score(texts[0])
    with pytest.raises(ValueError, match=r"write \[np.array\(list\(text\)\) for text in X\]"):
        model.score(texts)
    one, two = (model.score(list(text)) for text in texts)
    assert_allclose(model.score([np.array(list(text)) for text in texts]), one + two, rtol=1e-12)
    with pytest.raises(ValueError, match="add it to categories"):
        model.score(list("CGX"))


@models
def test_single_precision_comes_back_as_it_went_in(name, tmp_path):
    """Parameters are of the type of the data; what they are computed from, and sums, are not rounded."""
    estimator, X = MODELS[name]
    single, double = (clone(estimator).fit(X.astype(kind)) for kind in (np.float32, np.float64))
    kind = np.float64 if name == "symbols" else np.float32  # symbols are no numbers
    for attribute in [
        *type(single)._attributes().values(),
        *(["covars_"] if hasattr(single, "covars_") else []),
    ]:
        assert getattr(single, attribute).dtype == kind
        assert getattr(double, attribute).dtype == np.float64
        assert_allclose(getattr(single, attribute), getattr(double, attribute), rtol=1e-4, atol=1e-6)
    assert isinstance(single.log_likelihood_, float)
    assert_allclose(single.score(X.astype(np.float32)), single.log_likelihood_, rtol=1e-12)
    single.save(tmp_path / "model.latently")
    assert load(tmp_path / "model.latently").transmat_.dtype == single.transmat_.dtype
