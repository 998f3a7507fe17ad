"""How good a fitted model is, and what several say together: functions on plain arrays, for any library's."""

from latently.metrics.matching import match_labels, matched_accuracy
from latently.metrics.pooling import Pooled, pool

__all__ = ["Pooled", "match_labels", "matched_accuracy", "pool"]
