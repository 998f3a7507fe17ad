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


class Nodes(dict[tuple[int, int], Any]):
    """Sums of places in a fixed binary tree, by their level and number: those that lack their neighbour.

    Whoever adds what, and in whatever order, the total of all places has the same bits. None is nothing.

    Parameters
    ----------
    n_places : int
        How many places there are.

    Examples
    --------
    >>> mine, yours = Nodes(3), Nodes(3)
    >>> mine.put(2, 30.0)
    >>> yours.put(1, 20.0)
    >>> mine.put(0, 10.0)
    >>> mine.merge(yours)
    >>> mine.total
    60.0
    """

    def __init__(self, n_places: int) -> None:
        super().__init__()
        self.n_places = n_places

    def put(self, number: int, value: Any, level: int = 0) -> None:
        """Take in a sum, and add it to its neighbour if that is there."""
        size = -(-self.n_places >> level)  # nodes at this level
        while size > 1:
            neighbour = level, number ^ 1
            if neighbour[1] < size:
                if neighbour not in self:
                    break
                pair = self.pop(neighbour), value
                value = _joined(*(pair if number % 2 else pair[::-1]))
            level, number, size = level + 1, number // 2, (size + 1) // 2
        self[level, number] = value

    def merge(self, others: Nodes) -> None:
        """Take in the sums of other places."""
        for (level, number), value in others.items():
            self.put(number, value, level)

    @property
    def total(self) -> Any:
        """The sum of all places, once all are there."""
        (found,) = self.values()
        return found

    def __reduce__(self) -> Any:
        return _nodes, (self.n_places, dict(self))


def _nodes(n_places: int, sums: dict[tuple[int, int], Any]) -> Nodes:
    found = Nodes(n_places)
    found.update(sums)
    return found


def nodes_of(sums: Iterable[tuple[int, Any]], n_places: int) -> Nodes:
    """Those of some places."""
    found = Nodes(n_places)
    for place, value in sums:
        found.put(place, value)
    return found


def _joined(one: Any, other: Any) -> Any:
    if one is None or other is None:
        return other if one is None else one
    return one + other


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
