"""What is said of topics is true of the fit, and warns where it must."""

import json
import warnings
from copy import copy

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.metrics import adjusted_rand_score

from latently import LatentDirichletAllocation
from latently.metrics import coherence, held_out_perplexity
from latently.report import to_json
from latently.report.topics import (
    Collection,
    LeftOut,
    TopicsAnalysis,
    Trial,
    Truth,
    cautions,
    findings,
    headline,
    run_trials,
    tables,
    topics_figures,
    topics_in_words,
    topics_page,
    topics_summary,
)
from latently.report.topics.trials import held_out

NASTY = "<script>alert('&')</script>"
RNG = np.random.default_rng(0)
WORDS = [f"{name}{i}" for name in ("sea", "farm", "court") for i in range(10)]
LABELS = [("sea", "farm", "court")[i % 3] for i in range(60)]
TRUE = np.arange(60) % 3
COUNTS = np.zeros((60, 30))
for _d in range(60):
    COUNTS[_d, 10 * TRUE[_d] : 10 * TRUE[_d] + 10] = RNG.multinomial(40, np.full(10, 0.1))
    COUNTS[_d] += RNG.multinomial(4, np.full(30, 1 / 30))


def collection(counts, words=WORDS, texts=None, left_out=()):
    counts = sparse.csr_matrix(np.asarray(counts, dtype=float))
    lost = sum(one.n_tokens for one in left_out)
    return Collection(counts, words, int(counts.sum()) + lost, left_out, texts)


def analysis(counts=COUNTS, K=3, truth=None, trials=(), words=WORDS, **settings):
    documents = collection(counts, words)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = LatentDirichletAllocation(K, vocabulary=words, random_state=0, **settings)
        model.fit(documents.counts)
    labels = [f"document {i}" for i in range(1, documents.n_documents + 1)]
    return TopicsAnalysis(model, documents, "t.csv", labels, truth, trials, {"Seed": "0"})


@pytest.fixture(scope="module")
def clear():
    trials = run_trials(collection(COUNTS), [2, 3], 0, {"vocabulary": WORDS})
    return analysis(truth=Truth("subject", LABELS), trials=trials)


def with_model(a, **changed):
    """The same analysis of a model with other attributes."""
    model = copy(a.model)
    for name, value in changed.items():
        setattr(model, name, value)
    model._take_up()
    model._outcome = model._outcome or a.model._outcome  # as if the fit had found these parameters
    return TopicsAnalysis(model, a.collection, a.source, a.labels, a.truth, a.trials)


def said(a):
    return " ".join(cautions(a))


# -- numbers -------------------------------------------------------------------------------------------


def test_sizes_shares_and_agreement_are_those_of_the_fit(clear):
    likeliest = clear.model.doc_topic_.argmax(axis=1)
    assert_array_equal(clear.likeliest, likeliest)
    assert clear.sizes.tolist() == np.bincount(likeliest).tolist() == [20, 20, 20]
    assert clear.agreement == (1.0, 1.0)
    assert_allclose(clear.shares.sum(), 1)
    tokens = clear.model.doc_topic_ * COUNTS.sum(axis=1, keepdims=True)
    assert_allclose(clear.concentration, tokens.max(axis=0) / tokens.sum(axis=0))
    assert_array_equal(clear.top_documents, tokens.argmax(axis=0))
    assert_allclose(clear.coherence.per_topic, coherence(clear.model.topic_word_, COUNTS, "c_npmi").per_topic)


def test_a_general_topic_is_seen_through_by_what_is_above_its_mean(clear):
    shares = 0.3 * np.eye(3)[TRUE] + np.array([0.6, 0.05, 0.05])
    a = with_model(clear, doc_topic_=shares)
    assert (a.likeliest == 0).all()
    assert a.agreement == (0.0, 1.0)
    text = " ".join(findings(a))
    assert "adjusted Rand index 0.00 by the likeliest topic" in text
    assert "1.00 by the topic that is most above its average" in text
    assert "Topic 0 is the likeliest of 100% of the documents" in said(a)


def test_documents_without_words_or_labels_are_left_out_of_the_comparison():
    counts = np.vstack([COUNTS, np.zeros((2, 30))])
    a = analysis(counts, truth=Truth("subject", [*LABELS[:50], *[""] * 10, "sea", "farm"]))
    assert a.likeliest[60:].tolist() == [-1, -1]
    assert a.known.sum() == 50
    assert a.agreement[0] == adjusted_rand_score(LABELS[:50], a.likeliest[:50])
    assert a.sizes.sum() == 60
    assert "2 documents have no words left: their topics are not known" in " ".join(findings(a))
    assert sum(int(cell or 0) for row in tables.truth(a).rows for cell in row[1:]) == 50


# -- trials --------------------------------------------------------------------------------------------


def test_trials_score_documents_that_were_not_fitted(clear):
    documents = collection(COUNTS)
    chosen = held_out(documents, 0)
    assert chosen.sum() == 6
    two, three = clear.trials
    assert (two.n_components, three.n_components) == (2, 3)
    model = LatentDirichletAllocation(3, vocabulary=WORDS, random_state=1).fit(COUNTS[~chosen])
    assert_allclose(three.topic_word, model.topic_word_)
    assert three.perplexity == pytest.approx(model.perplexity(COUNTS[chosen]))
    alone = COUNTS[~chosen].sum(axis=0)
    expected = held_out_perplexity(COUNTS[chosen], (alone / alone.sum())[None], 1.0)
    assert (three.no_topics, three.n_tokens) == (expected.perplexity, expected.n_tokens)
    assert three.perplexity < two.perplexity < three.no_topics
    assert (clear.came_back > 0.99).all()


def test_there_are_no_trials_of_few_documents():
    few = collection(COUNTS[:19])
    assert held_out(few, 0) is None
    assert run_trials(few, [2], 0, {"vocabulary": WORDS}) == []
    short = np.zeros((40, 30))
    short[:, 0] = 1  # single words cannot be halved
    assert held_out(collection(short), 0) is None
    own = np.kron(np.eye(30), np.full((1, 1), 4.0))  # no word of a document is in another
    assert run_trials(collection(own), [2], 0, {"vocabulary": WORDS}) == []


# -- words ---------------------------------------------------------------------------------------------


def test_findings_tell_of_documents_perplexity_coherence_and_truth(clear):
    assert headline(clear) == "3 topics in the 60 documents of t.csv"
    text = " ".join(findings(clear))
    best = clear.trials[1]
    for words in (
        "60 documents of 30 different words, 2,640 words in all: 44 in the middle one (44 to 44).",
        "No word was left out.",
        "Against the 3 labels of subject, which the model never saw: adjusted Rand index 1.00",
        f"3 topics foretell documents held out best among 2 numbers tried (perplexity {best.perplexity:.0f})",
        f"against {best.no_topics:.0f} without topics",
        "does not say whether people find the topics meaningful",
        "in documents) is",
        "3 of 3 topics came back",
    ):
        assert words in text, words
    first = topics_in_words(clear)[0]
    assert first.startswith(f"Topic 0, {clear.shares[0]:.0%} of all words: ")
    assert first.endswith(", ".join(clear.model.top_words(10, 0.6)[0]) + ".")


def test_what_was_left_out_is_told():
    left_out = [LeftOut("stop words", 2, 700), LeftOut("in one document only", 1, 1)]
    a = analysis()
    a = TopicsAnalysis(a.model, collection(COUNTS, left_out=left_out), "t.csv", a.labels)
    assert (
        "Left out: 2 stop words and 1 word in one document only; together 21% of the 3,341 words."
        in findings(a)
    )


def test_a_clear_case_has_no_cautions(clear):
    assert cautions(analysis(trials=clear.trials[1:])) == []


def test_the_end_of_the_range_is_told(clear):
    assert "the largest that was tried" in said(clear)
    smaller = TopicsAnalysis(analysis(K=2).model, clear.collection, "t", clear.labels, None, clear.trials)
    assert "The best number of topics, 2, is the smallest that was tried" in said(smaller)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"converged_": False, "stop_reason_": "made 7 passes"}, "had not converged: it made 7 passes"),
        ({"inference": "online", "converged_": False}, "--inference cvb0 finds better topics"),
        ({"seed_words": {0: ["court0"]}}, "'court0' (topic"),
        ({"seed_words": [["court0"], ["sea0"], ["farm0"]]}, "Give their topics more seed words"),
    ],
)
def test_doubts_of_the_fit_are_told(clear, changed, words):
    order = [int(clear.model.topic_word_[:, WORDS.index(word)].argmax()) for word in ("sea0", "farm0")]
    if "seed_words" in changed:  # given to a topic that is not theirs
        wrong = {(order[0] + 1) % 3: ["sea0"], (order[1] + 1) % 3: ["farm0"]}
        as_list = [wrong.get(k, []) for k in range(3)]
        changed = {"seed_words": wrong if isinstance(changed["seed_words"], dict) else as_list}
        words = words.replace("'court0' (topic", f"'sea0' (topic {order[0]} instead of {(order[0] + 1) % 3})")
    assert words in said(with_model(clear, **changed))


def test_seeds_that_hold_are_not_told():
    a = analysis(seed_words={k: [f"{name}{i}" for i in range(4)] for k, name in enumerate(("farm", "sea"))})
    assert "seed words" not in said(a)
    least = a.model.topic_word_prior_.min()
    assert abs(least - 0.05) > 0.01  # learned
    assert f"{least:.4g} and more for seed words" in topics_page(a)


def test_topics_alike_and_too_many_are_told():
    a = analysis(COUNTS[:40, :10] + COUNTS[20:, 10:20], 9, words=WORDS[:10])
    text = said(a)
    assert "40 documents are few for 9 topics" in text
    assert "Try -k 8 or fewer" in text
    i, j = np.unravel_index(a.cosines.argmax(), a.cosines.shape)
    assert f"opics {i} and {j} ({a.cosines[i, j]:.2f})" in text
    assert "have nearly the same words" in text


def test_words_that_are_everywhere_are_told():
    counts = COUNTS.copy()
    counts[:, 29] += 60
    text = said(analysis(counts))
    assert "'court9' is among the ten likeliest words of most topics" in text
    assert "--stop-words FILE" in text


def test_a_topic_of_one_document_is_told():
    counts = np.zeros((60, 33))
    counts[:, :30] = COUNTS
    counts[7, 30:] = 200
    words = [*WORDS, "ring", "bell", "book"]
    a = analysis(counts, 4, words=words)
    k = next(k for k, top in enumerate(a.top_words) if "bell" in top[:3])
    assert f"opic {k} (document 8) has most of its words from one document" in said(a)


def test_topics_that_do_not_come_back_are_told(clear):
    other = np.roll(np.eye(30)[:3] + 1e-9, 15, axis=1)
    a = TopicsAnalysis(
        clear.model, clear.collection, "t", clear.labels, None, [Trial(3, 10.0, 30.0, 6, 100, other)]
    )
    assert "Topics 0, 1 and 2 did not come back" in said(a)
    assert "believe them only if another --seed shows them, too" in said(a)
    no_better = TopicsAnalysis(
        clear.model,
        clear.collection,
        "t",
        clear.labels,
        None,
        [Trial(3, 29.9, 30.0, 6, 100, clear.model.topic_word_)],
    )
    assert "no better than the frequencies of the words" in said(no_better)
    assert "come back" not in said(no_better)


def test_short_documents_and_words_of_one_document_are_told():
    counts = np.zeros((60, 30))
    counts[np.arange(60), np.arange(60) % 10] = 3
    counts[5, 10:] = 1
    text = said(analysis(counts, 2))
    assert "59 documents (98%) have fewer than 5 words" in text
    assert "20 words (67%) are in one document only" in text
    assert "leave them out of the counts" in text


def test_small_topics_are_told(clear):
    components = clear.model.components_.copy()
    components[2] = components[2] / 50 + clear.model.topic_word_prior_
    assert "Topic 2 holds few words" in said(with_model(clear, components_=components))


# -- tables, pictures, page ----------------------------------------------------------------------------


def test_tables_show_topics_truth_and_perplexity(clear):
    shown = tables.topics(clear)
    assert shown.columns == ["topic", "share", "documents", "coherence", "came back", "words"]
    assert [row[2] for row in shown.rows] == ["20", "20", "20"]
    assert shown.prose == {5}
    truth = tables.truth(clear)
    assert [row[0] for row in truth.rows] == ["sea", "farm", "court"]
    assert {truth.rows[i][j] for i, j in truth.best} == {"20"}
    assert sum(cell == "" for row in truth.rows for cell in row) == 6
    perplexity = tables.perplexity(clear)
    assert perplexity.columns == ["topics", "2", "3"]
    assert perplexity.best == {(0, 2)}
    assert tables.perplexity(analysis()) is None
    assert tables.truth(analysis()) is None


def test_pictures_are_those_that_show_something(clear):
    names = [figure.name for figure in topics_figures(clear)]
    assert names[0] == "topics"
    assert set(names) == {
        *("topics", "topic_map", "document_topics", "convergence", "perplexity", "topic_words")
    }
    assert not any(figure.wide for figure in topics_figures(clear)[1:-1])
    assert {figure.name for figure in topics_figures(analysis(K=1))} == {
        *("topics", "convergence", "topic_words")
    }
    online = {figure.name: figure for figure in topics_figures(analysis(inference="online"))}
    assert "convergence" not in online
    assert "document 60" in [
        tick.get_text() for tick in online["document_topics"].drawing.axes[0].get_yticklabels()
    ]


def test_narrow_pictures_stand_in_pairs():
    for a in (analysis(), analysis(inference="online")):
        assert sum(not figure.wide for figure in topics_figures(a)) % 2 == 0


def test_the_page_says_what_matters_and_needs_no_other_file(clear):
    html = topics_page(clear)
    for text in (
        "3 topics in the 60 documents of t.csv",
        "What to be careful about",
        "latently predict model.latently new.dat",
        "collapsed variational Bayes of zero order",
        "subject and likeliest topic",
        "Held-out perplexity by number of topics",
        'class="prose"',
    ):
        assert text in html, text
    assert html.count("<img") == len(topics_figures(clear))
    assert "http" not in html


def test_names_are_escaped_on_the_page():
    words = [NASTY, *WORDS[1:]]
    a = analysis(words=words, truth=Truth(NASTY, [NASTY, "b"] * 30))
    a = TopicsAnalysis(a.model, a.collection, NASTY, [NASTY] * 60, a.truth)
    assert "<script" not in topics_page(a)


def test_the_summary_is_strict_json(clear):
    summary = json.loads(to_json(topics_summary(clear)))
    assert summary["n_topics"] == 3
    assert summary["tried"][1] == {"n_topics": 3, "perplexity": clear.trials[1].perplexity}
    assert summary["truth"]["documents"] == 60
    top = summary["topics"][1]
    assert [one["word"] for one in top["words"]] == clear.model.top_words(20, 0.6)[1]
    column = WORDS.index(top["words"][0]["word"])
    assert top["words"][0]["probability"] == clear.model.topic_word_[1, column]
    alone = json.loads(to_json(topics_summary(analysis(inference="vb"))))
    assert alone["held_out"] is None
    assert alone["bound"] < 0
