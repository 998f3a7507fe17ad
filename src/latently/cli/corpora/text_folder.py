"""A folder of text files, one document each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path

import polars as pl

from latently.cli.corpora.documents import TEXT_COLUMN, Documents, from_table
from latently.cli.failure import CommandError
from latently.cli.tables.codes import with_codes
from latently.cli.tables.content import decoded, read_bytes
from latently.cli.tables.table import Table

TEXTS = ["*.txt", "*.htm*", "*.md"]  # which files are documents: the first of these that there are


def read_folder(path: Path, files: str | None, encoding: str | None, missing: Sequence[str]) -> Documents:
    """Read files of a folder and the folders inside it, in the order of their names; hidden ones never.

    The rest has a column 'file' and, if there are folders inside, 'folder': the one that a file is in.
    """
    try:
        found = [file for file in path.rglob("*") if file.is_file()]
    except OSError as error:
        raise CommandError(f"'{path}' cannot be read: {error.strerror or error}") from None
    names = {file.relative_to(path).as_posix(): file for file in found}
    seen = sorted(name for name in names if not any(part.startswith(".") for part in Path(name).parts))
    kinds = [files] if files else TEXTS
    found_by = ([name for name in seen if fnmatch(name if files else name.lower(), kind)] for kind in kinds)
    shown = next(filter(None, found_by), [])
    if not shown:
        all_of_them = f", write --files '*' for all of its {len(seen):,}" if seen else ""
        raise CommandError(
            f"folder '{path}' has no file that is called {' or '.join(kinds)}: add some{all_of_them}, or "
            "give another folder"
        )
    found_texts = [decoded(read_bytes(names[name]), f"{path.name}/{name}", encoding) for name in shown]
    texts = [one.text for one in found_texts]
    if not any(text.strip() for text in texts):
        files = f"all {len(texts):,} files of folder '{path}' are" if len(texts) > 1 else f"'{shown[0]}' is"
        raise CommandError(f"{files} empty: give files with text")
    readable = [name.encode(errors="backslashreplace").decode() for name in shown]
    columns = {TEXT_COLUMN: texts, "file": readable}
    if any("/" in name for name in readable):
        columns["folder"] = [Path(name).parent.as_posix() for name in readable]
    notes = [note for one in found_texts for note in one.notes]
    more = (
        [f"so {'was' if len(notes) == 2 else 'were'} {len(notes) - 1:,} more of its files"]
        if len(notes) > 1
        else []
    )
    table = with_codes(Table(path.name, pl.DataFrame(columns), notes=[*notes[:1], *more]), missing)
    documents = from_table(table, "a folder of texts", TEXT_COLUMN)
    rest = replace(documents.rest, frame=documents.rest.frame.drop(TEXT_COLUMN))  # the files hold them
    return replace(documents, rest=rest, text_column=None)
