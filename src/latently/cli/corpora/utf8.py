"""Bytes of a file as text."""

from __future__ import annotations

from latently.cli.failure import CommandError


def decoded(content: bytes, name: str) -> str:
    """Text in UTF-8, without a mark of byte order.

    Raises
    ------
    CommandError
        If it is something else; the line is named.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise CommandError(
            f"line {line} of {name} is not UTF-8 (byte 0x{content[error.start]:02x}): save the file as "
            "UTF-8, for example with iconv -f WINDOWS-1252 -t UTF-8"
        ) from None
