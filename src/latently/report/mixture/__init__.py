"""What a mixture says of the rows it was fitted to."""

from latently.report.analysis import Truth
from latently.report.mixture.analysis import MixtureAnalysis
from latently.report.mixture.report import mixture_report

__all__ = ["MixtureAnalysis", "Truth", "mixture_report"]
