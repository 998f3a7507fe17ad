"""Documents and topics as tables to be written: what is added to documents, and a line for each topic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from latently.cli.corpora.documents import Documents
from latently.cli.tables.columns import without
from latently.report.topics import TopicsAnalysis, Truth

MOST_LABEL = 30


def labels_of(documents: Documents, truth: Truth | None) -> list[str]:
    """What documents are called: by their truth, the first column of short texts all different, or number."""
    if truth is not None:
        return [f"{label or 'not known'}, {i}" for i, label in enumerate(truth.labels, start=1)]
    frame = documents.rest.frame
    for name in frame.columns:
        cells = frame[name]
        if cells.dtype != pl.String or cells.null_count() or cells.n_unique() < len(cells):
            continue
        if (cells.str.len_chars() <= MOST_LABEL).all() and cells.str.contains(r"\p{L}").all():
            return [str(cell) for cell in cells.to_list()]
    return [f"document {i}" for i in range(1, len(documents) + 1)]


def document_columns(doc_topic: Any, lengths: Any) -> dict[str, Any]:
    """What is added to the documents: the likeliest topic, its share, the words seen, all shares.

    Of a document without words topic and share are empty, and the shares are those of the prior.
    """
    full = np.asarray(lengths) > 0
    empty = pl.Series(~full)
    return {
        "topic": without(pl.Series(doc_topic.argmax(axis=1)), empty),
        "share": without(pl.Series(doc_topic.max(axis=1)), empty),
        "words": np.asarray(lengths).round().astype(np.int64),
        **{f"topic_{k}": np.ascontiguousarray(column) for k, column in enumerate(doc_topic.T)},
    }


def columns_in_words(names: Sequence[str]) -> str:
    """The columns added to documents."""
    return f"{', '.join(names[:3])} and the share of each topic"


def topics_table(a: TopicsAnalysis) -> pl.DataFrame:
    """A row for each topic, a column for each of its ten words."""
    n_words = max(map(len, a.top_words))
    words = [[*line, *[None] * (n_words - len(line))] for line in a.top_words]
    return pl.DataFrame(
        {
            "topic": range(a.n_topics),
            "share": a.shares.round(6),
            "documents": a.sizes,
            "coherence": a.coherence.per_topic.round(6),
            **{f"word_{i + 1}": [line[i] for line in words] for i in range(n_words)},
        }
    )
