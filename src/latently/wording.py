"""Numbers as people read them: no more digits than are known, thousands apart, a real minus sign."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

MINUS = "\N{MINUS SIGN}"
EN_DASH = "\N{EN DASH}"
LARGE = 1e7


def number(value: float, decimals: int = 0) -> str:
    """A number with so many decimals.

    Examples
    --------
    >>> number(12345.678, 1), number(2.5e-9, 11), number(3e12)
    ('12,345.7', '2.5e-09', '3e+12')
    """
    if not math.isfinite(value):
        return EN_DASH
    scientific = abs(value) >= LARGE or decimals > 6
    text = f"{value:.4g}" if scientific else f"{value:,.{decimals}f}"
    return text.replace("-", MINUS, 1) if text.startswith("-") else text


def decimals(scales: Iterable[float]) -> int:
    """Decimals that show two significant digits of the smallest of some scales above zero.

    Examples
    --------
    >>> decimals([0.26, 5.9]), decimals([120.0])
    (2, 0)
    """
    positive = [scale for scale in scales if scale > 0 and math.isfinite(scale)]
    if not positive:
        return 2
    return max(0, 1 - math.floor(math.log10(min(positive))))


def exact(value: float) -> str:
    """A value from a table as briefly as it can be written.

    Examples
    --------
    >>> exact(97.0), exact(-1.75)
    ('97', '−1.75')
    """
    text = f"{value:.6g}"
    return text.replace("-", MINUS, 1) if text.startswith("-") else text


def share(part: float, whole: float = 1.0) -> str:
    """A share in percent, never rounded to none or to all.

    Examples
    --------
    >>> share(1, 3), share(1, 1000), share(999, 1000), share(0, 5)
    ('33%', '<1%', '>99%', '0%')
    """
    percent = 100.0 * part / whole
    if 0 < percent < 1:
        return "<1%"
    if 99 < percent < 100:
        return ">99%"
    return f"{percent:.0f}%"


def about(part: float, whole: float = 1.0) -> str:
    """A share within a sentence; of probabilities none is all.

    Examples
    --------
    >>> about(1, 3), about(1, 1000), about(1.0)
    ('about 33%', 'less than 1%', 'more than 99%')
    """
    found = share(part, whole)
    edges = {"<1%": "less than 1%", "0%": "less than 1%", ">99%": "more than 99%", "100%": "more than 99%"}
    return edges.get(found, f"about {found}")


def percent(level: float) -> str:
    """A level in percent, with the digits it has.

    Examples
    --------
    >>> percent(0.95), percent(0.999)
    ('95%', '99.9%')
    """
    return f"{100 * level:.6g}%"


def count(n: int, noun: str, several: str = "") -> str:
    """A number and its noun; of several what is told, or the noun with an s.

    Examples
    --------
    >>> count(1, "row"), count(1000, "row"), count(2, "pass", "passes")
    ('1 row', '1,000 rows', '2 passes')
    """
    return f"{n:,} {noun if n == 1 else several or f'{noun}s'}"


def part(n: int, noun: str, whole: int) -> str:
    """A number, its noun, and its share of the whole.

    Examples
    --------
    >>> part(1, "row", 4)
    '1 row (25%)'
    """
    return f"{count(n, noun)} ({share(n, whole)})"


def listed(words: Iterable[str], last: str = "and") -> str:
    """Words in a row.

    Examples
    --------
    >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])
    ('a', 'a and b', 'a, b and c')
    """
    *first, final = words
    return f"{', '.join(first)} {last} {final}" if first else final


def some(words: Sequence[str], most: int, more: str = "more") -> str:
    """Words in a row, of many the first few and how many more there are.

    Examples
    --------
    >>> some(["a", "b"], 2), some(["a", "b", "c", "d"], 2), some(["a", "b", "c"], 2, "more column")
    ('a and b', 'a, b and 2 more', 'a, b and 1 more column')
    """
    rest = len(words) - most
    if rest <= 0:
        return listed(words)
    return listed([*words[:most], f"{rest:,} more" if more == "more" else count(rest, more)])


def sentence(text: str) -> str:
    """A capital letter in front, a full stop behind.

    Examples
    --------
    >>> sentence("it rose"), sentence("Why?")
    ('It rose.', 'Why?')
    """
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '!', '?')) else '.'}"


def shortened(text: str, most: int = 60) -> str:
    """A text in one line; of a long one, the beginning."""
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[:most]}..."


def aligned(lines: Sequence[Sequence[str]], nothing: str = EN_DASH) -> list[str]:
    """Lines of a table, its heading first: cells of each column at one width, those of numbers on the left.

    `nothing` stands where there is no number.

    Examples
    --------
    >>> aligned([["town", "rows"], ["A", "7"], ["B", "12"]])
    ['town  rows', 'A        7', 'B       12']
    """
    columns = []
    for heading, *cells in zip(*lines, strict=True):
        width = max(map(len, (heading, *cells)))
        numeric = all(cell == nothing or cell.lstrip("-")[:1].isdigit() for cell in cells)
        columns.append([cell.rjust(width) if numeric else cell.ljust(width) for cell in (heading, *cells)])
    return ["  ".join(line).rstrip() for line in zip(*columns, strict=True)]
