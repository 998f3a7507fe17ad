"""Documents read from real files: what is read, and one line for what cannot be."""

import json

import numpy as np
import polars
import pytest
from numpy.testing import assert_array_equal

from latently.cli.corpora import read_documents
from latently.cli.failure import CommandError
from latently.estimators.topics.corpus import read_corpus

TEXTS = ["Ships, sails\nand the sea.", "A farm on the hill", ""]


@pytest.fixture
def here(tmp_path):
    return tmp_path


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def csv_line(*cells):
    return ",".join('"' + cell.replace('"', '""') + '"' for cell in cells) + "\n"


def table_of_texts():
    return csv_line("id", "text", "kind") + "".join(
        csv_line(str(i), text, "ab"[i % 2]) for i, text in enumerate(TEXTS)
    )


@pytest.mark.parametrize("column", [None, "text"])
def test_a_csv_file_gives_its_texts_and_keeps_the_rest(here, column):
    documents = read_documents(write(here / "t.csv", table_of_texts()), column)
    assert documents.texts == documents.X == TEXTS
    assert documents.counts is None
    assert (documents.kind, documents.text_column, len(documents)) == ("CSV", "text", 3)
    kept = {"id": ["0", "1", "2"], "text": TEXTS, "kind": ["a", "b", "a"]}
    assert documents.rest.frame.to_dict(as_series=False) == kept
    assert documents.rest.where(1) == "line 4"  # the first text has a line break
    documents.rest.write(here / "out.csv", {"topic": polars.Series([0, 1, 0])})
    added = polars.read_csv(here / "out.csv")
    assert added.columns == ["id", "text", "kind", "topic"]
    assert added["text"].fill_null("").to_list() == TEXTS


def test_a_tsv_file_may_have_commas_in_its_texts(here):
    documents = read_documents(write(here / "t.tsv", "kind\tbody\na\tone, two\nb\tthree\n"), "body")
    assert documents.texts == ["one, two", "three"]
    assert documents.rest.separator == "\t"


def test_a_file_of_one_column_needs_no_name_of_it(here):
    documents = read_documents(write(here / "t.csv", "what\nsea\nhill\n"))
    assert documents.texts == ["sea", "hill"]
    assert documents.rest.frame.to_dict(as_series=False) == {"what": ["sea", "hill"]}


def test_parquet_keeps_the_types_of_the_rest(here):
    frame = polars.DataFrame({"text": ["sea", None, "hill"], "year": [1811, 1813, 1814]})
    frame.write_parquet(here / "t.parquet")
    documents = read_documents(here / "t.parquet")
    assert documents.kind == "Parquet"
    assert documents.texts == ["sea", "", "hill"]
    assert documents.rest.frame["year"].dtype == polars.Int64


def test_json_lines_may_lack_keys_and_hold_anything_beside_the_text(here):
    rows = [
        {"text": "sea\u2028ship", "n": 3},
        {"text": None, "tags": ["a", "ä"]},
        {"n": True, "text": "hill"},
    ]
    lines = "\n\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    documents = read_documents(write(here / "t.jsonl", "\ufeff" + lines + "\r\n"))
    assert documents.kind == "JSON lines"
    assert documents.texts == ["sea\u2028ship", "", "hill"]
    assert documents.rest.frame.drop("text").to_dict(as_series=False) == {
        "n": ["3", None, "true"],
        "tags": [None, '["a", "ä"]', None],
    }
    assert documents.rest.where(2) == "line 5"


def test_a_folder_gives_its_texts_by_name(here):
    for name, text in {
        "b.txt": "hill",
        "a.TXT": "sea",
        "10.txt": "",
        "notes.md": "no",
        ".c.txt": "no",
    }.items():
        write(here / "novels" / name, text)
    documents = read_documents(here / "novels")
    assert documents.texts == ["", "sea", "hill"]
    assert documents.rest.frame.to_dict(as_series=False) == {"file": ["10.txt", "a.TXT", "b.txt"]}
    assert (documents.name, documents.text_column) == ("novels", None)


def test_folders_inside_are_named_so_that_they_can_be_the_truth(here):
    write(here / "news" / "space" / "1.txt", "moon")
    write(here / "news" / "cars" / "1.txt", "wheel")
    documents = read_documents(here / "news")
    assert documents.texts == ["wheel", "moon"]
    assert documents.rest.frame["folder"].to_list() == ["cars", "space"]


def test_a_folder_as_newsgroups_are_shipped(here):
    for name, text in {
        "space/49960": b"caf\xe9",
        "space/51060": b"UNKNOWN\n",
        "cars/.x": b"",
        "cars/7": b"a",
    }.items():
        write(here / "news" / name, text)
    documents = read_documents(here / "news", files="*", encoding="latin-1", missing=["unknown"])
    assert documents.texts == ["a", "café", ""]
    assert documents.rest.frame["folder"].to_list() == ["cars", "space", "space"]
    assert read_documents(here / "news", files="space/4*", encoding="cp1252").texts == ["café"]
    with pytest.raises(
        CommandError, match=r"no file that is called \*\.html: .*--files '\*' for all of its 3"
    ):
        read_documents(here / "news", files="*.html")


@pytest.mark.parametrize("name", ["t.csv", "t.txt", "t.jsonl"])
def test_texts_may_be_encoded_otherwise_and_hold_codes(here, name):
    texts = ["Über", "n/a", "[deleted]", "Öl", "- "]
    lines = ["text", *texts] if name != "t.jsonl" else [f'{{"text": "{text}"}}' for text in texts]
    for encoding in ("latin-1", "utf-16"):
        path = write(here / name, "\n".join(lines).encode(encoding))
        documents = read_documents(path, encoding=encoding, missing=["[deleted],-", "x"])
        assert documents.texts == ["Über", "", "", "Öl", ""]
        assert documents.rest.notes == ["no cell holds x, which --missing names"]


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        (b"text\na\n", {"encoding": "nonsense" * 20}, "there is no such encoding; write one such as latin-1"),
        (b"text\na\n", {"encoding": "a\0"}, "there is no such encoding"),
        (b"text\na\n", {"encoding": "base64"}, "there is no such encoding"),
        (b"text\n\xff\n", {"encoding": "ascii"}, "t.csv is not in ascii: name another --encoding"),
        (b"text\na\n", {"files": "*"}, "is no folder: leave --files out"),
        (b"PAR1", {"encoding": "latin-1"}, "which says how it is encoded: leave out --encoding"),
    ],
)
def test_options_that_do_not_belong_to_a_file_are_told(here, content, options, message):
    with pytest.raises(CommandError, match=message):
        read_documents(write(here / "t.csv", content), **options)


LDAC = "2 0:1 2:3\n0\n\n3 1:2 0:1 1:1\n"
VOCABULARY = "sea\nship\nhill\n"


@pytest.mark.parametrize("beside", ["vocab.txt", "ap.vocab", "ap_vocab.txt"])
def test_ldac_takes_its_words_from_beside_it(here, beside):
    write(here / beside, VOCABULARY)
    documents = read_documents(write(here / "ap.dat", LDAC))
    assert documents.kind == "LDA-C"
    assert documents.texts is None
    assert_array_equal(documents.X.toarray(), [[1, 0, 3], [0, 0, 0], [1, 3, 0]])
    assert documents.vocabulary == ["sea", "ship", "hill"]
    assert documents.rest.frame["document"].to_list() == [1, 2, 3]
    assert documents.rest.where(2) == "line 4"


MATRICES = {
    "docword.ap.txt": (b"3\n3\n4\n1 1 1\n1 3 3\n3 1 1\n3 2 3\n", "UCI bag of words", "vocab.ap.txt"),
    "ap.mtx": (
        b"%%MatrixMarket matrix coordinate integer general\n% by hand\n3 3 4\n1 1 1\n1 3 3\n3 1 1\n3 2 3\n",
        "MatrixMarket",
        "ap.vocab",
    ),
}


@pytest.mark.parametrize("name", MATRICES)
def test_matrices_are_counts(here, name):
    content, kind, beside = MATRICES[name]
    write(here / beside, VOCABULARY)
    documents = read_documents(write(here / name, content))
    assert documents.kind == kind
    assert documents.texts is None
    assert_array_equal(documents.X.toarray(), [[1, 0, 3], [0, 0, 0], [1, 3, 0]])
    assert documents.vocabulary == ["sea", "ship", "hill"]
    assert documents.rest.frame["document"].to_list() == [1, 2, 3]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"3 2 3", b"3 2 0.5", "has 0.5 in row 3, column 2: write counts of words, which are whole"),
        (b"3 2 3", b"3 2 " + b"9" * 20, "has 1e+20 in row 3, column 2: write counts"),
        (b"1 3 3", b"1 9 3", "is no whole MatrixMarket file ("),
        (b"3 2 3\n", b"", "is no whole MatrixMarket file ("),
        (b"3 3 4", b"4 4 4", "has 4 columns for 3 words: write a column for each word"),
        (b"3 3 4", b"3 4 4", "transpose it, its rows are the words"),
        (b"3 3 4", b"9 3 9", "is no whole MatrixMarket file ("),
    ],
)
def test_matrices_that_are_none_are_told(here, old, new, message):
    content = MATRICES["ap.mtx"][0].replace(b"integer", b"real").replace(old, new)
    write(here / "vocab.txt", VOCABULARY)
    with pytest.raises(CommandError) as caught:
        read_documents(write(here / "ap.mtx", content))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("head", ["", "text\n", "\n"])
def test_a_text_a_line_has_no_header(here, head):
    documents = read_documents(write(here / "t.txt", f"{head}Ships, sails\r\n\n[Farm]; hill"))
    assert documents.texts == ["Ships, sails", "[Farm]; hill"]
    assert documents.rest.frame["text"].to_list() == documents.texts
    table = read_documents(write(here / "table.txt", "id,text\n1,sea\n"), "text")
    assert table.texts == ["sea"]


def test_ldac_takes_the_words_it_is_given(here):
    write(here / "vocab.txt", "wrong\n")
    words = write(here / "elsewhere.txt", VOCABULARY + "farm\n\n")
    documents = read_documents(write(here / "ap.dat", LDAC), vocabulary=words)
    assert documents.X.shape == (3, 4)
    assert documents.vocabulary[-1] == "farm"


def test_what_is_read_is_what_the_estimator_reads(here):
    write(here / "vocab.txt", VOCABULARY)
    counts = read_documents(write(here / "ap.dat", LDAC))
    corpus = read_corpus(counts.X, vocabulary=counts.vocabulary)
    assert corpus.facts.empty.tolist() == [1]
    texts = read_documents(write(here / "t.csv", "text\nsea ship\nsea hill\nship hill\nsea farm\n"))
    corpus = read_corpus(texts.X)
    assert corpus.words.vocabulary.tolist() == ["hill", "ship"]  # the sea is in more than half


def test_the_second_line_of_a_table_is_no_ldac(here):
    assert read_documents(write(here / "t.csv", "2024\n12:30 a train\n")).texts == ["12:30 a train"]


@pytest.mark.parametrize(
    ("files", "column", "message"),
    [
        ({"t.csv": "a,b\n1,2\n"}, None, "t.csv has 'a', 'b': write --text-column and the name of the one"),
        ({"t.csv": "a,texts\n1,2\n"}, "text", "t.csv has no column 'text': did you mean 'texts'?"),
        ({"t.csv": "a,text\n1,\n2, \n"}, None, "column 'text' of t.csv has only empty cells: name another"),
        ({"t.csv": "a,text\n1,x,y\n"}, None, "line 2 of t.csv has 3 cells and the header 2"),
        ({"t.csv": "text\n"}, None, "t.csv has a header and no rows"),
        ({"t.txt": "text\n\n"}, None, "t.txt is empty: write a text on each line"),
        ({"t.jsonl": '{"text": ' + "[" * 200_000}, None, "line 1 of t.jsonl has lists in lists"),
        ({"t.csv": ""}, None, "t.csv is empty"),
        ({"t.jsonl": '{"text": "a"}\n{"text": "b"\n'}, None, "line 2 of t.jsonl is not JSON"),
        (
            {"t.jsonl": '{"text": "a"}\n\n"b"\n'},
            None,
            "line 3 of t.jsonl is no JSON object: write one object",
        ),
        ({"t.jsonl": '{"a": "x", "b": "y"}\n'}, None, "t.jsonl has 'a', 'b': write --text-column"),
        ({"t.json": ' [{"text": "a"}, 1]'}, None, "object 2 of t.json is no JSON object: write one object"),
        (
            {"d/a.rst": "x"},
            None,
            "has no file that is called *.txt or *.htm* or *.md: add some, write --files '*' for all",
        ),
        ({"d/a.txt": b"\x1f\x8b"}, None, "a.txt is packed, and damaged: pack it again"),
        ({"d/a.txt": "", "d/b.txt": " \n"}, None, "all 2 files of folder"),
        ({"d/a.txt": "x"}, "text", "is a folder, of which every file is a document: leave --text-column out"),
        ({"x.dat": "1 0:1\n"}, None, "no x.vocab or vocab.txt beside it: name the file of words"),
        (
            {"x.dat": "1 0:1\n", "vocab.txt": "a\n"},
            "text",
            "x.dat is in LDA-C format and has no columns: leave",
        ),
        (
            {"x.dat": "1 0:1\n2 0:1\n", "vocab.txt": "a\n"},
            None,
            "line 2 of x.dat announces 2 pairs and has 1",
        ),
        (
            {"x.dat": "1 0:1\n1 1:1\n", "vocab.txt": "a\n"},
            None,
            "line 2 of x.dat has word 1, and the vocabulary",
        ),
        ({"x.dat": "1 0:1\n1 0:-1\n", "vocab.txt": "a\n"}, None, "line 2 of x.dat has '0:-1': write pairs"),
        (
            {"x.dat": "1 0:1\n1 0:99999999999999999999\n", "vocab.txt": "a\n"},
            None,
            "line 2 of x.dat has '0:99999999999999999999': write pairs id:count of whole numbers below 1e15",
        ),
        ({"x.dat": "1 0:1\nb 0:1\n", "vocab.txt": "a\n"}, None, "line 2 of x.dat begins with 'b': write how"),
        ({"x.dat": "1 0:0\n0\n", "vocab.txt": "a\n"}, None, "x.dat has only empty documents"),
        ({"x.dat": "1 0:1\n", "vocab.txt": "a\n\nb\n"}, None, "line 2 of vocab.txt is blank"),
        ({"x.dat": "1 0:1\n", "vocab.txt": "a\nb\na\n"}, None, "lines 1 and 3 of vocab.txt are both 'a'"),
        ({"x.dat": "1 0:1\n", "vocab.txt": "\n"}, None, "vocab.txt is empty"),
        ({}, None, "there is no file"),
    ],
)
def test_what_cannot_be_read_is_one_line_that_names_it(here, files, column, message):
    for name, content in files.items():
        write(here / name, content)
    name = next(iter(files), "nothing.csv")
    path = here / "d" if name.startswith("d/") else here / name
    with pytest.raises(CommandError) as caught:
        read_documents(path, column)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_columns_of_numbers_are_no_texts(here):
    polars.DataFrame({"text": [1, 2], "b": ["x", "y"]}).write_parquet(here / "t.parquet")
    with pytest.raises(
        CommandError, match=r"column 'text' of t\.parquet holds no texts but numbers: name another"
    ):
        read_documents(here / "t.parquet")


def test_words_are_only_for_counts(here):
    words = write(here / "vocab.txt", VOCABULARY)
    with pytest.raises(CommandError, match=r"t\.csv holds no counts.*leave --vocabulary out"):
        read_documents(write(here / "t.csv", "text\nsea\n"), vocabulary=words)


def test_large_counts_are_whole(here):
    write(here / "vocab.txt", VOCABULARY)
    assert read_documents(write(here / "x.dat", "1 2:16777217\n")).X[0, 2] == np.float64(16777217)
