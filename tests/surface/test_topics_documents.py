"""Documents as topic models take them: in any form, empty, of unseen words, and one stream after another."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.metrics.pairwise import cosine_similarity

from latently.metrics import held_out_perplexity
from tests.planted import cosines
from tests.surface.test_topics import DATA, INFERENCES, TEST, TEXTS, TOKENS, TRAIN, model, over_inferences


@pytest.fixture(scope="module")
def fits():
    return {name: model(name).fit(TRAIN) for name in INFERENCES}


@pytest.fixture(scope="module")
def named():
    return model().fit(TOKENS[:300])


# -- what goes in --------------------------------------------------------------------------------------


def test_a_frame_gives_the_same_bits_and_must_keep_its_columns(fits):
    frame = pd.DataFrame(TRAIN.toarray(), columns=[f"w{i}" for i in range(100)])
    lda = model().fit(frame)
    assert_array_equal(lda.components_, fits["cvb0"].components_)
    assert lda.vocabulary_.tolist() == list(frame)
    with pytest.raises(ValueError, match="same order as they were in fit"):
        lda.transform(frame[frame.columns[::-1]])


def test_words_ids_and_texts_are_the_same_documents(named):
    words = sorted({word for document in TOKENS[:300] for word in document})
    ids = [[words.index(word) for word in document] for document in TOKENS[:300]]
    for lda in (model(vocabulary=words), model(n_features=len(words))):
        assert_array_equal(lda.fit(ids).components_, named.components_)
    everything = {"stop_words": None, "min_df": 1, "max_df": 1.0}
    texts = model(vectorizer=everything).fit(TEXTS[:300])
    assert_array_equal(texts.components_, named.components_)
    assert texts.top_words() == named.top_words()
    known = [[word for word in document if word in words] for document in TOKENS[300:]]
    assert_array_equal(texts.transform(TEXTS[300:]), named.transform(TOKENS[300:]))
    assert_array_equal(named.transform(known), named.transform(TOKENS[300:]))


def test_counts_need_not_be_whole(fits):
    """A tenth of everything, priors included, is nearly the same: what differs is the token taken out."""
    said = "X has 0.1 at row 0, column .*, and topic models count tokens: .*by CountVectorizer, not TfidfV"
    with pytest.warns(UserWarning, match=said) as told:
        lda = model(doc_topic_prior=0.01, topic_word_prior=0.005).fit(TRAIN * 0.1)
    assert [one.filename for one in told] == [__file__]
    assert (lda.components_ > 0).all()
    assert cosines(lda.topic_word_, DATA.topic_word).min() > 0.9
    assert_allclose(lda.components_.sum(), 0.1 * TRAIN.sum() + 0.005 * 300, rtol=1e-10)
    with pytest.warns(UserWarning, match="topic models count tokens"):
        model("online").partial_fit(TRAIN * 0.5)


@over_inferences
@pytest.mark.filterwarnings("ignore:X has .*topic models count tokens")
def test_one_seed_starts_alike_from_counts_of_either_precision(inference):
    counts = TRAIN.multiply(np.linspace(0.5, 1.5, 100)).tocsr()
    one, other = (model(inference).fit(counts.astype(dtype)) for dtype in (np.float64, np.float32))
    assert_allclose(one.components_, other.components_, rtol=1e-4)


@over_inferences
def test_rows_sum_to_one_and_components_to_the_tokens(fits, inference):
    lda = fits[inference]
    assert lda.topic_word_.shape == lda.components_.shape == (3, 100)
    assert_allclose(lda.topic_word_.sum(axis=1), 1.0, rtol=1e-12)
    assert_allclose(lda.transform(TEST).sum(axis=1), 1.0, rtol=1e-12)
    if inference in ("cvb0", "vb"):
        assert lda.doc_topic_.shape == (300, 3)
        assert_allclose(lda.doc_topic_.sum(axis=1), 1.0, rtol=1e-12)
        prior = lda.topic_word_prior_ * 300
        assert_allclose(lda.components_.sum(), TRAIN.sum() + prior, rtol=1e-9)
        assert (np.diff(lda.components_.sum(axis=1)) < 0).all()  # largest first
    else:
        assert not hasattr(lda, "doc_topic_")
    assert (lda.topic_word_ > 0).all()
    assert lda.n_features_in_ == 100
    assert lda.doc_topic_prior_.shape == (3,)


def test_expected_logs_are_for_variational_bayes(fits):
    for name in ("vb", "online_vb"):
        assert (fits[name].exp_dirichlet_component_ < fits[name].topic_word_).all()
    for name in ("cvb0", "online"):
        with pytest.raises(AttributeError, match="see topic_word_"):
            _ = fits[name].exp_dirichlet_component_


# -- empty documents, unseen words ---------------------------------------------------------------------


@over_inferences
def test_empty_documents_have_the_prior_and_one_warning(inference):
    counts = sparse.vstack([TRAIN[:40], sparse.csr_matrix((2, 100)), TRAIN[40:80]]).tocsr()
    priors = [0.2, 0.5, 0.3]
    lda = model(inference, doc_topic_prior=priors)
    for call in (lda.fit, lda.transform, clone(lda).fit_transform):
        with pytest.warns(UserWarning, match=r"documents without words.* \(2, the first: 40, 41\)") as told:
            shares = call(counts)
        assert len(told) == 1
        if call in (lda.fit, lda.transform):
            assert told[0].filename == __file__
        if call == lda.transform:
            assert_allclose(shares[[40, 41]], [priors, priors], rtol=1e-6)
    assert lda.empty_documents_.tolist() == [40, 41]
    if inference in ("cvb0", "vb"):
        assert_allclose(lda.doc_topic_[[40, 41]], [priors, priors], rtol=1e-6)


def test_unseen_words_are_ignored_and_counted(named):
    documents = [["w01", "zebra", "w02"], ["w01", "w02"], ["zebra", "yak"]]
    with pytest.warns(UserWarning, match=r"\(1, the first: 2\).*; 3 tokens are of words it does not know"):
        shares = named.transform(documents)
    assert_array_equal(shares[0], shares[1])
    assert_allclose(shares[2], named.doc_topic_prior_ / named.doc_topic_prior_.sum())
    assert named.count_unseen(documents) == 3
    assert named.count_unseen(TOKENS[:300]) == 0


def test_words_without_a_topic_do_not_decide_the_perplexity():
    """A column that training never had: left out, whatever it is given."""
    counts = TRAIN.tolil()
    counts[:, 5] = 0
    lda = model().fit(counts.tocsr())
    test = TEST.tolil()
    test[:, 5] = 7
    seen = np.asarray(counts.sum(axis=0)).ravel() > 0
    assert not seen[5]
    expected = held_out_perplexity(test.tocsr(), lda.topic_word_, infer=lda._shares_of, seen=seen)
    assert lda.perplexity(test.tocsr()) == expected.perplexity
    assert expected.n_ignored > 0


# -- streams -------------------------------------------------------------------------------------------


def test_the_vocabulary_of_a_stream_grows():
    stream = model("online", total_samples=300)
    stream.partial_fit(TOKENS[:50])
    first = stream.vocabulary_.tolist()
    for start in range(50, 300, 50):
        stream.partial_fit([*TOKENS[start : start + 50], ["a-new-word", "w01"]])
    assert stream.vocabulary_[: len(first)].tolist() == first
    assert "a-new-word" in stream.vocabulary_
    assert stream.n_features_in_ == len(stream.vocabulary_) == stream.components_.shape[1]
    true = np.zeros((3, stream.n_features_in_))
    for column, word in enumerate(stream.vocabulary_):
        if word != "a-new-word":
            true[:, column] = DATA.topic_word[:, int(word[1:])]
    assert cosines(stream.topic_word_, true).min() > 0.95
    assert stream.n_iter_ == 6 + 5  # the others have 51 documents, in minibatches of 50
    assert stream.transform(TOKENS[300:]).shape == (100, 3)


@pytest.mark.parametrize("inference", ["cvb0", "vb"])
def test_a_stream_may_follow_a_fit(inference):
    """It goes on from its topics, which one minibatch does not overthrow."""
    lda = model(inference, batch_size=50).fit(TRAIN)
    before, shares = lda.topic_word_.copy(), lda.doc_topic_
    lda.partial_fit(TEST)
    assert not hasattr(lda, "doc_topic_")
    assert_allclose(np.diag(cosine_similarity(before, lda.topic_word_)), 1.0, atol=0.01)
    assert (before != lda.topic_word_).any()
    assert_allclose(lda.components_.sum(), 1e6 * 60, rtol=1e-3)  # as many as total_samples have
    assert lda.n_iter_ == 6 + 2
    assert shares.shape == (300, 3)


@over_inferences
def test_a_fit_forgets_the_stream_before_it(fits, inference):
    lda = model(inference).partial_fit(TEST[:, :60])
    assert_array_equal(lda.fit(TRAIN).components_, fits[inference].components_)
    assert lda.perplexity(TEST) == fits[inference].perplexity(TEST)


@pytest.mark.parametrize("inference", ["cvb0", "vb"])
def test_a_stream_after_a_fit_goes_on_from_the_fit(inference):
    """Not from a stream before it."""
    one = model(inference).fit(TRAIN).partial_fit(TEST)
    other = model(inference).partial_fit(TEST).fit(TRAIN).partial_fit(TEST)
    assert_array_equal(one.components_, other.components_)


def test_a_minibatch_counts_as_the_documents_to_come():
    """However large the minibatch, the counts stand for `total_samples` documents."""
    for n in (50, 300):
        stream = model("online_vb", total_samples=5000).partial_fit(TRAIN[:n])
        assert_allclose(stream.components_.sum(), 5000 * 60, rtol=1e-2)
    doubled = model("online_vb", total_samples=5000).partial_fit(TRAIN[:50], sample_weight=np.full(50, 2.0))
    assert_allclose(doubled.components_.sum(), 5000 * 60, rtol=1e-2)


def test_a_stream_has_one_number_of_topics():
    stream = model("online").partial_fit(TRAIN[:100]).set_params(n_components=4)
    with pytest.raises(ValueError, match="n_components=4, and the model has 3 topics so far"):
        stream.partial_fit(TRAIN[100:])
