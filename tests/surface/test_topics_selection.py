"""Numbers of topics by held-out perplexity and by coherence."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.base import clone

from latently import GaussianMixture, LatentDirichletAllocation, datasets, select
from latently.selection.held_out import divided
from tests.planted import planted
from tests.surface.test_selection import Stub

DATA = planted(1, n=400, n_words=100, n_topics=3, alpha=0.3)
COUNTS, TOKENS = DATA.counts, DATA.tokens
TEXTS = [" ".join(words) for words in TOKENS]
LDA = LatentDirichletAllocation(random_state=0)
FORMS = {
    "sparse": COUNTS,
    "dense": COUNTS.toarray(),
    "lists": COUNTS.toarray().tolist(),
    "frame": pd.DataFrame(COUNTS.toarray(), columns=[f"w{i}" for i in range(100)]),
    "words": TOKENS,
    "texts": TEXTS,
    "texts in a series": pd.Series(TEXTS, index=np.arange(400) + 1000),
}


def rows(X):
    """What documents hold, so that parts can be compared."""
    if sparse.issparse(X) or hasattr(X, "to_numpy"):
        X = X.toarray() if sparse.issparse(X) else X.to_numpy()
    return [tuple(document) if not isinstance(document, str) else document for document in X]


# -- documents held out --------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_a_fifth_is_held_out_and_nothing_is_lost(form):
    X = FORMS[form]
    parts = divided(X, {"sample_weight": np.arange(400.0)})
    every, fitted, measured = rows(X), rows(parts.fitted), rows(parts.measured)
    assert len(measured) == 80
    assert sorted(fitted + measured) == sorted(every)
    kept = parts.fit_params["sample_weight"].astype(int)
    assert fitted == [every[row] for row in kept]
    assert (np.diff(kept) > 0).all()


def test_which_follows_from_what_documents_hold():
    order = np.random.default_rng(0).permutation(400)
    one, other = divided(COUNTS, {}), divided(COUNTS[order], {})
    assert sorted(rows(one.measured)) == sorted(rows(other.measured))
    dense = divided(COUNTS.toarray().astype(np.float32), {})
    assert rows(dense.measured) == rows(one.measured)
    other = divided([TOKENS[row] for row in order], {})
    assert sorted(map(tuple, other.measured)) == sorted(map(tuple, divided(TOKENS, {}).measured))


def test_equal_documents_stay_together():
    """So none is scored that was fitted on."""
    many = sparse.vstack([COUNTS[:50]] * 3).tocsr()
    parts = divided(many, {})
    assert not set(rows(parts.fitted)) & set(rows(parts.measured))
    assert len(rows(parts.measured)) == 30


def test_few_documents_give_one_and_equal_ones_none():
    assert divided([["a"], ["b"]], {}).measured in ([["a"]], [["b"]])
    with pytest.raises(ValueError, match="all documents are equal, so none can be held out"):
        divided([["a"], ["a"]], {})
    with pytest.raises(ValueError, match="X is one string"):
        divided("a b", {})


# -- by perplexity -------------------------------------------------------------------------------------


def test_perplexity_is_that_of_documents_held_out():
    choice = select(LDA, COUNTS, {"n_components": [1, 3, 5]}, "perplexity")
    parts = divided(COUNTS, {})
    for row in choice.table_:
        alone = clone(LDA).set_params(n_components=row["n_components"]).fit(parts.fitted)
        assert row["perplexity"] == alone.perplexity(parts.measured)
        assert row["converged"] == alone.converged_
        assert row["failure"] is row["bic"] is row["aic"] is row["log_likelihood"] is None
        assert row["diagnostics"] == ()
    assert choice.best_params_ == {"n_components": 3}
    assert choice.edge_ is None


def test_the_best_is_fitted_to_all_documents():
    weights = np.arange(400) % 3 + 1.0
    choice = select(LDA, COUNTS, {"n_components": [1, 3]}, "perplexity", sample_weight=weights)
    whole = clone(LDA).set_params(n_components=3).fit(COUNTS, sample_weight=weights)
    assert choice.best_params_ == {"n_components": 3}
    assert_array_equal(choice.best_.components_, whole.components_)


@pytest.mark.parametrize("form", ["texts", "words", "frame"])
def test_any_form_of_documents_will_do(form):
    settings = {"vectorizer": {"stop_words": None, "min_df": 1, "max_df": 1.0}} if form == "texts" else {}
    choice = select(clone(LDA).set_params(**settings), FORMS[form], {"n_components": [1, 3]}, "perplexity")
    assert choice.best_params_ == {"n_components": 3}
    assert choice.best_.doc_topic_.shape == (400, 3)


def test_the_table_is_printed_without_what_topic_models_lack():
    choice = select(LDA, COUNTS, {"n_components": [1, 2]}, "perplexity")
    heading, *_, legend = str(choice).splitlines()
    assert heading.split() == ["n_components", "perplexity", "converged", "remarks"]
    assert legend.startswith("* lowest perplexity; the best n_components, 2, is the largest that was tried")


def test_failures_are_recorded_and_warnings_kept():
    few = clone(LDA).set_params(max_iter=3)
    choice = select(few, COUNTS, {"n_components": [2, 200]}, "perplexity")
    assert [params for params, _ in choice.failures_] == [{"n_components": 200}]
    assert "distinct words for n_components=200 topics" in choice.failures_[0][1]
    assert "reached max_iter=3 before it converged" in choice.table_[0]["warnings"][0]
    assert choice.best_.n_components == 2


@pytest.mark.filterwarnings("ignore:X has .*topic models count tokens")
def test_fractions_have_no_perplexity():
    with pytest.raises(ValueError, match=r"the only fit failed, because .*row"):
        select(LDA, COUNTS * 0.5, {"n_components": [2]}, "perplexity")


@pytest.mark.parametrize("name", ["vectorizer", "vocabulary", "n_features"])
def test_vocabularies_cannot_be_compared(name):
    with pytest.raises(
        ValueError, match=f"cannot be compared between vocabularies, and the grid has '{name}'"
    ):
        select(LDA, TEXTS, {"n_components": [2], name: [None]}, "perplexity")


# -- by coherence --------------------------------------------------------------------------------------


def test_coherence_is_that_of_the_documents_and_higher_is_better():
    choice = select(LDA, TOKENS, {"n_components": [2, 3, 8]}, "coherence")
    for row in choice.table_:
        alone = clone(LDA).set_params(n_components=row["n_components"]).fit(TOKENS)
        assert row["coherence"] == alone.coherence(TOKENS).mean
    assert choice.table_[choice.best_index_]["coherence"] == max(row["coherence"] for row in choice.table_)
    assert str(choice).splitlines()[-1].startswith("* highest coherence")
    assert_array_equal(choice.best_.components_, clone(choice.best_).fit(TOKENS).components_)


def test_a_measure_of_ones_own():
    def incoherence(fitted, X):
        return -fitted.coherence(X, "u_mass", 5).mean

    choice = select(LDA, COUNTS, {"n_components": [2, 3]}, incoherence)
    assert choice.criterion == "incoherence"
    assert choice.table_[0]["incoherence"] == incoherence(
        clone(LDA).set_params(n_components=2).fit(COUNTS), COUNTS
    )


# -- what has which criterion --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("estimator", "criterion", "message"),
    [
        (
            LDA,
            "bic",
            "LatentDirichletAllocation has none; choose 'perplexity' or 'coherence', or give a call",
        ),
        (
            GaussianMixture(),
            "perplexity",
            "GaussianMixture has none; choose 'bic' or 'aic' or 'icl' or .*'aic3', or give",
        ),
        (Stub(), "coherence", "Stub has none; choose 'bic' or 'aic', or give a callable"),
        (Stub(), "sabic", "Stub has none; choose 'bic' or 'aic', or give a callable"),
        (LDA, "elbow", "should be 'bic', .*'aic3', 'perplexity', 'coherence' or a callable"),
    ],
)
def test_criteria_that_a_model_lacks(estimator, criterion, message):
    with pytest.raises(ValueError, match=message):
        select(estimator, datasets.load_faithful().data, {"n_components": [1]}, criterion)
