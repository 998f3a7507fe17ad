"""Files, pickles and copies of every kind of estimator: what comes back is what was saved."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from examples.own_family import Exponential
from latently import CategoricalHMM, GaussianMixture, PoissonHMM, load
from latently.archive import ModelFileError
from tests.files import Entries, assert_same
from tests.saved import (
    COUNTS,
    FAITHFUL,
    HMMS,
    SUBJECTS,
    TOKENS,
    TOPICS,
    WORDS,
    assert_same_estimator,
    lda,
    stream,
    subject,
)

pytestmark = pytest.mark.filterwarnings(
    "ignore:documents without words",
    "ignore:most of these documents",
    "ignore:.*occur in no document",
    "ignore:this maximum of the likelihood is spurious",
    "ignore:no value is observed",
)


@pytest.fixture
def scratch(tmp_path):
    return tmp_path / "model"


def there_and_back(model, path):
    model.save(path)
    return load(path, families=[Exponential])


@pytest.mark.parametrize("name", SUBJECTS)
def test_what_was_saved_comes_back_whole(name, scratch, tmp_path):
    again = there_and_back(subject(name), scratch)
    assert_same_estimator(subject(name), again, name)
    saved = scratch.read_bytes()
    Entries(scratch).write(scratch)
    for one in (again, load(scratch, families=[Exponential])):
        one.save(tmp_path / "again")
        assert (tmp_path / "again").read_bytes() == saved


@pytest.mark.parametrize("name", SUBJECTS)
def test_pickles_and_copies_are_as_good(name):
    model = subject(name)
    assert_same_estimator(model, pickle.loads(pickle.dumps(model)), name)
    assert_same_estimator(model, copy.deepcopy(model), name)
    unfitted = clone(model)
    assert not [attribute for attribute in vars(unfitted) if attribute.endswith("_")]
    assert list(unfitted.get_params()) == list(model.get_params())
    with pytest.raises(NotFittedError):
        unfitted.save("nowhere")


@pytest.mark.parametrize(
    "name", ["strings with gaps", "zeros", "counts", "full", "one's own family", "mixture", "mixture, tied"]
)
def test_what_came_back_is_fitted_again_to_the_same(name, scratch):
    X = SUBJECTS[name][1]
    again = there_and_back(subject(name), scratch).fit(
        X, **({"lengths": [10, len(X) - 10]} if name in HMMS else {})
    )
    assert_same_estimator(subject(name), again, name)


@pytest.mark.parametrize("name", TOPICS)
def test_topics_that_came_back_go_on_as_if_nothing_had_been(name, scratch):
    """A next step of a stream, or the first after a fit; and another fit."""
    model, X = copy.deepcopy(subject(name)), SUBJECTS[name][1]
    again = there_and_back(model, scratch)
    more = X.iloc[:20] if isinstance(X, pd.DataFrame) else X[:20]
    for one in (model, again):
        one.partial_fit(more)
    assert_same_estimator(model, again, name)
    for one in (model, again):
        one.fit(X)
    assert_same_estimator(model, again, name)


def test_a_vocabulary_that_grew_is_the_one_that_comes_back(scratch):
    model = stream(TOKENS).partial_fit([["neu-ü", "日本語"], ["neu-ü", "🙂"]])
    again = there_and_back(model, scratch)
    assert again.vocabulary_.tolist() == model.vocabulary_.tolist()
    assert again.vocabulary_.tolist()[-3:] == ["neu-ü", "日本語", "🙂"]
    for one in (model, again):
        one.partial_fit([["noch", "neuer"]])
    assert_same_estimator(model, again, "a stream of words")


def test_the_factors_of_a_maximum_on_the_floor_come_back(scratch):
    # They know more than the rounded entries of a clipped covariance.
    mixture = subject("mixture on the floor")
    factors = mixture.params_.emission.cholesky
    assert (np.linalg.cholesky(mixture.covariances_) != factors).any()
    assert_array_equal(there_and_back(mixture, scratch).params_.emission.cholesky, factors)


def test_symbols_of_any_kind(scratch):
    for symbols in (["a", "b"], [1, 2], [0.5, 2.5], [True, False], ["ü", "", "two words"]):
        X = np.array(symbols * 10)[:, None]
        model = CategoricalHMM(1).fit(X)
        assert_same(there_and_back(model, scratch).categories_, model.categories_)
    alphabet = np.array(["a", 1, None, 2.5], dtype=object)[:2]
    model = CategoricalHMM.from_parameters([1.0], [[1.0]], [[0.5, 0.5]], categories=alphabet)
    assert_same(there_and_back(model, scratch).categories_, model.categories_)


def test_settings_come_back(scratch):
    mixture = GaussianMixture(
        2,
        weights_init=[0.5, 0.5],
        means_init=np.array([[2.0, 55.0], [4.0, 80.0]], dtype=np.float32, order="F"),
        precisions_init=np.stack([np.eye(2), np.eye(2)]),
        fixed=("weights",),
        tol=np.float64(1e-3),
        max_iter=np.int64(50),
    ).fit(FAITHFUL.to_numpy())
    again = there_and_back(mixture, scratch)
    assert again.fixed == ("weights",)
    assert again.weights_init == [0.5, 0.5]
    assert_same(again.means_init, mixture.means_init)
    assert again.n_parameters_ == mixture.n_parameters_
    assert_array_equal(again.fit(FAITHFUL.to_numpy()).means_, mixture.means_)
    assert there_and_back(mixture.set_params(tol=np.inf), scratch).tol == np.inf


@pytest.mark.parametrize(
    ("model", "X"),
    [(GaussianMixture(2, n_init=1), FAITHFUL), (PoissonHMM(2, n_init=1), COUNTS), (lda(), WORDS)],
    ids=["mixture", "hmm", "topics"],
)
def test_what_cannot_be_stored_is_none(model, X, scratch):
    stop = [lambda *args: None]
    model = clone(model).set_params(random_state=np.random.default_rng(0), callbacks=stop).fit(X)
    again = there_and_back(model, scratch)
    assert again.random_state is None
    assert again.callbacks is None
    assert model.callbacks is stop
    again.fit(X)


@pytest.mark.parametrize("name", ["mixture", "imputer"])
def test_names_of_columns_come_back(name, scratch):
    X, again = SUBJECTS[name][1], there_and_back(subject(name), scratch)
    assert again.feature_names_in_.dtype == object
    assert again.feature_names_in_.tolist() == list(X.columns)
    with pytest.raises(ValueError, match="feature names"):
        again.score(X[X.columns[::-1]])


@pytest.mark.parametrize("name", ["one's own family", "mixture of one's own family"])
def test_a_family_not_handed_in_is_named(name, scratch):
    subject(name).save(scratch)
    with pytest.raises(ModelFileError, match=r"needs the class Exponential.*families=\(Exponential,\)"):
        load(scratch)
