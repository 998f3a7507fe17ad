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
from tests.command import assert_one_clear_line, process, said_in, written

FILES = {
    *("model.latently", "topics.csv", "documents.csv", "summary.json", "index.html"),
    *(f"{name}.png" for name in ("topics", "topic_map", "topic_words", "document_topics", "convergence")),
}

# Three subjects, a few words that all have, one word of a single text, and a text of stop words only.
SUBJECTS = {
    "sea": ["ship", "sail", "wave", "storm", "harbour", "anchor", "captain", "deck", "tide", "island"],
    "farm": ["field", "plough", "harvest", "barn", "cattle", "wheat", "fence", "tractor", "seed", "orchard"],
    "court": ["judge", "jury", "verdict", "trial", "lawyer", "witness", "appeal", "crime", "guilt", "arrest"],
}
RNG = np.random.default_rng(0)
LABELS = [list(SUBJECTS)[i % 3] for i in range(60)]
TEXTS = [
    " ".join([*RNG.choice(SUBJECTS[label], 25), *RNG.choice(["people", "said", "year"], 4), "The", "and"])
    for label in LABELS
]
TEXTS[5] += " Unique"
LABELS.append("")
TEXTS.append("the and of")
ROWS = [["id", "text", "subject"], *([f"t{i}", TEXTS[i], LABELS[i]] for i in range(61))]


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """One real run, looked at by many tests: the folder and the finished process."""
    folder = tmp_path_factory.mktemp("session")
    (folder / "texts.csv").write_text(written(ROWS))
    ran = process(folder, "topics", "texts.csv", "--text-column", "text", "-k", "3", "--truth", "subject")
    return folder / "latently-topics-texts", ran


# -- a run ---------------------------------------------------------------------------------------------


def test_a_run_ends_well_is_quiet_and_writes_its_folder_and_nothing_else(session):
    folder, ran = session
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr.replace("latently: compiling its kernels, this once (a few seconds)\n", "") == ""
    assert "\x1b" not in ran.stdout
    assert set(os.listdir(folder.parent)) == {"texts.csv", "latently-topics-texts"}
    assert set(os.listdir(folder)) == FILES
    assert all((folder / name).read_bytes().startswith(b"\x89PNG") for name in FILES if name.endswith("png"))


def test_documents_keep_their_columns_but_the_text_and_get_their_topics(session):
    folder, _ = session
    result = polars.read_csv(folder / "documents.csv")
    assert result.columns == ["id", "subject", "topic", "share", "words", "topic_0", "topic_1", "topic_2"]
    assert_array_equal(result["id"], [f"t{i}" for i in range(61)])
    model = latently.load(folder / "model.latently")
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


def test_topics_have_a_line_each_with_their_words(session):
    folder, _ = session
    topics = polars.read_csv(folder / "topics.csv")
    names = [f"word_{i}" for i in range(1, 11)]
    assert topics.columns == ["topic", "share", "documents", "coherence", *names]
    model = latently.load(folder / "model.latently")
    assert [list(row) for row in topics.select(names).rows()] == model.top_words(10, 0.6)
    assert topics["documents"].to_list() == [20, 20, 20]
    assert topics["share"].sum() == pytest.approx(1, abs=1e-5)
    found = {frozenset(row) for row in topics.select(names).rows()}
    assert found == {frozenset(words) for words in SUBJECTS.values()}


def test_the_first_screen_says_what_matters(session):
    said = said_in(session[1].stdout)
    for words in (
        "3 topics in the 61 documents of texts.csv",
        "of all words: ",
        "1 word in one document only",
        "3 words in more than 50% of the documents",
        "1 document has no words left: its topics are not known",
        "Against the 3 labels of subject, which the model never saw: adjusted Rand index 1.00",
        "Held-out perplexity",
        "does not say whether people find the topics meaningful",
        "Coherence (c_npmi of the ten likeliest words, in windows of ten words)",
        "3 of 3 topics came back",
        "subject and likeliest topic",
        "Why it stopped converged",
        "Wrote latently-topics-texts/: open index.html for the pictures; documents.csv has the columns",
    ):
        assert words in said, words


def test_the_summary_and_the_page_agree(session):
    folder, _ = session
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    model = latently.load(folder / "model.latently")
    assert summary["settings"]["Command"] == (
        "latently topics texts.csv -k 3 --truth subject --inference cvb0 --text-column text --seed 0"
    )
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
    html = (folder / "index.html").read_text(encoding="utf-8")
    assert "3 topics in the 61 documents of texts.csv" in html
    assert "latently.load(&quot;model.latently&quot;)" in html
    assert "http" not in html


def test_the_command_of_the_summary_does_the_same_again(session, run, here):
    folder, _ = session
    (here / "texts.csv").write_bytes((folder.parent / "texts.csv").read_bytes())
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert run(*summary["settings"]["Command"].split()[1:])[0] == 0
    for name in ("documents.csv", "topics.csv", "model.latently", "index.html", "topic_map.png"):
        again = (here / "latently-topics-texts" / name).read_bytes()
        assert again == (folder / name).read_bytes(), name


# -- what it reads -------------------------------------------------------------------------------------


def shares_of(folder):
    result = polars.read_csv(folder / "documents.csv")
    return result.select(name for name in result.columns if name.startswith("topic_")).to_numpy()


def test_other_forms_of_the_same_texts_give_the_same_topics(session, run, here):
    expected = shares_of(session[0])
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


def test_counts_in_lda_c_format(session, counts, run, here):
    code, out, _ = run("topics", "c.dat", "--vocabulary", "words.txt", "-k", "3")
    assert code == 0
    assert "Left out: 1 word that no document has." in said_in(out)
    assert "in documents) is" in said_in(out)
    result = polars.read_csv(here / "latently-topics-c" / "documents.csv")
    assert result.columns[:2] == ["document", "topic"]
    likeliest = polars.read_csv(session[0] / "documents.csv")["topic"]
    assert adjusted_rand_score(result["topic"][:60], likeliest[:60]) == 1

    # New documents with their own numbering of the words, one of them unknown.
    (here / "new.dat").write_text("2 0:3 1:2\n1 2:4\n")
    (here / "new.vocab").write_text("ship\nsail\nzebra\n")
    model = latently.load(here / "latently-topics-c" / "model.latently")
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
    (here / "t.csv").write_text(written(ROWS))
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
    (here / "t.csv").write_text(written(ROWS, ";"))
    (here / "stop.txt").write_text("Ship, sail\nwave")
    code, _, _ = run(
        *("topics", "t.csv", "--text-column", "text", "-k", "2", "--min-df", "1", "--max-df", "100%"),
        *("--stop-words", "english", "--stop-words", "stop.txt", "--inference", "vb", "--seed", "3"),
    )
    assert code == 0
    model = latently.load(here / "latently-topics-t" / "model.latently")
    words = set(model.vocabulary_)
    assert {"unique", "people"} <= words
    assert not {"the", "ship", "sail", "wave"} & words
    assert (model.inference, model.random_state) == ("vb", 3)
    assert json.loads((here / "latently-topics-t" / "summary.json").read_text())["bound"] == model.bound_
    header = (here / "latently-topics-t" / "documents.csv").read_text().splitlines()[0]
    assert header == "id;subject;topic;share;words;topic_0;topic_1"
    assert "--stop-words english --stop-words stop.txt" in (here / "latently-topics-t/index.html").read_text()


def test_seeds_keep_the_numbers_of_topics(run, here):
    (here / "t.csv").write_text(written(ROWS))
    (here / "seeds.txt").write_text("0=judge jury verdict Trial\n\n1=ship,sail,wave, storm\n")
    farm = "2=field,plough,harvest,barn"
    code, out, _ = run("topics", "t.csv", "-k", "3", "--seed-words", "seeds.txt", "--seed-words", farm)
    assert code == 0
    assert "seed words" not in out
    result = polars.read_csv(here / "latently-topics-t" / "documents.csv")
    numbers = {"court": 0, "sea": 1, "farm": 2}
    assert result["topic"][:60].to_list() == [numbers[label] for label in LABELS[:60]]


def test_documents_held_out_choose_the_number_of_topics(run, here):
    (here / "t.csv").write_text(written(ROWS[:-1]))
    code, out, _ = run("topics", "t.csv", "-k", "1,3", "--truth", "subject")
    assert code == 0
    said = said_in(out)
    assert "3 topics foretell documents held out best among 2 numbers tried" in said
    assert "Held-out perplexity by number of topics" in said
    folder = here / "latently-topics-t"
    assert "perplexity.png" in os.listdir(folder)
    tried = json.loads((folder / "summary.json").read_text())["tried"]
    assert [one["n_topics"] for one in tried] == [1, 3]
    assert tried[0]["perplexity"] > 2 * tried[1]["perplexity"]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("7", [7]),
        ("4,2,4", [2, 4]),
        ("2:9", list(range(2, 10))),
        ("5:30", [5, 6, 8, 11, 14, 18, 23, 30]),
    ],
)
def test_numbers_of_topics_are_read(text, numbers):
    assert numbers_of_topics(text) == numbers


# -- predict -------------------------------------------------------------------------------------------


def test_predict_finds_the_topics_of_new_texts(session, run, here):
    folder, _ = session
    new = ["a storm broke the anchor of the ship", "zebra", "judge and jury"]
    (here / "new.csv").write_text(written([["text", "topic"], *([text, "mine"] for text in new)]))
    code, out, err = run("predict", str(folder / "model.latently"), "new.csv")
    assert (code, err) == (0, "")
    said = said_in(out)
    assert "3 documents of new.csv in 3 topics" in said
    assert "1 document (33%) has no word that the model knows" in said
    result = polars.read_csv(here / "latently-predict-new" / "documents.csv")
    assert result.columns == ["topic", "topic_3", "share", "words", "topic_0", "topic_1", "topic_2"]
    model = latently.load(folder / "model.latently")
    expected = model.transform([new[0], new[2]])
    assert [result["topic_3"][i] for i in (0, 2)] == expected.argmax(axis=1).tolist()
    assert result["words"].to_list() == [3, 0, 2]


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
    assert shlex.join(how) in json.loads((folder / "summary.json").read_text())["settings"]["Command"]
    assert run("predict", str(folder / "model.latently"), "news", *how)[0] == 0
    again = polars.read_csv(here / "latently-predict-news" / "documents.csv")
    assert again["file"].equals(polars.read_csv(folder / "documents.csv")["file"])
    assert_allclose(shares_of(here / "latently-predict-news"), shares_of(folder), atol=0.05)


def test_predict_refuses_options_of_other_models(session, run, here):
    (here / "t.csv").write_text("a,text\n1,x\n2,y\n3,z\n")
    model = str(session[0] / "model.latently")
    for arguments, words in {
        (model, "t.csv", "--time", "a"): "--time a is for models of series",
        (model, "t.csv", "--text-column", "body"): "no column 'body'",
        (model, "nothing.csv"): "there is no file 'nothing.csv'",
    }.items():
        assert_one_clear_line(*run("predict", *arguments), words)
    X = polars.DataFrame({"a": [1.0, 2.0, 8.0, 9.0]})
    latently.GaussianMixture(1).fit(X).save(here / "m.latently")
    assert_one_clear_line(
        *run("predict", "m.latently", "t.csv", "--text-column", "text"),
        "--text-column text is for topic models",
    )
    assert sorted(os.listdir(here)) == ["m.latently", "t.csv"]


# -- what cannot be ------------------------------------------------------------------------------------


GOOD = "id,text,who\na,ship sail ship,x\nb,ship wave,y\nc,barn field barn,x\nd,field sail,y\ne,barn wave,z\n"
CANNOT = {
    ("--text-column", "txt"): "no column 'txt': did you mean 'text'?",
    ("--truth", "whom"): "no column 'whom': did you mean 'who'?",
    ("--truth", "text"): "'text' holds the texts: name another column for --truth",
    ("--vocabulary", "t.csv"): "leave --vocabulary out",
    ("-k", "0"): "there is at least 1 topic",
    ("-k", "many"): "write a number of topics, as in -k 20",
    ("-k", "9:3"): "runs backwards: write -k 3:9",
    ("-k", "6"): "-k 6: t.csv has 5 different words left, fewer than topics; write at most -k 5",
    ("-k", "2,3"): "too few documents to choose by those held out; write one number, such as -k 2",
    ("--min-df", "lots"): "--min-df lots: write a number of documents, such as 2, or a share",
    ("--max-df", "1.5"): "--max-df 1.5: write a number of documents",
    ("--min-df", "4", "--max-df", "2"): "--min-df 4 asks for more documents than --max-df 2 allows, of 5",
    ("--max-df", "1", "--min-df", "1"): "no word of t.csv is left: ",
    ("--stop-words", "nix.txt"): "--stop-words nix.txt: there is no such file; write english, none",
    ("--stop-words", "none", "--stop-words", "english"): "--stop-words none stands beside others",
    ("--stop-words", "empty.txt"): "no word of two letters or more is in it",
    ("--seed-words", "ship"): "--seed-words 'ship': write the number of a topic and words, as in 3=sea,ship",
    ("--seed-words", "2=ship"): "topics are numbered 0 to 1; raise -k",
    ("--seed-words", "1=shp"): "'shp' is not among the words left: did you mean 'ship'?",
    ("--seed-words", "1=the"): "'the' is not among the words left: it may be a stop word",
    ("--inference", "gibbs"): "'gibbs' is not one of",
    ("--out", "t.csv"): "'t.csv' is a file",
}
MESSY = {
    "empty": (b"", "t.csv is empty"),
    "header only": (b"text\n", "a header and no rows"),
    "no texts": (b"text,b\n,1\n,2\n", "column 'text' of t.csv has only empty cells"),
    "which": (b"a,b\nx,y\n", "write --text-column"),
    "no words": (b"text,b\n!,1\n? x,2\n", "have no word of two letters or more"),
    "only stop words": (
        b"text,b\nthe and,1\nof the,2\n,3\n,4\n",
        "no word of t.csv is left: 3 stop words; lower",
    ),
    "each its own": (b"text,b\nship,1\nsail,2\n,3\n,4\n", "2 are in one document only"),
    "not UTF-8": (b"text\ncaf\xe9 noir\n", "not UTF-8 (byte 0xe9): add --encoding"),
    "no blanks": (
        "text\n今天我们去海边看船和灯塔\n船长在港口等待暴风雨过去\n".encode(),
        "cut them into words first",
    ),
    "json": (b'{"text": "a"}\n{"text"\n', "line 2 of t.csv is not JSON"),
    "no truth": (b"text,b\nship ship,\nship sail,\nsail wave,\nwave x,\n", "column 'b' of t.csv is empty"),
}


@pytest.mark.parametrize(("arguments", "words"), CANNOT.items(), ids=[" ".join(key) for key in CANNOT])
def test_a_wrong_request_is_one_clear_line_and_leaves_nothing(run, here, arguments, words):
    (here / "t.csv").write_text(GOOD)
    (here / "empty.txt").write_text("a b\n")
    assert_one_clear_line(
        *run("topics", "t.csv", *(arguments if "-k" in arguments else (*arguments, "-k", "2"))), words
    )
    assert sorted(os.listdir(here)) == ["empty.txt", "t.csv"]


@pytest.mark.parametrize("name", MESSY)
def test_messy_texts_are_one_clear_line_and_leave_nothing(run, here, name):
    content, words = MESSY[name]
    (here / "t.csv").write_bytes(content)
    asked = ("--truth", "b", "--max-df", "1.0") if name == "no truth" else ()
    assert_one_clear_line(*run("topics", "t.csv", "-k", "2", *asked), words)
    assert os.listdir(here) == ["t.csv"]


def test_options_of_texts_are_not_for_counts(counts, run, here):
    before = sorted(os.listdir(here))
    for option, value in (("--min-df", "2"), ("--stop-words", "english"), ("--text-column", "a")):
        assert_one_clear_line(
            *run("topics", "c.dat", "--vocabulary", "words.txt", "-k", "3", option, value), option
        )
    assert sorted(os.listdir(here)) == before


def test_a_failure_halfway_leaves_nothing(run, here, monkeypatch):
    def full(a):
        raise OSError("No space left on device")

    (here / "t.csv").write_text(GOOD)
    monkeypatch.setattr("latently.report.topics.report.topics_figures", full)
    assert_one_clear_line(*run("topics", "t.csv", "-k", "2"), "No space left on device")
    assert os.listdir(here) == ["t.csv"]


def test_results_are_replaced_only_by_force(run, here):
    (here / "t.csv").write_text(GOOD)
    assert run("topics", "t.csv", "-k", "2")[0] == 0
    assert_one_clear_line(*run("topics", "t.csv", "-k", "2"), "add --force")
    code, out, _ = run("topics", "t.csv", "-k", "1", "--force")
    assert code == 0
    assert "Held-out" not in out  # five documents are too few
    assert "topic_map.png" not in os.listdir(here / "latently-topics-t")


def test_help_lists_the_options(run):
    out = run("topics", "--help")[1]
    for option in (
        "--text-column",
        "--files",
        "--encoding",
        "--missing",
        "--truth",
        "-k",
        "--inference",
        "--stop-words",
        "--min-df",
        "--seed-words",
    ):
        assert option in out
