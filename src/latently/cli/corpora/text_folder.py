"""A folder of text files, one document each."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from latently.cli.corpora.documents import Documents
from latently.cli.corpora.utf8 import decoded
from latently.cli.failure import CommandError
from latently.cli.tables.read import read_bytes
from latently.cli.tables.table import Table


def read_folder(path: Path) -> Documents:
    """Read all files called .txt in a folder and the folders inside it, in the order of their names.

    Parameters
    ----------
    path : Path
        The folder.

    Returns
    -------
    Documents
        The rest has a column 'file' and, if there are folders inside, 'folder': the one that a file is in.

    Raises
    ------
    CommandError
        If there is no such file, one cannot be read, or all are empty.
    """
    try:
        found = [file for file in path.rglob("*") if file.suffix.lower() == ".txt" and file.is_file()]
    except OSError as error:
        raise CommandError(f"'{path}' cannot be read: {error.strerror or error}") from None
    names = {file.relative_to(path).as_posix(): file for file in found}
    shown = sorted(name for name in names if not any(part.startswith(".") for part in Path(name).parts))
    if not shown:
        raise CommandError(f"folder '{path}' has no file that ends in .txt: add some, or give another folder")
    texts = [decoded(read_bytes(names[name]), f"{path.name}/{name}") for name in shown]
    if not any(text.strip() for text in texts):
        raise CommandError(f"all {len(texts)} files of folder '{path}' are empty: give files with text")
    readable = [name.encode(errors="backslashreplace").decode() for name in shown]
    columns = {"file": readable}
    if any("/" in name for name in readable):
        columns["folder"] = [Path(name).parent.as_posix() for name in readable]
    return Documents(path.name, "a folder of texts", Table(path.name, pl.DataFrame(columns)), texts)
