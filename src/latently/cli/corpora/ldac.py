"""Counts of words in LDA-C format: a line for each document, `N id:count id:count ...`.

The format of Blei's program lda-c: N is the number of distinct words, ids count from 0, and the words stand
in a file of their own, one a line.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from latently.cli.corpora.documents import Documents, numbered
from latently.cli.failure import CommandError
from latently.cli.tables.content import decoded, read_bytes
from latently.cli.tables.table import Table
from latently.wording import count, shortened

WITH_WORDS = re.compile(rb"\s*\d+\s+\d+:\d+(\s|$)")
EMPTY_OR_NOT = re.compile(rb"\s*\d+(\s+\d+:\d+(\s|$)|\s*$)")
MOST_DIGITS = 15  # whole as floats
PAIR = re.compile(r"\d{1,15}:\d{1,15}")
BYTES_LOOKED_AT = 1 << 16


def is_ldac(content: bytes) -> bool:
    """Whether this looks like LDA-C: the first line does, and one of the first has a word."""
    lines = [line for line in content[:BYTES_LOOKED_AT].split(b"\n") if line.strip()]
    return bool(lines) and EMPTY_OR_NOT.match(lines[0]) is not None and any(map(WITH_WORDS.match, lines))


def read_ldac(path: Path, content: bytes, vocabulary: Path | None) -> Documents:
    """Read counts of words, and the words: from a file of their own, by default one beside it."""
    words = words_of_file(vocabulary or words_beside(path, "LDA-C"))
    rows: list[list[tuple[int, int]]] = []
    numbers: list[int] = []
    for number, line in enumerate(decoded(content, path.name).text.splitlines(), start=1):
        if line.strip():
            rows.append(_pairs(line, f"line {number} of {path.name}", len(words)))
            numbers.append(number)
    counts = _matrix(rows, len(words))
    if not counts.nnz:
        raise CommandError(f"{path.name} has only empty documents: give some with words")
    rest = Table(path.name, numbered(len(rows)), numbers)
    return Documents(path.name, "LDA-C", rest, counts=counts, vocabulary=words)


def _pairs(line: str, where: str, n_words: int) -> list[tuple[int, int]]:
    announced, *cells = line.split()
    if not announced.isdecimal() or len(announced) > MOST_DIGITS:
        raise CommandError(
            f"{where} begins with '{shortened(announced)}': write how many pairs id:count follow"
        )
    wrong = [cell for cell in cells if not PAIR.fullmatch(cell)]
    if wrong:
        raise CommandError(
            f"{where} has '{shortened(wrong[0])}': write pairs id:count of whole numbers below 1e15, such as "
            "17:2"
        )
    if int(announced) != len(cells):
        raise CommandError(
            f"{where} announces {count(int(announced), 'pair')} and has {len(cells)}: mend the number or the "
            "line"
        )
    pairs = [(int(word), int(count)) for word, count in (cell.split(":") for cell in cells)]
    beyond = [word for word, _ in pairs if word >= n_words]
    if beyond:
        raise CommandError(
            f"{where} has word {beyond[0]}, and the vocabulary has words 0 to {n_words - 1}: number words "
            "from 0, or give the right file with --vocabulary"
        )
    return pairs


def _matrix(rows: list[list[tuple[int, int]]], n_words: int) -> Any:
    pairs = np.array([pair for row in rows for pair in row], dtype=np.int64).reshape(-1, 2)
    documents = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    counts = sparse.csr_matrix(
        (pairs[:, 1].astype(np.float64), (documents, pairs[:, 0])), shape=(len(rows), n_words)
    )
    counts.eliminate_zeros()
    return counts


def words_beside(path: Path, kind: str) -> Path:
    """The file of words beside a file of counts."""
    names = (
        f"{path.stem}.vocab",
        f"{path.stem}.vocab.txt",
        f"{path.stem}_vocab.txt",
        "vocab.txt",
        "vocabulary.txt",
        path.name.replace("docword", "vocab", 1),
    )
    for name in names:
        if name != path.name and (path.parent / name).is_file():
            return path.parent / name
    raise CommandError(
        f"{path.name} has counts in {kind} format, and there is no {names[0]} or vocab.txt beside it: name "
        "the file of words, one a line, with --vocabulary"
    )


def words_of_file(path: Path) -> list[str]:
    """The words of a file, one a line."""
    words = [line.strip() for line in decoded(read_bytes(path), path.name).text.splitlines()]
    while words and not words[-1]:
        words.pop()
    if not words:
        raise CommandError(f"{path.name} is empty: give a file with a word on each line")
    first: dict[str, int] = {}
    for number, word in enumerate(words, start=1):
        if not word:
            raise CommandError(
                f"line {number} of {path.name} is blank: each line holds the word of that number"
            )
        if first.setdefault(word, number) != number:
            raise CommandError(
                f"lines {first[word]} and {number} of {path.name} are both '{word}': give each word one line"
            )
    return words
