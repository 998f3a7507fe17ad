"""Options: each is declared once, as a field of the job that takes it; and those that several jobs take."""

from __future__ import annotations

import os
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import typer

from latently.checks.refusals import meant
from latently.cli.failure import CommandError

if TYPE_CHECKING:
    from latently.cli.corpora import Documents


def argument(metavar: str, help: str) -> Any:
    """Declare what must be given, without a name."""
    return field(metadata={"typer": typer.Argument(metavar=metavar, help=help), "names": None})


def option(*names: str, default: object = None, help: str, **more: Any) -> Any:
    """Declare an option; without `names` it is called as its field.

    The first of `names` stands in the record of a run. A default of None or () is not shown. Whatever else is
    given is as `typer.Option` takes it.
    """
    if default is None or default == ():
        more["show_default"] = False
    shown = typer.Option(default, *names, help=help, **more)
    return field(default=default, metadata={"typer": shown, "names": names})


def options_of(job: type) -> list[Field[Any]]:
    """The options of a job in the order of its help: its own first, then those it shares."""
    unused = () if getattr(job, "has_folder", True) else ("out", "force")
    found = {one.name: one for one in fields(job) if one.name not in unused}
    own_first = dict.fromkeys(name for one in job.__mro__ for name in vars(one).get("__annotations__", ()))
    return [found[name] for name in own_first if name in found]


def family_name(name: str) -> str:
    """What `--emission` takes: a family by its name, which takes long to import, or "auto"."""
    if name != "auto":
        from latently.emissions.registry import FAMILIES, family_of

        if name.partition("(")[0] not in FAMILIES:
            known = ", ".join(map(repr, ("auto", *FAMILIES)))
            raise typer.BadParameter(f"{name!r} is not one of {known}.")
        try:
            family_of(name)
        except ValueError as error:
            if not meant(error):
                raise
            raise typer.BadParameter(f"{error}.") from None
    return name


def family_names(begun: str) -> list[str]:
    """Names of families that begin so, for a shell to complete."""
    from latently.emissions.registry import FAMILIES

    return [name for name in ("auto", *FAMILIES) if name.startswith(begun)]


@dataclass(frozen=True, kw_only=True)
class OfCells:
    """Options of jobs that read cells."""

    missing: list[str] = option(
        default=(),
        metavar="CODES",
        help="What stands for a missing cell, as -200 or -999,unknown, or in one column, as height=-200; "
        "several by repeating it.",
    )
    encoding: str | None = option(
        help="How text is encoded, as latin-1. Otherwise UTF-8, or what it looks like."
    )


@dataclass(frozen=True, kw_only=True)
class OfColumns:
    """Options of jobs that choose columns."""

    exclude: str | None = option(metavar="COLUMNS", help="Columns to leave out, as a,b.")


@dataclass(frozen=True, kw_only=True)
class OfTexts(OfCells):
    """Options of jobs that read documents."""

    text_column: str | None = option(
        metavar="COLUMN",
        help="Of documents: column of the texts. Not needed if there is one column, or one called text.",
    )
    vocabulary: Path | None = option(
        metavar="FILE", help="Of counts of words: the words, one a line. Otherwise those of a file beside it."
    )
    files: str | None = option(
        metavar="PATTERN",
        help="Of a folder: which files are documents, as '*' or '*.rst'. Otherwise those in .txt; if there "
        "are none, those in .html or .md.",
    )

    def documents(self, path: Path) -> Documents:
        """Read documents."""
        from latently.cli.corpora.read import read_documents

        how: dict[str, Any] = {"files": self.files, "encoding": self.encoding, "missing": self.missing}
        return read_documents(path, self.text_column, self.vocabulary, **how)


@dataclass(frozen=True, kw_only=True)
class OfSearch:
    """Options of jobs that search over numbers and kinds."""

    search: Literal["sequential", "exhaustive"] = option(
        default="sequential",
        help="How the best is looked for: sequential (numbers upwards while more may help, and of very many "
        "rows first on a sample), or exhaustive (all numbers, on all rows).",
    )


@dataclass(frozen=True, kw_only=True)
class OfLongRuns:
    """Options of jobs that may take long."""

    checkpoint: Path | None = option(
        metavar="FILE",
        help="Write the state of the run to this file every few seconds. If it is stopped, the same command "
        "goes on from there; at its end the file is removed.",
    )
    resume: bool = option("--resume", default=False, help="Do not begin anew if there is no checkpoint.")

    def check_asked(self) -> None:
        """Refuse to go on from nothing, and what cannot be written."""
        path = self.checkpoint
        if path and not os.access(path.parent, os.W_OK):
            raise CommandError(
                f"--checkpoint {path}: the folder '{path.parent}' is not there, or cannot be written to; "
                "name a file in another"
            )
        if self.resume and not (path and list(path.parent.glob(f"{path.name}*"))):
            raise CommandError("--resume: there is no checkpoint to go on from; name it by --checkpoint FILE")

    def checkpoint_of(self, search: str) -> Path | None:
        """The file of one of several searches, by its name."""
        path = self.checkpoint
        return path.with_name(f"{path.name}.{search}") if path and search else path


@dataclass(frozen=True, kw_only=True)
class OfChance:
    """Options of jobs that draw at random."""

    seed: int = option(default=0, min=0, help="Source of all that is random: the same seed, the same result.")
