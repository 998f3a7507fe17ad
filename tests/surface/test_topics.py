"""What topic models promise beyond the laws: recovery, seeds, words, how sure they are, scores, pipelines."""

import copy

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.stats import beta
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from latently import LatentDirichletAllocation, datasets
from latently.metrics import coherence, held_out_perplexity, match_topics, split_documents
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


def test_topics_without_seeds_are_found_beside_those_with():
    """Ten planted themes, of which three have seeds: two in one and one in two was the usual failure."""
    rng = np.random.default_rng(0)
    themes = rng.dirichlet(np.full(300, 0.05), 10)
    shares = rng.dirichlet(np.full(10, 0.1), 300)
    counts = rng.poisson(60 * shares @ themes)
    own = (themes / themes.sum(axis=0) * np.sqrt(themes)).argsort(axis=1)
    seeds = {k: own[k, -3:].tolist() for k in (7, 2, 5)}
    for seed in range(3):
        lda = model("cvb0", 10, seed_words=seeds, random_state=seed).fit(counts)
        alike = match_topics(themes, lda.topic_word_)
        assert alike.similarity.min() > 0.9
        assert [int(alike.partner[k]) for k in seeds] == list(seeds)


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


def test_of_very_many_documents_some_tell_whether_others_are_new(monkeypatch):
    monkeypatch.setattr("latently.estimators.topics.facts.MOST_SEEN", 40)
    lda = model().fit(TRAIN)
    assert len(lda._seen) == 40
    lda.perplexity(TEST)
    with pytest.warns(UserWarning, match="most of these documents are among those the model was fitted on"):
        lda.perplexity(TRAIN)
