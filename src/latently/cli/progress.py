"""A bar on the terminal while something takes long, with the time that is left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from math import ceil
from threading import Timer
from time import monotonic

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.table import Column
from rich.text import Text

ShowProgress = Callable[[int, int | None, str], None]  # steps done, of how many (None: not known), at what
PATIENCE = 2.0  # seconds
WIDEST, FIGURES = 40, 25  # columns of the terminal: of the bar, and for what is counted and the time left
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
RECENT = 5  # steps that say how long one takes: the later ones are often the longer


class Pace:
    """How long steps take, by those done last."""

    def __init__(self, now: float) -> None:
        self.began = now
        self.n: int | None = None
        self.seen: tuple[tuple[int, float], ...] = ()  # steps done, and when

    def told(self, i: int, n: int | None, now: float) -> None:
        """So many steps are done of so many; fewer than before are those of something else."""
        if n != self.n or (self.seen and i < self.seen[-1][0]):
            self.seen, self.began = (), now
        self.n = n
        self.seen = (*self.seen[-RECENT:], (i, now))

    def words(self, now: float) -> str:
        """The time left, or where that is not known the time spent.

        Examples
        --------
        >>> pace = Pace(0.0)
        >>> for i, at in enumerate([0.0, 4.0, 9.0, 14.0]):
        ...     pace.told(i, 5, at)
        >>> pace.words(14.0), pace.words(17.0), pace.words(30.0)
        ('0:00:10 left', '0:00:07 left', '0:00:30')
        """
        seen = self.seen  # which another thread may replace
        (first, then), (last, at) = (seen[0], seen[-1]) if seen else ((0, now), (0, now))
        if self.n is not None and last > first:
            left = (self.n - last) * (at - then) / (last - first) - (now - at)
            if left > 0:
                return f"{timedelta(seconds=ceil(left))} left"
        return str(timedelta(seconds=int(now - self.began)))


class _Time(ProgressColumn):
    """The words of a pace, as a column of the bar."""

    def __init__(self, pace: Pace) -> None:
        super().__init__(Column(no_wrap=True))
        self.pace = pace

    def render(self, task: Task) -> Text:
        return Text(self.pace.words(monotonic()), style="progress.remaining")


@contextmanager
def progress(shown: bool = True) -> Iterator[ShowProgress]:
    """Yield a callback that moves a bar on standard error, with the time left.

    Nothing is shown unless that is a terminal, and of what takes less than two seconds.
    """
    console = Console(stderr=True, markup=False, emoji=False, highlight=False)
    if not (shown and console.is_terminal):
        yield lambda i, n, at: None
        return
    pace = Pace(monotonic())
    width = min(WIDEST, console.width // 3)
    room = max(console.width - width - FIGURES, 1)
    columns = (
        BarColumn(width),
        TextColumn("{task.fields[counted]}", markup=False),
        _Time(pace),
        TextColumn("{task.description}", markup=False),
    )
    bar = Progress(*columns, console=console, transient=True)
    task = bar.add_task("", total=None, counted="")

    def show(i: int, n: int | None, at: str) -> None:
        pace.told(i, n, monotonic())
        bar.tasks[0].total = n  # which `update` would keep if it is None
        what = at if cell_len(at) <= room else set_cell_size(at, room - 1) + ELLIPSIS
        bar.update(task, completed=i, description=what, counted=f"{i}/{n}" if n else "")

    clock = Timer(PATIENCE, bar.start)
    clock.daemon = True
    clock.start()
    try:
        yield show
    finally:
        clock.cancel()
        clock.join()  # a bar that is just being shown is shown as a whole
        bar.stop()
