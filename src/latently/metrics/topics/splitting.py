"""Documents as counts of words, checked, and cut in two: one half to be seen, the other to be predicted."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from latently.checks.arrays import MOST_COUNT, Cells, as_numbers
from latently.checks.settings import BOOLEAN, INTEGER, checked


def as_counts(X: object) -> sparse.csr_matrix:
    """Counts as a CSR matrix of float64: indices sorted, duplicates summed, no explicit zeros.

    Refuses what is no table of numbers, and the first count that is negative or not finite.
    """
    counts = sparse.csr_matrix(X if sparse.issparse(X) else _dense(X))
    counts = counts.astype(np.float64, copy=not counts.has_canonical_format)
    counts.sum_duplicates()
    refuse(counts, ~(np.isfinite(counts.data) & (counts.data >= 0)), "counts are finite, and zero or more")
    refuse(counts, counts.data > MOST_COUNT, f"counts are at most 2**53 = {MOST_COUNT:g}")
    if not counts.data.all():
        counts = counts.copy()
        counts.eliminate_zeros()
    return counts


def refuse(counts: sparse.csr_matrix, wrong: NDArray[np.bool_], remedy: str) -> None:
    """Refuse some of the entries of a CSR matrix.

    The error names the row and the column of the first, and the remedy.
    """
    if wrong.any():
        entry = int(wrong.argmax())
        row = int(np.searchsorted(counts.indptr, entry, side="right")) - 1
        column = int(counts.indices[entry])
        raise ValueError(f"X has {counts.data[entry]:g} in row {row}, column {column}: {remedy}")


def _dense(X: object) -> NDArray[np.float64]:
    table = np.asarray(as_numbers(X), dtype=np.float64)
    if table.ndim != 2:
        raise ValueError(f"X has shape {table.shape}: give a row for each document, a column for each word")
    return table


@dataclass(frozen=True)
class DocumentSplit:
    """Two halves of documents, which sum to the whole."""

    # csr_matrix of shape (n_documents, n_words): counts of the tokens of each half, float64
    observed: sparse.csr_matrix
    held_out: sparse.csr_matrix


@checked(random_state=(INTEGER,), fractional=(BOOLEAN,))
def split_documents(X: object, random_state: int = 0, *, fractional: bool = False) -> DocumentSplit:
    """Split the tokens of each document into two halves by chance.

    Each token goes into either half with probability 1/2. Chance comes from the document itself: equal
    documents are split alike, wherever they stand and whatever stands beside them.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_documents, n_words)
        Counts of words, whole numbers of any type.
    random_state : int, default 0
        Another number gives another split.
    fractional : bool, default False
        Whether X may hold fractions. Then what is left of a count beyond whole tokens goes into one half,
        undivided.

    Returns
    -------
    DocumentSplit
        The halves `observed` and `held_out`.

    Raises
    ------
    ValueError
        If a count is negative, not finite or, unless `fractional`, not whole; its row and column are named.

    See Also
    --------
    held_out_perplexity : How well a topic model predicts one half from the other.

    Notes
    -----
    The stream of random numbers of a document is seeded by a hash of `random_state`, the columns of its words
    and their counts. So neither the order of documents nor the number of threads matters, and a document
    of weight two counts as two equal documents.

    Examples
    --------
    >>> import numpy as np
    >>> from latently.metrics import split_documents
    >>> split = split_documents(np.array([[6, 0, 2], [1, 1, 1], [6, 0, 2]]))
    >>> (split.observed + split.held_out).toarray().astype(int)
    array([[6, 0, 2],
           [1, 1, 1],
           [6, 0, 2]])
    >>> bool((split.observed[0] != split.observed[2]).nnz)
    False
    """
    counts = as_counts(X)
    if not fractional:
        whole = counts.data == np.floor(counts.data)
        refuse(counts, ~whole, "tokens are split one by one, so give whole counts of words")
    observed, held_out = counts.copy(), counts.copy()
    for start, end in zip(counts.indptr[:-1], counts.indptr[1:], strict=True):
        part = counts.data[start:end]
        rng = np.random.default_rng(_seed(random_state, counts.indices[start:end], part))
        whole_tokens = np.floor(part)
        observed.data[start:end] = rng.binomial(whole_tokens.astype(np.int64), 0.5)
        if fractional:
            observed.data[start:end] += (part - whole_tokens) * rng.integers(2, size=len(part))
    held_out.data -= observed.data
    observed.eliminate_zeros()
    held_out.eliminate_zeros()
    return DocumentSplit(observed, held_out)


def _seed(random_state: int, words: Cells, counts: NDArray[np.float64]) -> int:
    content = blake2b(str(int(random_state)).encode(), digest_size=16)
    content.update(words.astype("<i8").tobytes())
    content.update(counts.astype("<f8").tobytes())
    return int.from_bytes(content.digest(), "little")
