"""What the command says while it works and when it is done."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table as Grid
from rich.text import Text

from latently.report.report import CAREFUL, Report
from latently.report.table import Table
from latently.wording import sentence

Told = Callable[[int, int, str], None]


def terminal() -> Console:
    """Where results are printed. Words from a file are never taken for markup."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    return Console(markup=False, emoji=False, highlight=False)


@contextmanager
def progress() -> Iterator[Told]:
    """Yield a callback that moves a bar on standard error; nothing is shown unless that is a terminal."""
    console = Console(stderr=True, markup=False, emoji=False, highlight=False)
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}", markup=False),
    )
    if not console.is_terminal:  # where older versions of rich write an empty line for a bar that is disabled
        yield lambda i, n, at: None
        return
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None)

        def told(i: int, n: int, at: str) -> None:
            bar.update(task, completed=i, total=n, description=at)

        yield told


def say_heading(console: Console, text: str) -> None:
    """A line that stands out."""
    console.print(Text(text, style="bold"))


def say_bullets(console: Console, lines: Iterable[str], style: str = "") -> None:
    """A list of sentences."""
    for line in lines:
        grid = Grid.grid(padding=(0, 1))
        grid.add_row(Text(" -", style=style), Text(line, style=style))
        console.print(grid)


def say_report(console: Console, report: Report, wrote: str) -> None:
    """All of a report that a terminal has room for, and where the rest is."""
    say_heading(console, report.headline)
    if report.aloud:
        say_bullets(console, map(sentence, map(str, report.aloud)))
        console.print()
    say_bullets(console, report.said)
    for table in report.tables.values():
        if table.spoken:
            say_table(console, table)
    if report.brief:
        console.print()
        say_facts(console, report.brief)
    if report.cautions:
        console.print()
        say_heading(console, CAREFUL)
        say_bullets(console, report.careful, style="yellow")
    console.print()
    console.print(wrote, soft_wrap=True)


def say_facts(console: Console, facts: Iterable[tuple[str, str]]) -> None:
    """Names and what they are."""
    grid = Grid.grid(padding=(0, 2))
    for name, value in facts:
        grid.add_row(Text(name, style="dim"), Text(value))
    console.print(grid)


def say_table(console: Console, table: Table) -> None:
    """A table; one that is too wide goes on below."""
    console.print()
    say_heading(console, table.title)
    for columns in _fitting(table, console.width):
        grid = Grid(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
        for j in columns:
            grid.add_column(Text(table.columns[j]), justify="right" if j else "left", no_wrap=bool(j))
        for i, row in enumerate(table.rows):
            grid.add_row(*(_cell(row[j], (i, j) in table.best) for j in columns))
        console.print(Padding(grid, (0, 0, 0, 1)))
    if table.note:
        console.print(Text(table.note, style="dim"))


def _cell(text: str, best: bool) -> Text:
    return Text(f"[{text}]", style="bold green") if best else Text(text)


def _fitting(table: Table, width: int) -> list[list[int]]:
    """Columns of the table in pieces, each with the first column, none wider than the terminal."""
    wide = [
        max(
            cell_len(table.columns[j]),
            *(cell_len(row[j]) + 2 * ((i, j) in table.best) for i, row in enumerate(table.rows)),
        )
        for j in range(len(table.columns))
    ]
    pieces = [[0]]
    for j in range(1, len(wide)):
        if len(pieces[-1]) > 1 and sum(wide[i] + 2 for i in [*pieces[-1], j]) > width - 2:
            pieces.append([0])
        pieces[-1].append(j)
    return pieces
