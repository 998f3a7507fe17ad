"""What a topic model says of documents: in words, tables, pictures and on a page."""

from latently.report.mixture.analysis import Truth
from latently.report.topics import tables
from latently.report.topics.analysis import TopicsAnalysis
from latently.report.topics.cautions import cautions
from latently.report.topics.collection import Collection, LeftOut
from latently.report.topics.figures import topics_figures
from latently.report.topics.findings import findings, headline, topics_in_words
from latently.report.topics.sections import how, numbers, topics_page
from latently.report.topics.summary import topics_summary
from latently.report.topics.trials import Trial, run_trials

__all__ = [
    "Collection",
    "LeftOut",
    "TopicsAnalysis",
    "Trial",
    "Truth",
    "cautions",
    "findings",
    "headline",
    "how",
    "numbers",
    "run_trials",
    "tables",
    "topics_figures",
    "topics_in_words",
    "topics_page",
    "topics_summary",
]
