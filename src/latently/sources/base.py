"""Tables that are read piece by piece, as often as asked, and never held as a whole."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from latently.checks.columns import Table, as_table, concatenated
from latently.core.cluster import ClusterSource
from latently.core.streamed import Piece, StreamedSource

R = TypeVar("R")

BATCH_ROWS = 2**16  # at most
BATCH_BYTES = 2**22  # roughly, where it is known what a row takes


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

    def head(self) -> Any:
        """A table with its columns, and perhaps some of its rows; None if there is no part."""
        return next((part.table for part in self.parts()), None)

    def each(self, task: Callable[[Part], R]) -> Iterator[R]:
        """What a task makes of each part, in their order; it is done where they lie."""
        return map(task, self.parts())

    def source(
        self, read: Callable[[Part], Piece], block_rows: int, several: bool, n_different: int
    ) -> StreamedSource | ClusterSource:
        """The rows as a model goes through them: read in every pass anew.

        Parameters
        ----------
        read : callable
            Of a part; returns its rows. It may be sent elsewhere.
        block_rows, several, n_different
            See `StreamedSource`.
        """
        return StreamedSource(self.parts, read, block_rows, several, n_different)

    def lazily(self, say: Callable[[Any], object], like: object) -> Any:
        """What will be said of the rows when it is asked for; None if it is to be said at once.

        ``say(table)`` returns an array of as many rows, which is like `like`.
        """
        return None

    def in_memory(self) -> Table:
        """All of it, for what needs all rows at once."""
        return concatenated([as_table(part.table) for part in self.parts()])

    @property
    def on_workers(self) -> Any:
        """Itself if its parts lie on the workers of a cluster, who can be given tasks; else None."""
        return None

    def dense(self) -> Any:
        """All of it, written out, if it is in memory and not; else None."""
        return None

    def computed(self) -> Any:
        """All of it as its own library has it in memory; None if it has none."""
        return None

    @property
    def sequences(self) -> bool:
        """Whether each part is a sequence."""
        return False


def batch_rows(n_bytes: float, n_rows: int) -> int:
    """How many rows are read at a time of a table where so many take so many bytes.

    Examples
    --------
    >>> batch_rows(80_000, 1_000), batch_rows(10_000_000, 1_000)
    (52428, 419)
    """
    return int(min(max(BATCH_BYTES * n_rows / max(n_bytes, 1), 1), BATCH_ROWS))


@contextmanager
def located(part: Part) -> Iterator[None]:
    """Where a piece of a table is refused, say which."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{part.where}: {error}") from error


def check_columns(wanted: Sequence[str] | None, names: Sequence[str], where: str) -> list[str]:
    """The columns to read: those that are wanted, or all.

    Raises a ValueError if one is not there; it is named.
    """
    if wanted is None:
        return list(names)
    absent = [name for name in wanted if name not in names]
    if absent:
        raise ValueError(f"{where} has no column '{absent[0]}': it has {', '.join(names)}")
    return list(wanted)
