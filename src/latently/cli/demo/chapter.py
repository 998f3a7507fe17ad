"""A part of the demo: data sets, each with a page, and what they show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from latently.core.findings import note
from latently.report import Report, Section
from latently.report.html import Markup, bullets, element, figures, paragraph, table
from latently.report.table import Table


@dataclass(frozen=True)
class Chapter:
    """What a part of the demo shows on its pages, and says in the terminal."""

    title: str
    about: str
    said: Sequence[str]
    pages: Mapping[str, Report]  # by their names
    tables: Sequence[Table] = ()  # those that the terminal shows, and the index if they are of no page

    @property
    def section(self) -> Section:
        """Its part of the index: the first picture of its first page, what was found, and links."""
        first = next(iter(self.pages.values()))
        shown = [one for page in self.pages.values() for one in page.tables.values()]
        own = [table(one) for one in self.tables if one not in shown]
        picture = figures(first.figures[:1])
        return Section(
            self.title, [paragraph(self.about), picture, bullets(self.said), *own, links(self.pages)]
        )


def links(pages: Mapping[str, Report]) -> Markup:
    """Pages by their names, each a link."""
    shown = (element("a", one.headline, href=f"{name}.html") for name, one in pages.items())
    return element("ul", *(element("li", one) for one in shown))


def chapter_of(
    report: Report,
    name: str,
    title: str,
    about: str,
    said: Sequence[str],
    shown: Sequence[str] = (),
    **more: Any,
) -> Chapter:
    """A chapter about one fit, whose page tells what was found in the words given."""
    page = reworded(report, about, said, shown, **more)
    return Chapter(title, about, said, {name: page}, list(report.tables.values()))


def reworded(
    report: Report, about: str, said: Sequence[str], shown: Sequence[str] = (), **more: Any
) -> Report:
    """The same report in the words given, its pictures in the order given."""
    named = {picture.name: picture for picture in report.figures}
    pictures = [named[one] for one in shown if one in named] or list(report.figures)
    findings = [note("demo", sentence) for sentence in said]
    return replace(report, **{"lead": about, "findings": findings, "figures": pictures, **more})
