"""The job `demo`: what the models find in data that are at hand, a page each and an index.

A new part of the demo is one function that returns a `Chapter`, and its place in `chapters`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from latently.cli.job import Job
from latently.cli.options import option
from latently.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from latently.cli.demo.chapter import Chapter
    from latently.cli.folder import ResultFolder
    from latently.cli.progress import ShowProgress

TITLE = "What latently finds"
LEAD = (
    "Models with something hidden in them, fitted by expectation maximisation to data that are at hand: "
    "clusters of rows, missing cells, states of series, topics of texts. Each data set has a page."
)


def chapters() -> tuple[Callable[[ShowProgress], Chapter], ...]:
    """The parts of the demo, two for each kind of model."""
    from latently.cli.demo.airquality import air_quality
    from latently.cli.demo.austen import jane_austen
    from latently.cli.demo.earthquakes import large_earthquakes
    from latently.cli.demo.faithful import old_faithful
    from latently.cli.demo.short import dishonest_casino, heart_attacks, python_reference, wines

    return (
        *(old_faithful, wines, air_quality, heart_attacks),
        *(large_earthquakes, dishonest_casino, jane_austen, python_reference),
    )


@dataclass(frozen=True, kw_only=True)
class Demo(Job[None, "Sequence[Chapter]"]):
    """Fit models to data that come with latently, scikit-learn and Python, and write pages about them."""

    has_page: ClassVar[bool] = False

    out: Path = option(default=Path("demo"), help="Folder for the pages.")

    def read(self) -> None:
        """Nothing: the data come with the library."""

    def analyse(self, data: None, show: ShowProgress) -> Sequence[Chapter]:
        return [chapter(show) for chapter in chapters()]

    def write(self, folder: ResultFolder, data: None, analysis: Sequence[Chapter]) -> str:
        from latently.cli.demo.chapter import links
        from latently.report import Section, page, write_text
        from latently.wording import count

        pages = {name: report for chapter in analysis for name, report in chapter.pages.items()}
        for name, report in pages.items():
            write_text(folder.file(f"{name}.html"), report.page())
        every = Section("Pages", [links(pages)])
        sections = [every, *(chapter.section for chapter in analysis)]
        write_text(folder.file("index.html"), page(TITLE, LEAD, sections, f"latently {__version__}"))
        return f"index.html and {count(len(pages), 'page')}: open it in a browser"

    def say(self, report: Sequence[Chapter]) -> int:
        from latently.cli.terminal import say_bullets, say_heading, say_table, terminal
        from latently.report import to_json

        if self.json:
            chapters = [{"title": one.title, "said": one.said, "pages": [*one.pages]} for one in report]
            print(to_json({"folder": str(self.folder), "chapters": chapters}))
        console = terminal()
        for i, chapter in enumerate([] if self.json or self.quiet else report):
            if i:
                console.print()
            say_heading(console, chapter.title)
            say_bullets(console, chapter.said)
            for table in chapter.tables:
                if table.spoken:
                    say_table(console, table)
        return 0
