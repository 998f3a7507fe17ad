"""What was filled into a table, and how far to trust it: in words, tables, pictures and on a page."""

from latently.report.imputation import tables
from latently.report.imputation.analysis import ImputationAnalysis
from latently.report.imputation.cautions import cautions
from latently.report.imputation.figures import imputation_figures
from latently.report.imputation.findings import findings, headline, mcar_in_words, starts_in_words
from latently.report.imputation.sections import how, imputation_page, numbers
from latently.report.imputation.summary import imputation_summary

__all__ = [
    "ImputationAnalysis",
    "cautions",
    "findings",
    "headline",
    "how",
    "imputation_figures",
    "imputation_page",
    "imputation_summary",
    "mcar_in_words",
    "numbers",
    "starts_in_words",
    "tables",
]
