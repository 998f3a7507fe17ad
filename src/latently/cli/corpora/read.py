"""Documents from a path, whatever is there."""

from __future__ import annotations

from pathlib import Path

from latently.cli.corpora.documents import USUAL, Documents, from_table, numbered
from latently.cli.corpora.json_lines import read_json_lines
from latently.cli.corpora.ldac import is_ldac, read_ldac
from latently.cli.corpora.matrix import is_matrix, read_matrix
from latently.cli.corpora.text_folder import read_folder
from latently.cli.corpora.utf8 import decoded
from latently.cli.failure import CommandError
from latently.cli.tables.read import PARQUET, read_bytes, read_table
from latently.cli.tables.table import Table

MARK = b"\xef\xbb\xbf"


def read_documents(path: Path, text_column: str | None = None, vocabulary: Path | None = None) -> Documents:
    """Read a table with a column of texts, a text a line, a folder of texts, or counts of words.

    Parameters
    ----------
    path : Path
        A CSV, TSV, Parquet or JSON lines file, a folder, or counts (LDA-C, MatrixMarket, UCI's bag of
        words): told apart by what is in them. A file that ends in .txt has a text a line, unless
        `text_column` is given.
    text_column : str, optional
        The column of a table that holds the texts; by default the only one, or the one called 'text'.
    vocabulary : Path, optional
        The words of a file of counts, one a line; by default a file beside it.

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
    if is_matrix(content):
        _must_not(text_column, "--text-column", f"{path.name} is a matrix of counts and has no texts")
        return read_matrix(path, content, vocabulary)
    _must_not(vocabulary, "--vocabulary", f"{path.name} holds no counts, texts bring their words")
    start = content.removeprefix(MARK).lstrip()[:1]
    if start == b"{":
        return from_table(read_json_lines(content, path.name), "JSON lines", text_column)
    if path.suffix.lower() == ".txt" and text_column is None:
        return read_lines(content, path.name)
    if start == b"[":
        raise CommandError(
            f"{path.name} is one JSON list: write an object on each line, for example with jq -c '.[]'"
        )
    kind = "Parquet" if content.startswith(PARQUET) else "CSV"
    return from_table(read_table(path), kind, text_column)


def read_lines(content: bytes, name: str) -> Documents:
    """Read a text a line; blank lines are left out, and so is a first line that says 'text'.

    Raises
    ------
    CommandError
        If no line has a text.
    """
    # Lines end where editors end them: other marks of line ends may stand inside of texts.
    lines = decoded(content, name).replace("\r\n", "\n").split("\n")
    full = [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    if full and full[0][1].strip().lower() == USUAL:
        del full[0]
    if not full:
        raise CommandError(f"{name} is empty: write a text on each line")
    rest = Table(name, numbered(len(full)), [number for number, _ in full])
    return Documents(name, "a text a line", rest, [line for _, line in full])


def _must_not(value: object, option: str, why: str) -> None:
    if value is not None:
        raise CommandError(f"{why}: leave {option} out")
