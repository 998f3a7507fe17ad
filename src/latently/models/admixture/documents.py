"""Documents as the engine takes them: units of entries, an entry being a distinct word and its count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latently.core.array_source import ArraySource
from latently.core.blocks import Block

Array = NDArray[Any]
ENTRIES_PER_WORD = 16
LEAST_ENTRIES = 2**14


@dataclass(frozen=True)
class Entries:
    """The entries of some documents, one document after the other."""

    words: NDArray[np.int32]  # (n_entries,): ids of the words
    counts: Array  # (n_entries,): how often each occurs

    def __getitem__(self, entries: Any) -> Entries:
        return Entries(self.words[entries], self.counts[entries])

    @property
    def shape(self) -> tuple[int]:
        """Number of entries."""
        return (len(self.words),)


def document_source(counts: Any, weights: Array, dtype: Any) -> ArraySource:
    """The rows of a sparse matrix of counts as a source of documents.

    Sums over a block are tables of all words; so a block has some entries for each word of the vocabulary, or
    the tables would cost more than the entries. The dtype is that of the counts within the kernels.
    """
    entries = Entries(counts.indices.astype(np.int32, copy=False), counts.data.astype(dtype, copy=False))
    offsets = counts.indptr.astype(np.int64, copy=False)
    n_blocks = -(-len(entries.words) // max(ENTRIES_PER_WORD * counts.shape[1], LEAST_ENTRIES))
    n_blocks += n_blocks > 1 and n_blocks % 2  # as many for each of two threads
    return ArraySource(entries, weights, offsets, max(-(-len(entries.words) // max(n_blocks, 1)), 1))


def limits(block: Block) -> NDArray[np.int64]:
    """Where the documents of a block begin and end."""
    return np.arange(block.n_rows + 1) if block.offsets is None else block.offsets


def lengths(block: Block) -> NDArray[np.float64]:
    """Tokens of each document of a block."""
    offsets = limits(block)
    counts = np.append(block.x.counts, 0).astype(np.float64)
    return np.where(np.diff(offsets) > 0, np.add.reduceat(counts, offsets[:-1]), 0.0)


def even(block: Block, doc_prior: NDArray[np.float64]) -> NDArray[np.float64]:
    """Dirichlet parameters of documents before their first sweep: their tokens shared out evenly."""
    return np.asarray(doc_prior + lengths(block)[:, None] / len(doc_prior))
