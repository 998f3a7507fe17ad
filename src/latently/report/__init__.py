"""What a fit says, in words, tables and pictures, on one page that needs nothing else.

Here is what all pages are made of; each kind of fit has a room of its own, with the same files in it:
`analysis` (all that is spoken of), `findings` and `cautions` (in words), `tables`, `figures`, `summary` (for
programs), `sections` (the page).
"""

from latently.report.figure import Figure
from latently.report.page import Section, page, write_text
from latently.report.strict_json import to_json
from latently.report.table import Table

__all__ = ["Figure", "Section", "Table", "page", "to_json", "write_text"]
