"""What a topic model says of documents."""

from latently.report.analysis import Truth
from latently.report.topics.analysis import TopicsAnalysis
from latently.report.topics.collection import Collection, LeftOut
from latently.report.topics.report import topics_report
from latently.report.topics.trials import Trial, run_trials

__all__ = ["Collection", "LeftOut", "TopicsAnalysis", "Trial", "Truth", "run_trials", "topics_report"]
