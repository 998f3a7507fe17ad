"""Sentences about what a user might not expect of a corpus."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from latently.estimators.topics.facts import Facts
from latently.estimators.topics.texts import described


def remarks_on(read: tuple[str, ...], n_unseen: int, empty: NDArray[np.int64]) -> tuple[str, ...]:
    """How documents were read, how many tokens have no column, and which documents are empty."""
    found = [*read]
    if n_unseen:
        tokens = "1 token was" if n_unseen == 1 else f"{n_unseen} tokens were"
        found.append(f"{tokens} ignored, of words that are not in the vocabulary")
    if len(empty) == 1:
        found.append(f"document {empty[0]} has no words: its topics are those of the prior")
    elif len(empty):
        found.append(
            f"{len(empty)} documents have no words, the first is {empty[0]}: their topics are those of the "
            "prior"
        )
    return tuple(found)


def split_into_words(vectorizer: object, n_words: int | None = None) -> tuple[str, ...]:
    """By what texts were split, and how many words it kept if these are not given."""
    kept = "" if n_words is None else f", which kept {n_words} words"
    return (f"texts were split into words by {described(vectorizer)}{kept}; vectorizer= changes how",)


def warn_of_fractions(facts: Facts) -> None:
    """Tell where counts are not whole, as weights of words are not."""
    if facts.fraction:
        warnings.warn(
            f"X has {facts.fraction}, and topic models count tokens: hand in "
            "counts (by CountVectorizer, not TfidfVectorizer); if these are counts with weights, scale them "
            "so that a token weighs about 1",
            UserWarning,
            stacklevel=4,
        )


def warn_of_empty(facts: Facts, stacklevel: int) -> None:
    """Tell once which documents have no words that the model knows."""
    if not len(facts.empty):
        return
    some = ", ".join(str(int(d)) for d in facts.empty[:5])
    unseen = f"; {facts.n_unseen} tokens are of words it does not know" if facts.n_unseen else ""
    warnings.warn(
        f"documents without words that the model knows ({len(facts.empty)}, the first: {some}) have the "
        f"prior's topics{unseen}",
        UserWarning,
        stacklevel=stacklevel,
    )
