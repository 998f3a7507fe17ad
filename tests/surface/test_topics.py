"""What topic models promise beyond the laws: recovery, inputs, streams, seeds, words, scores, pipelines."""

import copy

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.stats import beta
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from latently import LatentDirichletAllocation, datasets
from latently.metrics import coherence, held_out_perplexity, split_documents
from tests.planted import cosines, planted

INFERENCES = ["cvb0", "vb", "online", "online_vb"]
DATA = planted(0, n=400, n_words=100, n_topics=3, alpha=0.3)
TRAIN, TEST = DATA.counts[:300], DATA.counts[300:]
TOKENS = DATA.tokens
TEXTS = [" ".join(words) for words in TOKENS]
over_inferences = pytest.mark.parametrize("inference", INFERENCES)


def model(inference="cvb0", n_components=3, **settings):
    usual = {"random_state": 0}
    if "online" in inference:
        usual |= {"max_iter": 10, "batch_size": 50}
    return LatentDirichletAllocation(n_components, inference=inference, **(usual | settings))


@pytest.fixture(scope="module")
def fits():
    return {name: model(name).fit(TRAIN) for name in INFERENCES}


@pytest.fixture(scope="module")
def named():
    return model().fit(TOKENS[:300])


# -- recovery ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings", [*({"inference": name} for name in INFERENCES), {"top_topics": 2}], ids=str
)
@pytest.mark.parametrize("seed", range(5))
def test_planted_topics_are_recovered(settings, seed):
    data = planted(seed, n=400, n_words=100, n_topics=3, alpha=0.3)
    lda = model(**settings, random_state=seed, dtype="float64" if seed % 2 else "float32").fit(data.counts)
    assert cosines(lda.topic_word_, data.topic_word).min() >= 0.95


@pytest.mark.parametrize("inference", ["cvb0", "vb"])
@pytest.mark.parametrize(("length", "seed"), [(100, 2), (100, 5), (50, 0), (50, 6)])
def test_ten_topics_are_recovered_whole(inference, length, seed):
    """From ten random topics, two of them end in one."""
    data = planted(seed, n=400, n_words=300, n_topics=10, length=length)
    lda = model(inference, 10, random_state=seed).fit(data.counts)
    assert cosines(lda.topic_word_, data.topic_word).min() >= 0.95


def test_the_largest_topic_has_the_largest_prior():
    data = planted(3, n=400, n_words=300, n_topics=5)
    prior = np.array([0.1, 0.05, 0.4, 0.2, 0.3])
    lda = model("cvb0", 5, doc_topic_prior=prior).fit(data.counts)
    assert cosines(lda.topic_word_, data.topic_word).min() >= 0.95
    assert_array_equal(np.argsort(lda.components_.sum(axis=1)), np.argsort(prior))


@over_inferences
def test_so_are_the_topics_of_documents(fits, inference):
    lda = fits[inference]
    found = lda.transform(TEST)
    partner = np.argmax(lda.topic_word_ @ DATA.topic_word.T, axis=0)
    assert sorted(partner) == [0, 1, 2]
    assert np.abs(found[:, partner] - DATA.doc_topic[300:]).mean() < 0.06


@pytest.mark.parametrize("inference", ["online", "online_vb"])
@pytest.mark.parametrize("seed", range(3))
def test_streams_reach_the_quality_of_the_batch(inference, seed):
    """In a few passes by `fit`, and by `partial_fit` over documents that come one minibatch at a time."""
    data = planted(seed, n=2300, n_words=100, n_topics=4, length=40, alpha=0.2)
    train, test = data.counts[:2000], data.counts[2000:]
    batch = model({"online": "cvb0", "online_vb": "vb"}[inference], 4, random_state=seed).fit(train)
    best = batch.perplexity(test)
    passes = model(inference, 4, max_iter=3, random_state=seed).fit(train)
    assert passes.perplexity(test) < 1.03 * best
    stream = model(inference, 4, total_samples=2000, random_state=seed)
    for start in range(0, 2000, 100):
        stream.partial_fit(train[start : start + 100])
    assert stream.perplexity(test) < 1.05 * best
    assert best < 0.7 * model(n_components=1).fit(train).perplexity(test)


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
    with pytest.raises(ValueError, match="n_components=4, and there are 3 topics so far"):
        stream.partial_fit(TRAIN[100:])


# -- seeds ---------------------------------------------------------------------------------------------


def three_themes():
    """Documents of words 0 to 19, of 20 to 39 or of 40 to 59: one theme too many for two topics."""
    rng = np.random.default_rng(0)
    counts = np.zeros((90, 60), dtype=int)
    for theme in range(3):
        counts[30 * theme : 30 * (theme + 1), 20 * theme : 20 * (theme + 1)] = rng.poisson(1.0, (30, 20))
    return counts


PAIRS = [(0, 1), (0, 2), (1, 2)]


@over_inferences
@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("topic", [0, 1])
def test_seeds_decide_what_belongs_together_and_name_the_topic(inference, pair, topic):
    """Two of three themes must share a topic, through convergence: the one, and those, that one word says."""
    counts = three_themes()
    lda = model(inference, 2, seed_words={topic: [20 * theme for theme in pair]}).fit(counts)
    likeliest = lda.topic_word_.argmax(axis=0).reshape(3, 20)
    expected = [topic if theme in pair else 1 - topic for theme in range(3)]
    assert_array_equal(likeliest, np.repeat(expected, 20).reshape(3, 20))
    frequencies = counts.sum(axis=0)
    for theme in pair:
        assert lda.components_[topic, 20 * theme] > 1.5 * frequencies[20 * theme]


def test_seeds_lead_the_likeliest_few_topics_too():
    for pair in PAIRS:
        lda = model("cvb0", 3, top_topics=2, seed_words=[[20 * theme for theme in pair]]).fit(three_themes())
        assert_array_equal(lda.topic_word_.argmax(axis=0).reshape(3, 20)[list(pair)], 0)


def test_without_seeds_something_else_belongs_together():
    """So seeds did it: no start has all three pairs."""
    found = model("cvb0", 2).fit(three_themes()).topic_word_.argmax(axis=0).reshape(3, 20)
    assert all(len(set(row)) == 1 for row in found)
    assert len(set(found[:, 0])) == 2


def test_seeds_may_be_words_and_are_kept_in_a_stream(named):
    words = named.top_words(3)
    seeds = {2: words[0], 0: words[1], 1: words[2]}
    lda = model(seed_words=seeds).fit(TOKENS[:300])
    stream = model("online", total_samples=300, seed_words=seeds, vocabulary=named.vocabulary_)
    for start in range(0, 300, 50):
        stream.partial_fit(TOKENS[start : start + 50])
    for found in (lda.top_words(8), stream.top_words(8)):
        assert all(set(seed) <= set(found[topic]) for topic, seed in seeds.items())


# -- words of topics -----------------------------------------------------------------------------------


def test_top_words(named):
    order = np.argsort(-named.topic_word_, axis=1)[:, :5]
    assert named.top_words(5) == [named.vocabulary_[row].tolist() for row in order]
    assert named.get_topics(n=5) == named.top_words(5)
    assert [len(words) for words in named.top_words()] == [10, 10, 10]
    other = [f"word {i}" for i in range(named.n_features_in_)]
    assert named.get_topics(other, 2)[0] == [f"word {column}" for column in order[0, :2]]
    numbers = model().fit(TRAIN)
    assert numbers.vocabulary_ is None
    assert all(isinstance(word, int) for word in numbers.top_words(3)[0])
    assert numbers.top_words(1) == numbers.topic_word_.argmax(axis=1)[:, None].tolist()


@pytest.mark.parametrize("weight", [0.0, 0.6, 1.0])
def test_relevance_is_that_of_ldavis(named, weight):
    sizes = named.components_.sum(axis=1) / named.components_.sum()
    overall = sizes @ named.topic_word_
    expected = weight * np.log(named.topic_word_) + (1 - weight) * np.log(named.topic_word_ / overall)
    assert_allclose(named.relevance(weight), expected, rtol=1e-9, atol=1e-12)
    assert named.top_words(1, weight) == [[named.vocabulary_[row.argmax()]] for row in expected]


def test_topics_of_tokens(fits):
    lda = fits["cvb0"]
    tokens = lda.token_topics(TEST[:20])
    assert_array_equal(
        sparse.csr_matrix((tokens.count, (tokens.document, tokens.word)), (20, 100)).toarray(),
        TEST[:20].toarray(),
    )
    joint = lda.transform_dirichlet(TEST[:20])[tokens.document] * lda.topic_word_[:, tokens.word].T
    joint /= joint.sum(axis=1)[:, None]
    assert_array_equal(tokens.topic, joint.argmax(axis=1))
    assert_allclose(tokens.probability, joint.max(axis=1), rtol=1e-9)


# -- how sure ------------------------------------------------------------------------------------------


@over_inferences
def test_intervals_are_quantiles_of_betas(fits, inference):
    lda = fits[inference]
    a = lda.transform_dirichlet(TEST)
    assert_allclose(a / a.sum(axis=1, keepdims=True), lda.transform(TEST), rtol=1e-12)
    lengths = np.asarray(TEST.sum(axis=1)).ravel()
    assert_allclose(a.sum(axis=1), lengths + lda.doc_topic_prior_.sum(), rtol=1e-6)
    lower, upper = lda.transform_interval(TEST, 0.9)
    assert_allclose(beta(a, a.sum(axis=1, keepdims=True) - a).cdf(lower), 0.05, atol=1e-4)
    assert_allclose(beta(a, a.sum(axis=1, keepdims=True) - a).cdf(upper), 0.95, atol=1e-4)


def test_intervals_cover_the_truth_about_as_often_as_they_say(fits):
    lda = fits["vb"]
    lower, upper = lda.transform_interval(TEST, 0.95)
    partner = np.argmax(lda.topic_word_ @ DATA.topic_word.T, axis=0)
    true = DATA.doc_topic[300:]
    covered = (lower[:, partner] <= true) & (true <= upper[:, partner])
    some = (true > 0.02) & (true < 0.98)
    assert 0.8 < covered[some].mean() <= 1.0
    narrow = lda.transform_interval(TEST, 0.5)
    assert ((narrow[1] - narrow[0]) <= (upper - lower)).all()


def test_one_topic_has_no_doubts():
    assert_array_equal(model(n_components=1).fit(TRAIN).transform_interval(TEST), 1.0)


# -- scores --------------------------------------------------------------------------------------------


@over_inferences
def test_perplexity_and_score_are_of_the_second_halves(fits, inference):
    lda = fits[inference]
    test = TEST.toarray() * (TRAIN.sum(axis=0).A1 > 0)
    split = split_documents(test)
    theta = lda.transform(split.observed)
    predicted = np.log((theta @ lda.topic_word_)[split.held_out.nonzero()])
    log_likelihood = (split.held_out[split.held_out.nonzero()].A1 * predicted).sum() / split.held_out.sum()
    assert lda.perplexity(test) == pytest.approx(np.exp(-log_likelihood), rel=1e-9)
    assert lda.score(test) == pytest.approx(log_likelihood, rel=1e-9)
    assert lda.perplexity(test, random_state=1) != lda.perplexity(test)
    assert lda.perplexity(test, random_state=1) == pytest.approx(lda.perplexity(test), rel=0.1)


def test_training_documents_are_not_scored_without_a_word(fits):
    for documents in (TRAIN, TRAIN[5:60]):
        with pytest.warns(UserWarning, match="among those the model was fitted on"):
            fits["cvb0"].perplexity(documents)
    mixed = sparse.vstack([TRAIN[:20], TEST]).tocsr()
    fits["cvb0"].perplexity(mixed)  # some of them are no reason to


def test_fractions_are_scored_by_score_only(fits):
    halves = TEST * 0.5
    with pytest.raises(ValueError, match="row 0, column"):
        fits["cvb0"].perplexity(halves)
    assert fits["cvb0"].score(halves) == pytest.approx(fits["cvb0"].score(TEST), rel=0.1)


def test_a_topic_without_words_is_a_finding(fits):
    assert fits["vb"].diagnostics_ == ()
    counts = np.random.default_rng(0).poisson(2, size=(30, 8))
    settings = {"inference": "vb", "doc_topic_prior": [5.0, 5.0, 1e-9], "topic_word_prior": 0.1}
    (found,) = LatentDirichletAllocation(3, **settings, random_state=0).fit(counts).diagnostics_
    assert (str(found), found.which) == ("topic 2 kept no word: lower n_components", (2,))


def test_more_topics_than_there_are_do_not_help(fits):
    scores = {K: model(n_components=K).fit(TRAIN).perplexity(TEST) for K in (1, 2, 3)}
    assert scores[3] < scores[2] < scores[1]
    true = held_out_perplexity(TEST, DATA.topic_word, 0.3).perplexity
    assert fits["cvb0"].perplexity(TEST) < 1.05 * true


def test_coherence_is_that_of_the_metrics(named):
    expected = coherence(named.top_words(6), TOKENS, "c_npmi", n=6)
    assert_allclose(named.coherence(TOKENS, "c_npmi", 6).per_topic, expected.per_topic)
    counts = model(vocabulary=[f"w{i:02d}" for i in range(100)]).fit(TRAIN)
    expected = coherence(counts.topic_word_, TRAIN, "u_mass", n=6)
    assert_allclose(counts.coherence(TRAIN, "u_mass", 6).per_topic, expected.per_topic)
    texts = model(vectorizer={"stop_words": None, "min_df": 1, "max_df": 1.0}).fit(TEXTS[:300])
    assert_allclose(
        texts.coherence(TEXTS).per_topic, coherence(texts.top_words(), TOKENS).per_topic, rtol=1e-12
    )
    ids = [[int(word[1:]) for word in document] for document in TOKENS]
    numbers = model(n_features=100).fit(ids)
    assert_allclose(numbers.coherence(ids).per_topic, coherence(numbers.top_words(), ids).per_topic)


# -- beside scikit-learn -------------------------------------------------------------------------------


@over_inferences
@pytest.mark.parametrize(("library", "frame"), [("pandas", pd.DataFrame), ("polars", pl.DataFrame)])
def test_names_of_columns_and_frames_that_come_out(fits, inference, library, frame):
    lda = copy.deepcopy(fits[inference])
    names = [f"latentdirichletallocation{k}" for k in range(3)]
    assert lda.get_feature_names_out().tolist() == names
    found = lda.set_output(transform=library).transform(TEST)
    assert isinstance(found, frame)
    assert list(found.columns) == names
    assert_array_equal(found.to_numpy(), fits[inference].transform(TEST))


def test_it_stands_behind_a_vectorizer(named):
    pipe = make_pipeline(CountVectorizer(), model())
    shares = pipe.fit_transform(TEXTS[:300])
    assert_array_equal(shares, named.doc_topic_)
    assert_array_equal(pipe.transform(TEXTS[300:]), named.transform(TOKENS[300:]))
    assert pipe.score(TEXTS[300:]) == named.score(TOKENS[300:])


def test_searches_by_score_find_the_topics():
    search = GridSearchCV(model(max_iter=60), {"n_components": [1, 3]}, cv=3, error_score="raise")
    search.fit(DATA.counts)
    assert search.best_params_ == {"n_components": 3}


# -- how it goes ---------------------------------------------------------------------------------------


def test_doubles_for_small_corpora_and_floats_for_large_ones(monkeypatch):
    from latently.estimators.topics import settings

    assert model().fit(TRAIN).params_.topic_word.dtype == np.float64
    monkeypatch.setattr(settings, "MOST_IN_DOUBLE", TRAIN.nnz * 3 - 1)
    lda = model().fit(TRAIN)
    assert lda.params_.topic_word.dtype == np.float32
    assert lda.components_.dtype == np.float64


def test_the_texts_of_a_real_corpus():
    """Six novels, their names of persons left in: the usual words are left out, and it says so."""
    austen = datasets.load_austen()
    lda = model(n_components=6, vectorizer={"min_df": 5}).fit(austen.data[:80])
    assert any("stop_words='english'" in remark and "min_df=5" in remark for remark in lda.remarks_)
    assert "the" not in lda.vocabulary_
    assert lda.converged_
