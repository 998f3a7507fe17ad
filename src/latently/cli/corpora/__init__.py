"""Texts from files: CSV, Parquet, JSON lines, folders, counts in LDA-C format."""

from latently.cli.corpora.documents import Documents
from latently.cli.corpora.read import read_documents

__all__ = ["Documents", "read_documents"]
