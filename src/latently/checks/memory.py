"""How much memory a user allows, as a number of bytes or in words."""

from __future__ import annotations

import re
from numbers import Integral

from latently.checks.arrays import shown

BYTES_IN = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30}


def bytes_of(memory_budget: int | str | None) -> int | None:
    """Number of bytes that `memory_budget` asks for; None if there is no limit.

    Raises a ValueError if it is neither None, nor a positive integer, nor a text such as "500MB".

    Examples
    --------
    >>> bytes_of("500MB"), bytes_of("1.5 GiB"), bytes_of(4096)
    (500000000, 1610612736, 4096)
    """
    if memory_budget is None:
        return None
    if isinstance(memory_budget, Integral) and not isinstance(memory_budget, bool) and memory_budget > 0:
        return int(memory_budget)
    if isinstance(memory_budget, str):
        found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) *([kmgt]?i?)b", memory_budget.strip().lower())
        if found and found[2] in BYTES_IN and float(found[1]) > 0:
            return int(float(found[1]) * BYTES_IN[found[2]])
    raise ValueError(
        f"memory_budget={shown(memory_budget)}: should be None, a number of bytes, or a text such as '500MB'"
    )
