"""Additive containers: the statistics of two pieces of data add up to those of both.

Everything the engine does with data rests on this one property: blocks, threads, streams and
clusters differ only in where the pieces are and who adds them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any, Protocol, Self, TypeVar

import numpy as np


class SupportsAdd(Protocol):
    """Anything that can be added to its own kind."""

    def __add__(self, other: Any, /) -> Any: ...


def shared() -> Any:
    """Declare a field that all summands have in common and no sum changes, such as an origin.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> @dataclass(frozen=True)
    ... class About(Additive):
    ...     total: np.ndarray
    ...     origin: np.ndarray = shared()
    >>> one = About(np.array([1.0, 2.0]), np.array([5.0, 5.0]))
    >>> (one + one).total.tolist(), (one + one).origin.tolist()
    ([2.0, 4.0], [5.0, 5.0])
    """
    return field(metadata={"shared": True})


@dataclass(frozen=True)
class Additive:
    """Base of frozen dataclasses whose fields (arrays, numbers, other additive things) add up.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Sums(Additive):
    ...     count: float
    ...     total: float
    >>> Sums(1.0, 2.0) + 2 * Sums(1.0, 3.0)
    Sums(count=3.0, total=8.0)
    """

    def __add__(self, other: Self) -> Self:
        values: list[Any] = []
        for f in fields(self):
            mine, theirs = getattr(self, f.name), getattr(other, f.name)
            if not f.metadata.get("shared"):
                values.append(mine + theirs)
            elif mine is theirs or np.array_equal(mine, theirs):
                values.append(mine)
            else:
                raise ValueError(f"cannot add statistics taken at different values of '{f.name}'")
        return type(self)(*values)

    def __mul__(self, factor: float) -> Self:
        return type(self)(
            *[
                getattr(self, f.name) if f.metadata.get("shared") else factor * getattr(self, f.name)
                for f in fields(self)
            ]
        )

    __rmul__ = __mul__


S = TypeVar("S", bound=SupportsAdd)


def tree_sum(parts: Iterable[S]) -> S:
    """Sum the parts in a fixed binary tree, merging them as they come.

    The tree depends on the number and order of the parts only, so the same parts give the same
    bits however they were computed; at most log2(n) partial sums are alive at any time.

    Raises
    ------
    ValueError
        If there is nothing to sum.

    Examples
    --------
    >>> tree_sum(iter([1.0, 2.0, 3.0]))
    6.0
    """
    stack: list[tuple[int, S]] = []
    for part in parts:
        size = 1
        while stack and stack[-1][0] == size:
            part = stack.pop()[1] + part
            size *= 2
        stack.append((size, part))
    if not stack:
        raise ValueError("there is nothing to sum")
    total = stack.pop()[1]
    while stack:
        total = stack.pop()[1] + total
    return total
