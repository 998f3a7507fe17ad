"""Files, pickles and copies of hidden Markov models: what comes back is what was saved, or is refused."""

import copy
import json
import os
import pickle
import zipfile
from io import BytesIO

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from examples.own_family import Exponential
from latently import CategoricalHMM, GaussianHMM, HiddenMarkovModel, MixtureModel, PoissonHMM, datasets, load
from latently.archive import ModelFileError
from latently.emissions import Gaussian, Poisson
from tests.files import Entries, assert_same, put

QUICK = {"n_init": 2, "tol": 1e-4, "random_state": 0}
COUNTS = datasets.load_earthquakes().data.astype(float)
RNG = np.random.default_rng(0)
LETTERS = np.array(list("acgt"))[np.repeat(RNG.integers(4, size=40), 3)][:, None]
HOLED_LETTERS = LETTERS.astype(object)
HOLED_LETTERS[7] = HOLED_LETTERS[30] = None
NUMBERS = RNG.normal(size=(120, 2)) + np.repeat([[0.0, 0.0], [3.0, 1.0], [0.0, 0.0]], 40, axis=0)
HOLED_NUMBERS = NUMBERS.copy()
HOLED_NUMBERS[3, 0] = HOLED_NUMBERS[50] = np.nan

MODELS = {
    "strings": (CategoricalHMM(2, **QUICK), LETTERS),
    "strings with gaps": (CategoricalHMM(2, **QUICK), HOLED_LETTERS),
    "a given order": (CategoricalHMM(2, categories=list("tgca"), **QUICK), LETTERS),
    "an array of an order": (CategoricalHMM(2, categories=np.array(list("tgca")), **QUICK), LETTERS),
    "a tuple of an order": (CategoricalHMM(2, categories=tuple("tgcax"), **QUICK), LETTERS),
    "integers": (CategoricalHMM(2, **QUICK), RNG.choice([3, 5, 11], size=(80, 1))),
    "integers with gaps": (CategoricalHMM(2, **QUICK), np.array([[3.0], [5.0], [np.nan], [3.0], [9.0]] * 10)),
    "a size": (CategoricalHMM(2, n_features=6, **QUICK), RNG.integers(5, size=(80, 1))),
    "zeros": (
        CategoricalHMM(
            2,
            startprob="uniform",
            transmat_init=[[0.5, 0.5], [0.0, 1.0]],
            emissionprob_init=[[0.3, 0.3, 0.4, 0.0], [0.1, 0.3, 0.3, 0.3]],
            tol=1e-4,
        ),
        np.concatenate([LETTERS[LETTERS != "t"], LETTERS[:, 0]])[:, None],
    ),
    "counts": (PoissonHMM(3, startprob="stationary", **QUICK), COUNTS),
    "diag": (GaussianHMM(2, **QUICK), HOLED_NUMBERS),
    "full": (GaussianHMM(2, covariance_type="full", **QUICK), HOLED_NUMBERS),
    "tied": (GaussianHMM(2, covariance_type="tied", startprob="uniform", **QUICK), NUMBERS),
    "spherical": (GaussianHMM(2, covariance_type="spherical", **QUICK), NUMBERS),
    "fixed": (GaussianHMM(2, means_init=[[0, 0], [3, 1]], fixed=("means",), **QUICK), NUMBERS),
    "a family": (HiddenMarkovModel(Poisson(), 2, **QUICK), COUNTS),
    "one's own family": (HiddenMarkovModel(Exponential(), 2, **QUICK), np.abs(HOLED_NUMBERS)),
}
NAMES = list(MODELS)


@pytest.fixture(scope="module")
def fitted():
    return {name: clone(model).fit(X, lengths=[10, len(X) - 10]) for name, (model, X) in MODELS.items()}


@pytest.fixture
def scratch(tmp_path):
    return tmp_path / "model"


def assert_same_hmm(one, other, X):
    """The same attributes, and whatever is asked of either, the same bits."""
    assert set(vars(one)) == set(vars(other))
    for name, value in vars(one).items():
        assert_same(value, getattr(other, name))
    lengths = [10, len(X) - 10]
    assert_array_equal(one.smooth(X, lengths=lengths), other.smooth(X, lengths=lengths))
    assert_array_equal(one.filter(X), other.filter(X))
    assert_array_equal(one.predict(X), other.predict(X))
    assert_array_equal(one.sample_states(X, 2, 0), other.sample_states(X, 2, 0))
    assert one.score(X) == other.score(X)
    assert one.n_parameters_ == other.n_parameters_
    for mine, theirs in zip(one.forecast(X, 2).states, other.forecast(X, 2).states, strict=True):
        assert_array_equal(mine, theirs)
    if not isinstance(getattr(one, "emission", None), Exponential):  # which cannot be drawn from
        for mine, theirs in zip(one.sample(20, 0), other.sample(20, 0), strict=True):
            assert_same(mine, theirs)


# -- what comes back -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_fitted_model_comes_back_whole(fitted, name, scratch):
    model, X = fitted[name], MODELS[name][1]
    model.save(scratch)
    again = load(scratch, families=[Exponential])
    assert_same_hmm(model, again, X)
    assert again.bic() == model.bic()
    assert str(again.restarts_) == str(model.restarts_)


@pytest.mark.parametrize("name", ["strings with gaps", "zeros", "counts", "full", "one's own family"])
def test_what_came_back_is_fitted_again_to_the_same(fitted, name, scratch):
    model, X = fitted[name], MODELS[name][1]
    model.save(scratch)
    again = load(scratch, families=[Exponential]).fit(X, lengths=[10, len(X) - 10])
    assert_same_hmm(model, again, X)


@pytest.mark.parametrize("name", NAMES)
def test_pickles_and_copies_are_as_good(fitted, name):
    model, X = fitted[name], MODELS[name][1]
    assert_same_hmm(model, pickle.loads(pickle.dumps(model)), X)
    assert_same_hmm(model, copy.deepcopy(model), X)
    unfitted = clone(model)
    assert not [attribute for attribute in vars(unfitted) if attribute.endswith("_")]
    assert list(unfitted.get_params()) == list(model.get_params())


@pytest.mark.parametrize("name", NAMES)
def test_saving_again_writes_the_same_bytes(fitted, name, scratch, tmp_path):
    fitted[name].save(scratch)
    load(scratch, families=[Exponential]).save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == scratch.read_bytes()


def test_symbols_of_any_kind(scratch):
    for symbols in (["a", "b"], [1, 2], [0.5, 2.5], [True, False], ["ü", "", "two words"]):
        X = np.array(symbols * 10)[:, None]
        model = CategoricalHMM(1).fit(X)
        model.save(scratch)
        assert_same(load(scratch).categories_, model.categories_)
    alphabet = np.array(["a", 1, None, 2.5], dtype=object)[:2]
    model = CategoricalHMM.from_parameters([1.0], [[1.0]], [[0.5, 0.5]], categories=alphabet)
    model.save(scratch)
    assert_same(load(scratch).categories_, model.categories_)


def test_names_of_columns_come_back(scratch):
    frame = datasets.load_earthquakes(as_frame=True).data
    model = PoissonHMM(2, **QUICK).fit(frame)
    model.save(scratch)
    assert load(scratch).feature_names_in_.tolist() == list(frame.columns)


def test_what_cannot_be_stored_is_none(scratch):
    model = PoissonHMM(2, n_init=1, random_state=np.random.default_rng(0), callbacks=[lambda *args: None])
    model.fit(COUNTS).save(scratch)
    again = load(scratch)
    assert again.random_state is None
    assert again.callbacks is None


def test_a_family_not_handed_in_is_named(fitted, scratch):
    fitted["one's own family"].save(scratch)
    with pytest.raises(ModelFileError, match=r"needs the class Exponential.*families=\(Exponential,\)"):
        load(scratch)


def test_mixtures_of_the_families_of_hidden_markov_models_need_no_handing_in(scratch):
    mixture = MixtureModel(Poisson(), 2, **QUICK).fit(COUNTS)
    mixture.save(scratch)
    assert_array_equal(load(scratch).predict_proba(COUNTS), mixture.predict_proba(COUNTS))


# -- what cannot be saved ------------------------------------------------------------------------------


def test_only_a_fitted_model_is_saved(scratch):
    with pytest.raises(NotFittedError):
        PoissonHMM(2).save(scratch)
    assert os.listdir(scratch.parent) == []


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"n_components": 3}, "2 states where n_components=3"),
        ({"startprob": "uniform"}, "no chain that starts 'uniform'"),
        ({"transmat_init": object()}, "transmat_init is a object, which a file cannot hold"),
        ({"tol": -1}, "tol=-1"),
        ({"verbose": "much"}, "verbose is 'much'"),
        ({"categories": ["a", "c"]}, "alphabet is not that of its settings"),
        ({"categories": np.array(["2020-01-01"], dtype="datetime64[D]")}, "which a file cannot hold"),
    ],
)
def test_settings_that_no_longer_fit_the_model_are_refused(fitted, setting, message, scratch):
    model = copy.deepcopy(fitted["strings"]).set_params(**setting)
    with pytest.raises(ValueError, match=rf"this CategoricalHMM cannot be saved: .*{message}"):
        model.save(scratch)
    assert os.listdir(scratch.parent) == []


def test_an_error_leaves_the_old_file(fitted, monkeypatch, scratch):
    fitted["counts"].save(scratch)
    before = scratch.read_bytes()

    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        fitted["diag"].save(scratch)
    assert os.listdir(scratch.parent) == ["model"]
    assert scratch.read_bytes() == before


# -- files that lie ------------------------------------------------------------------------------------


T, S = "params.latent.transmat", "params.latent.startprob"
ALTERATIONS = {
    # the chain
    "transitions too large": (
        "counts",
        lambda e: e.array(T, put((0, 0), 0.99)),
        "'transmat' is not feasible",
    ),
    "transitions below zero": (
        "counts",
        lambda e: e.array(T, lambda a: a + np.array([-2.0, 2.0, 0.0])),
        "'transmat' is not feasible",
    ),
    "transitions of NaN": (
        "counts",
        lambda e: e.array(T, put((0, 0), np.nan)),
        "'transmat' is not feasible",
    ),
    "transitions of two": (
        "counts",
        lambda e: e.array(T, lambda a: a[:2, :2]),
        r"'transmat' has shape \(2, 2\), should be \(3, 3\)",
    ),
    "another start": (
        "counts",
        lambda e: e.array(S, lambda a: np.ones(3) / 3),
        "startprob is not stationary",
    ),
    "a start of two": (
        "counts",
        lambda e: e.array(S, lambda a: a[:2]),
        r"'startprob' has shape \(2,\), should be \(3,\)",
    ),
    "a start of the sum two": ("diag", lambda e: e.array(S, lambda a: 2 * a), "'startprob' is not feasible"),
    "a chain of rows": (
        "diag",
        lambda e: e.latent(unit="row"),
        "is no chain that starts 'free'",
    ),
    "a chain of another start": (
        "diag",
        lambda e: e.latent(startprob="uniform"),
        "is no chain that starts",
    ),
    "no chain": (
        "diag",
        lambda e: e.facts["model"]["fields"].update(latent={"latently": "Independent", "fields": {}}),
        "structure is Independent, and that of its settings Chain",
    ),
    "what is impossible": (
        "zeros",
        lambda e: e.array("model.latent.support", lambda a: ~a),
        "'transmat' is not feasible",
    ),
    "what is impossible, flat": (
        "zeros",
        lambda e: e.array("model.latent.support", lambda a: a[0]),
        r"possible 'transmat' has shape \(2,\)",
    ),
    # the emission
    "rates below zero": (
        "counts",
        lambda e: e.array("params.emission.lambdas", put((0, 0), -1.0)),
        "'lambdas' is not feasible",
    ),
    "rates of two": (
        "counts",
        lambda e: e.array("params.emission.lambdas", lambda a: a[:2]),
        r"'lambdas' has shape \(2, 1\), should be \(3, 1\)",
    ),
    "means of rates": (
        "counts",
        lambda e: e.array("model.emission.means", lambda a: -a),
        "means of its features are not numbers from 0",
    ),
    "symbols too likely": (
        "strings",
        lambda e: e.array("params.emission.emissionprob", put((0, 0), 2.0)),
        "'emissionprob' is not feasible",
    ),
    "symbols of another alphabet": (
        "strings",
        lambda e: e.array("params.emission.emissionprob", lambda a: a[:, :3]),
        r"'emissionprob' has shape \(2, 3\), should be \(2, 4\)",
    ),
    "possible symbols": (
        "zeros",
        lambda e: e.array("model.emission.support", lambda a: a[:, :3]),
        r"possible symbols have shape \(2, 3\)",
    ),
    "variances": (
        "diag",
        lambda e: e.array("params.emission.covariances", put((0, 0), -1.0)),
        "'covariances' is not feasible",
    ),
    "factors of others": (
        "full",
        lambda e: e.array("params.emission.cholesky", lambda a: 1.1 * a),
        "Cholesky factors",
    ),
    "rates of one's own": (
        "one's own family",
        lambda e: e.array("params.emission.rates", put((0, 0), np.inf)),
        "'rates' is not feasible",
    ),
    "another family": (
        "a family",
        lambda e: e.settings(emission={"latently": "Gaussian", "fields": {"covariance_type": "diag"}}),
        "family is Poisson, and that of its settings diag Gaussian",
    ),
    # the alphabet
    "symbols fewer": (
        "strings",
        lambda e: e.family(categories={"text": ["a", "c"]}),
        "not a row of 4 symbols",
    ),
    "symbols twice": (
        "strings",
        lambda e: e.family(categories={"text": list("aacg")}),
        "a symbol twice",
    ),
    "symbols unsorted": (
        "strings",
        lambda e: e.family(categories={"text": list("tgca")}),
        "not sorted",
    ),
    "no symbols": (
        "strings",
        lambda e: e.family(categories=None),
        "not a row of 4 symbols",
    ),
    "symbols that are none": (
        "strings",
        lambda e: e.family(categories={"text": [1, 2, 3, 4]}),
        "nothing",
    ),
    "symbols that are lists": (
        "strings",
        lambda e: e.family(categories={"symbols": [[1], [2], [3], [4]]}),
        "which is no symbol",
    ),
    "symbols in a list": (
        "strings",
        lambda e: e.family(categories=list("acgt")),
        "not a row of 4 symbols",
    ),
    "symbols of counts": (
        "counts",
        lambda e: e.family(categories={"text": ["a"]}),
        "no field 'categories'",
    ),
    "another order": (
        "a given order",
        lambda e: e.settings(categories=list("acgt")),
        "alphabet is not that of its settings",
    ),
    # the document
    "states": ("counts", lambda e: e.settings(n_components=2), "3 states where n_components=2"),
    "columns": ("counts", lambda e: e.facts.update(n_features=0), "its 0 columns"),
    "names of columns": (
        "counts",
        lambda e: e.facts.update(feature_names={"tuple": ["a", "b"]}),
        "do not fit",
    ),
    "an unknown estimator": (
        "counts",
        lambda e: e.document.update(estimator="Forest"),
        "knows CategoricalHMM",
    ),
    "a mixture": (
        "counts",
        lambda e: e.document.update(estimator="GaussianMixture"),
        "setting '.*', which GaussianMixture does not",
    ),
    "another estimator": (
        "counts",
        lambda e: e.document.update(estimator="GaussianHMM"),
        "setting '.*', which Gaus",
    ),
    "an unknown setting": ("counts", lambda e: e.settings(mood="good"), "setting 'mood'"),
    "a bad setting": ("counts", lambda e: e.settings(startprob="early"), "startprob='early'"),
    "a likelihood": (
        "counts",
        lambda e: e.outcome(log_likelihood={"number": "inf"}),
        "record of its fit",
    ),
    "a history": (
        "counts",
        lambda e: e.array("outcome.log_likelihood_history", put(0, np.nan)),
        "record of its fit",
    ),
    "a field missing": ("counts", lambda e: e.facts.pop("params"), "has no field 'params'"),
    "a field too many": ("counts", lambda e: e.facts.update(extra=1), "has no field 'extra'"),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_file_taken_apart_and_put_together_again_loads(fitted, name, scratch):
    fitted[name].save(scratch)
    Entries(scratch).write(scratch)
    assert_same_hmm(fitted[name], load(scratch, families=[Exponential]), MODELS[name][1])


@pytest.mark.parametrize("name", ALTERATIONS)
def test_an_altered_file_is_refused(fitted, name, scratch):
    which, alter, message = ALTERATIONS[name]
    fitted[which].save(scratch)
    parts = Entries(scratch)
    alter(parts)
    parts.write(scratch)
    with pytest.raises(ModelFileError, match=message) as refusal:
        load(scratch, families=[Exponential])
    assert str(scratch) in str(refusal.value)


def test_flipped_bits_are_noticed_or_harmless(fitted, scratch):
    model = fitted["strings"]
    model.save(scratch)
    content = scratch.read_bytes()
    rng, outcomes = np.random.default_rng(0), set()
    for position in rng.integers(len(content), size=150):
        flipped = bytearray(content)
        flipped[position] ^= int(rng.integers(1, 256))
        scratch.write_bytes(flipped)
        try:
            again = load(scratch)
        except ModelFileError:
            outcomes.add("refused")
        else:
            assert_same_hmm(model, again, LETTERS)
            outcomes.add("harmless")
    assert outcomes == {"refused", "harmless"}


def test_a_file_cut_short_is_refused(fitted, scratch):
    fitted["counts"].save(scratch)
    content = scratch.read_bytes()
    for length in range(0, len(content), 211):
        scratch.write_bytes(content[:length])
        with pytest.raises(ModelFileError, match="model' is"):
            load(scratch)


def test_other_tools_can_look_inside(fitted, scratch):
    fitted["strings"].save(scratch)
    with zipfile.ZipFile(scratch) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        table = np.load(BytesIO(archive.read("params.emission.emissionprob.npy")), allow_pickle=False)
    family = manifest["document"]["facts"]["model"]["fields"]["emission"]["fields"]
    assert family["categories"] == {"text": ["a", "c", "g", "t"]}
    assert_array_equal(table, fitted["strings"].emissionprob_)


def test_settings_with_a_family_come_back(scratch):
    model = HiddenMarkovModel(Gaussian("diag", reg_covar=1e-5), 2, **QUICK).fit(NUMBERS)
    model.save(scratch)
    assert load(scratch).emission == Gaussian("diag", reg_covar=1e-5)


def test_a_family_without_distances_is_fitted_from_starts_of_its_own():
    model = HiddenMarkovModel(Exponential(), 2, random_state=0).fit(np.abs(NUMBERS))
    assert model.converged_
    assert {run.kind for run in model.restarts_.runs} <= {"family", "random"}
