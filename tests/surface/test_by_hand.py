"""Parameters set by hand: in force on new and on fitted estimators, checked at first use, never ignored."""

import copy
import pickle
from contextlib import nullcontext
from functools import cache

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import latently as L
from latently.emissions import Poisson

RNG = np.random.default_rng(0)
ROWS = np.concatenate([RNG.normal(0, 1, (80, 2)), RNG.normal(4, 1, (80, 2))])
COUNTS = np.where(np.arange(160) // 20 % 2, RNG.poisson(1, 160), RNG.poisson(9, 160))[:, None]
CHAIN = {"startprob_": [0.6, 0.4], "transmat_": [[0.9, 0.1], [0.3, 0.7]]}
MEANS = [[0.5, 0.0], [3.0, 3.5]]
COVARIANCES = {
    "full": [[[1.0, 0.3], [0.3, 2.0]], [[1.0, -0.5], [-0.5, 1.0]]],
    "tied": [[1.0, 0.3], [0.3, 2.0]],
    "diag": [[1.0, 0.5], [1.0, 2.0]],
    "spherical": [1.0, 2.0],
}
# An estimator, data, and parameters that are not those of its fit.
MODELS = {
    "counts": (L.PoissonHMM(2, n_init=2, random_state=0), COUNTS, {**CHAIN, "lambdas_": [[2.0], [8.0]]}),
    "symbols": (
        L.CategoricalHMM(2, n_features=20, n_init=2, random_state=0),
        COUNTS % 20,
        {**CHAIN, "emissionprob_": np.array([np.full(20, 0.05), np.arange(1, 21) / 210])},
    ),
}
for kind, covariances in COVARIANCES.items():
    gaussians = {"means_": MEANS, "covariances_": covariances}
    MODELS[f"mixture, {kind}"] = (
        L.GaussianMixture(2, covariance_type=kind, n_init=2, random_state=0),
        ROWS,
        {"weights_": [0.3, 0.7], **gaussians},
    )
    MODELS[f"chain, {kind}"] = (
        L.GaussianHMM(2, covariance_type=kind, n_init=2, random_state=0),
        ROWS,
        {**CHAIN, **gaussians},
    )
models = pytest.mark.parametrize("name", MODELS)


@cache
def _fitted(name):
    estimator, X, _ = MODELS[name]
    return clone(estimator).fit(X)


def fitted(name):
    """A copy, to be altered."""
    return copy.deepcopy(_fitted(name))


def by_hand(estimator, values):
    for attribute, value in values.items():
        setattr(estimator, attribute, value)
    return estimator


@models
def test_a_new_a_fitted_and_a_given_model_are_the_same(name, tmp_path):
    estimator, X, values = MODELS[name]
    kind = {"covariance_type": estimator.covariance_type} if "covariances_" in values else {}
    named = {attribute[:-1]: value for attribute, value in values.items()}
    expected = type(estimator).from_parameters(**named, **kind)
    learned = fitted(name)
    assert learned.score(X) > expected.score(X)
    for model in (by_hand(clone(estimator), values), by_hand(learned, values)):
        for other in (model, copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
            assert other.score(X) == pytest.approx(expected.score(X), rel=1e-12)
            assert_allclose(other.predict_proba(X), expected.predict_proba(X), atol=1e-12)
            for attribute, value in values.items():
                assert_allclose(getattr(other, attribute), value, rtol=1e-15)
        assert model.bic(X) == pytest.approx(expected.bic(X))
        model.save(tmp_path / "model")
        assert_array_equal(L.load(tmp_path / "model").predict_proba(X), model.predict_proba(X))
    assert not hasattr(clone(model), "params_")


@pytest.mark.parametrize("kind", COVARIANCES)
def test_single_precision_stays_single(kind, tmp_path):
    """Also matrices that are symmetric to no more than its digits."""
    _, X, values = MODELS[f"mixture, {kind}"]
    values = {attribute: np.array(value, dtype=np.float32) for attribute, value in values.items()}
    if kind in ("full", "tied"):
        values["covariances_"][..., 0, 1] = np.nextafter(values["covariances_"][..., 1, 0], np.float32(9))
    mixture = by_hand(L.GaussianMixture(2, covariance_type=kind), values)
    for attribute in (*values, "precisions_", "precisions_cholesky_"):
        assert getattr(mixture, attribute).dtype == np.float32
    mixture.save(tmp_path / "m")
    assert_array_equal(L.load(tmp_path / "m").predict_proba(X), mixture.predict_proba(X))
    mixture.means_ = np.array(MEANS) + 1.0
    assert mixture.means_.dtype == mixture.weights_.dtype == np.float64


@models
def test_one_at_a_time_and_only_what_is_set_changes(name):
    _, X, values = MODELS[name]
    model = fitted(name)
    for attribute, value in values.items():
        before = {other: getattr(model, other) for other in values}
        score = model.score(X)
        setattr(model, attribute, value)
        assert model.score(X) != score
        for other in set(values) - {attribute}:
            assert_allclose(getattr(model, other), before[other], rtol=1e-14)


@models
def test_views_are_read_only(name):
    estimator, _, values = MODELS[name]
    for model in (by_hand(clone(estimator), values), fitted(name)):
        for other in (model, copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
            for attribute in values:
                with pytest.raises(ValueError, match="read-only"):
                    getattr(other, attribute)[0] = 0.5


@models
def test_a_changed_model_does_not_claim_the_fit(name):
    _, X, values = MODELS[name]
    model = fitted(name)
    attribute, value = next(iter(values.items()))
    setattr(model, attribute, getattr(model, attribute))  # no change
    assert model.bic() == pytest.approx(model.bic(X))
    setattr(model, attribute, value)
    for told in ("log_likelihood_", "log_likelihood_history_", "converged_", "restarts_", "diagnostics_"):
        said = rf"no {told}: no fit has found these .*\({attribute} set by hand\)"
        with pytest.raises(AttributeError, match=said):
            getattr(model, told)
    for criterion in (model.bic, model.aic):
        with pytest.raises(ValueError, match=rf"\({attribute} set by hand\): pass X"):
            criterion()
        assert np.isfinite(criterion(X))
    other = copy.copy(model)
    with pytest.warns(UserWarning, match=f"{attribute} set by hand: fit starts again"):
        assert model.fit(X).converged_
    assert not hasattr(other, "converged_")


def chain(**values):
    return by_hand(L.GaussianHMM(2), {**MODELS["chain, diag"][2], **values})


REFUSED = {
    "matrices that are not diagonal": (
        lambda: chain(covars_=[[[1, 0.5], [0.5, 1]]] * 2),
        "covars_ has matrices that are no diag covariances",
    ),
    "what follows": (
        lambda: by_hand(L.PoissonHMM(2, startprob="stationary"), {**MODELS["counts"][2]}),
        "startprob_ is not what startprob='stationary' makes of the transitions",
    ),
    "a structural zero": (
        lambda: by_hand(L.PoissonHMM(2, transmat_init=[[0.5, 0.5], [0, 1]]), MODELS["counts"][2]),
        r"transmat_\[1, 0\] is 0.3: should be zero, as its starting value is",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_wrong_is_named_at_first_use(name):
    make, message = REFUSED[name]
    model = make()
    for use in (lambda: model.sample(3), lambda: model.score(ROWS), lambda: model.params_):
        with pytest.raises(ValueError, match=message):
            use()


def test_numbers_are_wanted_at_once():
    with pytest.raises(ValueError, match=r"means_ is a str: give an array"):
        L.GaussianMixture().means_ = "x"


def test_what_is_not_yet_set_is_named():
    model = L.GaussianMixture(2)
    model.weights_, model.means_ = [0.5, 0.5], [[0.0], [4.0]]
    with pytest.raises(NotFittedError, match="has weights_, means_ only: set covariances_"):
        model.predict([[1.0]])
    model.precisions_cholesky_ = [[[2.0]], [[1.0]]]
    assert_array_equal(model.covariances_, [[[0.25]], [[1.0]]])
    assert model.predict([[1.0], [3.0]]).tolist() == [0, 1]


@pytest.mark.parametrize("kind", COVARIANCES)
def test_covariances_have_several_faces(kind):
    model = L.GaussianMixture(2, covariance_type=kind, n_init=2, random_state=0).fit(ROWS)
    expected = np.array(COVARIANCES[kind])
    precisions = np.linalg.inv(expected) if kind in ("full", "tied") else 1 / expected
    model.precisions_ = precisions
    assert_allclose(model.covariances_, expected, rtol=1e-12)
    factors = np.linalg.cholesky(precisions) if kind in ("full", "tied") else np.sqrt(precisions)
    model.covariances_ = expected + 1.0 if kind in ("diag", "spherical") else 2 * expected
    model.precisions_cholesky_ = factors
    assert_allclose(model.covariances_, expected, rtol=1e-12)
    hmm = L.GaussianHMM(2, covariance_type=kind, n_init=2, random_state=0).fit(ROWS)
    hmm.covars_ = expected
    assert_array_equal(hmm.covariances_, expected)
    dense = hmm.covars_
    assert dense.shape == (2, 2, 2)
    hmm.covariances_ = 2 * expected
    if kind != "full":
        hmm.covars_ = dense
        assert_allclose(hmm.covariances_, expected, rtol=1e-15)


def test_a_mixture_grows():
    model = L.GaussianMixture(2, n_init=2, random_state=0).fit(ROWS)
    model.n_components = 3
    model.means_ = np.vstack([model.means_, [[9.0, 9.0]]])
    model.weights_ = np.append(0.9 * model.weights_, 0.1)
    model.covariances_ = np.concatenate([model.covariances_, [np.eye(2)]])
    assert model.predict([[9.0, 9.0]]).tolist() == [2]
    assert model.n_parameters_ == 17


def test_the_weights_of_any_family():
    model = L.MixtureModel(Poisson(), 2, n_init=2, random_state=0).fit(COUNTS)
    rates = model.params_.emission.lambdas
    model.weights_ = [0.0, 1.0]
    assert (model.predict(COUNTS) == 1).all()
    assert model.params_.emission.lambdas is rates
    model.weights_ = [0.5, 0.7]
    assert "predict" in dir(model)
    with pytest.raises(ValueError, match=r"weights_ sums to 1\.2"):
        model.predict(COUNTS)


def test_zeros_set_by_hand_are_structural():
    model = by_hand(L.PoissonHMM(2), MODELS["counts"][2])
    assert model.n_parameters_ == 1 + 2 + 2
    model.transmat_ = [[0.5, 0.5], [0.0, 1.0]]
    assert model.n_parameters_ == 1 + 1 + 2


@pytest.mark.parametrize("kind", ["full", "diag"])
def test_the_moments_of_an_imputer(kind, tmp_path):
    matrix = np.array([[1.0, 0.8], [0.8, 2.0]]) * (1 if kind == "full" else np.eye(2))
    incomplete = np.array([[3.0, np.nan], [np.nan, 1.0]])
    expected = L.GaussianMixture.from_parameters([1.0], [[1.0, -1.0]], [matrix]).impute(incomplete)
    new = L.GaussianImputer(covariance_type=kind)
    new.mean_ = [1.0, -1.0]
    with pytest.raises(NotFittedError, match="covariances_"):
        new.transform(incomplete)
    new.covariance_ = matrix
    with pytest.warns(UserWarning, match="no correlations") if kind == "diag" else nullcontext():
        fitted = L.GaussianImputer(covariance_type=kind, n_parameter_draws=2).fit(ROWS)
    shared = copy.copy(fitted)
    fitted.mean_, fitted.covariance_ = [1.0, -1.0], matrix
    assert shared.converged_
    for model in (new, fitted, pickle.loads(pickle.dumps(fitted))):
        assert_allclose(model.transform(incomplete), expected)
        assert_array_equal(model.covariance_, matrix)
        model.save(tmp_path / "model")
        assert_array_equal(L.load(tmp_path / "model").transform(incomplete), model.transform(incomplete))
        assert not hasattr(model, "log_likelihood_")
        with pytest.raises(ValueError, match="read-only"):
            model.mean_[0] = 5.0
        with pytest.raises(ValueError, match="fit again"):
            model.draw_imputations(incomplete, 1)
    with pytest.raises(AttributeError, match="that of 2 components together"):
        L.GaussianImputer(2).mean_ = [1.0, -1.0]
    with pytest.raises(ValueError, match=r"mean_ has shape \(3,\), should be \(2,\)"):
        fitted.mean_ = [1.0, 2.0, 3.0]


TEXTS = [["apple", "pear", "plum", "apple"], ["pear", "apple"], ["bolt", "nut"], ["nut", "bolt", "bolt"]]
TABLE = np.array([[2, 1, 1, 0, 0], [1, 1, 0, 0, 0], [0, 0, 0, 1, 1], [0, 0, 0, 2, 1]])
COMPONENTS = np.array([[5.0, 3.0, 2.0, 0.1, 0.1], [0.1, 0.1, 0.1, 4.0, 3.0]])


@pytest.mark.parametrize("inference", ["cvb0", "vb", "online", "online_vb"])
def test_the_components_of_a_topic_model(inference, tmp_path):
    words = ["apple", "pear", "plum", "bolt", "nut"]
    new = L.LatentDirichletAllocation(2, inference=inference, vocabulary=words, doc_topic_prior=0.3)
    new.components_ = COMPONENTS
    fitted = clone(new).set_params(random_state=0).fit(TEXTS)
    bound = fitted.bound_
    fitted.components_ = fitted.components_
    assert fitted.bound_ is bound
    fitted.components_ = COMPONENTS
    fitted.doc_topic_prior_ = [0.3, 0.3]
    for model in (new, fitted, pickle.loads(pickle.dumps(new)), copy.deepcopy(fitted)):
        assert_array_equal(model.components_, COMPONENTS)
        assert_allclose(model.topic_word_, COMPONENTS / COMPONENTS.sum(axis=1, keepdims=True))
        assert_allclose(model.transform(TEXTS), new.transform(TABLE), atol=1e-12)
        assert model.top_words(1) == [["apple"], ["bolt"]]
        model.save(tmp_path / "model")
        again = L.load(tmp_path / "model")
        assert_array_equal(again.transform(TABLE), model.transform(TABLE))
        assert_array_equal(again.components_, COMPONENTS)
        for attribute in ("bound_", "history_", "converged_", "doc_topic_"):
            assert not hasattr(model, attribute)
        for attribute in ("components_", "topic_word_", "doc_topic_prior_"):
            with pytest.raises(ValueError, match="read-only"):
                getattr(model, attribute)[0] = 1.0
    new.doc_topic_prior_ = [3.0, 0.1]
    assert (new.transform(TABLE)[:, 0] > fitted.transform(TABLE)[:, 0]).all()
    before = new.top_words(1)
    assert new.partial_fit(TEXTS).top_words(1) == before  # goes on from what was set
    fitted.components_ = COMPONENTS[::-1]
    with pytest.warns(UserWarning, match="components_, doc_topic_prior_ set by hand: fit starts again"):
        fitted.fit(TEXTS)


@pytest.mark.parametrize(
    ("attribute", "value", "message"),
    [
        ("components_", COMPONENTS[:1], r"components_ has shape \(1, 5\), should be \(2, 5\)"),
        ("components_", COMPONENTS - 0.1, r"components_\[0, 3\] is 0: should be positive and finite"),
        ("doc_topic_prior_", [0.1], r"doc_topic_prior_ has shape \(1,\), should be \(2,\)"),
        ("doc_topic_prior_", [0.1, -1.0], r"doc_topic_prior_\[1\] is -1: should be positive"),
    ],
)
def test_what_topics_cannot_be(attribute, value, message):
    model = L.LatentDirichletAllocation(2, random_state=0).fit(TABLE)
    setattr(model, attribute, value)
    for use in (lambda: model.transform(TABLE), lambda: model.params_):
        with pytest.raises(ValueError, match=message):
            use()
    with pytest.raises(AttributeError, match="no setter"):
        model.topic_word_ = value
