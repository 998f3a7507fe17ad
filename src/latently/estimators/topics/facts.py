"""What a fit is to know of its documents, what it keeps of them, and what a user might not expect."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from latently.estimators.topics.forms import place_of
from latently.estimators.topics.texts import described
from latently.wording import count

Dtype = Literal["float32", "float64"]

MOST_SEEN = 2**20  # documents by which others are told to be new


@dataclass(frozen=True)
class Facts:
    """Of some documents. Those of further documents add."""

    n_documents: int
    weight: float  # of all of them
    n_entries: int  # distinct words of each document, added up
    n_unseen: int  # tokens of words that have no column
    frequencies: NDArray[np.float64]  # (n_words,): how often each word occurs, weights applied
    occurring: NDArray[np.bool_]  # (n_words,): which are in a document that counts
    # what tells documents that count from others, in order; of very many the lowest
    prints: NDArray[np.uint64]
    empty: NDArray[np.int64]  # the documents without words
    fraction: str  # the first count that is not whole, and where; empty if there is none
    dtype: Dtype  # of the counts

    @classmethod
    def of(cls, counts: sparse.csr_matrix, weights: NDArray[np.float64], n_unseen: int) -> Facts:
        """Of a table of counts, and how often each document counts."""
        used = counts if weights.all() else counts[weights > 0]
        occurring = np.zeros(counts.shape[1], dtype=bool)
        occurring[used.indices] = True
        fractions = counts.data != np.floor(counts.data)
        return cls(
            counts.shape[0],
            float(weights.sum()),
            counts.nnz,
            n_unseen,
            np.asarray(counts.T @ weights, dtype=np.float64).ravel(),
            occurring,
            np.unique(fingerprints_of(used))[:MOST_SEEN],
            np.flatnonzero(np.diff(counts.indptr) == 0),
            _first_of(counts, fractions),
            counts.dtype.name,
        )

    def __add__(self, other: Facts) -> Facts:
        return Facts(
            self.n_documents + other.n_documents,
            self.weight + other.weight,
            self.n_entries + other.n_entries,
            self.n_unseen + other.n_unseen,
            self.frequencies + other.frequencies,
            self.occurring | other.occurring,
            np.union1d(self.prints, other.prints)[:MOST_SEEN],
            np.concatenate([self.empty, other.empty + self.n_documents]),
            self.fraction or other.fraction,
            max(self.dtype, other.dtype),
        )

    @cached_property
    def n_tokens(self) -> float:
        """Tokens, weights applied."""
        return float(self.frequencies.sum())

    def check_words(self, least: int) -> None:
        """Refuse fewer distinct words than topics."""
        n_distinct = int(np.count_nonzero(self.frequencies))
        if n_distinct < least:
            raise ValueError(
                f"X has {count(n_distinct, 'distinct word')} for n_components={least} topics: "
                "lower n_components, or let more words in"
            )


def _first_of(counts: sparse.csr_matrix, which: NDArray[np.bool_]) -> str:
    return f"{counts.data[which.argmax()]:.3g} at {place_of(counts, which)}" if which.any() else ""


def fingerprints_of(counts: sparse.csr_matrix) -> NDArray[np.uint64]:
    """What tells each document from others."""
    from latently.kernels.topics.streams import fingerprints

    found: NDArray[np.uint64] = fingerprints(
        counts.indices.astype(np.int32, copy=False),
        counts.data.astype(np.float64, copy=False),
        counts.indptr.astype(np.int64, copy=False),
    )
    return found


def known(prints: NDArray[np.uint64], seen: NDArray[np.uint64]) -> float:
    """The share of documents that are among those seen, as far as that is known."""
    if len(seen) >= MOST_SEEN:
        prints = prints[prints <= seen[-1]]
    return float(np.isin(prints, seen).mean()) if len(prints) else 0.0


def remarks_on(read: tuple[str, ...], n_unseen: int, empty: NDArray[np.int64]) -> tuple[str, ...]:
    """How documents were read, how many tokens have no column, and which documents are empty."""
    found = [*read]
    if n_unseen:
        were = "was" if n_unseen == 1 else "were"
        found.append(f"{count(n_unseen, 'token')} {were} ignored, of words that are not in the vocabulary")
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
    kept = "" if n_words is None else f", which kept {count(n_words, 'word')}"
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
    are = "is" if facts.n_unseen == 1 else "are"
    unseen = f"; {count(facts.n_unseen, 'token')} {are} of words it does not know" if facts.n_unseen else ""
    warnings.warn(
        f"documents without words that the model knows ({len(facts.empty)}, the first: {some}) have the "
        f"prior's topics{unseen}",
        UserWarning,
        stacklevel=stacklevel,
    )
