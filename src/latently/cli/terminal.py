"""What the command says while it works and when it is done."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from latently.core.findings import GRAVE, Finding
from latently.report.report import CAREFUL, Report
from latently.report.strict_json import to_json
from latently.report.table import Table
from latently.wording import count, listed, sentence

MOST_LINES = 24  # of a table
MOST_PIECES = 3  # of a table that is wider than the terminal
MOST_NAMED = 9  # clusters, states or topics
BULLETS, CAUTIONS = 5, 2  # sentences in all, and how many of them are on what to be careful about at least


def terminal() -> Console:
    """Where results are printed. Words from a file are never taken for markup."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    return Console(markup=False, emoji=False, highlight=False)


def say_heading(console: Console, text: str) -> None:
    """A line that stands out."""
    console.print(Text(text, style="bold"))


def say_bullets(console: Console, lines: Iterable[str], style: str = "") -> None:
    """A list of sentences."""
    for line in lines:
        grid = Grid.grid(padding=(0, 1))
        grid.add_row(Text(" -", style=style), Text(line, style=style, overflow="fold"))
        console.print(grid)


def say_report(report: Report, *, all_of_it: bool = False) -> int:
    """The most important of a report, in few sentences; how many it has more."""
    console = terminal()
    found, cautions, rest = _most_important(report, all_of_it)
    say_heading(console, report.headline)
    each = [sentence(str(one)) for one in report.aloud or filter(_of_one, report.findings)]
    if each:
        parts = (text.partition(": ") for text in each[:MOST_NAMED])
        say_facts(console, ((name, text.rstrip(".")) for name, _, text in parts))
        if len(each) > MOST_NAMED:
            say_facts(console, [(f"and {len(each) - MOST_NAMED:,} more", "")])
        console.print()
    say_bullets(console, found)
    for table in report.tables.values():
        if table.spoken:
            say_table(console, table, all_of_it=all_of_it)
    facts = report.brief or ([] if report.findings else report.facts)
    if facts:
        console.print()
        say_facts(console, facts)
    if cautions:
        console.print()
        say_heading(console, CAREFUL)
        say_bullets(console, cautions, style="yellow")
    return rest


def say_where(wrote: str, rest: int) -> None:
    """Where the results are, and that there is more on the page."""
    more = f" The page says {count(rest, 'more thing')}." if rest else ""
    terminal().print(f"\n{wrote}{more}", soft_wrap=True)


def _most_important(report: Report, all_of_it: bool) -> tuple[list[str], list[str], int]:
    """What was found and what to be careful about, as much as a glance takes in, and how much is left."""
    grave = sorted(
        zip(report.cautions, report.careful, strict=True), key=lambda one: one[0].severity != GRAVE
    )
    said = [sentence(str(found)) for found in report.findings if not _of_one(found)]
    if all_of_it:
        return said, report.careful, 0
    n = min(len(grave), max(CAUTIONS, BULLETS - len(said)))
    found, cautions = said[: BULLETS - n], [text for _, text in grave[:n]]
    return found, cautions, len(said) + len(grave) - len(found) - n


def _of_one(found: Finding) -> bool:
    """Whether it says what one cluster or state is like."""
    return found.kind == found.subject


def say_json(report: Report, folder: Path | None) -> None:
    """The same for programs."""
    written = {} if folder is None else {"folder": str(folder)}
    print(to_json({"headline": report.headline, **written, **json.loads(report.json())}))


def say_facts(console: Console, facts: Iterable[tuple[str, str]]) -> None:
    """Names and what they are."""
    grid = Grid.grid(padding=(0, 2))
    for name, value in facts:
        grid.add_row(Text(name, style="dim"), Text(value, overflow="fold"))
    console.print(grid)


def say_table(console: Console, table: Table, *, all_of_it: bool = False) -> None:
    """The first lines of a table; one that is too wide goes on below, but not for long."""
    console.print()
    say_heading(console, table.title)
    most = len(table.rows) if all_of_it else MOST_LINES
    pieces = _fitting(table, console.width)
    shown = pieces if all_of_it else pieces[:MOST_PIECES]
    for columns in shown:
        grid = Grid(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
        for j in columns:
            look: Any = {"justify": "right", "no_wrap": True} if j else {"max_width": _first(console.width)}
            grid.add_column(Text(table.columns[j]), **look)
        for i, row in enumerate(table.rows[:most]):
            grid.add_row(*(_cell(row[j], (i, j) in table.best) for j in columns))
        console.print(Padding(grid, (0, 0, 0, 1)))
    lines = max(len(table.rows) - most, 0)
    columns_left = len(table.columns) - 1 - sum(len(columns) - 1 for columns in shown)
    left = [count(n, f"more {what}") for n, what in ((lines, "line"), (columns_left, "column")) if n]
    note = f"{table.note} {listed(left)} on the page." if left else table.note
    if note:
        console.print(Text(note.strip(), style="dim"))


def _cell(text: str, best: bool) -> Text:
    return Text(f"[{text}]", style="bold green") if best else Text(text)


def _first(width: int) -> int:
    """What names may take of a line; longer ones take several."""
    return 2 * width // 5


def _fitting(table: Table, width: int) -> list[list[int]]:
    """Columns of the table in pieces, each with the first column, none wider than the terminal."""
    wide = [
        max(
            cell_len(table.columns[j]),
            *(cell_len(row[j]) + 2 * ((i, j) in table.best) for i, row in enumerate(table.rows)),
        )
        for j in range(len(table.columns))
    ]
    wide[0] = min(wide[0], _first(width))
    pieces = [[0]]
    for j in range(1, len(wide)):
        if len(pieces[-1]) > 1 and sum(wide[i] + 3 for i in [*pieces[-1], j]) > width + 2:
            pieces.append([0])
        pieces[-1].append(j)
    return pieces
