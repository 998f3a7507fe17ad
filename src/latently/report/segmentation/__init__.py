"""What a hidden Markov model says of a series."""

from latently.report.segmentation.analysis import SegmentationAnalysis
from latently.report.segmentation.report import segmentation_report

__all__ = ["SegmentationAnalysis", "segmentation_report"]
