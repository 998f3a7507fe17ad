"""Tables that are read piece by piece, as often as asked, and never held as a whole."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from latently.checks.columns import Table, as_table, concatenated

R = TypeVar("R")

BATCH_ROWS = 2**16


@dataclass(frozen=True)
class Part:
    """Some rows of a table, as users have tables.

    Attributes
    ----------
    table : frame or array of shape (n_rows, n_columns)
        The rows.
    where : str
        Where they come from, for messages.
    number : int
        Which part it is.
    """

    table: Any
    where: str
    number: int = 0


class Scan(ABC):
    """A table that is read piece by piece, as often as asked.

    Whatever takes a table takes one of these. See `latently.scan`.
    """

    @abstractmethod
    def parts(self) -> Iterator[Part]:
        """Read it from its beginning to its end."""

    def each(self, task: Callable[[Part], R]) -> Iterator[R]:
        """What a task makes of each part, in their order; it is done where they lie."""
        return map(task, self.parts())

    def in_memory(self) -> Table:
        """All of it, for what needs all rows at once."""
        return concatenated([as_table(part.table) for part in self.parts()])

    @property
    def sequences(self) -> bool:
        """Whether each part is a sequence."""
        return False


def check_columns(wanted: Sequence[str] | None, names: Sequence[str], where: str) -> list[str]:
    """The columns to read: those that are wanted, or all.

    Raises
    ------
    ValueError
        If one is not there; it is named.
    """
    if wanted is None:
        return list(names)
    absent = [name for name in wanted if name not in names]
    if absent:
        raise ValueError(f"{where} has no column '{absent[0]}': it has {', '.join(names)}")
    return list(wanted)
