"""What every estimator does alike: settings, copies, callbacks, progress, threads, frames."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

import latently as L
from latently.emissions import Gaussian, Poisson
from tests.planted import planted

RNG = np.random.default_rng(0)
RUNS = np.arange(160) // 20 % 2
ROWS = np.where(RUNS[:, None], 2.0, 0.0) + RNG.normal(size=(160, 2))
INCOMPLETE = np.where(RNG.random(ROWS.shape) < 0.1, np.nan, ROWS)
COUNTS = RNG.poisson(np.where(RUNS, 9, 3))[:, None].astype(float)
WORDS = planted(0, n=60, n_words=20, n_topics=2, length=20).counts.toarray()
ONE = {"n_init": 2, "max_iter": 6, "tol": 0, "random_state": 0}
# An estimator, its data, and what it says of them.
ESTIMATORS = {
    "mixture": (L.GaussianMixture(2, **ONE), ROWS, "predict_proba"),
    "mixture of any family": (L.MixtureModel(Gaussian("diag"), 2, **ONE), INCOMPLETE, "predict_proba"),
    "latent classes": (L.LatentClassAnalysis(2, **ONE), INCOMPLETE, "predict_proba"),
    "chain of numbers": (L.GaussianHMM(2, **ONE), INCOMPLETE, "smooth"),
    "chain of counts": (L.PoissonHMM(2, **ONE), COUNTS, "smooth"),
    "chain of symbols": (L.CategoricalHMM(2, **ONE), COUNTS % 5, "smooth"),
    "chain of any family": (L.HiddenMarkovModel(Poisson(), 2, **ONE), COUNTS, "smooth"),
    "imputer": (L.GaussianImputer(2, n_parameter_draws=2, **ONE), INCOMPLETE, "transform"),
    **{
        f"topics by {inference}": (
            L.LatentDirichletAllocation(2, inference=inference, max_iter=6, tol=0, random_state=0),
            WORDS,
            "transform",
        )
        for inference in ("cvb0", "vb", "online", "online_vb")
    },
}
over_estimators = pytest.mark.parametrize("name", ESTIMATORS)


@pytest.fixture(scope="module")
def fits():
    """Each fitted once, beside what it said then."""
    found = {}
    for name, (estimator, X, verb) in ESTIMATORS.items():
        model = clone(estimator).fit(X.copy())
        found[name] = model, getattr(model, verb)(X)
    return found


def answer(name, model):
    _, X, verb = ESTIMATORS[name]
    return getattr(model, verb)(X)


@over_estimators
def test_a_clone_has_the_settings_and_nothing_else(fits, name):
    estimator, model = ESTIMATORS[name][0], fits[name][0]
    assert repr(model.get_params()) == repr(estimator.get_params())
    assert repr(clone(model).get_params()) == repr(model.get_params())
    assert not [attribute for attribute in vars(clone(model)) if attribute.endswith("_")]
    assert type(model).__name__ in repr(model)


@over_estimators
@pytest.mark.parametrize("settings", [{}, {"n_jobs": 1}, {"n_jobs": 3}], ids=str)
def test_the_same_seed_gives_the_same_bits_for_any_number_of_threads(fits, name, settings, shared_out):
    estimator, X, _ = ESTIMATORS[name]
    assert_array_equal(answer(name, clone(estimator).set_params(**settings).fit(X)), fits[name][1])


@over_estimators
def test_a_generator_goes_on(name):
    estimator, X, _ = ESTIMATORS[name]
    one, other = (
        answer(name, clone(estimator).set_params(random_state=np.random.default_rng(5)).fit(X))
        for _ in range(2)
    )
    assert_array_equal(one, other)


@over_estimators
def test_fitting_again_forgets_the_first_fit(fits, name):
    estimator, X, _ = ESTIMATORS[name]
    again = clone(estimator).fit(X[: len(X) // 2, ::-1]).fit(X)
    assert_array_equal(answer(name, again), fits[name][1])


@over_estimators
def test_the_data_and_the_global_generator_of_numpy_are_left_alone(name):
    estimator, X, _ = ESTIMATORS[name]
    given, before = X.copy(), np.random.get_state()[1].copy()  # noqa: NPY002
    given.flags.writeable = False
    answer(name, clone(estimator).set_params(random_state=None).fit(given))
    assert_array_equal(given, X)
    assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


@over_estimators
@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
def test_frames_are_read_and_their_columns_remembered(fits, name, frame):
    estimator, X, verb = ESTIMATORS[name]
    names = [f"column {j}" for j in range(X.shape[1])]
    table = frame(dict(zip(names, X.T, strict=True)))
    model = clone(estimator).fit(table)
    assert model.feature_names_in_.tolist() == names
    # Another order in memory, and sums are rounded otherwise.
    assert_allclose(getattr(model, verb)(table), fits[name][1], rtol=1e-8, atol=1e-12)


@over_estimators
def test_callbacks_see_every_iteration_and_stop(name):
    estimator, X, _ = ESTIMATORS[name]
    seen = []

    def third(iteration, params, value):
        seen.append((iteration, value))
        return iteration == 3

    settings = {"callbacks": [third, lambda *_: seen.append("after")], "max_iter": 50, "tol": 0}
    if hasattr(estimator, "acceleration"):
        settings["acceleration"] = None
    model = clone(estimator).set_params(**settings).fit(X)
    assert seen[-1] == "after"  # all of them are asked, whoever stops it
    iterations, values = zip(*(one for one in seen if one != "after"), strict=True)
    assert iterations in ((0, 1, 2, 3), (1, 2, 3))
    assert model.stop_reason_ == "stopped by a callback"
    assert not model.converged_
    assert model.n_iter_ == 3
    history = getattr(model, "log_likelihood_history_", getattr(model, "history_", None))
    if "online" not in name:
        assert_array_equal(history, values)
    if "mixture" in name:
        assert model.score(X) * len(X) == pytest.approx(model.log_likelihood_, rel=1e-12)


@over_estimators
def test_a_callback_that_answers_with_an_array_is_refused(name):
    estimator, X, _ = ESTIMATORS[name]
    with pytest.raises(TypeError, match="a callback returned a ndarray, which is neither true nor false"):
        clone(estimator).set_params(callbacks=[lambda *_: np.zeros(2)]).fit(X)


def test_a_subclass_may_have_settings_of_its_own():
    class Named(L.GaussianMixture):
        def __init__(self, n_components=1, *, label="none", random_state=None):
            super().__init__(n_components, random_state=random_state)
            self.label = label

    assert Named(2, label="mine", random_state=0).fit(ROWS).get_params()["label"] == "mine"
    with pytest.raises(ValueError, match="n_components=0"):
        Named(0).fit(ROWS)


@over_estimators
def test_a_bar_is_shown_if_asked_for(name, capsys):
    estimator, X, _ = ESTIMATORS[name]
    model = clone(estimator).set_params(max_iter=2, tol=0)
    model.fit(X)
    assert capsys.readouterr() == ("", "")
    model.set_params(verbose=1).fit(X)
    out, err = capsys.readouterr()
    assert out == ""
    assert f"{type(model).__name__}:" in err or "topics" in err


@pytest.mark.parametrize("name", [name for name in ESTIMATORS if "online" not in name])
def test_too_few_iterations_are_warned_of_unless_they_were_asked_for(name):
    estimator, X, _ = ESTIMATORS[name]
    model = clone(estimator).set_params(max_iter=2, tol=1e-9)
    with pytest.warns(ConvergenceWarning, match="max_iter=2"):
        model.fit(X)
    assert not model.converged_
    assert model.n_iter_ == 2
    asked = clone(model).set_params(tol=0).fit(X)  # and no warning is an error here
    assert_array_equal(answer(name, asked), answer(name, model))
