"""The numbers of components, states or topics that `-k` asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latently.cli.failure import CommandError
from latently.wording import count, shortened

if TYPE_CHECKING:
    import polars as pl

MOST_DIGITS = 5


def numbers_of(text: str, noun: str = "component", *, several: bool = False) -> list[int]:
    """One number, or from one to another, both ends included; or several with commas between.

    Examples
    --------
    >>> numbers_of("3"), numbers_of("2:4"), numbers_of("20,10", "topic", several=True)
    ([3], [2, 3, 4], [10, 20])
    """
    short = shortened(text)
    first, colon, last = (part.strip() for part in text.partition(":"))
    parts = [first, last] if colon else [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() for part in parts) or (len(parts) > 1 and not (colon or several)):
        also = f" of {noun}s" if several else ""
        commas = "several, as in -k 10,20,40, or " if several else "or "
        example = "20" if several else "3"
        raise CommandError(
            f"-k {short}: write a number{also}, as in -k {example}, {commas}a range, as in -k 1:9"
        )
    if max(map(len, parts)) > MOST_DIGITS:
        have = "texts have words" if several else "table has rows"
        raise CommandError(f"-k {short}: no {have} for so many; write a smaller number")
    found = [int(part) for part in parts]
    if min(found) < 1:
        raise CommandError(f"-k {text}: there is at least 1 {noun}; write -k 1 or more")
    if not colon:
        return sorted(set(found))
    low, high = found
    if high < low:
        raise CommandError(f"-k {text} runs backwards: write -k {high}:{low}")
    return list(range(low, high + 1))


def observed(X: pl.DataFrame) -> int:
    """How many rows have an observed cell."""
    import polars as pl

    return X.height - int(X.select(pl.all_horizontal(pl.all().is_null())).to_series().sum())


def too_many(asked: str, name: str, seen: int, noun: str, most: str) -> CommandError:
    """What to say if more are asked for than a table has observed rows."""
    has = f"{name} has {count(seen, 'row')} with an observation"
    return CommandError(f"{asked}: {has}, fewer than {noun}s; write at most {most}")
