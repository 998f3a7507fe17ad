"""How good a fitted model is, and what several say together: functions on plain arrays, for any library's."""

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
