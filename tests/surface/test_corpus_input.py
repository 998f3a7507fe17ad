"""Whatever a topic model is handed: the same counts from each form, and clear words about the rest."""

import json
import re
import warnings

import numpy as np
import pandas
import polars
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from latently import LatentDirichletAllocation
from latently.estimators.topics.corpus import read_corpus, read_documents
from latently.estimators.topics.words import Words

TEXTS = ["The sea, the ship.", "A ship and a sail!", "the hill; a farm", "farm on the hill"]
KEPT = ["farm", "hill", "ship"]  # sea and sail are in one text only
TOKENS = [["sea", "ship", "sea"], ["hill"], [], ["ship", "hill"]]
COUNTS = np.array([[0, 2, 1], [1, 0, 0], [0, 0, 0], [1, 0, 1]])  # hill, sea, ship
ALL = {"min_df": 1, "max_df": 1.0}


def words_of(corpus):
    return corpus.words.vocabulary.tolist()


@pytest.mark.parametrize(
    "make",
    [
        np.array,
        lambda X: np.array(X, dtype=np.uint8),
        lambda X: np.asfortranarray(X, dtype=np.float64),
        lambda X: np.array(X, dtype=object),
        lambda X: X.tolist(),
        lambda X: (X / 1.0).tolist(),
        sparse.csr_matrix,
        sparse.csc_matrix,
        sparse.coo_matrix,
        sparse.csr_array,
        sparse.lil_array,
        lambda X: pandas.DataFrame(X),
        lambda X: pandas.DataFrame(X, columns=["hill", "sea", "ship"]),
        lambda X: polars.DataFrame(X, schema=["hill", "sea", "ship"]),
    ],
)
def test_tables_of_all_kinds_are_the_same_counts(make):
    corpus = read_corpus(make(COUNTS))
    assert isinstance(corpus.counts, sparse.csr_matrix)
    assert corpus.counts.dtype == np.float64
    assert_array_equal(corpus.counts.toarray(), COUNTS)
    assert corpus.words.kind == "counts"
    assert corpus.words.n_features == 3


def test_names_of_columns_are_the_vocabulary():
    frame = pandas.DataFrame(COUNTS, columns=["hill", "sea", "ship"])
    assert words_of(read_corpus(frame)) == ["hill", "sea", "ship"]
    assert words_of(read_corpus(frame, vocabulary=["a", "b", "c"])) == ["a", "b", "c"]
    assert read_corpus(pandas.DataFrame(COUNTS)).words.vocabulary is None


def test_single_precision_stays():
    assert read_corpus(COUNTS.astype(np.float32)).counts.dtype == np.float32
    assert read_corpus(sparse.csr_matrix(COUNTS.astype(np.float32))).counts.dtype == np.float32


def test_a_matrix_is_made_canonical_and_the_users_stays_as_it_was():
    data, indices, indptr = np.array([2.0, 1.0, 3.0, 0.0]), np.array([2, 0, 2, 1]), np.array([0, 4, 4])
    matrix = sparse.csr_matrix((data.copy(), indices.copy(), indptr), shape=(2, 3))
    counts = read_corpus(matrix).counts
    assert counts.has_canonical_format
    assert_array_equal(counts.data, [1, 5])
    assert_array_equal(counts.indices, [0, 2])
    assert_array_equal(matrix.data, data)
    assert_array_equal(matrix.indices, indices)


def test_a_canonical_matrix_is_not_copied():
    matrix = sparse.csr_matrix(COUNTS.astype(float))
    assert np.shares_memory(read_corpus(matrix).counts.data, matrix.data)


@pytest.mark.parametrize(
    "make",
    [list, tuple, iter, pandas.Series, polars.Series, lambda X: np.fromiter(X, dtype=object)],
)
def test_lists_of_words_are_counted(make):
    corpus = read_corpus(make(TOKENS))
    assert corpus.words.kind == "tokens"
    assert words_of(corpus) == ["hill", "sea", "ship"]
    assert_array_equal(corpus.counts.toarray(), COUNTS)
    assert corpus.counts.has_canonical_format
    assert corpus.facts.empty.tolist() == [2]
    assert corpus.facts.occurring.sum() == 3
    assert corpus.remarks == ("document 2 has no words: its topics are those of the prior",)


def test_lists_of_numbers_are_words_if_their_number_is_known():
    numbers = [[1, 2, 1], [0], [], np.array([2, 0])]
    for given in ({"n_features": 3}, {"vocabulary": ["hill", "sea", "ship"]}):
        corpus = read_corpus(numbers, **given)
        assert corpus.words.kind == "ids"
        assert_array_equal(corpus.counts.toarray(), COUNTS)
    later = read_documents([[0, 3], [7, -0]], corpus.words)
    assert_array_equal(later.counts.toarray(), [[1, 0, 0], [1, 0, 0]])
    assert later.n_unseen == 2
    # A square of integers is what the first documents were: numbers of words, or counts.
    assert read_documents([[0, 1, 2]], corpus.words).counts.sum() == 3
    assert read_documents([[0, 1, 2]], read_corpus(COUNTS).words).counts.toarray().tolist() == [[0, 1, 2]]


@pytest.mark.parametrize("make", [list, tuple, iter, pandas.Series, polars.Series, np.array])
def test_texts_are_split_and_it_is_told_how(make):
    corpus = read_corpus(make(TEXTS))
    assert corpus.words.kind == "texts"
    assert words_of(corpus) == KEPT
    usual = CountVectorizer(stop_words="english", min_df=2, max_df=0.5).fit_transform(TEXTS)
    assert_array_equal(corpus.counts.toarray(), usual.toarray())
    assert corpus.counts.dtype == np.float64
    (remark,) = corpus.remarks
    assert "CountVectorizer(max_df=0.5, min_df=2, stop_words='english')" in remark
    assert "kept 3 words" in remark


def test_words_keep_their_vowel_signs_accents_and_joiners():
    """Of which scikit-learn's own pattern makes ends of words, in Hindi of nearly all."""
    words = [
        "\u0928\u0926\u0940",
        "\u0939\u0935\u093e",
        "\u0645\u06cc\u200c\u0631\u0648\u062f",
        "cafe\u0301",
        "\u0e19\u0e49\u0e33",
    ]
    texts = [f"{words[i]}, {words[i]}\u0964 a ({words[i - 1]})" for i in range(5)]
    corpus = read_corpus(texts)
    assert words_of(corpus) == sorted(words)
    assert corpus.counts.sum() == 15
    plain = ["the sea_1, don't stop: naïve x y2!\n2nd"]
    usual = CountVectorizer().build_analyzer()(plain[0])
    assert sorted(usual) == words_of(read_corpus(plain, vectorizer=ALL | {"stop_words": None}))


def test_settings_of_the_vectorizer_replace_the_usual_ones():
    assert words_of(read_corpus(TEXTS, vectorizer=ALL)) == ["farm", "hill", "sail", "sea", "ship"]
    mine = CountVectorizer(ngram_range=(2, 2))
    corpus = read_corpus(TEXTS, vectorizer=mine)
    assert "the sea" in words_of(corpus)
    assert not hasattr(mine, "vocabulary_")
    assert_array_equal(read_documents(TEXTS, corpus.words).counts.toarray(), corpus.counts.toarray())


@pytest.mark.parametrize("settings", [{**ALL, "binary": True}, {**ALL, "max_features": 2}, {"min_df": 0.4}])
def test_further_texts_are_split_as_the_first_were(settings):
    texts = [*TEXTS, "the sea, the sea"]
    corpus = read_corpus(texts, vectorizer=settings)
    again = read_documents(texts, corpus.words)
    assert_array_equal(again.counts.toarray(), corpus.counts.toarray())


def test_unseen_words_are_ignored_and_counted():
    corpus = read_corpus(TEXTS)
    later = read_documents(["a ship, a whale, a whale", "whale", ""], corpus.words)
    assert_array_equal(later.counts.toarray(), [[0, 0, 1], [0, 0, 0], [0, 0, 0]])
    assert later.n_unseen == 3
    assert later.facts.empty.tolist() == [1, 2]
    assert later.remarks == (
        "3 tokens were ignored, of words that are not in the vocabulary",
        "2 documents have no words, the first is 1: their topics are those of the prior",
    )
    assert later.words is corpus.words


def test_words_and_counts_may_follow_texts():
    words = read_corpus(TEXTS).words
    assert_array_equal(read_documents([["ship", "sea"]], words).counts.toarray(), [[0, 0, 1]])
    assert_array_equal(read_documents(np.array([[0, 2, 1]]), words).counts.toarray(), [[0, 2, 1]])
    named = read_corpus(COUNTS, vocabulary=["hill", "sea", "ship"], vectorizer=ALL).words
    assert_array_equal(read_documents(["sea, sea, ship"], named).counts.toarray(), [[0, 2, 1]])


def test_new_words_stand_behind_the_old_ones():
    first = read_corpus(TOKENS)
    second = read_documents([["zoo", "ship", "ant"], ["ant"]], first.words, grow=True)
    assert words_of(second) == ["hill", "sea", "ship", "ant", "zoo"]
    assert second.words.n_features == first.words.n_features + 2
    assert second.n_unseen == 0
    assert_array_equal(second.counts.toarray(), [[0, 0, 1, 1, 1], [0, 0, 0, 1, 0]])
    assert words_of(first) == ["hill", "sea", "ship"]
    third = read_documents([["bee"]], second.words, grow=True)
    assert words_of(third)[-1] == "bee"
    assert third.words.n_features == third.counts.shape[1] == 6


def test_new_words_of_texts_must_be_as_frequent_as_those_of_the_first():
    first = read_corpus(TEXTS)
    more = ["sail sea whale said", "sail sea whale said", "whale said", "ship oar said", "ship", "farm"]
    second = read_documents(more, first.words, grow=True)
    # The oar is in one text, and four of six have said; the whale, in three, may stay.
    assert words_of(second) == [*KEPT, "sail", "sea", "whale"]
    assert second.n_unseen == 5
    assert read_documents(["oar oar"], first.words, grow=True).words is first.words


def test_a_vocabulary_that_was_given_does_not_grow():
    for documents in (TOKENS, [" ".join(words) for words in TOKENS]):
        corpus = read_corpus(documents, vocabulary={"ship": 1, "sea": 0})
        assert words_of(corpus) == ["sea", "ship"]
        assert_array_equal(corpus.counts.toarray(), COUNTS[:, 1:])
        assert corpus.n_unseen == 2
        later = read_documents([["ant"]], corpus.words, grow=True)
        assert (later.words.n_features, later.n_unseen) == (corpus.words.n_features, 1)
    by_vectorizer = read_corpus(TEXTS, vectorizer=CountVectorizer(vocabulary=["ship", "sea"]))
    assert words_of(by_vectorizer) == ["ship", "sea"]
    assert by_vectorizer.words.fixed


def test_words_come_back_from_a_file():
    words = read_corpus(TEXTS, vectorizer={"ngram_range": (1, 2), "stop_words": ["the", "and"]}).words
    settings = json.loads(json.dumps(words.settings()))
    again = Words.restored(words.kind, words.n_features, words.vocabulary.tolist(), settings, words.fixed)
    assert again.vectorizer.get_params() == words.vectorizer.get_params()
    new = ["the hill, the ship"]
    assert_array_equal(
        read_documents(new, again).counts.toarray(), read_documents(new, words).counts.toarray()
    )
    assert Words.restored("counts", 2, None, None, True).settings() is None


def test_a_function_does_not_go_into_a_file():
    words = read_corpus(TEXTS, vectorizer={**ALL, "preprocessor": str.upper}).words
    with pytest.raises(ValueError, match=r"the vectorizer's preprocessor is .* which a file cannot hold"):
        words.settings()


def incomplete(value):
    X = COUNTS.astype(float)
    X[1, 2] = value
    return X


@pytest.mark.parametrize(
    ("X", "options", "message"),
    [
        (incomplete(np.nan), {}, "Input X contains NaN at row 1, column 2 (1 such cell)"),
        (sparse.coo_matrix(incomplete(np.nan)), {}, "Input X contains NaN at row 1, column 2"),
        (incomplete(np.inf), {}, "Input X contains infinity at row 1, column 2"),
        (incomplete(-2), {}, "Negative values in data passed to X: -2 at row 1, column 2"),
        (sparse.csc_matrix(incomplete(-2)), {}, "Negative values in data passed to X: -2 at row 1, column 2"),
        (np.zeros((2, 3)), {}, "X has no words, all documents are empty"),
        ([[], []], {}, "X has no words, all documents are empty"),
        (sparse.csr_matrix((0, 3)), {}, "Found array with 0 sample(s)"),
        ([], {}, "Found array with 0 sample(s)"),
        (np.zeros((3, 0)), {}, "0 feature(s) (shape=(3, 0)) while a minimum of 1 is required"),
        (np.arange(3), {}, "Expected 2D array, got 1D array instead"),
        (np.ones((2, 2)) * 1j, {}, "Complex data not supported"),
        (5, {}, "Expected 2D array, got scalar array instead"),
        ("sea", {}, "X is one string: give a list of texts"),
        (["sea", None], {}, "the text of row 1 is None, not a string: write '' for an empty document"),
        (pandas.Series(["sea", np.nan]), {}, "the text of row 1 is nan, not a string"),
        (["sea", ["ship"]], {}, "X has texts, and in row 1 a list"),
        ([["sea"], None], {}, "document 1 is None, not a list of words: write [] for an empty document"),
        ([["sea"], ["ship", 3]], {}, "document 1 has 3 among its words"),
        ([[(0, 2)], [(1, 1)]], {}, "X has pairs, as gensim's corpora do: give a matrix"),
        ([[0, 1], [2]], {}, "X has lists of integers of several lengths, which are no table of counts"),
        ([[0, 3]], {"n_features": 3}, "document 0 has word 3, and words are numbered 0 to 2"),
        ([[0], [-1]], {"n_features": 3}, "document 1 has word -1, and words are numbered 0 to 2"),
        ([[0], [0.5]], {"n_features": 0}, "n_features=0: should be an integer of at least 1"),
        ([[0], [1, 0.5]], {"n_features": 3}, "document 1 is no list of integers"),
        (TOKENS, {"n_features": 3}, "n_features=3 is for lists of integers: leave it out"),
        (COUNTS, {"n_features": 4}, "X has 3 columns, and vocabulary= or n_features= announce 4 words"),
        (COUNTS, {"vocabulary": ["a", "b"]}, "X has 3 columns, and vocabulary= or n_features= announce 2"),
        (COUNTS, {"vocabulary": ["a", "b", "a"]}, "vocabulary has the word 'a' twice, in columns 0 and 2"),
        (COUNTS, {"vocabulary": {"a": 0, "b": 2}}, "vocabulary maps words to columns with gaps or repeats"),
        (TOKENS, {"vocabulary": []}, "vocabulary is empty"),
        (TOKENS, {"vocabulary": "sea"}, "vocabulary='sea' is one string: give a list of words"),
        (["of the", "and"], {}, "finds no word in 2 texts (empty vocabulary"),
        (["sea"], {}, "CountVectorizer(max_df=0.5, min_df=2, stop_words='english') finds no word in 1 text"),
        (TEXTS, {"vectorizer": {"mindf": 1}}, "vectorizer has no parameter 'mindf'"),
        (TEXTS, {"vectorizer": TfidfVectorizer()}, "topic models need counts of words"),
        ([["a", b"b"]], {}, "document 0 has b'b' among its words"),
        (["the and of", "of the to"], {}, "vectorizer={'min_df'"),
        ([], {}, "give at least one document"),
        (COUNTS, {"n_features": 12.5}, "n_features=12.5: should be an integer of at least 1"),
        (COUNTS, {"vocabulary": 12}, "vocabulary=12: should be a list of words"),
        (TOKENS, {"vectorizer": {"min_df": 2}}, "vectorizer= is for raw texts, and X has lists of words"),
        (TEXTS, {"vectorizer": 3}, "vectorizer=3: give a CountVectorizer or a dictionary"),
        (pandas.DataFrame({"n": [1], "text": ["sea"]}), {}, "column 'text' of X does not hold counts: if it"),
        (polars.DataFrame({"n": [1], "text": ["sea"]}), {}, "column 'text' of X does not hold counts: if it"),
    ],
)
def test_what_is_no_corpus_is_named(X, options, message):
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        read_corpus(X, **options)
    of_sklearn = message.startswith(("Complex", "Expected 2D array, got 1D"))  # which shows the array
    assert of_sklearn or "\n" not in str(caught.value)
    for inference, verb in (("cvb0", "fit"), ("cvb0", "partial_fit"), ("online_vb", "fit_transform")):
        model = LatentDirichletAllocation(2, inference=inference, **options)
        with pytest.raises(ValueError, match=re.escape(message)):
            getattr(model, verb)(X)


@pytest.mark.parametrize(
    ("first", "X", "message"),
    [
        (COUNTS, COUNTS[:, :2], "X has 2 features, but LDA is expecting 3 features as input"),
        (TEXTS, COUNTS[:, :2], "X has 2 features, but LDA is expecting 3 features as input"),
        (COUNTS, TOKENS, "LDA was fitted on columns without words, and X has words"),
        (COUNTS, TEXTS, "LDA was fitted on columns without words, and X has words"),
        (TOKENS, TEXTS, "the model was not fitted on texts: split each into a list of words"),
        (TOKENS, incomplete(np.nan), "Input X contains NaN at row 1, column 2"),
        (TEXTS, ["sea", None], "the text of row 1 is None"),
        (TOKENS, [[0], [1, 2]], "X has lists of integers of several lengths"),
    ],
)
def test_further_documents_must_fit(first, X, message):
    words = read_corpus(first).words
    with pytest.raises(ValueError, match=re.escape(message)):
        read_documents(X, words, owner="LDA")


def test_texts_without_blanks_are_told_of_unless_something_cuts_them():
    clauses = ["今天我们去海边看船和灯塔", "船長は港で嵐を待った", "今天我们去海边"]
    with pytest.warns(UserWarning, match="Chinese or Japanese without blanks between words"):
        read_corpus(clauses, vectorizer=ALL)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pairs = {
            "tokenizer": lambda text: [text[i : i + 2] for i in range(0, len(text), 2)],
            "token_pattern": None,
        }
        assert "今天" in words_of(read_corpus(clauses, vectorizer={**ALL, **pairs}))
        read_corpus(["今天 我们 去 海边 看船", "船長 は 港 で 嵐 を 待った"], vectorizer=ALL)
        read_corpus([*TEXTS, "今天我们去海边看船和灯塔"], vectorizer=ALL)
        read_corpus(["오늘은바다에배를보러갑니다", "선장은항구에서"], vectorizer=ALL)
