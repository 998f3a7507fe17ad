"""Counts of words as entries of a matrix: MatrixMarket files, and UCI's bags of words (docword.*.txt)."""

from __future__ import annotations

import io
import re
import warnings
from pathlib import Path

import numpy as np
from scipy import sparse
from scipy.io import mmread

from latently.cli.corpora.documents import Documents, numbered
from latently.cli.corpora.ldac import words_beside, words_of_file
from latently.cli.failure import CommandError
from latently.cli.tables.table import Table
from latently.wording import count

MATRIX_MARKET = b"%%MatrixMarket"
BAG_OF_WORDS = re.compile(rb"\s*\d+\s*\n\s*\d+\s*\n\s*\d+\s*\n\s*\d+ \d+ \d+\s*(\n|$)")


def is_matrix(content: bytes) -> bool:
    """Whether this is a MatrixMarket file, or begins as UCI's bags of words: three sizes, then entries."""
    return content.startswith(MATRIX_MARKET) or BAG_OF_WORDS.match(content[:4096]) is not None


def read_matrix(path: Path, content: bytes, vocabulary: Path | None) -> Documents:
    """Read counts with a row for each document and a column for each word, and the words as for LDA-C."""
    market = content.startswith(MATRIX_MARKET)
    kind = "MatrixMarket" if market else "UCI bag of words"
    if not market:
        head = b"%%MatrixMarket matrix coordinate real general\n"
        content = head + b" ".join(content.split(None, 3)[:3]) + b"\n" + content.split(None, 3)[3]
    try:
        with warnings.catch_warnings():  # from SciPy 1.18 on it will be an array one day; either will do
            warnings.simplefilter("ignore", DeprecationWarning)
            counts = sparse.csr_matrix(mmread(io.BytesIO(content)), dtype=np.float64)
    except (ValueError, TypeError, OverflowError) as error:
        raise CommandError(f"{path.name} is no whole {kind} file ({error}): write it again") from None
    words = words_of_file(vocabulary or words_beside(path, kind))
    if counts.shape[1] != len(words):
        of_words = counts.shape[0] == len(words)
        raise CommandError(
            f"{path.name} has {count(counts.shape[1], 'column')} for {count(len(words), 'word')}: "
            + ("transpose it, its rows are the words" if of_words else "write a column for each word")
        )
    counts.sum_duplicates()
    wrong = ~((counts.data >= 0) & (counts.data == np.floor(counts.data)) & (counts.data < 2**53))
    if wrong.any():
        entry = int(wrong.argmax())
        row = int(np.searchsorted(counts.indptr, entry, side="right"))
        raise CommandError(
            f"{path.name} has {counts.data[entry]:g} in row {row}, column {counts.indices[entry] + 1}: write "
            "counts of words, which are whole, not weights of them"
        )
    counts.eliminate_zeros()
    if not counts.nnz:
        raise CommandError(f"{path.name} has only empty documents: give some with words")
    rest = Table(path.name, numbered(counts.shape[0]))
    return Documents(path.name, kind, rest, counts=counts, vocabulary=words)
