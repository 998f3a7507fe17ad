"""The bytes of a file or of standard input, unpacked, and the text in them."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import re
import sys
import zlib
from glob import has_magic
from pathlib import Path
from typing import NamedTuple
from unicodedata import category

from latently.cli.failure import CommandError, must_be_there
from latently.cli.needing import needed
from latently.wording import shortened

STDIN = Path("-")
ZSTD = b"\x28\xb5\x2f\xfd"
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
WESTERN = "windows-1252"
APOSTROPHES = "\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}"
BYTES_LOOKED_AT = 1 << 16
PACKED_ENDINGS = (".gz", ".zst", ".bz2", ".xz")


class Text(NamedTuple):
    """The text of a file."""

    text: str
    notes: list[str]  # how it was decoded, if that was guessed


def read_bytes(path: Path) -> bytes:
    """Read a file that the user named, or standard input for ``-``; what is packed is unpacked."""
    try:
        if path == STDIN:
            return unpacked(sys.stdin.buffer.read(), name_of(path))
        must_be_there(path)
        if path.is_dir():
            raise CommandError(f"'{path}' is a folder: give a file")
        return unpacked(path.read_bytes(), path.name)
    except OSError as error:
        raise CommandError(f"'{path}' cannot be read: {error.strerror or error}") from None


def name_of(path: Path) -> str:
    """What a file is called in sentences."""
    return "standard input" if path == STDIN else path.name


def stem_of(path: Path) -> str:
    """The name of a file without what says how it is written and packed.

    Examples
    --------
    >>> stem_of(Path("a/b.csv.gz")), stem_of(Path("b.2024.csv")), stem_of(Path("-"))
    ('b', 'b.2024', 'stdin')
    """
    if path == STDIN:
        return "stdin"
    if has_magic(path.name):  # a pattern
        return path.absolute().parent.name
    return Path(path.stem).stem if path.suffix.lower() in PACKED_ENDINGS else path.stem


def ending_of(path: Path) -> str:
    """How the name of a file ends in lower case, packed or not."""
    ending = path.suffix.lower()
    return Path(path.stem).suffix.lower() if ending in PACKED_ENDINGS else ending


def unpacked(content: bytes, name: str) -> bytes:
    """The content of a file packed by gzip, Zstandard, bzip2 or xz; any other as it is."""
    try:
        if content.startswith(b"\x1f\x8b"):
            return gzip.decompress(content)
        if content.startswith(b"BZh"):
            return bz2.decompress(content)
        if content.startswith(b"\xfd7zXZ\0"):
            return lzma.decompress(content)
    except (OSError, EOFError, zlib.error, lzma.LZMAError):
        raise CommandError(f"{name} is packed, and damaged: pack it again") from None
    if not content.startswith(ZSTD):
        return content
    zstandard = needed("zstandard", f"{name} is packed by Zstandard", "unpack it first")
    try:
        reader = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(content), read_across_frames=True)
        return bytes(reader.read())
    except zstandard.ZstdError:
        raise CommandError(f"{name} is packed, and damaged: pack it again") from None


def decoded(content: bytes, name: str, encoding: str | None = None) -> Text:
    """Text without a mark of byte order, in the encoding told, or UTF-8, or what it looks like."""
    if encoding is not None:
        try:
            return Text(content.decode(encoding).removeprefix("\ufeff"), [])
        except UnicodeError:
            raise CommandError(f"{name} is not in {encoding}: name another --encoding") from None
        except (LookupError, ValueError):
            raise CommandError(
                f"--encoding {shortened(encoding)}: there is no such encoding; write one such as latin-1, "
                "cp1252 or utf-16"
            ) from None
    marked = next((one for mark, one in BYTE_ORDER_MARKS.items() if content.startswith(mark)), None)
    try:
        text = content.decode(marked or _wide(content, name) or "utf-8")
        return Text(text, [])
    except UnicodeDecodeError as error:
        if marked is not None:
            raise CommandError(f"{name} is damaged: its text is not {marked}, as it begins") from None
        return _guessed(content, name, error.start)


def _wide(content: bytes, name: str) -> str | None:
    """UTF-16 without a mark, which has zeros in every other place; other zeros stand in no text."""
    head = content[:BYTES_LOOKED_AT]
    if b"\0" not in head:
        return None
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise CommandError(
            f"{name} is a spreadsheet or an archive, not a text: give one in CSV or plain text"
        )
    for first, encoding in ((0, "utf-16-be"), (1, "utf-16-le")):
        if head[first::2].count(0) > 0.4 * len(head) and head[1 - first :: 2].count(0) == 0:
            return encoding
    raise CommandError(f"{name} is not a text file: give one in CSV or Parquet, or of plain text")


def _guessed(content: bytes, name: str, first: int) -> Text:
    """Text of a file that is not UTF-8: in Western European letters, or as charset-normalizer guesses."""
    sample = b"\n".join([line for line in content.splitlines() if not line.isascii()][:1000])
    encoding = WESTERN if _is_western(sample) else None
    if encoding is None:
        line = content.count(b"\n", 0, first) + 1
        where = f"line {line} of {name} is not UTF-8 (byte 0x{content[first]:02x})"
        remedy = "add --encoding, as --encoding latin-1"
        best = needed("charset_normalizer", where, remedy).from_bytes(sample).best()
        if best is None:
            raise CommandError(f"{where}: {remedy}, or save the file as UTF-8")
        encoding = str(best.encoding)
    text = content.decode(encoding, errors="replace")
    example = next((word for word in re.findall(r"[^\s,;|]+", text) if not word.isascii()), "")
    note = (
        f"the text of {name} is not UTF-8 and was read as {encoding}, in which it has "
        f"'{shortened(example)}': if that is not how it is written, add --encoding"
    )
    return Text(text, [note])


def _is_western(sample: bytes) -> bool:
    """Whether words are Latin ones with an accent here and there when read as Windows-1252."""
    try:
        text = sample.decode(WESTERN)
    except UnicodeDecodeError:
        return False
    words = [word for word in re.findall(r"[^\W\d_]+", text) if not word.isascii()]
    accents = sum(not letter.isascii() for word in words for letter in word)
    inside = re.findall(r"[^\W\d_]([^\x00-\x7f])(?=[^\W\d_])", text)
    odd = any(category(one)[0] in "SPC" and one not in APOSTROPHES for one in inside)
    return 2 * accents <= sum(map(len, words)) and not odd
