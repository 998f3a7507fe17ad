"""Files, pickles and copies of topic models: what comes back is what was saved, or is refused."""

import copy
import json
import os
import pickle
import zipfile
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer

from latently import LatentDirichletAllocation, load
from latently.archive import ModelFileError
from tests.files import Entries, assert_same, put
from tests.planted import planted

pytestmark = pytest.mark.filterwarnings(
    "ignore:documents without words", "ignore:most of these documents", "ignore:.*occur in no document"
)

DATA = planted(0, n=60, n_words=20, n_topics=2, length=20, eta=0.5)
COUNTS = csr_matrix(DATA.counts.multiply(np.arange(60)[:, None] != 4))
COUNTS.eliminate_zeros()
FRAME = pd.DataFrame(DATA.counts.toarray(), columns=[f"söüße {i}" for i in range(20)])
TOKENS = [[f"wört-{word}" for word in document] for document in DATA.tokens]
TEXTS = [" ".join(f"größe{word}" for word in document) for document in DATA.tokens]
IDS = [[int(word[1:]) for word in document] for document in DATA.tokens]
EVERY = {"stop_words": None, "min_df": 1, "max_df": 1.0}
QUICK = {"random_state": 0}


def lda(**settings):
    return LatentDirichletAllocation(2, **(QUICK | settings))


def stream(X, **settings):
    model = lda(inference="online", total_samples=100, batch_size=16, **settings)
    return model.partial_fit(X[:30]).partial_fit(X[30:])


MODELS = {
    "cvb0": (lambda: lda().fit(COUNTS), COUNTS),
    "vb": (lambda: lda(inference="vb").fit(COUNTS), COUNTS),
    "float32": (lambda: lda(inference="vb", dtype=np.float32).fit(COUNTS), COUNTS),
    "online": (lambda: lda(inference="online", dtype="float32").fit(COUNTS), COUNTS),
    "online_vb": (lambda: lda(inference="online_vb", dtype=np.dtype("float64")).fit(COUNTS), COUNTS),
    "few topics": (lambda: lda(top_topics=1).fit(COUNTS), COUNTS),
    "a stream": (lambda: stream(COUNTS), COUNTS),
    "a stream of words": (lambda: stream(TOKENS), TOKENS),
    "a stream of texts": (lambda: stream(TEXTS, vectorizer=EVERY), TEXTS),
    "a stream after a fit": (lambda: lda().fit(TOKENS[:40]).partial_fit(TOKENS[40:]), TOKENS),
    "words": (lambda: lda().fit(TOKENS), TOKENS),
    "texts": (lambda: lda(vectorizer={"min_df": 1, "max_df": 0.9, "ngram_range": (1, 2)}).fit(TEXTS), TEXTS),
    "a vectorizer": (lambda: lda(vectorizer=CountVectorizer(lowercase=False, binary=True)).fit(TEXTS), TEXTS),
    "ids": (lambda: lda(n_features=25).fit(IDS), IDS),
    "ids of words": (lambda: lda(vocabulary=np.array(list("abcdefghijklmnopqrst"))).fit(IDS), IDS),
    "a given vocabulary": (
        lambda: lda(vocabulary={f"wört-w{i:02d}": 18 - i for i in range(19)}).fit(TOKENS),
        TOKENS,
    ),
    "a frame": (lambda: lda().fit(FRAME), FRAME),
    "seeds by topic": (lambda: lda(seed_words={np.int64(1): ("wört-w03",)}).fit(TOKENS), TOKENS),
    "seeds in a list": (lambda: lda(seed_words=[[3], np.array([5, 7])], inference="vb").fit(COUNTS), COUNTS),
    "priors": (
        lambda: lda(doc_topic_prior=[0.3, 0.1], topic_word_prior=np.linspace(0.1, 1, 20)).fit(COUNTS),
        COUNTS,
    ),
    "weights": (lambda: lda().fit(COUNTS, None, np.arange(60) % 3), COUNTS),
}
NAMES = list(MODELS)


@pytest.fixture(scope="module")
def fitted():
    return {name: make() for name, (make, _) in MODELS.items()}


@pytest.fixture
def scratch(tmp_path):
    return tmp_path / "model"


def assert_same_topics(one, other, X):
    """The same attributes but for settings in other words, and whatever is asked of either, the same bits."""
    assert set(vars(one)) == set(vars(other))
    settings = set(one.get_params())
    for name, value in vars(one).items():
        if name not in (*settings, "_stream", "_words"):
            assert_same(value, getattr(other, name))
    assert_array_equal(one.transform(X), other.transform(X))
    assert one.top_words(5, 0.6) == other.top_words(5, 0.6)
    assert one.perplexity(X) == other.perplexity(X)
    assert one.score(X) == other.score(X)
    assert one.count_unseen(X) == other.count_unseen(X)
    assert_array_equal(one.coherence(X).per_topic, other.coherence(X).per_topic)
    for mine, theirs in zip(one.transform_interval(X), other.transform_interval(X), strict=True):
        assert_array_equal(mine, theirs)


# -- what comes back -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_fitted_model_comes_back_whole(fitted, name, scratch):
    model, X = fitted[name], MODELS[name][1]
    model.save(scratch)
    again = load(scratch)
    assert_same_topics(model, again, X)
    if model.vocabulary_ is not None:
        assert all(type(word) is str for word in again.vocabulary_)


@pytest.mark.parametrize("name", NAMES)
def test_what_came_back_goes_on_as_if_nothing_had_been(name, scratch):
    """A next step of a stream, or the first after a fit; and another fit."""
    model, X = MODELS[name][0](), MODELS[name][1]
    model.save(scratch)
    again = load(scratch)
    more = X.iloc[:20] if isinstance(X, pd.DataFrame) else X[:20]
    for one in (model, again):
        one.partial_fit(more)
    assert_same_topics(model, again, X)
    for one in (model, again):
        one.fit(X)
    assert_same_topics(model, again, X)


@pytest.mark.parametrize("name", NAMES)
def test_pickles_and_copies_are_as_good(fitted, name):
    model, X = fitted[name], MODELS[name][1]
    assert_same_topics(model, pickle.loads(pickle.dumps(model)), X)
    assert_same_topics(model, copy.deepcopy(model), X)
    unfitted = clone(model)
    assert not [attribute for attribute in vars(unfitted) if attribute.endswith("_")]
    with pytest.raises(NotFittedError):
        unfitted.transform(X)


@pytest.mark.parametrize("name", NAMES)
def test_saving_again_writes_the_same_bytes(fitted, name, scratch, tmp_path):
    fitted[name].save(scratch)
    load(scratch).save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == scratch.read_bytes()


def test_a_vocabulary_that_grew_is_the_one_that_comes_back(scratch):
    model = stream(TOKENS).partial_fit([["neu-ü", "日本語"], ["neu-ü", "🙂"]])
    model.save(scratch)
    again = load(scratch)
    assert again.vocabulary_.tolist() == model.vocabulary_.tolist()
    assert again.vocabulary_.tolist()[-3:] == ["neu-ü", "日本語", "🙂"]
    for one in (model, again):
        one.partial_fit([["noch", "neuer"]])
    assert_same_topics(model, again, TOKENS)


def test_what_cannot_be_stored_is_none(scratch):
    model = lda(random_state=np.random.default_rng(0), callbacks=[lambda *args: None]).fit(COUNTS)
    model.save(scratch)
    again = load(scratch)
    assert again.random_state is None
    assert again.callbacks is None
    assert again.fit(COUNTS).converged_


@pytest.mark.parametrize(
    "settings",
    [{"tokenizer": str.split, "token_pattern": None}, {"analyzer": str.split}, {"dtype": np.int32}],
)
def test_a_function_of_ones_own_cannot_be_saved(settings, scratch):
    model = lda(vectorizer={**EVERY, **settings}).fit(TEXTS)
    with pytest.raises(ValueError, match=r"LatentDirichletAllocation cannot be saved: .* a file cannot hold"):
        model.save(scratch)
    assert os.listdir(scratch.parent) == []


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"n_components": 3}, "not those of 3 topics and 20 words"),
        ({"inference": "gibbs"}, "inference='gibbs'"),
        ({"tol": -1}, "tol=-1"),
        ({"max_iter": 2.5}, "max_iter"),
        ({"doc_topic_prior": object()}, "doc_topic_prior is a object, which a file cannot hold"),
    ],
)
def test_settings_that_no_longer_fit_the_model_are_refused(setting, message, scratch):
    model = lda().fit(COUNTS).set_params(**setting)
    with pytest.raises(ValueError, match=f"LatentDirichletAllocation cannot be saved: .*{message}"):
        model.save(scratch)
    assert os.listdir(scratch.parent) == []


def test_only_a_fitted_model_is_saved(scratch):
    with pytest.raises(NotFittedError):
        lda().save(scratch)


# -- files that lie ------------------------------------------------------------------------------------


T = "topic_word"
ALTERATIONS = {
    "counts below zero": ("cvb0", lambda e: e.array(T, put((0, 0), -1.0)), "'topic_word' is not feasible"),
    "counts of NaN": ("cvb0", lambda e: e.array(T, put((0, 0), np.nan)), "'topic_word' is not feasible"),
    "counts of a word less": ("cvb0", lambda e: e.array(T, lambda a: a[1:]), "not those of 2 topics and 20"),
    "counts of integers": ("cvb0", lambda e: e.array(T, lambda a: a.astype(int)), "topic_word is"),
    "a prior of zero": ("cvb0", lambda e: e.array("doc_prior", put(0, 0.0)), "'doc_prior' is not feasible"),
    "a prior less": ("cvb0", lambda e: e.array("doc_prior", lambda a: a[:1]), "not those of 2 topics"),
    "a prior of words": ("cvb0", lambda e: e.array("word_prior", lambda a: a[:, 0]), "not those of 2 topics"),
    "an infinite prior": (
        "seeds by topic",
        lambda e: e.array("word_prior", put((3, 1), np.inf)),
        "'word_prior' is not feasible",
    ),
    "shares of more than one": (
        "cvb0",
        lambda e: e.array("doc_topic", put((0, 0), 1.5)),
        "topics of its documents are not shares",
    ),
    "shares of NaN": ("cvb0", lambda e: e.array("doc_topic", put((0, 0), np.nan)), "are not shares"),
    "shares of others": ("cvb0", lambda e: e.array("doc_topic", lambda a: a[:, :1]), "are not shares"),
    "words seen": ("cvb0", lambda e: e.array("seen_words", lambda a: a[:3]), "what it has seen of 20 words"),
    "words half seen": ("cvb0", lambda e: e.array("seen_words", lambda a: a * 0.5), "seen_words is"),
    "documents seen": ("cvb0", lambda e: e.array("seen_documents", lambda a: a[:, None]), "what it has seen"),
    "no documents": ("cvb0", lambda e: e.facts.update(n_documents=0.0), "stands for 0.0 documents"),
    "another precision": ("cvb0", lambda e: e.facts.update(dtype="float16"), "dtype is 'float16'"),
    "a word twice": (
        "words",
        lambda e: e.facts.update(vocabulary={"symbols": ["a"] * 20}),
        "has the word 'a' twice",
    ),
    "a word less": (
        "words",
        lambda e: e.facts.update(vocabulary={"symbols": ["a", "b"]}),
        "vocabulary do not fit",
    ),
    "no words": (
        "words",
        lambda e: e.facts.update(vocabulary=None),
        "fitted on tokens, and has no vocabulary",
    ),
    "words in a list": ("words", lambda e: e.facts.update(vocabulary=["a"] * 20), "not a row of words"),
    "columns": ("cvb0", lambda e: e.facts.update(n_features=0), "0 columns"),
    "another kind": ("words", lambda e: e.facts.update(kind="pictures"), "kind is 'pictures'"),
    "texts that nothing splits": (
        "texts",
        lambda e: e.facts.update(splitting=None),
        "does not say how they are split",
    ),
    "an unknown splitter": (
        "texts",
        lambda e: e.facts.update(splitting={"mapping": {"mood": "good"}}),
        "vectorizer has no parameter 'mood'",
    ),
    "names of columns": (
        "a frame",
        lambda e: e.facts.update(feature_names={"tuple": ["a"]}),
        "columns and their names .* do not fit",
    ),
    "a stream of another size": (
        "a stream",
        lambda e: e.array("stream.raw", lambda a: a[1:]),
        "stream is not that of 2 topics and 20 words",
    ),
    "a stream below zero": ("a stream", lambda e: e.array("stream.raw", put((0, 0), -9.0)), "not feasible"),
    "other sums": ("a stream", lambda e: e.array("stream.sums", lambda a: a * 2), "do not sum to their sums"),
    "sums of NaN": ("a stream", lambda e: e.array("stream.sums", put(0, np.nan)), "do not sum to their sums"),
    "a factor of zero": ("a stream", lambda e: e.stream(factor=0.0), "are not feasible"),
    "steps below zero": ("a stream", lambda e: e.stream(n_steps=-1), "are not feasible"),
    "a history": ("vb", lambda e: e.array("outcome.history", put(0, np.nan)), "record of its fit"),
    "a bound": ("vb", lambda e: e.outcome(bound={"number": "nan"}), "record of its fit"),
    "a bound in words": ("vb", lambda e: e.outcome(bound="high"), "bound is 'high'"),
    "parts of a bound": (
        "vb",
        lambda e: e.outcome(bound_parts={"mapping": {"topics": {"number": "inf"}}}),
        "record of its fit",
    ),
    "empty documents": ("cvb0", lambda e: e.array("outcome.empty_documents", lambda a: a[None]), "record of"),
    "topics": ("cvb0", lambda e: e.settings(n_components=3), "not those of 3 topics"),
    "a bad setting": ("cvb0", lambda e: e.settings(inference="gibbs"), "inference='gibbs'"),
    "an unknown setting": ("cvb0", lambda e: e.settings(mood="good"), "setting 'mood'"),
    "an unknown estimator": (
        "cvb0",
        lambda e: e.document.update(estimator="Forest"),
        "it is a Forest, and this",
    ),
    "a field missing": ("cvb0", lambda e: e.facts.pop("doc_prior"), "has no field 'doc_prior'"),
    "a field too many": ("cvb0", lambda e: e.facts.update(extra=1), "has no field 'extra'"),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_file_taken_apart_and_put_together_again_loads(fitted, name, scratch):
    fitted[name].save(scratch)
    Entries(scratch).write(scratch)
    assert_same_topics(fitted[name], load(scratch), MODELS[name][1])


@pytest.mark.parametrize("name", ALTERATIONS)
def test_an_altered_file_is_refused(fitted, name, scratch):
    which, alter, message = ALTERATIONS[name]
    fitted[which].save(scratch)
    parts = Entries(scratch)
    alter(parts)
    parts.write(scratch)
    with pytest.raises(ModelFileError, match=message) as refusal:
        load(scratch)
    assert str(scratch) in str(refusal.value)


def test_flipped_bits_are_noticed_or_harmless(fitted, scratch):
    model = fitted["a stream of words"]
    model.save(scratch)
    content = scratch.read_bytes()
    rng, outcomes = np.random.default_rng(0), set()
    for position in rng.integers(len(content), size=100):
        flipped = bytearray(content)
        flipped[position] ^= int(rng.integers(1, 256))
        scratch.write_bytes(flipped)
        try:
            again = load(scratch)
        except ModelFileError:
            outcomes.add("refused")
        else:
            assert_same_topics(model, again, TOKENS)
            outcomes.add("harmless")
    assert "refused" in outcomes


def test_a_file_cut_short_is_refused(fitted, scratch):
    fitted["vb"].save(scratch)
    content = scratch.read_bytes()
    for length in range(0, len(content), 401):
        scratch.write_bytes(content[:length])
        with pytest.raises(ModelFileError, match="model' is"):
            load(scratch)


def test_other_tools_can_look_inside(fitted, scratch):
    fitted["words"].save(scratch)
    with zipfile.ZipFile(scratch) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        table = np.load(BytesIO(archive.read("topic_word.npy")), allow_pickle=False)
    words = manifest["document"]["facts"]["vocabulary"]["symbols"]
    assert words == fitted["words"].vocabulary_.tolist()
    assert_array_equal(table.T, fitted["words"].components_)
