"""What a hidden Markov model says of a series: in words, tables, pictures and on a page."""

from latently.report.segmentation import tables
from latently.report.segmentation.analysis import SegmentationAnalysis
from latently.report.segmentation.cautions import cautions
from latently.report.segmentation.figures import segmentation_figures
from latently.report.segmentation.findings import findings, headline, in_words
from latently.report.segmentation.sections import how, numbers, segmentation_page
from latently.report.segmentation.summary import segmentation_summary

__all__ = [
    "SegmentationAnalysis",
    "cautions",
    "findings",
    "headline",
    "how",
    "in_words",
    "numbers",
    "segmentation_figures",
    "segmentation_page",
    "segmentation_summary",
    "tables",
]
