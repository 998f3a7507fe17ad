"""Documents as the engine takes them: units of entries, an entry being a distinct word and its count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from latently.checks.arrays import Floats
from latently.core.array_source import ArraySource
from latently.core.blocks import Block
from latently.core.cluster import ClusterSource

DocumentSource = ArraySource | ClusterSource  # of entries
ENTRIES_PER_WORD = 16
LEAST_ENTRIES = 2**14


@dataclass(frozen=True)
class Entries:
    """The entries of some documents, one document after the other."""

    words: NDArray[np.int32]  # (n_entries,): ids of the words
    counts: Floats  # (n_entries,): how often each occurs

    def __getitem__(self, entries: Any) -> Entries:
        return Entries(self.words[entries], self.counts[entries])

    @property
    def shape(self) -> tuple[int]:
        """Number of entries."""
        return (len(self.words),)


def document_source(counts: sparse.csr_matrix, weights: Floats, dtype: Any) -> ArraySource:
    """The rows of a sparse matrix of counts as a source of documents.

    Sums over a block are tables of all words; so a block has some entries for each word of the vocabulary, or
    the tables would cost more than the entries. The dtype is that of the counts within the kernels.
    """
    entries = Entries(counts.indices.astype(np.int32, copy=False), counts.data.astype(dtype, copy=False))
    offsets = counts.indptr.astype(np.int64, copy=False)
    return ArraySource(entries, weights, offsets, entries_in_block(len(entries.words), counts.shape[1]))


def entries_in_block(n_entries: int, n_words: int) -> int:
    """How many entries a block has, of so many in all."""
    n_blocks = -(-n_entries // max(ENTRIES_PER_WORD * n_words, LEAST_ENTRIES))
    n_blocks += n_blocks > 1 and n_blocks % 2  # as many for each of two threads
    return max(-(-n_entries // max(n_blocks, 1)), 1)


def joined_documents(parts: Sequence[ArraySource], block_rows: int) -> ArraySource:
    """The documents of some sources."""
    words, counts = (np.concatenate([getattr(one.x, name) for one in parts]) for name in ("words", "counts"))
    lengths = np.concatenate([np.diff(np.asarray(one.offsets)) for one in parts])
    weights = np.concatenate([one.weights for one in parts])
    return ArraySource(Entries(words, counts), weights, np.concatenate([[0], np.cumsum(lengths)]), block_rows)


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
