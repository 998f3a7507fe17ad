"""The job `topics`: what it reads and writes, and that it refuses in one line."""

import json
import os
import shlex

import numpy as np
import polars
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import adjusted_rand_score

import latently
from latently.cli.corpora import Documents
from latently.cli.corpora.documents import numbered
from latently.cli.corpora.words import WordChoice, collect
from latently.cli.tables.table import Table
from latently.cli.topics import numbers_of_topics
from latently.estimators.topics.corpus import read_corpus
from tests.command import (
    DOCUMENTS,
    JOBS,
    LABELS,
    SUBJECTS,
    TEXTS,
    assert_one_clear_line,
    model_of,
    said_in,
    summary_of,
    written,
)


@pytest.fixture
def folder(results):
    return results(*JOBS["topics"].run)


# -- a run ---------------------------------------------------------------------------------------------


def test_documents_keep_their_columns_and_get_their_topics(folder):
    result = polars.read_csv(folder / "documents.csv")
    assert result.columns == [
        "id",
        "text",
        "subject",
        "topic",
        "share",
        "words",
        "topic_0",
        "topic_1",
        "topic_2",
    ]
    assert_array_equal(result["id"], [f"t{i}" for i in range(61)])
    model = model_of(folder)
    shares = result.select("topic_0", "topic_1", "topic_2").to_numpy()
    assert_allclose(shares, model.doc_topic_, atol=1e-6)
    assert_array_equal(result["topic"][:60], model.doc_topic_[:60].argmax(axis=1))
    assert_allclose(result["share"][:60], shares[:60].max(axis=1))
    assert adjusted_rand_score(LABELS[:60], result["topic"][:60]) == 1
    # A text without words has no topic, and the shares of the prior.
    assert result["topic"][60] is None
    assert result["share"][60] is None
    assert result["words"][60] == 0
    assert_allclose(shares[60], model.doc_topic_prior_ / model.doc_topic_prior_.sum(), atol=1e-6)
    assert result["words"][0] == 25


def test_topics_have_a_line_each_with_their_words(folder):
    topics = polars.read_csv(folder / "topics.csv")
    names = [f"word_{i}" for i in range(1, 11)]
    assert topics.columns == ["topic", "share", "documents", "coherence", *names]
    model = model_of(folder)
    assert [list(row) for row in topics.select(names).rows()] == model.top_words(10, 0.6)
    assert topics["documents"].to_list() == [20, 20, 20]
    assert topics["share"].sum() == pytest.approx(1, abs=1e-5)
    found = {frozenset(row) for row in topics.select(names).rows()}
    assert found == {frozenset(words) for words in SUBJECTS.values()}


def test_the_summary_agrees_and_the_page_says_how_to_go_on(folder):
    summary = summary_of(folder)
    model = model_of(folder)
    assert (summary["n_topics"], summary["n_documents"], summary["empty_documents"]) == (3, 61, [61])
    assert {one["why"]: (one["words"], one["tokens"]) for one in summary["left_out"]} == {
        "stop words": (3, 60 * 2 + 3),
        "in one document only": (1, 1),
        "in more than 50% of the documents": (3, 60 * 4),
    }
    assert summary["n_tokens"] == 60 * 25
    assert summary["n_tokens_before"] == 60 * 31 + 1 + 3
    assert summary["truth"]["adjusted_rand_of_likeliest_topic"] == 1
    assert summary["held_out"]["documents"] == 6
    assert summary["held_out"]["perplexity"] < 15 < 25 < summary["held_out"]["perplexity_without_topics"]
    first = summary["topics"][0]["words"][0]
    assert first["probability"] == model.topic_word_[0, list(model.vocabulary_).index(first["word"])]
    assert "latently.load(&quot;model.latently&quot;)" in (folder / "index.html").read_text(encoding="utf-8")


# -- what it reads -------------------------------------------------------------------------------------


def shares_of(folder):
    result = polars.read_csv(folder / "documents.csv")
    return result.select(name for name in result.columns if name.startswith("topic_")).to_numpy()


def test_other_forms_of_the_same_texts_give_the_same_topics(folder, run, here):
    expected = shares_of(folder)
    (here / "lines.jsonl").write_text(
        "".join(json.dumps({"body": text, "n": i}) + "\n" for i, text in enumerate(TEXTS))
    )
    frame = polars.DataFrame({"text": TEXTS, "when": range(61)})
    frame.write_parquet(here / "frame.parquet")
    for i, (text, label) in enumerate(zip(TEXTS, LABELS, strict=True)):
        place = here / "folder" / (label or "none")
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{i:02d}.txt").write_text(text)
    assert run("topics", "lines.jsonl", "--text-column", "body", "-k", "3")[0] == 0
    assert_allclose(shares_of(here / "latently-topics-lines"), expected)
    assert run("topics", "frame.parquet", "-k", "3")[0] == 0
    assert_allclose(shares_of(here / "latently-topics-frame"), expected)
    code, out, _ = run("topics", "folder", "-k", "3", "--truth", "folder")
    assert code == 0
    assert "Against the 4 labels of folder" in said_in(out)
    result = polars.read_csv(here / "latently-topics-folder" / "documents.csv")
    assert result.columns[:4] == ["file", "folder", "topic", "share"]
    order = [int(name[-6:-4]) for name in result["file"]]
    assert sorted(order) == list(range(61))


@pytest.fixture
def counts(here):
    """The same documents as counts in LDA-C format, without what the texts leave out."""
    corpus = read_corpus(TEXTS)
    words = list(corpus.words.vocabulary)
    rows = [corpus.counts[[i]] for i in range(61)]
    lines = [
        " ".join([str(row.nnz), *(f"{w}:{int(n)}" for w, n in zip(row.indices, row.data, strict=True))])
        for row in rows
    ]
    (here / "c.dat").write_text("\n".join(lines) + "\n")
    (here / "words.txt").write_text("\n".join([*words, "unused"]) + "\n")
    return here / "c.dat"


def test_counts_in_lda_c_format(folder, counts, run, here):
    code, out, _ = run("topics", "c.dat", "--vocabulary", "words.txt", "-k", "3")
    assert code == 0
    assert "Left out: 1 word that no document has." in said_in(out)
    assert "in documents) is" in said_in(out)
    result = polars.read_csv(here / "latently-topics-c" / "documents.csv")
    assert result.columns[:2] == ["document", "topic"]
    likeliest = polars.read_csv(folder / "documents.csv")["topic"]
    assert adjusted_rand_score(result["topic"][:60], likeliest[:60]) == 1

    # New documents with their own numbering of the words, one of them unknown.
    (here / "new.dat").write_text("2 0:3 1:2\n1 2:4\n")
    (here / "new.vocab").write_text("ship\nsail\nzebra\n")
    model = model_of(here / "latently-topics-c")
    code, out, _ = run("predict", "latently-topics-c/model.latently", "new.dat")
    assert code == 0
    assert "1 document (50%) has no word that the model knows" in said_in(out)
    found = polars.read_csv(here / "latently-predict-new" / "documents.csv")
    row = np.zeros((1, 31))
    row[0, [model.vocabulary_.tolist().index(word) for word in ("ship", "sail")]] = 3, 2
    assert_allclose(shares_of(here / "latently-predict-new")[0], model.transform(row)[0], atol=1e-6)
    assert found["topic"][1] is None
    (here / "bad.vocab").write_text("x\ny\nz\n")
    assert_one_clear_line(
        *run(
            *("predict", "latently-topics-c/model.latently", "new.dat", "--vocabulary", "bad.vocab"),
            *("--out", "x"),
        ),
        "no word of new.dat is known to model.latently",
    )
    (here / "t.csv").write_text(written(DOCUMENTS))
    assert_one_clear_line(
        *run("predict", "latently-topics-c/model.latently", "t.csv"),
        "model.latently was fitted to counts, and t.csv holds texts",
    )


def test_what_is_kept_is_what_scikit_learn_keeps():
    documents = Documents("t", "texts", Table("t", numbered(61)), TEXTS)
    for settings in (
        {},
        {"min_df": 1, "max_df": 1.0},
        {"min_df": 0.1, "max_df": 40},
        {"stop_words": frozenset({"people", "ship"})},
        {"stop_words": frozenset()},
    ):
        choice = WordChoice(**settings)
        found, expected = collect(documents, choice), read_corpus(TEXTS, vectorizer=choice.vectorizer())
        assert found.words == expected.words.vocabulary.tolist()
        assert (found.counts != expected.counts).nnz == 0
        assert found.n_tokens_before - found.n_tokens == sum(one.n_tokens for one in found.left_out)


def test_choices_of_words_reach_the_model(run, here):
    (here / "t.csv").write_text(written(DOCUMENTS, ";"))
    (here / "stop.txt").write_text("Ship, sail\nwave")
    code, _, _ = run(
        *("topics", "t.csv", "--text-column", "text", "-k", "2", "--min-df", "1", "--max-df", "100%"),
        *("--stop-words", "english", "--stop-words", "stop.txt", "--inference", "vb", "--seed", "3"),
    )
    assert code == 0
    model = model_of(here / "latently-topics-t")
    words = set(model.vocabulary_)
    assert {"unique", "people"} <= words
    assert not {"the", "ship", "sail", "wave"} & words
    assert (model.inference, model.random_state) == ("vb", 3)
    assert summary_of(here / "latently-topics-t")["bound"] == model.bound_
    header = (here / "latently-topics-t" / "documents.csv").read_text().splitlines()[0]
    assert header == "id;text;subject;topic;share;words;topic_0;topic_1"
    assert "--stop-words english --stop-words stop.txt" in (here / "latently-topics-t/index.html").read_text()


def test_seeds_keep_the_numbers_of_topics(run, here):
    (here / "t.csv").write_text(written(DOCUMENTS))
    (here / "seeds.txt").write_text("0=judge jury verdict Trial\n\n1=ship,sail,wave, storm\n")
    farm = "2=field,plough,harvest,barn"
    code, out, _ = run("topics", "t.csv", "-k", "3", "--seed-words", "seeds.txt", "--seed-words", farm)
    assert code == 0
    assert "seed words" not in out
    result = polars.read_csv(here / "latently-topics-t" / "documents.csv")
    numbers = {"court": 0, "sea": 1, "farm": 2}
    assert result["topic"][:60].to_list() == [numbers[label] for label in LABELS[:60]]


def test_documents_held_out_choose_the_number_of_topics(run, here):
    (here / "t.csv").write_text(written(DOCUMENTS[:-1]))
    code, out, _ = run("topics", "t.csv", "-k", "1,3", "--truth", "subject")
    assert code == 0
    said = said_in(out)
    assert "3 topics predict held-out documents best among 2 numbers tried" in said
    assert "Held-out perplexity by number of topics" in said
    folder = here / "latently-topics-t"
    assert "perplexity.png" in os.listdir(folder)
    tried = summary_of(folder)["tried"]
    assert [one["n_topics"] for one in tried] == [1, 3]
    assert tried[0]["perplexity"] > 2 * tried[1]["perplexity"]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("7", [7]), ("4,2,4", [2, 4]), ("2:9", list(range(2, 10))), ("5:30", [5, 6, 8, 11, 14, 18, 23, 30])],
)
def test_numbers_of_topics_are_read(text, numbers):
    assert numbers_of_topics(text) == numbers


# -- predict -------------------------------------------------------------------------------------------


def test_predict_finds_the_topics_of_new_texts(folder, run, here):
    new = ["a storm broke the anchor of the ship", "zebra", "judge and jury"]
    (here / "new.csv").write_text(written([["text", "topic"], *([text, "mine"] for text in new)]))
    code, out, err = run("predict", str(folder / "model.latently"), "new.csv")
    assert (code, err) == (0, "")
    said = said_in(out)
    assert "3 documents of new.csv in 3 topics" in said
    assert "1 document (33%) has no word that the model knows" in said
    result = polars.read_csv(here / "latently-predict-new" / "documents.csv")
    assert result.columns == ["text", "topic", "topic_3", "share", "words", "topic_0", "topic_1", "topic_2"]
    model = model_of(folder)
    expected = model.transform([new[0], new[2]])
    assert [result["topic_3"][i] for i in (0, 2)] == expected.argmax(axis=1).tolist()
    assert result["words"].to_list() == [3, 0, 2]


def test_markup_is_no_word_few_texts_choose_the_number_and_predict_remembers_the_column(run, here):
    texts = [
        f'<p class="x"><b>{text[:30]}</b>{text[30:]}</p> https://example.org/{i}?q=1 <!-- lost -->'
        for i, text in enumerate(TEXTS)
    ]
    rows = [["id", "body", "note"], *([i, text, "none"] for i, text in enumerate(texts))]
    (here / "t.csv").write_text(written(rows))
    code, out, err = run("topics", "t.csv", "--text-column", "body", "--min-df", "3")
    assert (code, err) == (0, "")
    assert "predict held-out documents best among 8 numbers tried" in said_in(out)
    assert model_of(here / "latently-topics-t").n_components in (3, 4)
    assert "Taken out HTML of 61 documents and links of 61 documents" in said_in(out)
    folder = here / "latently-topics-t"
    assert not {"class", "org", "example", "https", "lost"} & set(model_of(folder).vocabulary_)
    assert polars.read_csv(folder / "documents.csv")["body"].to_list() == texts  # as they stood
    assert run("predict", str(folder / "model.latently"), "t.csv")[0] == 0  # two columns could be the texts
    assert_allclose(shares_of(here / "latently-predict-t"), shares_of(folder), atol=0.05)


def test_a_folder_of_any_files_is_read_alike_by_both_jobs(run, here):
    for i, text in enumerate(TEXTS):
        place = here / "news" / (LABELS[i] or "none")
        place.mkdir(parents=True, exist_ok=True)
        (place / str(49960 + i)).write_bytes(f"caf\xe9 {text}".encode("latin-1"))
    how = ("--files", "*", "--encoding", "latin-1", "--missing", "[gone],nix")
    code, out, _ = run("topics", "news", "-k", "3", "--truth", "folder", *how)
    assert code == 0
    assert "No cell holds [gone] or nix, which --missing names." in said_in(out)
    folder = here / "latently-topics-news"
    command = summary_of(folder)["settings"]["Command"]
    assert all(shlex.join(how[i : i + 2]) in command for i in (0, 2, 4))
    assert run("predict", str(folder / "model.latently"), "news", *how)[0] == 0
    again = polars.read_csv(here / "latently-predict-news" / "documents.csv")
    assert again["file"].equals(polars.read_csv(folder / "documents.csv")["file"])
    assert_allclose(shares_of(here / "latently-predict-news"), shares_of(folder), atol=0.05)


def test_predict_refuses_options_of_other_models(folder, run, here):
    (here / "t.csv").write_text("a,text\n1,x\n2,y\n3,z\n")
    model = str(folder / "model.latently")
    for arguments, words in {
        (model, "t.csv", "--time", "a"): "--time a is for models of series",
        (model, "t.csv", "--text-column", "body"): "no column 'body'",
        (model, "nothing.csv"): "there is no file 'nothing.csv'",
    }.items():
        assert_one_clear_line(*run("predict", *arguments), words)
    X = polars.DataFrame({"a": [1.0, 2.0, 8.0, 9.0]})
    latently.GaussianMixture(1).fit(X).save(here / "m.latently")
    for option, words in {"--text-column": "topic models", "--time": "models of series"}.items():
        asked = run("predict", "m.latently", "t.csv", option, "a")
        assert_one_clear_line(*asked, f"{option} a is for {words}")
    assert sorted(os.listdir(here)) == ["m.latently", "t.csv"]


def test_options_of_texts_are_not_for_counts(counts, run, here):
    before = sorted(os.listdir(here))
    for option, value in (("--min-df", "2"), ("--stop-words", "english"), ("--text-column", "a")):
        assert_one_clear_line(
            *run("topics", "c.dat", "--vocabulary", "words.txt", "-k", "3", option, value), option
        )
    assert sorted(os.listdir(here)) == before
