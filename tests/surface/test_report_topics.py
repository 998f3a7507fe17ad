"""What is said of topics is true of the fit, and warns where it must."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.metrics import adjusted_rand_score

from latently import LatentDirichletAllocation
from latently.metrics import coherence, held_out_perplexity
from latently.report.topics import (
    Collection,
    LeftOut,
    TopicsAnalysis,
    Trial,
    Truth,
    run_trials,
    topics_report,
)
from latently.report.topics.trials import held_out
from tests.reports import NASTY, assert_sound, by_kind, known, with_model

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


def told(a):
    """Cautions by kind."""
    return by_kind(topics_report(a).cautions)


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
    report = topics_report(a)
    assert by_kind(report.findings)["agreement"].numbers == {"adjusted_rand": 0.0, "above_mean": 1.0}
    general = by_kind(report.cautions)["general"]
    assert (general.which, general.numbers) == ((0,), {"documents": 60})


def test_documents_without_words_or_labels_are_left_out_of_the_comparison():
    counts = np.vstack([COUNTS, np.zeros((2, 30))])
    a = analysis(counts, truth=Truth("subject", [*LABELS[:50], *[""] * 10, "sea", "farm"]))
    assert a.likeliest[60:].tolist() == [-1, -1]
    assert a.known.sum() == 50
    assert a.agreement[0] == adjusted_rand_score(LABELS[:50], a.likeliest[:50])
    assert a.sizes.sum() == 60
    report = topics_report(a)
    assert by_kind(report.findings)["empty"].which == (60, 61)
    assert sum(int(cell or 0) for row in report.tables["truth"].rows for cell in row[1:]) == 50


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


# -- reports -------------------------------------------------------------------------------------------


def test_the_report_of_topics(clear):
    report = topics_report(clear)
    page, summary = assert_sound(report)
    for text in ("Bayes of zero order", "subject and likeliest topic"):
        assert text in page.text
    assert not any(one in page.text for one in ("documents.csv", "latently predict"))  # the command's
    commanded = " ".join(topics_report(replace(clear, reading="X = ...\n")).going_on)
    assert "latently predict model.latently new.dat" in commanded
    assert "documents.csv" in commanded
    assert 'class="prose"' in page.html
    assert report.headline == "3 topics in the 60 documents of t.csv"
    found, best = by_kind(report.findings), clear.trials[1]
    assert "2,640 words in all: a median of 44 each (44 to 44)" in str(found["documents"])
    assert str(found["left out"]) == "No word was left out"
    assert found["agreement"].numbers["adjusted_rand"] == 1.0
    assert found["choice"].numbers == {"perplexity": best.perplexity}
    assert "3 topics predict held-out documents best among 2 numbers tried" in str(found["choice"])
    assert found["held out"].numbers == {"perplexity": best.perplexity, "without": best.no_topics}
    assert found["coherence"].numbers["mean"] == clear.coherence.mean
    assert found["found again"].numbers == {"topics": 3}
    first = str(report.aloud[0])
    assert first.startswith(f"Topic 0, {clear.shares[0]:.0%} of all words: ")
    assert first.endswith(", ".join(clear.model.top_words(10, 0.6)[0]))
    assert by_kind(report.cautions)["edge"].numbers == {"least": 2, "most": 3}

    shown = report.tables["topics"]
    assert shown.columns == ["topic", "share", "documents", "coherence", "came back", "words"]
    assert [row[2] for row in shown.rows] == ["20", "20", "20"]
    assert shown.prose == {5}
    truth = report.tables["truth"]
    assert [row[0] for row in truth.rows] == ["sea", "farm", "court"]
    assert {truth.rows[i][j] for i, j in truth.best} == {"20"}
    assert sum(cell == "" for row in truth.rows for cell in row) == 6
    assert report.tables["perplexity"].columns == ["topics", "2", "3"]
    assert report.tables["perplexity"].best == {(0, 2)}

    names = [figure.name for figure in report.figures]
    assert names[0] == "topics"
    others = {"topic_map", "document_topics", "convergence", "perplexity", "topic_words"}
    assert set(names) == {"topics", *others}
    assert not any(figure.wide for figure in report.figures[1:-1])

    assert summary["n_topics"] == 3
    assert summary["tried"][1] == {"n_topics": 3, "perplexity": best.perplexity}
    assert summary["truth"]["documents"] == 60
    top = summary["topics"][1]
    assert [one["word"] for one in top["words"]] == clear.model.top_words(20, 0.6)[1]
    column = WORDS.index(top["words"][0]["word"])
    assert top["words"][0]["probability"] == clear.model.topic_word_[1, column]


@pytest.mark.usefixtures("unrendered")
def test_reports_of_other_inferences_leave_out_what_they_do_not_have():
    alone = topics_report(analysis(inference="vb"))
    assert set(alone.tables) == {"topics"}
    _, summary = assert_sound(alone)
    assert summary["held_out"] is None
    assert summary["bound"] < 0
    online = {figure.name: figure for figure in topics_report(analysis(inference="online")).figures}
    assert "convergence" not in online
    for figures in (topics_report(analysis()).figures, online.values()):  # narrow pictures stand in pairs
        assert sum(not figure.wide for figure in figures) % 2 == 0
    labels = online["document_topics"].drawing.axes[0].get_yticklabels()
    assert "document 60" in [tick.get_text() for tick in labels]
    names = {figure.name for figure in topics_report(analysis(K=1)).figures}
    assert names == {"topics", "convergence", "topic_words"}


@pytest.mark.usefixtures("unrendered")
def test_names_are_escaped_on_the_page():
    a = analysis(words=[NASTY, *WORDS[1:]], truth=Truth(NASTY, [NASTY, "b"] * 30))
    assert "<script>alert" not in topics_report(replace(a, source=NASTY, labels=[NASTY] * 60)).page()


def test_what_was_left_out_is_told():
    left_out = [LeftOut("stop words", 2, 700), LeftOut("in one document only", 1, 1)]
    a = replace(analysis(), collection=collection(COUNTS, left_out=left_out))
    found = by_kind(topics_report(a).findings)["left out"]
    assert found.numbers == {"tokens": 701}
    assert str(found) == (
        "Left out: 2 stop words and 1 word in one document only; together 21% of the 3,341 words"
    )


# -- cautions ------------------------------------------------------------------------------------------


def test_a_clear_case_has_no_cautions(clear):
    assert topics_report(analysis(trials=clear.trials[1:])).cautions == []


def test_the_end_of_the_range_is_told(clear):
    assert "the largest that was tried" in str(told(clear)["edge"])
    three, four = clear.trials[1], replace(clear.trials[1], n_components=4)
    smaller = replace(clear, trials=[three, four])
    assert "topics, 3, is the smallest that was tried" in str(told(smaller)["edge"])
    assert "edge" not in told(replace(analysis(K=2), trials=clear.trials))  # there are no fewer


@pytest.mark.parametrize(
    ("changed", "kind", "words"),
    [
        (
            {"converged_": False, "stop_reason_": "made 7 passes"},
            "not converged",
            "had not converged: it made 7 passes",
        ),
        ({"inference": "online", "converged_": False}, "online", "inference='cvb0' finds better topics"),
    ],
)
def test_what_is_wrong_with_a_fit_is_told(clear, changed, kind, words):
    assert words in str(told(with_model(clear, **changed))[kind])


@pytest.mark.parametrize("listed", [False, True])
def test_seed_words_of_another_topic_are_told(clear, listed):
    order = [int(clear.model.topic_word_[:, WORDS.index(word)].argmax()) for word in ("sea0", "farm0")]
    wrong = {(order[0] + 1) % 3: ["sea0"], (order[1] + 1) % 3: ["farm0"]}
    seeds = [wrong.get(k, []) for k in range(3)] if listed else wrong
    found = told(with_model(clear, seed_words=seeds))["seed words"]
    assert (found.which, found.numbers) == (tuple(sorted(wrong)), {"words": 2})
    assert f"'sea0' (topic {order[0]} instead of {(order[0] + 1) % 3})" in str(found)


def test_seeds_that_hold_are_not_told():
    a = analysis(seed_words={k: [f"{name}{i}" for i in range(4)] for k, name in enumerate(("farm", "sea"))})
    report = topics_report(a)
    assert "seed words" not in by_kind(report.cautions)
    least = a.model.topic_word_prior_.min()
    assert abs(least - 0.05) > 0.01  # learned
    assert report.how["Prior of words"] == f"{least:.4g} and more for seed words"


def test_topics_alike_and_too_many_are_told():
    a = analysis(COUNTS[:40, :10] + COUNTS[20:, 10:20], 9, words=WORDS[:10])
    found = told(a)
    assert found["few documents"].numbers == {"documents": 40}
    assert "Try n_components=8 or fewer" in str(found["few documents"])
    assert "Try -k 8 or fewer" in str(told(replace(a, reading="X = ...\n"))["few documents"])
    i, j = np.unravel_index(a.cosines.argmax(), a.cosines.shape)
    assert found["alike"].which[0] == (i, j)
    assert found["alike"].numbers == {"cosine": a.cosines[i, j]}


def test_words_that_are_everywhere_are_told():
    counts = COUNTS.copy()
    counts[:, 29] += 60
    assert told(analysis(counts))["words everywhere"].which == (29,)
    few = np.zeros((60, 12))  # four words a topic: others are among its ten likeliest for want of more
    for d in range(60):
        few[d, 4 * TRUE[d] : 4 * TRUE[d] + 4] = 5
    assert "words everywhere" not in told(analysis(few, words=WORDS[:12]))


def test_a_topic_of_one_document_is_told():
    counts = np.zeros((60, 33))
    counts[:, :30] = COUNTS
    counts[7, 30:] = 200
    a = analysis(counts, 4, words=[*WORDS, "ring", "bell", "book"])
    k = next(k for k, top in enumerate(a.top_words) if "bell" in top[:3])
    found = told(a)["one document"]
    assert found.which == (k,)
    assert f"topic {k} (document 8) has most of its words" in str(found)


def test_topics_that_do_not_come_back_or_do_not_help_are_told(clear):
    other = np.roll(np.eye(30)[:3] + 1e-9, 15, axis=1)
    found = told(replace(clear, trials=[Trial(3, 10.0, 30.0, 6, 100, other)]))
    assert found["not found again"].which == (0, 1, 2)
    assert "believe them only if another random_state shows them, too" in str(found["not found again"])
    found = told(replace(clear, reading="X = ...\n", trials=[Trial(3, 10.0, 30.0, 6, 100, other)]))
    assert "believe them only if another --seed shows them, too" in str(found["not found again"])
    found = told(replace(clear, trials=[Trial(3, 29.9, 30.0, 6, 100, clear.model.topic_word_)]))
    assert found["no better"].numbers == {"perplexity": 29.9, "without": 30.0}
    assert "not found again" not in found


def test_short_documents_and_words_of_one_document_are_told():
    counts = np.zeros((60, 30))
    counts[np.arange(60), np.arange(60) % 10] = 3
    counts[5, 10:] = 1
    found = told(analysis(counts, 2))
    assert found["short documents"].numbers == {"documents": 59}
    assert found["words of one document"].numbers == {"words": 20}
    assert "leave them out of the counts" in str(found["words of one document"])


def test_small_topics_are_told(clear):
    components = clear.model.components_.copy()
    components[2] = components[2] / 50 + clear.model.topic_word_prior_
    assert told(with_model(clear, components_=components))["small"].which == (2,)


def test_small_perplexities_have_a_decimal(clear):
    near = [replace(one, perplexity=5.02 + 0.3 * i) for i, one in enumerate(clear.trials)]
    report = topics_report(replace(clear, trials=near))
    assert "(perplexity 5.0); next come 3 topics (5.3)" in str(by_kind(report.findings)["choice"])
    assert report.tables["perplexity"].rows[0][1:] == ["5.0", "5.3"]


def test_a_coherence_that_all_topics_have_is_said_once(clear):
    score = clear.coherence
    same = known(clear, coherence=replace(score, per_topic=np.full(3, -0.2), mean=-0.2))
    said = str(by_kind(topics_report(same).findings)["coherence"])
    assert "is \N{MINUS SIGN}0.20 on average. Near 1" in said
