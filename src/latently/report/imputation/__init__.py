"""What was filled into a table, and how far to trust it."""

from latently.report.imputation.analysis import ImputationAnalysis
from latently.report.imputation.mixed import MixedAnalysis
from latently.report.imputation.report import imputation_report

__all__ = ["ImputationAnalysis", "MixedAnalysis", "imputation_report"]
