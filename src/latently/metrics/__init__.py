"""How good a fitted model is: functions on plain arrays, for the models of any library."""

from latently.metrics.matching import match_labels, matched_accuracy

__all__ = ["match_labels", "matched_accuracy"]
