"""What a fit says, in words, tables and pictures, on one page that needs nothing else.

A `Report` is what all pages, terminals and programs are told alike, and `fits` what is said alike of all fits
by EM. Each kind of fit has a room of its own: `analysis` holds what is spoken of, `report` what is said.
"""

from latently.report.figure import Figure
from latently.report.html import Section, page, write_text
from latently.report.report import Report
from latently.report.strict_json import to_json
from latently.report.table import Table

__all__ = ["Figure", "Report", "Section", "Table", "page", "to_json", "write_text"]
