"""Documents from a path, whatever is there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from latently.cli.corpora.documents import TEXT_COLUMN, Documents, from_table
from latently.cli.corpora.ldac import is_ldac, read_ldac
from latently.cli.corpora.matrix import is_matrix, read_matrix
from latently.cli.corpora.text_folder import read_folder
from latently.cli.failure import CommandError
from latently.cli.tables.codes import with_codes
from latently.cli.tables.content import STDIN, decoded, ending_of, name_of, read_bytes
from latently.cli.tables.json_lines import is_json
from latently.cli.tables.read import PARQUET, read_table, table_of
from latently.cli.tables.table import Table
from latently.cli.tables.workbook import is_workbook


def read_documents(
    path: Path,
    text_column: str | None = None,
    vocabulary: Path | None = None,
    *,
    files: str | None = None,
    encoding: str | None = None,
    missing: Sequence[str] = (),
) -> Documents:
    """Read a table with a column of texts, a text a line, a folder of texts, or counts of words.

    CSV, TSV, Parquet, JSON lines, LDA-C, MatrixMarket and UCI's bag of words are told apart by what is in
    them. A file that ends in .txt has a text a line, unless `text_column` is given.
    """
    if path != STDIN and path.is_dir():
        _must_not(text_column, "--text-column", f"'{path}' is a folder, of which every file is a document")
        _must_not(vocabulary, "--vocabulary", f"'{path}' is a folder of texts and brings its words")
        return read_folder(path, files, encoding, missing)
    _must_not(files, "--files", f"'{path}' is no folder")
    content, name = read_bytes(path), name_of(path)
    if content.startswith(PARQUET) or is_workbook(content):
        _must_not(vocabulary, "--vocabulary", f"{name} holds no counts, texts bring their words")
        kind = "Parquet" if content.startswith(PARQUET) else "a workbook"
        return from_table(read_table(path, missing, encoding, content), kind, text_column)
    text, notes = decoded(content, name, encoding)
    content = text.encode()
    if is_ldac(content):
        _must_not(text_column, "--text-column", f"{name} is in LDA-C format and has no columns")
        return read_ldac(path, content, vocabulary)
    if is_matrix(content):
        _must_not(text_column, "--text-column", f"{name} is a matrix of counts and has no texts")
        return read_matrix(path, content, vocabulary)
    _must_not(vocabulary, "--vocabulary", f"{name} holds no counts, texts bring their words")
    if ending_of(path) == ".txt" and text_column is None and not is_json(text):
        return read_lines(text, name, missing, notes)
    kind = "JSON lines" if is_json(text) else "CSV"
    table = with_codes(table_of(content, name).noted(*notes), missing)
    if not table.frame.height:
        raise CommandError(f"{name} has a header and no rows: add rows")
    return from_table(table, kind, text_column)


def read_lines(text: str, name: str, missing: Sequence[str], notes: Sequence[str]) -> Documents:
    """Read a text a line; blank lines are left out, and so is a first line that says 'text'."""
    # Lines end where editors end them: other marks of line ends may stand inside of texts.
    lines = text.replace("\r\n", "\n").split("\n")
    full = [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    if full and full[0][1].strip().lower() == TEXT_COLUMN:
        del full[0]
    if not full:
        raise CommandError(f"{name} is empty: write a text on each line")
    texts = pl.DataFrame({TEXT_COLUMN: [line for _, line in full]})
    table = Table(name, texts, [number for number, _ in full], notes=notes)
    return from_table(with_codes(table, missing), "a text a line", None)


def _must_not(value: object, option: str, why: str) -> None:
    if value is not None:
        raise CommandError(f"{why}: leave {option} out")
