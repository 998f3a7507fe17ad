"""A topic model as the contents of a file, and back: what is read is checked, then believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer

from latently.archive import Contents
from latently.estimators.codec import Decoder, Encoder
from latently.estimators.inputs import Array
from latently.estimators.soundness import is_finite, settings_of, unfitted
from latently.estimators.topics.settings import asked_dtype
from latently.estimators.topics.texts import DEFAULTS
from latently.estimators.topics.words import Kind, Words, as_vocabulary
from latently.models.admixture import AdmixtureParams, Stream

ROOT = "topics"
ROUNDING = 1e-3  # of sums in single precision

Floats = NDArray[np.float32] | NDArray[np.float64]


@dataclass(frozen=True)
class SavedWords:
    """What the columns are; see `Words`. The settings are those of the vectorizer."""

    kind: Kind
    n_features: int
    vocabulary: Any
    settings: dict[str, Any] | None
    fixed: bool


@dataclass(frozen=True)
class SavedStream:
    """Counts that steps go on from; see `Stream`."""

    raw: Floats
    sums: Array
    n_documents: float
    factor: float
    n_steps: int


@dataclass(frozen=True)
class TopicOutcome:
    """What a fit leaves beside the parameters: each field is an attribute of that name and an underscore."""

    bound: float | None
    bound_parts: dict[str, float] | None
    history: Array
    n_iter: int
    converged: bool
    stop_reason: str
    remarks: tuple[str, ...]
    empty_documents: NDArray[np.int64]
    dtype: Literal["float32", "float64"] = "float64"  # of the counts, in which parameters are shown


@dataclass(frozen=True)
class TopicState:
    """All there is to a topic model.

    Attributes
    ----------
    estimator : str
        Its class.
    settings : dict of str to object
        Constructor parameters; callbacks and generators of random numbers are None, a vectorizer is the
        dictionary that makes it.
    feature_names : tuple of str or None
        Names of the columns, if the corpus was a frame.
    words : SavedWords
        What the columns are.
    dtype : {"float32", "float64"}
        Of tables.
    topic_word, doc_prior, word_prior : array
        The parameters; see `AdmixtureParams`.
    doc_topic : array of shape (n_documents, K) or None
        Topics of the documents of the fit.
    seen_documents, seen_words : array
        Fingerprints of those documents, and which words they had.
    n_documents : float
        How many documents the counts stand for.
    stream : SavedStream or None
        None if all documents were seen at once.
    outcome : TopicOutcome or None
        How the fit went; None if the parameters are from no fit.
    """

    estimator: str
    settings: dict[str, Any]
    feature_names: tuple[str, ...] | None
    words: SavedWords
    dtype: Literal["float32", "float64"]
    topic_word: Floats
    doc_prior: Array
    word_prior: Array
    doc_topic: Floats | None
    seen_documents: NDArray[np.uint64]
    seen_words: NDArray[np.bool_]
    n_documents: float
    stream: SavedStream | None
    outcome: TopicOutcome | None


CLASSES: Mapping[str, type] = {
    cls.__name__: cls for cls in (TopicState, TopicOutcome, SavedStream, SavedWords)
}


def is_topics(contents: Contents) -> bool:
    """Whether a file says that it holds a topic model."""
    document = contents.document
    return isinstance(document, dict) and document.get("latently") == TopicState.__name__


def pack_topics(model: Any) -> Contents:
    """Return what a file needs to hold of a fitted topic model.

    Raises
    ------
    ValueError
        If a setting cannot be stored, or `unpack_topics` would refuse the contents.
    """
    encoder = Encoder(CLASSES)
    try:
        contents = Contents(encoder.encode(_state_of(model), ROOT), encoder.arrays)
        unpack_topics(contents, {type(model).__name__: type(model)})
    except (ValueError, TypeError) as error:
        raise ValueError(f"this {type(model).__name__} cannot be saved: {error}") from error
    return contents


def unpack_topics(contents: Contents, estimators: Mapping[str, type], own: Sequence[type] = ()) -> Any:
    """Return the topic model that was packed.

    Parameters
    ----------
    contents : Contents
        What `pack_topics` returned.
    estimators : mapping of str to type
        The classes it may be of.
    own : sequence of type
        The user's classes, of which topic models have none.

    Raises
    ------
    ValueError
        If something is missing, unknown, of another type or shape, or not feasible; it is named.
    """
    state = Decoder(contents.arrays, CLASSES, own).decode(contents.document, ROOT)
    if not isinstance(state, TopicState):
        raise ValueError(f"it holds a {type(state).__name__}, not a topic model")
    if state.estimator not in estimators:
        allowed = ", ".join(estimators)
        raise ValueError(f"it is a {state.estimator}, and this version of latently knows {allowed}")
    model = unfitted(estimators[state.estimator], state.settings, f"{ROOT}.settings")
    words = _words(state.words)
    V, K = words.n_features, model.n_components
    with np.errstate(all="ignore"):
        _check_params(state, V, K)
        _check_record(state, V, K)
    model._words = words
    model._dtype = np.dtype(state.dtype)
    model._n_documents = state.n_documents
    model._frequent, model._seen = state.seen_words, state.seen_documents
    model.n_features_in_ = V
    if state.feature_names is not None:
        model.feature_names_in_ = np.array(state.feature_names, dtype=object)
    params = AdmixtureParams(state.topic_word, state.doc_prior, state.word_prior)
    model._set_params(None, params, state.outcome)
    model.vocabulary_ = words.vocabulary
    if state.doc_topic is not None:
        model.doc_topic_ = state.doc_topic
    if state.stream is not None:
        model._stream = _stream(state.stream, V, K)
    return model


def _state_of(model: Any) -> TopicState:
    params, words = model.params_, model._words
    names, stream = getattr(model, "feature_names_in_", None), vars(model).get("_stream")
    return TopicState(
        type(model).__name__,
        _storable(settings_of(model)),
        None if names is None else tuple(names),
        SavedWords(words.kind, words.n_features, words.vocabulary, words.settings(), words.fixed),
        model._dtype.name,
        params.topic_word,
        params.doc_prior,
        params.word_prior,
        getattr(model, "doc_topic_", None),
        model._seen,
        model._frequent,
        model._n_documents,
        stream and SavedStream(**{name: getattr(stream, name) for name in SavedStream.__annotations__}),
        model._outcome,
    )


def _storable(settings: dict[str, Any]) -> dict[str, Any]:
    """The same settings in words that JSON has."""
    dtype, vectorizer, seeds = (settings[name] for name in ("dtype", "vectorizer", "seed_words"))
    if not isinstance(dtype, str):
        settings["dtype"] = asked_dtype(dtype).name
    if isinstance(vectorizer, CountVectorizer):
        usual = CountVectorizer().get_params()
        settings["vectorizer"] = {
            name: value
            for name, value in vectorizer.get_params().items()
            if name != "dtype" and (name in DEFAULTS or value != usual[name])
        }
    if isinstance(seeds, Mapping):
        settings["seed_words"] = [list(seeds.get(k, ())) for k in range(max(seeds, default=-1) + 1)]
    elif seeds is not None:
        settings["seed_words"] = [list(words) for words in seeds]
    return settings


def _words(saved: SavedWords) -> Words:
    """The words, found to be sound."""
    vocabulary = saved.vocabulary
    if vocabulary is not None:
        if not isinstance(vocabulary, np.ndarray) or vocabulary.ndim != 1:
            raise ValueError("its vocabulary is not a row of words")
        vocabulary = as_vocabulary(vocabulary)
    if saved.n_features < 1 or (vocabulary is not None and len(vocabulary) != saved.n_features):
        raise ValueError(f"its {saved.n_features} columns and its vocabulary do not fit")
    if vocabulary is None and (saved.kind in ("tokens", "texts") or not saved.fixed):
        raise ValueError(f"it was fitted on {saved.kind}, and has no vocabulary")
    words = Words.restored(saved.kind, saved.n_features, vocabulary, saved.settings, saved.fixed)
    if words.vectorizer is not None:
        words.vectorizer.build_analyzer()
    elif saved.kind == "texts":
        raise ValueError("it was fitted on texts, and does not say how they are split")
    return words


def _check_params(state: TopicState, V: int, K: int) -> None:
    shapes = state.topic_word.shape, state.doc_prior.shape
    if shapes != ((V, K), (K,)) or state.word_prior.shape not in ((V, 1), (V, K)):
        raise ValueError(f"its parameters are not those of {K} topics and {V} words")
    named = {"topics": state.topic_word, "doc_prior": state.doc_prior, "word_prior": state.word_prior}
    for name, value in named.items():
        if not is_finite(value) or not (value > 0).all():
            raise ValueError(f"its '{name}' is not feasible: not above zero and finite")
    if not 0 < state.n_documents < np.inf:
        raise ValueError(f"it stands for {state.n_documents} documents")


def _check_record(state: TopicState, V: int, K: int) -> None:
    shares, outcome, names = state.doc_topic, state.outcome, state.feature_names
    if names is not None and len(names) != V:
        raise ValueError(f"its {V} columns and their names do not fit")
    if state.seen_words.shape != (V,) or state.seen_documents.ndim != 1:
        raise ValueError(f"what it has seen of {V} words is not whole")
    if shares is not None and (
        shares.ndim != 2
        or shares.shape[1] != K
        or not (shares >= 0).all()
        or not (np.abs(shares.sum(axis=1) - 1.0) <= ROUNDING).all()
    ):
        raise ValueError(f"the topics of its documents are not shares of {K} topics")
    if outcome is None:
        return
    parts = () if outcome.bound_parts is None else tuple(outcome.bound_parts.values())
    numbers = [*parts, 0.0 if outcome.bound is None else outcome.bound, *outcome.history.flat]
    if outcome.history.ndim != 1 or outcome.empty_documents.ndim != 1 or not is_finite(numbers):
        raise ValueError("the record of its fit is not whole: a number is not finite, or a row no row")


def _stream(saved: SavedStream, V: int, K: int) -> Stream:
    """The counts that steps go on from, found to be sound."""
    if saved.raw.shape != (V, K) or saved.sums.shape != (K,):
        raise ValueError(f"its stream is not that of {K} topics and {V} words")
    numbers = saved.factor, saved.n_documents
    sums = saved.raw.sum(axis=0, dtype=np.float64)
    if (
        not is_finite([*saved.sums, *numbers])
        or not (saved.raw >= 0).all()
        or min(numbers) <= 0
        or saved.n_steps < 0
        or not np.allclose(saved.sums, sums, rtol=ROUNDING, atol=ROUNDING * sums.max(initial=0.0))
    ):
        raise ValueError("the counts of its stream are not feasible, or do not sum to their sums")
    return Stream(saved.raw, saved.sums, saved.n_documents, saved.factor, saved.n_steps)
