"""What a fit says, in words, tables and pictures, on one page that needs nothing else.

A `Report` is what all pages, terminals and programs are told alike, and `fits` what is said alike of all fits
by EM. Each kind of fit has a package of its own: `analysis` holds what is spoken of, `report` what is said,
`replay` how it was found. The package may be called: ``latently.report(model, X, path)`` is
`latently.report.of_model.report`.
"""

import sys
from types import ModuleType
from typing import Any

from latently.report.figure import Figure
from latently.report.html import Section, page, write_text
from latently.report.interactive import Recorder
from latently.report.report import Report
from latently.report.strict_json import to_json
from latently.report.table import Table

__all__ = ["Figure", "Recorder", "Report", "Section", "Table", "page", "to_json", "write_text"]


class _CallablePackage(ModuleType):
    def __call__(self, *args: Any, **how: Any) -> Report:
        from latently.report.of_model import report  # it knows all kinds of models

        return report(*args, **how)


sys.modules[__name__].__class__ = _CallablePackage
