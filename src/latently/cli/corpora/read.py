"""Documents from a path, whatever is there."""

from __future__ import annotations

from pathlib import Path

from latently.cli.corpora.documents import Documents, from_table
from latently.cli.corpora.json_lines import read_json_lines
from latently.cli.corpora.ldac import is_ldac, read_ldac
from latently.cli.corpora.text_folder import read_folder
from latently.cli.failure import CommandError
from latently.cli.tables.read import PARQUET, read_bytes, read_table

MARK = b"\xef\xbb\xbf"


def read_documents(path: Path, text_column: str | None = None, vocabulary: Path | None = None) -> Documents:
    """Read a table with a column of texts, a folder of texts, or counts in LDA-C format.

    Parameters
    ----------
    path : Path
        A CSV, TSV, Parquet or JSON lines file, a folder, or an LDA-C file: told apart by what is in them.
    text_column : str, optional
        The column of a table that holds the texts; by default the only one, or the one called 'text'.
    vocabulary : Path, optional
        The words of an LDA-C file, one a line; by default a file beside it.

    Raises
    ------
    CommandError
        If something cannot be read, or an option does not belong to what is read.
    """
    if path.is_dir():
        _must_not(text_column, "--text-column", f"'{path}' is a folder, of which every .txt is a document")
        _must_not(vocabulary, "--vocabulary", f"'{path}' is a folder of texts and brings its words")
        return read_folder(path)
    content = read_bytes(path)
    if is_ldac(content):
        _must_not(text_column, "--text-column", f"{path.name} is in LDA-C format and has no columns")
        return read_ldac(path, content, vocabulary)
    _must_not(vocabulary, "--vocabulary", f"{path.name} is not in LDA-C format, texts bring their words")
    start = content.removeprefix(MARK).lstrip()[:1]
    if start == b"[":
        raise CommandError(
            f"{path.name} is one JSON list: write an object on each line, for example with jq -c '.[]'"
        )
    if start == b"{":
        return from_table(read_json_lines(content, path.name), "JSON lines", text_column)
    kind = "Parquet" if content.startswith(PARQUET) else "CSV"
    return from_table(read_table(path), kind, text_column)


def _must_not(value: object, option: str, why: str) -> None:
    if value is not None:
        raise CommandError(f"{why}: leave {option} out")
