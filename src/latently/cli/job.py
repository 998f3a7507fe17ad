"""What a job is, and how every job runs: it reads, analyses, reports, writes its folder and tells."""

from __future__ import annotations

import shlex
from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from latently.announcing import silence
from latently.cli.failure import must_be_there
from latently.cli.options import OfCells, OfChance, option, options_of

if TYPE_CHECKING:
    from latently.cli.folder import ResultFolder
    from latently.cli.progress import ShowProgress

SHOWN = ("out", "force", "json", "quiet", "debug", "checkpoint", "resume")  # where to and how, and not what
UNREAD = (*SHOWN, "seed", "search")  # options that say nothing of what is read
Data = TypeVar("Data")
Analysis = TypeVar("Analysis")


@dataclass(frozen=True, kw_only=True)
class Job(ABC, Generic[Data, Analysis]):
    """Something the command does: its fields are its options, its docstring is its help.

    One more job is one file, and its place in `app.JOBS`. What takes long to import is imported by the
    methods that need it, so that help comes at once.
    """

    has_page: ClassVar[bool] = True  # whether the report is written as a page, with pictures and a summary
    has_folder: ClassVar[bool] = True  # whether anything is written

    out: Path | None = option(help="Folder for the results.")
    force: bool = option("--force", default=False, help="Replace the results of an earlier run.")
    json: bool = option("--json", default=False, help="Print what was found as JSON.")
    quiet: bool = option("--quiet", "-q", default=False, help="Print nothing but errors.")
    debug: bool = option("--debug", default=False, help="Show where an error comes from.")

    @abstractmethod
    def read(self) -> Data:
        """What is worked on; all that is wrong with what was asked is said here."""

    @abstractmethod
    def analyse(self, data: Data, show: ShowProgress) -> Analysis:
        """The work itself; `show` moves a bar."""

    def report(self, analysis: Analysis) -> Any:
        """What there is to say; of many jobs it is what was found."""
        return analysis

    @abstractmethod
    def write(self, folder: ResultFolder, data: Data, analysis: Analysis) -> str:
        """Write all results but the page, and say which they are."""

    def check_asked(self) -> None:
        """Refuse options that cannot be, before anything is read."""

    def run(self) -> None:
        """Do it.

        Raises
        ------
        CommandError
            If something is wrong with what was asked.
        """
        if self.quiet:
            silence()
        for path in self.inputs:
            must_be_there(path)  # said before anything that takes long is imported
        self.check_asked()

        from latently.cli.progress import progress

        with progress(shown=not self.quiet) as show:
            show(0, None, "reading")
            data = self.read()

            from latently.cli.folder import ResultFolder
            from latently.cli.terminal import say_where
        if not self.has_folder:
            with progress(shown=not self.quiet) as show:
                found = self.report(self.analyse(data, show))
            self.say(found)
            return
        unsaid: BaseException | None = None
        with ResultFolder(self.folder, self.force) as folder:
            with progress(shown=not self.quiet) as show:
                show(0, None, "looking at the data")
                analysis = self.analyse(data, show)
                report: Any = self.report(analysis)
            try:  # first, for drawing and writing take a while
                rest = self.say(report)
            except (OSError, SystemExit) as error:  # nobody listens, and results are wanted all the same
                unsaid = error
            with progress(shown=not self.quiet) as show:
                show(0, None, "writing")
                wrote = self.write(folder, data, analysis)
                if self.has_page:
                    report.write(folder.file, lambda i, n: show(i, n, "drawing"))
        if unsaid:
            raise unsaid
        if not (self.json or self.quiet):
            page = ": open index.html for the pictures; " if self.has_page else ""
            say_where(f"Wrote {self.folder}/{page}{wrote}.", rest)

    def say(self, report: Any) -> int:
        """Print what there is to say, in the manner asked for; how much of it is left for the page."""
        from latently.cli.terminal import say_json, say_report

        if self.json:
            say_json(report, self.folder if self.has_folder else None)
        elif not self.quiet:
            return say_report(report, all_of_it=not self.has_page)
        return 0

    @classmethod
    def name(cls) -> str:
        """What it is called on the command line."""
        return cls.__name__.lower()

    @property
    def inputs(self) -> list[Path]:
        """What is read: its arguments."""
        return [getattr(self, one.name) for one in options_of(type(self)) if one.metadata["names"] is None]

    @property
    def folder(self) -> Path:
        """Where the results go: unless told otherwise, a folder named by the last of what is read."""
        if self.out is not None:
            return self.out
        from latently.cli.tables.content import stem_of

        return Path(f"latently-{self.name()}-{stem_of(self.inputs[-1])}")

    @property
    def command(self) -> str:
        """The command that does the same again, wherever its results go."""
        words = ["latently", self.name()]
        for one in options_of(type(self)):
            value = getattr(self, one.name)
            if one.name in SHOWN or value is None:
                continue
            names = one.metadata["names"]
            called = [] if names is None else [(names or (f"--{one.name.replace('_', '-')}",))[0]]
            for each in value if isinstance(value, list) else [value]:
                words += [*called, each.name if isinstance(each, Path) else str(each)]
        return shlex.join(words)


@dataclass(frozen=True, kw_only=True)
class Fit(OfCells, OfChance, Job[Data, Analysis]):
    """A job that fits a model; its analysis is one of `latently.report`."""

    @property
    def settings(self) -> dict[str, str]:
        """How the model was asked for, to be printed."""
        return {"Command": self.command, "Seed": str(self.seed)}

    @property
    def reading(self) -> str:
        """Lines of Python that read the same into ``X``; none of what came by standard input."""
        if Path("-") in self.inputs:
            return ""
        name = type(self).__name__
        given = [(one, getattr(self, one.name)) for one in fields(self) if one.name not in UNREAD]
        changed = [f"{one.name}={_written(value)}" for one, value in given if value not in (one.default, [])]
        return (
            f"from pathlib import Path\nfrom {type(self).__module__} import {name}\n\n"
            f"data = {name}({', '.join(changed)}).read()  # as the command does\nX = data.X\n"
        )


def _written(value: object) -> str:
    return f"Path({str(value)!r})" if isinstance(value, Path) else repr(value)
