"""The words of documents that a topic model is fitted to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class LeftOut:
    """Words that were left out for one reason."""

    why: str  # the reason
    n_words: int  # how many different words
    n_tokens: int  # how often they occur


@dataclass(frozen=True)
class Collection:
    """Counts of the words of documents, and what was left out of them."""

    counts: Any  # csr_matrix of shape (n_documents, n_words): how often each word occurs in each document
    words: Sequence[str]
    n_tokens_before: int  # tokens before anything was left out
    left_out: Sequence[LeftOut] = ()  # what was left out, and why
    texts: Sequence[str] | None = None  # the texts that were counted

    @property
    def n_documents(self) -> int:
        """How many documents."""
        return int(self.counts.shape[0])

    @cached_property
    def lengths(self) -> NDArray[np.float64]:
        """Tokens of each document that the model sees."""
        return np.asarray(self.counts.sum(axis=1)).ravel()

    @cached_property
    def n_tokens(self) -> int:
        """Tokens that the model sees."""
        return int(self.lengths.sum())

    @cached_property
    def empty(self) -> NDArray[np.intp]:
        """Documents of which the model sees no word."""
        return np.flatnonzero(self.lengths == 0)

    @cached_property
    def n_documents_of_words(self) -> NDArray[np.int64]:
        """In how many documents each word is."""
        return np.bincount(self.counts.indices, minlength=self.counts.shape[1])

    @property
    def n_words(self) -> int:
        """How many different words some document has."""
        return int(np.count_nonzero(self.n_documents_of_words))
