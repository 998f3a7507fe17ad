"""A part of the demo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from latently.report import Report, Section
from latently.report.html import bullets, element, figures, paragraph
from latently.report.table import Table


@dataclass(frozen=True)
class Chapter:
    """What a part of the demo shows on the page, and says in the terminal."""

    section: Section
    said: Sequence[str]
    tables: Sequence[Table] = ()


def chapter_of(
    report: Report, title: str, about: str, question: str, said: list[str], shown: Sequence[str]
) -> Chapter:
    """A chapter about one fit: the first picture, what was found, the other pictures and the numbers."""
    named = {picture.name: picture for picture in report.figures}
    pictures = [named[name] for name in shown if name in named]
    blocks = [
        paragraph(about),
        figures(pictures[:1]),
        element("h3", question),
        bullets(said),
        *report.warnings(),
        figures(pictures[1:]),
        element("h3", "Numbers"),
        report.numbers(),
        element("h3", "How it was computed"),
        report.computed(),
    ]
    return Chapter(Section(title, blocks), said, list(report.tables.values()))
