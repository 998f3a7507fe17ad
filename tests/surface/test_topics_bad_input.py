"""What topic models refuse, and how: one line that names the culprit and the remedy."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from latently import LatentDirichletAllocation
from tests.planted import planted

DATA = planted(0, n=40, n_words=12, n_topics=2, length=15)
COUNTS = DATA.counts.toarray().astype(float)
TOKENS = DATA.tokens


def changed(row, column, value, x=COUNTS):
    other = x.copy()
    other[row, column] = value
    return other


SKLEARNS = ("Complex data not supported", "Expected 2D array, got 1D array")  # with the array behind them


def refused(call, message, error=ValueError):
    with pytest.raises(error, match=message) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message or message.startswith(SKLEARNS)


# -- corpora -------------------------------------------------------------------------------------------

CORPORA = {
    "negative": (changed(7, 5, -2.0), "Negative values .*: -2 at row 7, column 5 .1 such cells"),
    "negative, sparse": (
        sparse.csr_matrix(changed(7, 5, -2.0)),
        "Negative values .*: -2 at row 7, column 5 .1 such cells",
    ),
    "NaN": (changed(3, 11, np.nan), "contains NaN at row 3, column 11 .1 such cells"),
    "NaN, sparse": (
        sparse.csc_matrix(changed(3, 11, np.nan)),
        "contains NaN at row 3, column 11 .1 such cells",
    ),
    "infinite": (changed(3, 11, np.inf), "contains infinity at row 3, column 11"),
    "complex": (COUNTS + 1j, "[Cc]omplex data not supported"),
    "no rows": (np.empty((0, 4)), r"Found array with 0 sample\(s\)"),
    "no columns": (np.empty((4, 0)), r"0 feature\(s\)"),
    "a list of nothing": ([], r"Found array with 0 sample\(s\).*give at least one document"),
    "only empty documents": (np.zeros((4, 5)), "X has no words, all documents are empty"),
    "only empty lists": ([[], []], "X has no words, all documents are empty"),
    "a vector": (COUNTS[:, 0], "Expected 2D array, got 1D array"),
    "one text": ("to be or not to be", r"X is one string: give a list of texts, such as \[X\]"),
    "texts and lists": (["to be", ["or", "not"]], "X has texts, and in row 1 a list"),
    "a text missing": (["to be", None, "or not"], "the text of row 1 is None, not a string"),
    "bytes": ([["a", b"b"]], "document 0 has b'b' among its words"),
    "words and numbers": ([["a", 3]], "document 0 has 3 among its words"),
    "pairs of gensim": ([[(0, 2), (1, 1)], [(2, 1)]], r"gensim.matutils.corpus2csc\(X, num_terms=...\).T"),
    "lists of ids": ([[0, 1], [2], [0, 0, 1]], "give vocabulary= or n_features="),
    "texts of stop words": (["the and of", "of the to"], r"finds no word in 2 texts .*vectorizer=\{'min_df'"),
    "text in a frame": (
        pd.DataFrame({"n": [1, 2], "text": ["a b", "c"]}),
        r"column 'text' of X does not hold counts: .* X\['text'\]",
    ),
    "too few distinct words": (COUNTS[:, :1] + 1, "there are 1 distinct words and n_components=2 topics"),
}


@pytest.mark.parametrize("name", CORPORA)
@pytest.mark.parametrize("inference", ["cvb0", "online_vb"])
def test_no_corpus(name, inference):
    X, message = CORPORA[name]
    for call in ("fit", "partial_fit", "fit_transform"):
        if (call, inference) != ("fit_transform", "online_vb"):
            refused(lambda call=call: getattr(model(inference=inference), call)(X), message)


def model(n_components=2, **settings):
    return LatentDirichletAllocation(n_components, random_state=0, **settings)


def test_words_are_counted_where_documents_count():
    """Words of documents without weight are not there."""
    weights = np.zeros(40)
    weights[0] = 1.0
    counts = COUNTS.copy()
    counts[0] = np.eye(12)[4]
    refused(lambda: model().fit(counts, None, weights), "there are 1 distinct words and n_components=2")


@pytest.mark.parametrize(
    ("X", "settings", "message"),
    [
        (COUNTS, {"vocabulary": ["a", "b"]}, "X has 12 columns, and .* announce 2 words"),
        (COUNTS, {"n_features": 13}, "X has 12 columns, and .* announce 13 words"),
        (COUNTS, {"vocabulary": ["a"] * 12}, "has the word 'a' twice, in columns 0 and 1"),
        (COUNTS, {"vocabulary": {"a": 0, "b": 2}}, "with gaps or repeats: number them from 0 on"),
        (COUNTS, {"vocabulary": "abc"}, "vocabulary='abc' is one string: give a list of words"),
        (COUNTS, {"vocabulary": 12}, "vocabulary=12: should be a list of words"),
        (COUNTS, {"vocabulary": []}, "vocabulary is empty"),
        (COUNTS, {"n_features": 0}, "n_features=0: should be an integer of at least 1"),
        (COUNTS, {"n_features": 12.5}, "n_features=12.5: should be an integer of at least 1"),
        ([[0, 1], [2, 12]], {"n_features": 12}, "document 1 has word 12, and words are numbered 0 to 11"),
        ([[0, 1], [2, -1]], {"n_features": 12}, "document 1 has word -1"),
        (TOKENS, {"n_features": 12}, "n_features=12 is for lists of integers"),
        (["to be"], {"vectorizer": {"mindf": 2}}, "vectorizer has no parameter 'mindf': CountVectorizer has"),
        (["to be"], {"vectorizer": TfidfVectorizer()}, "topic models need counts of words"),
        (TOKENS, {"vectorizer": {"min_df": 2}}, "vectorizer= is for raw texts, and X has lists of words"),
        (["to be"], {"vectorizer": 3}, "vectorizer=3: give a CountVectorizer or a dictionary"),
    ],
)
def test_words_that_do_not_fit(X, settings, message):
    refused(lambda: model(**settings).fit(X), message)


# -- documents after the fit ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fitted():
    return model().fit(COUNTS)


@pytest.fixture(scope="module")
def named():
    return model().fit(TOKENS)


CALLS = [
    "transform",
    "perplexity",
    "score",
    "token_topics",
    "transform_interval",
    "partial_fit",
    "count_unseen",
]


@pytest.mark.parametrize("call", CALLS)
def test_another_vocabulary(fitted, call):
    def ask(X):
        return lambda: getattr(fitted, call)(X)

    owner = "LatentDirichletAllocation is expecting 12 features"
    refused(ask(COUNTS[:, :11]), f"X has 11 features, but {owner}")
    refused(ask(sparse.csr_matrix(np.ones((3, 13)))), f"X has 13 features, but {owner}")
    refused(ask([["a", "b"], ["c"]]), "was fitted on columns without words, and X has words")
    refused(ask(changed(7, 5, -2.0)), "Negative values .* at row 7, column 5")
    refused(ask(changed(7, 5, np.nan)), "NaN at row 7, column 5")
    refused(ask(np.empty((0, 12))), r"0 sample\(s\)")


def test_texts_after_words(named):
    refused(lambda: named.transform(["to be", "or not"]), "the model was not fitted on texts: split each")
    refused(lambda: named.coherence(["to be", "or not"]), "the model was not fitted on texts: split each")


def test_fractions_have_no_perplexity(fitted):
    X = COUNTS + 0.0
    X[4, 3] = 1.5
    refused(lambda: fitted.perplexity(X + 1), "row 4, column 3")


def test_nothing_to_score(named):
    refused(lambda: named.perplexity([["zebra"], ["yak", "yak"]]), "have no token whose word occurred")


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.ones(39), r"sample_weight has shape \(39,\), should be \(40,\)"),
        (-np.ones(40), "sample_weight of row 0 is -1"),
        (np.full(40, np.nan), "sample_weight of row 0 is nan"),
        (np.zeros(40), "sample_weight is zero for every row"),
        (np.full(40, 1e300), "the counts, times weights, come to 6e.302, and float64 can hold 1e.30"),
    ],
)
@pytest.mark.parametrize("inference", ["vb", "online"])
def test_weights_that_make_no_sense(weights, message, inference):
    refused(lambda: model(inference=inference).fit(COUNTS, None, weights), message)
    refused(lambda: model(inference=inference).partial_fit(COUNTS, None, weights), message)


def test_questions_that_make_no_sense(fitted, named):
    refused(lambda: fitted.top_words(0), "n=0: should be an integer of at least 1")
    refused(lambda: fitted.top_words(2.5), "n=2.5: should be an integer of at least 1")
    refused(lambda: fitted.top_words(relevance=1.5), "relevance=1.5: should be a number from 0 to 1")
    refused(lambda: fitted.top_words(relevance=np.nan), "relevance=nan: should be a number from 0 to 1")
    refused(lambda: fitted.get_topics(["a", "b"]), "vocabulary has 2 words, and the model 12")
    refused(lambda: fitted.transform_interval(COUNTS, 1.0), "level=1.0: should be a number between 0 and 1")
    refused(lambda: named.coherence(TOKENS, "c_best"), "measure='c_best'")
