"""Documents from a file, and what else the file says of each."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from html import unescape
from typing import Any

import polars as pl

from latently.cli.failure import CommandError
from latently.cli.tables.columns import without
from latently.cli.tables.table import Table, quoted
from latently.wording import count

NUMBER_COLUMN = "document"
TEXT_COLUMN = "text"
MARKUP = re.compile(r"(?is)<(script|style)\b.*?</\1\s*>|<!--.*?-->|</?[a-z][^<>]*>")
LINK = re.compile(r"(?i)\b(https?://|www\.)[^\s<>\"']+")


@dataclass(frozen=True)
class Documents:
    """Texts, or counts of words, one for each row of a table."""

    name: str  # the name of the file or folder
    kind: str  # what it is, in words
    rest: Table  # what is written again, one row for each document
    texts: list[str] | None = None  # the texts; None if there are counts
    counts: Any = None  # the counts; None if there are texts
    vocabulary: list[str] | None = None  # the words of the columns of counts
    text_column: str | None = None  # the column in which the texts stood

    @property
    def X(self) -> Any:
        """What a model is fitted to."""
        return self.counts if self.texts is None else self.texts

    def __len__(self) -> int:
        return self.rest.frame.height


def from_table(table: Table, kind: str, text_column: str | None) -> Documents:
    """Take the texts out of a table: a column of it, by default the only one, or the one called 'text'."""
    name = _column(table, text_column)
    cells = table.frame[name]
    if cells.dtype not in (pl.String, pl.Categorical, pl.Enum, pl.Null):
        raise CommandError(
            f"column '{name}' of {table.name} holds no texts but {_words(cells.dtype)}: name another "
            "--text-column"
        )
    texts = without(cells.cast(pl.String), table.missing(name)).fill_null("").to_list()
    if not any(text.strip() for text in texts):
        raise CommandError(
            f"column '{name}' of {table.name} has only empty cells: name another --text-column"
        )
    texts, said = without_markup(texts)
    rest = replace(table, read_as={**table.read_as, **said})
    return Documents(table.name, kind, rest, texts, text_column=name)


def without_markup(texts: list[str]) -> tuple[list[str], dict[str, str]]:
    """Texts without HTML and links, and what was done if there were any.

    Examples
    --------
    >>> without_markup(["<p>Ships &amp; <b>sails</b></p>", "at www.sea.org", "3 < 4"])[0]
    ['Ships & sails', 'at', '3 < 4']
    """
    plain = [unescape(MARKUP.sub(" ", text)) if "<" in text or "&" in text else text for text in texts]
    found = [LINK.sub(" ", text) if "." in text else text for text in plain]
    html = sum(one != other for one, other in zip(texts, plain, strict=True))
    links = sum(one != other for one, other in zip(plain, found, strict=True))
    done = [f"{what} of {count(n, 'document')}" for what, n in (("HTML", html), ("links", links)) if n]
    if not done:
        return texts, {}
    stripped = [" ".join(new.split()) if new != old else old for new, old in zip(found, texts, strict=True)]
    return stripped, {"Taken out": " and ".join(done)}


def numbered(n: int) -> pl.DataFrame:
    """A column that numbers documents, from 1."""
    return pl.DataFrame({NUMBER_COLUMN: range(1, n + 1)})


def _column(table: Table, asked: str | None) -> str:
    if asked is not None:
        table.must_have(asked)
        return asked
    names = table.frame.columns
    if len(names) == 1:
        return names[0]
    if TEXT_COLUMN in names:
        return TEXT_COLUMN
    raise CommandError(
        f"{table.name} has {quoted(names)}: write --text-column and the name of the one with texts"
    )


def _words(dtype: pl.DataType) -> str:
    if dtype.is_numeric():
        return "numbers"
    return "dates or times" if dtype.is_temporal() else f"what Parquet calls {dtype}"
