"""The job `demo`: what the models find in the data that come with the library, on one page.

A new part of the demo is one function that returns a `Chapter`, and its line in `CHAPTERS`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from latently.cli.demo.chapter import Chapter
from latently.cli.demo.faithful import old_faithful
from latently.cli.folder import ResultFolder
from latently.cli.terminal import Told, progress, say_bullets, say_heading, say_table, terminal
from latently.report import in_words, page, write_text
from latently.version import __version__

CHAPTERS: tuple[Callable[[Told], Chapter], ...] = (old_faithful,)

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
    console = terminal()
    with ResultFolder(out, force) as folder:
        sections = []
        for chapter in CHAPTERS:
            with progress(in_words) as told:
                written = chapter(told)
            say_heading(console, written.section.title)
            say_bullets(console, written.said)
            for table in written.tables:
                say_table(console, table)
            console.print()
            sections.append(written.section)
        write_text(folder.file("index.html"), page(TITLE, LEAD, sections, f"latently {__version__}"))
    console.print(f"Wrote {out}/index.html: open it in a browser.", soft_wrap=True)
