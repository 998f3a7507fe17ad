"""The job `demo`: what the models find in the data that come with the library, on one page.

A new part of the demo is one function that returns a `Chapter`, and its line in `CHAPTERS`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from latently.cli.demo.airquality import air_quality
from latently.cli.demo.austen import jane_austen
from latently.cli.demo.chapter import Chapter
from latently.cli.demo.earthquakes import large_earthquakes
from latently.cli.demo.faithful import old_faithful
from latently.cli.folder import ResultFolder
from latently.cli.terminal import Told, progress, say_bullets, say_heading, say_table, terminal
from latently.report import page, write_text
from latently.version import __version__

CHAPTERS: tuple[Callable[[Told], Chapter], ...] = (
    old_faithful,
    air_quality,
    large_earthquakes,
    jane_austen,
)

TITLE = "What latently finds"
LEAD = (
    "Models with something hidden in them, fitted by expectation maximisation to data that come with the "
    "library."
)


def run(out: Path, force: bool) -> None:
    """Write the page and tell what is on it.

    Parameters
    ----------
    out : Path
        Folder for the page.
    force : bool
        Whether an earlier page may be replaced.

    Raises
    ------
    CommandError
        If the folder is taken or cannot be written.
    """
    with ResultFolder(out, force) as folder, progress(str) as told:
        written = [chapter(told) for chapter in CHAPTERS]
        html = page(TITLE, LEAD, [chapter.section for chapter in written], f"latently {__version__}")
        write_text(folder.file("index.html"), html)
    console = terminal()
    for chapter in written:
        say_heading(console, chapter.section.title)
        say_bullets(console, chapter.said)
        for table in chapter.tables:
            say_table(console, table)
        console.print()
    console.print(f"Wrote {out}/index.html: open it in a browser.", soft_wrap=True)
