"""What there is to say of a fit, for a page, a terminal and programs alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

from latently.core.findings import Finding
from latently.report.figure import Figure
from latently.report.html import (
    Markup,
    Section,
    bullets,
    code,
    definitions,
    figures,
    folded,
    links,
    page,
    replayed,
    side_by_side,
    table,
    tiles,
    warning,
    write_text,
)
from latently.report.interactive.replay import Replay
from latently.report.strict_json import to_json
from latently.report.table import Table
from latently.report.terms import explained
from latently.version import __version__
from latently.wording import sentence

CAREFUL = "What to be careful about"
BRIEF = (  # of how it was computed
    *("Why it stopped", "Restarts", "Other starts", "Skipped", "Numbers and dates"),
    *("Words for missing cells", "Taken out", "Taken as", "Limits", "Columns left out"),
)


@dataclass(frozen=True)
class Report:
    """All that is said of a fit, whatever it is shown on.

    Parameters
    ----------
    kind : str
        What was fitted: "mixture", "segmentation", "topics" or "imputation".
    headline : str
        The first sentence.
    findings : sequence of Finding
        What was found, the most important first.
    cautions : sequence of Finding
        What to be careful about, the gravest first.
    facts : sequence of (str, str)
        The numbers to be seen first, each with its name in front.
    tables : mapping of str to Table
        The numbers, by name. One with columns of prose has a section of its own.
    figures : sequence of Figure
        The pictures.
    how : mapping of str to str
        How it was computed.
    summary : mapping
        The same for programs, without the findings.
    going_on : sequence of Markup
        What to do next.
    python : str
        The same, as lines of Python.
    sure : sequence of str
        Sentences on how sure it is.
    lead : str
        The page in three sentences; the first finding if empty.
    aloud : sequence of Finding
        What a terminal is told first, in place of a table of prose.
    replay : callable
        Gives the steps of EM, which only a page shows; None if there are none to see.

    Examples
    --------
    >>> from latently import GaussianMixture, datasets
    >>> from latently.report.mixture import MixtureAnalysis, mixture_report
    >>> X = datasets.load_faithful().data
    >>> mixture = GaussianMixture(2, random_state=0).fit(X)
    >>> report = mixture_report(MixtureAnalysis(mixture, X, "faithful.csv"))
    >>> report.headline
    '2 clusters in the 272 rows of faithful.csv'
    >>> report.headline in report.page(), report.cautions
    (True, [])
    """

    kind: str
    headline: str
    findings: Sequence[Finding]
    cautions: Sequence[Finding]
    facts: Sequence[tuple[str, str]]
    tables: Mapping[str, Table]
    figures: Sequence[Figure]
    how: Mapping[str, str]
    summary: Mapping[str, Any]
    going_on: Sequence[Markup] = ()
    python: str = ""
    sure: Sequence[str] = ()
    lead: str = ""
    aloud: Sequence[Finding] = ()
    replay: Callable[[], Replay | None] = lambda: None

    @cached_property
    def said(self) -> list[str]:
        """Findings as sentences."""
        return [sentence(str(found)) for found in self.findings]

    @cached_property
    def careful(self) -> list[str]:
        """Cautions as sentences."""
        return [sentence(str(found)) for found in self.cautions]

    @property
    def brief(self) -> list[tuple[str, str]]:
        """What a terminal shows of how it was computed."""
        shown = {**self.how, "Why it stopped": self.how.get("Why it stopped", "").partition(": ")[0]}
        return [(name, shown[name]) for name in BRIEF if shown.get(name)]

    def page(self, files: Sequence[str] = ()) -> str:
        """A page that needs no other file, as HTML.

        Parameters
        ----------
        files : sequence of str
            Names of files beside it, which it links to.
        """
        first, *more = self.said
        if self.lead:
            first, more = self.lead, self.said
        replay = self.replay()
        tables = list(self.tables.values())
        sections = [
            Section("What was found", [tiles(self.facts), bullets(more), *self.warnings(), *self.terms()]),
            *([] if replay is None else [replayed(replay.data())]),
            *(Section(one.title, [table(one)]) for one in tables if one.prose and not one.sure),
            Section("Pictures", [figures(self.figures)] if self.figures else []),
            Section("Numbers", [self.numbers()] if any(self._plain()) else []),
            Section("How sure", self.certain()),
            Section("The same in Python", [code(self.python)] if self.python else []),
            Section("What next", [*self.going_on, *([links(files)] if files else [])]),
            Section("How it was computed", [self.computed()]),
        ]
        shown = [one for one in sections if one.blocks]
        return page(self.headline, first, shown, f"latently {__version__}")

    def _repr_html_(self) -> str:
        """The page within a notebook."""
        return f'<iframe srcdoc="{escape(self.page())}" width="100%" height="800" style="border:0"></iframe>'

    def warnings(self) -> list[Markup]:
        """The cautions for a page: a box, or none."""
        return [warning(CAREFUL, self.careful)] if self.cautions else []

    def terms(self) -> list[Markup]:
        """What its terms mean, for a page."""
        texts = [*self.said, *self.careful, *(name for name, _ in self.facts)]
        found = explained([*texts, *(text for one in self.tables.values() for text in (one.title, one.note))])
        return [folded("What the terms mean", definitions(found))] if found else []

    def numbers(self) -> Markup:
        """The tables for a page."""
        return side_by_side(map(table, self._plain()))

    def certain(self) -> list[Markup]:
        """How sure it is, for a page."""
        return [
            *([bullets(self.sure)] if self.sure else []),
            *(table(one) for one in self.tables.values() if one.sure),
        ]

    def _plain(self) -> list[Table]:
        """Tables of numbers."""
        return [one for one in self.tables.values() if not one.prose and not one.sure]

    def computed(self) -> Markup:
        """How it was computed, for a page."""
        return definitions(self.how.items())

    def json(self) -> str:
        """The same for programs; `careful` are the sentences of the cautions, `findings` all as data."""
        found = [*self.aloud, *self.findings, *self.cautions]
        return to_json({**self.summary, "careful": self.careful, "findings": found})

    def write(
        self, file: Callable[[str], Path], told: Callable[[int, int], None] = lambda i, n: None
    ) -> None:
        """Write the summary, the pictures and the page.

        Parameters
        ----------
        file : callable
            The path of a file of a name.
        told : callable, optional
            Called with how many parts are done, and of how many: the pictures, and the page.
        """
        write_text(file("summary.json"), self.json())
        for i, picture in enumerate(self.figures):
            told(i, len(self.figures) + 1)
            file(f"{picture.name}.png").write_bytes(picture.png())
        told(len(self.figures), len(self.figures) + 1)
        place = file("index.html")
        beside = sorted(f"{one.name}/" if one.is_dir() else one.name for one in place.parent.iterdir())
        write_text(place, self.page([name for name in beside if name != place.name]))
