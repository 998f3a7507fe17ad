"""Topics as bars of their likeliest words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from latently.plots.topic_models.looks import shares as shares_of
from latently.report.interactive.encoding import packed

MOST_TOPICS = 12
N_WORDS = 10


def topics_view(moments: Sequence[Any], words: Sequence[str]) -> dict[str, Any]:
    """The likeliest words of the largest topics at each step."""
    shares = np.array([shares_of(each) for each in moments])
    largest = np.sort(np.argsort(-shares[-1], kind="stable")[:MOST_TOPICS])
    tables = [each.topic_word_[largest] for each in moments]
    first = np.array([np.argsort(-table, axis=1, kind="stable")[:, :N_WORDS] for table in tables])
    used, codes = np.unique(first, return_inverse=True)
    height = [np.take_along_axis(table, top, axis=1) for table, top in zip(tables, first, strict=True)]
    return {
        "topics": largest.tolist(),
        "words": [str(words[j]) for j in used],
        "first": packed(codes.reshape(first.shape), "<u2"),
        "height": packed(height),
        "weights": packed(shares[:, largest]),
    }
