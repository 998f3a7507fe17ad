"""One search over settings: numbers of components, families, or whatever an estimator has."""

from latently.selection.search import select
from latently.selection.table import Selection

__all__ = ["Selection", "select"]
