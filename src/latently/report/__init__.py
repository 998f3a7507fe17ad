"""What a fit says, in words, tables and pictures, on one page that needs nothing else."""

from latently.report import tables
from latently.report.analysis import MixtureAnalysis, Truth
from latently.report.cautions import cautions
from latently.report.figures import Figure, mixture_figures
from latently.report.findings import findings, headline, in_words
from latently.report.mixture import mixture_page
from latently.report.page import Section, page, write_text
from latently.report.summary import mixture_summary, to_json

__all__ = [
    "Figure",
    "MixtureAnalysis",
    "Section",
    "Truth",
    "cautions",
    "findings",
    "headline",
    "in_words",
    "mixture_figures",
    "mixture_page",
    "mixture_summary",
    "page",
    "tables",
    "to_json",
    "write_text",
]
