"""How good a fitted model is, and what several say together: functions on plain arrays, for any library's."""

from typing import TYPE_CHECKING

from latently.lazy import deferred

if TYPE_CHECKING:
    from latently.metrics.matching import match_labels, matched_accuracy
    from latently.metrics.pooling import Pooled, pool
    from latently.metrics.topics import (
        DocumentSplit,
        HeldOut,
        TopicMatch,
        TopicScores,
        coherence,
        diversity,
        fold_in,
        held_out_perplexity,
        match_topics,
        split_documents,
        stability,
    )

__all__ = [
    "DocumentSplit",
    "HeldOut",
    "Pooled",
    "TopicMatch",
    "TopicScores",
    "coherence",
    "diversity",
    "fold_in",
    "held_out_perplexity",
    "match_labels",
    "match_topics",
    "matched_accuracy",
    "pool",
    "split_documents",
    "stability",
]

__getattr__, __dir__ = deferred(
    __name__,
    {
        "DocumentSplit": "topics",
        "HeldOut": "topics",
        "Pooled": "pooling",
        "TopicMatch": "topics",
        "TopicScores": "topics",
        "coherence": "topics",
        "diversity": "topics",
        "fold_in": "topics",
        "held_out_perplexity": "topics",
        "match_labels": "matching",
        "match_topics": "topics",
        "matched_accuracy": "matching",
        "matching": "matching",
        "pool": "pooling",
        "pooling": "pooling",
        "split_documents": "topics",
        "stability": "topics",
        "topics": "topics",
    },
)
