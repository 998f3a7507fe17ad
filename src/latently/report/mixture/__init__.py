"""What a Gaussian mixture says of the rows it was fitted to: in words, tables, pictures and on a page."""

from latently.report.mixture import tables
from latently.report.mixture.analysis import MixtureAnalysis, Truth
from latently.report.mixture.cautions import cautions
from latently.report.mixture.figures import mixture_figures
from latently.report.mixture.findings import findings, headline, in_words
from latently.report.mixture.sections import how, mixture_page, numbers
from latently.report.mixture.summary import mixture_summary

__all__ = [
    "MixtureAnalysis",
    "Truth",
    "cautions",
    "findings",
    "headline",
    "how",
    "in_words",
    "mixture_figures",
    "mixture_page",
    "mixture_summary",
    "numbers",
    "tables",
]
