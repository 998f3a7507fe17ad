"""Texts from files: CSV, Parquet, JSON lines, a text a line, folders, counts of words."""

from latently.cli.corpora.documents import Documents
from latently.cli.corpora.read import read_documents

__all__ = ["Documents", "read_documents"]
