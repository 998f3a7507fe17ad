"""Bytes of a file as text."""

from __future__ import annotations

from latently.cli.failure import CommandError
from latently.wording import shortened

OTHERWISE = "add --encoding, as --encoding latin-1, or "

OTHER_FILES = {
    b"PK\x03\x04": "a spreadsheet or a zip archive: save it as CSV",
    b"\x1f\x8b": "compressed: unpack it first",
    b"\xff\xfe": "in UTF-16: save it as UTF-8",
    b"\xfe\xff": "in UTF-16: save it as UTF-8",
}


def decoded(content: bytes, name: str, remedy: str = "") -> str:
    """Text in UTF-8, without a mark of byte order; `remedy` is one beside saving the file again."""
    for start, what in OTHER_FILES.items():
        if content.startswith(start):
            raise CommandError(f"{name} is {what}")
    if b"\0" in content:
        raise CommandError(f"{name} is not a text file: give one in CSV or Parquet, or of plain text")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise CommandError(
            f"line {line} of {name} is not UTF-8 (byte 0x{content[error.start]:02x}): {remedy}save the file "
            "as UTF-8, for example with iconv -f WINDOWS-1252 -t UTF-8"
        ) from None


def in_utf8(content: bytes, encoding: str, name: str) -> bytes:
    """The same text in UTF-8."""
    try:
        return content.decode(encoding).encode()
    except UnicodeError:
        raise CommandError(f"{name} is not in {encoding}: name another --encoding") from None
    except (LookupError, ValueError):
        raise CommandError(
            f"--encoding {shortened(encoding)}: there is no such encoding; write one such as latin-1, cp1252 "
            "or utf-16"
        ) from None
