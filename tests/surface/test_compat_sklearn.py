"""scikit-learn's topic model by a change of the import: its figures, of our topics."""

import inspect
import pickle

import numpy as np
import pytest
from scipy import sparse
from sklearn import decomposition
from sklearn.exceptions import NotFittedError
from sklearn.utils import get_tags

from latently import (
    CategoricalHMM,
    GaussianHMM,
    GaussianImputer,
    GaussianMixture,
    HiddenMarkovModel,
    MixtureModel,
    PoissonHMM,
    load,
)
from latently import LatentDirichletAllocation as Own
from latently.compat.sklearn import LatentDirichletAllocation
from latently.emissions import Categorical, Gaussian, Poisson
from tests.planted import planted

X = sparse.csr_matrix(planted(0, n=60, n_words=20, n_topics=3, length=25).counts)
METHODS = pytest.mark.parametrize("method", ["batch", "online"])


def twin(lda):
    """scikit-learn's model with the topics of ours."""
    theirs = decomposition.LatentDirichletAllocation(
        lda.n_components, mean_change_tol=1e-10, max_doc_update_iter=2000
    ).partial_fit(X)
    theirs.components_ = lda.components_
    theirs.exp_dirichlet_component_ = lda.exp_dirichlet_component_
    return theirs


@METHODS
def test_figures_are_those_of_scikit_learn_at_the_same_topics(method):
    lda = LatentDirichletAllocation(
        3, learning_method=method, mean_change_tol=1e-10, max_doc_update_iter=2000, random_state=0
    ).fit(X)
    theirs, some = twin(lda), X[:7].toarray()
    assert (lda.doc_topic_prior_, lda.topic_word_prior_) == (
        theirs.doc_topic_prior_,
        theirs.topic_word_prior_,
    )
    for rows in (X, some):
        np.testing.assert_allclose(lda.score(rows), theirs.score(rows), rtol=1e-8)
        np.testing.assert_allclose(lda.perplexity(rows), theirs.perplexity(rows), rtol=1e-8)
        np.testing.assert_allclose(
            lda.perplexity(rows, sub_sampling=True), theirs.perplexity(rows, sub_sampling=True), rtol=1e-8
        )
        for how in ({}, {"normalize": False}):
            np.testing.assert_allclose(
                lda.transform(rows, **how), theirs.transform(rows, **how), rtol=1e-6, atol=1e-9
            )
    assert lda.bound_ == lda.perplexity(X)


@METHODS
def test_it_is_no_worse_than_scikit_learn(method):
    """The bound of all documents, which both maximise."""
    settings = {"n_components": 3, "learning_method": method, "batch_size": 20, "random_state": 0}
    ours, theirs = LatentDirichletAllocation(**settings), decomposition.LatentDirichletAllocation(**settings)
    assert ours.fit(X).score(X) > theirs.fit(X).score(X) - 1e-3 * X.sum()
    assert (ours.n_iter_, ours.n_batch_iter_) == (theirs.n_iter_, theirs.n_batch_iter_)


def test_it_has_the_settings_and_attributes_of_scikit_learn():
    theirs = decomposition.LatentDirichletAllocation
    assert inspect.signature(LatentDirichletAllocation).parameters.keys() == (
        inspect.signature(theirs).parameters.keys()
    )
    for name, parameter in inspect.signature(theirs).parameters.items():
        assert inspect.signature(LatentDirichletAllocation).parameters[name].default == parameter.default
    shown = {name for name in vars(theirs(2).fit(X)) if name.endswith("_")}
    assert not [name for name in shown - {"random_state_"} if not hasattr(fitted(), name)]


def fitted(**settings):
    return LatentDirichletAllocation(**({"n_components": 2, "random_state": 0} | settings)).fit(X)


@METHODS
def test_the_course_of_a_fit_is_printed_and_ends_it(method, capsys):
    lda = fitted(learning_method=method, max_iter=6, verbose=1, evaluate_every=2, perp_tol=0.0)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in lines] == [f"iteration: {i} of max_iter: 6" for i in range(1, 7)]
    seen = [float(line.split(": ")[-1]) for line in lines if "perplexity" in line]
    assert len(seen) == 3
    assert seen == sorted(seen, reverse=True)
    assert seen[-1] == pytest.approx(lda.bound_, rel=1e-2)
    assert fitted(learning_method=method, max_iter=6, evaluate_every=2, perp_tol=1e9).n_iter_ == 4
    assert capsys.readouterr().out == ""


def test_steps_and_pickles():
    lda = LatentDirichletAllocation(3, total_samples=60, batch_size=20, random_state=0)
    with pytest.raises(NotFittedError):
        lda.perplexity(X)
    for _ in range(3):
        lda.partial_fit(X)
    assert (lda.n_iter_, lda.n_batch_iter_) == (0, 10)
    again = pickle.loads(pickle.dumps(fitted()))
    assert np.array_equal(again.transform(X), fitted().transform(X))
    assert again.partial_fit(X).n_batch_iter_ == 12


def test_documents_without_words_leave_the_prior():
    lda = LatentDirichletAllocation(4).fit(np.zeros((5, 3)))
    assert np.array_equal(lda.components_, np.full((4, 3), 0.25))
    assert np.isnan(lda.bound_)
    with pytest.warns(UserWarning, match="documents without words"):
        assert np.array_equal(lda.transform(np.zeros((1, 3))), np.full((1, 4), 0.25))


@pytest.mark.parametrize("inference", ["vb", "online_vb"])
def test_the_bound_of_documents(inference):
    settings = {"doc_topic_prior": 1.0, "tol": 1e-10, "max_sweeps": 1000, "doc_tol": 1e-12}
    lda = Own(3, inference=inference, random_state=0, **settings).fit(X)
    parts = lda.bound_parts(X)
    if inference == "vb":
        assert parts == pytest.approx(lda.bound_parts_, rel=1e-8)
    halves = [lda.bound_parts(X[:25]), lda.bound_parts(X[25:])]
    assert sum(half["documents"] for half in halves) == pytest.approx(parts["documents"])
    assert {half["topics"] for half in halves} == {parts["topics"]}
    with pytest.raises(AttributeError, match="inference='cvb0' has no bound: fit with 'vb' or 'online_vb'"):
        Own(3, random_state=0).fit(X).bound_parts(X)


@pytest.mark.parametrize("inference", ["cvb0", "vb", "online", "online_vb"])
def test_single_precision_in_and_out(inference, tmp_path):
    double, single = (
        Own(3, inference=inference, random_state=0).fit(X.astype(kind)) for kind in (np.float64, np.float32)
    )
    single.save(tmp_path / "topics")
    again = load(tmp_path / "topics")
    for lda, kind in ((double, np.float64), (single, np.float32), (again, np.float32)):
        rows = X.astype(kind)
        assert lda.components_.dtype == lda.transform(rows).dtype == lda.fit_transform(rows).dtype == kind
    np.testing.assert_allclose(single.transform(X), double.transform(X), rtol=1e-6)


@pytest.mark.parametrize(
    ("estimator", "missing", "positive"),
    [
        (Own(), False, True),
        (LatentDirichletAllocation(), False, True),
        (PoissonHMM(), True, True),
        (MixtureModel(Poisson()), True, True),
        (HiddenMarkovModel(Poisson()), True, True),
        (HiddenMarkovModel(Categorical(2)), True, True),
        (HiddenMarkovModel(Gaussian("full")), True, False),
        (GaussianMixture(), True, False),
        (GaussianHMM(), True, False),
        (CategoricalHMM(), True, False),
        (GaussianImputer(), True, False),
    ],
    ids=repr,
)
def test_tags_say_what_may_be_missing_and_negative(estimator, missing, positive):
    tags = get_tags(estimator).input_tags
    assert (tags.allow_nan, tags.positive_only) == (missing, positive)
