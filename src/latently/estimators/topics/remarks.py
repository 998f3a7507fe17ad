"""Sentences about what a user might not expect of a corpus."""

from __future__ import annotations

from typing import Any

import numpy as np


def unseen_words(n_unseen: int) -> list[str]:
    """What is to be said of words that have no column: one sentence or none."""
    if not n_unseen:
        return []
    tokens = "1 token was" if n_unseen == 1 else f"{n_unseen} tokens were"
    return [f"{tokens} ignored, of words that are not in the vocabulary"]


def empty_documents(counts: Any) -> list[str]:
    """What is to be said of documents without words: one sentence or none."""
    empty = np.flatnonzero(np.diff(counts.indptr) == 0)
    if not len(empty):
        return []
    if len(empty) == 1:
        return [f"document {empty[0]} has no words: its topics are those of the prior"]
    return [
        f"{len(empty)} documents have no words, the first is {empty[0]}: their topics are those of the prior"
    ]
