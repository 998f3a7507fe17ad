"""What topic models refuse, and how: one line that names the culprit and the remedy."""

import numpy as np
import pytest
from scipy import sparse

from latently import LatentDirichletAllocation
from tests.planted import planted
from tests.refusing import changed, refused

DATA = planted(0, n=40, n_words=12, n_topics=2, length=15)
COUNTS = DATA.counts.toarray().astype(float)
TOKENS = DATA.tokens


def model(n_components=2, **settings):
    return LatentDirichletAllocation(n_components, random_state=0, **settings)


def test_words_are_counted_where_documents_count():
    """Words of documents without weight are not there."""
    few = "X has 1 distinct word for n_components=2"
    for inference in ("cvb0", "online_vb"):
        refused(lambda inference=inference: model(inference=inference).fit(COUNTS[:, :1] + 1), few)
    weights = np.zeros(40)
    weights[0] = 1.0
    counts = COUNTS.copy()
    counts[0] = np.eye(12)[4]
    refused(lambda: model().fit(counts, None, weights), few)


# -- documents after the fit ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fitted():
    return model().fit(COUNTS)


@pytest.fixture(scope="module")
def named():
    return model().fit(TOKENS)


@pytest.mark.parametrize(
    "call",
    ["transform", "perplexity", "score", "token_topics", "transform_interval", "partial_fit", "count_unseen"],
)
def test_another_vocabulary(fitted, call):
    def ask(X):
        return lambda: getattr(fitted, call)(X)

    owner = "LatentDirichletAllocation is expecting 12 features"
    refused(ask(COUNTS[:, :11]), f"X has 11 features, but {owner}")
    refused(ask(sparse.csr_matrix(np.ones((3, 13)))), f"X has 13 features, but {owner}")
    refused(ask([["a", "b"], ["c"]]), "was fitted on columns without words, and X has words")
    refused(ask(changed(COUNTS, (7, 5), -2.0)), "Negative values .* at row 7, column 5")
    refused(ask(changed(COUNTS, (7, 5), np.nan)), "NaN at row 7, column 5")
    refused(ask(np.empty((0, 12))), r"0 sample\(s\)")


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
