"""The words that a model knows, and how it finds them in texts."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from numbers import Integral
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer

from latently.checks.arrays import shown
from latently.checks.settings import ITERABLE
from latently.estimators.topics.texts import configured

Kind = Literal["counts", "ids", "tokens", "texts"]


@dataclass(frozen=True, eq=False)
class Words:
    """What the columns of a corpus are."""

    kind: Kind  # {"counts", "ids", "tokens", "texts"}: in which form documents came first
    n_features: int  # number of columns
    # (n_features,): the word of each column; None if they are numbers
    # only
    vocabulary: NDArray[Any] | None = None
    vectorizer: CountVectorizer | None = None  # how texts are split into words
    fixed: bool = False  # whether the vocabulary was given, and so does not grow

    @cached_property
    def columns(self) -> Mapping[Any, int]:
        """The column of each word."""
        return {} if self.vocabulary is None else {word: i for i, word in enumerate(self.vocabulary.tolist())}

    def with_new(self, words: Sequence[Any]) -> Words:
        """The same words with others behind them."""
        if not words:
            return self
        assert self.vocabulary is not None
        vocabulary = np.concatenate([self.vocabulary, as_objects(words)])
        return Words(self.kind, len(vocabulary), vocabulary, self.vectorizer, self.fixed)

    def settings(self) -> dict[str, Any] | None:
        """Settings of the vectorizer that are not scikit-learn's defaults, fit for a JSON file.

        Returns
        -------
        dict or None
            None if there is no vectorizer.

        Raises
        ------
        ValueError
            If one of them is a function or an object, which a file cannot hold.
        """
        if self.vectorizer is None:
            return None
        usual = CountVectorizer().get_params()
        changed = {
            name: value
            for name, value in self.vectorizer.get_params().items()
            if name not in ("dtype", "vocabulary") and value != usual[name]
        }
        for name, value in changed.items():
            try:
                json.dumps(value)
            except TypeError:
                raise ValueError(
                    f"the vectorizer's {name} is {value!r}, which a file cannot hold: use names and numbers, "
                    "or fit on lists of words"
                ) from None
        return changed

    @classmethod
    def restored(
        cls,
        kind: Kind,
        n_features: int,
        vocabulary: Sequence[Any] | None,
        settings: Mapping[str, Any] | None,
        fixed: bool,
    ) -> Words:
        """Words from what a file held; `settings` as given by the method of that name."""
        words = None if vocabulary is None else as_objects(vocabulary)
        return cls(kind, n_features, words, None if settings is None else configured(settings), fixed)


def as_vocabulary(vocabulary: Any) -> NDArray[Any]:
    """A vocabulary as an array of its words by column.

    Refuses an empty one, a word that is there twice, and columns of a mapping that are not 0, 1, 2, ...
    """
    if isinstance(vocabulary, str):
        raise ValueError(f"vocabulary={shown(vocabulary)} is one string: give a list of words")
    if isinstance(vocabulary, Mapping):
        columns = list(vocabulary.values())
        if not all(isinstance(j, Integral) for j in columns) or sorted(columns) != [*range(len(columns))]:
            raise ValueError("vocabulary maps words to columns with gaps or repeats: number them from 0 on")
        words = sorted(vocabulary, key=vocabulary.__getitem__)
    elif not ITERABLE.is_satisfied_by(vocabulary):
        raise ValueError(
            f"vocabulary={shown(vocabulary)}: should be a list of words, or map words to columns"
        )
    else:
        words = vocabulary.tolist() if hasattr(vocabulary, "tolist") else list(vocabulary)
    if not words:
        raise ValueError("vocabulary is empty: give at least one word, or leave it out")
    first: dict[Any, int] = {}
    for column, word in enumerate(words):
        if not isinstance(word, Hashable):
            raise ValueError(f"vocabulary has {shown(word)} in column {column}: should be a word")
        if first.setdefault(word, column) != column:
            raise ValueError(
                f"vocabulary has the word {word!r} twice, in columns {first[word]} and {column}: give each "
                "word once"
            )
    return as_objects(words)


def as_objects(words: Sequence[Any]) -> NDArray[Any]:
    """An array of one dimension, whatever the words are."""
    array = np.empty(len(words), dtype=object)
    array[:] = words
    return array
