"""The folder of results: there as a whole, or not at all."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from latently.cli.failure import CommandError
from latently.cli.interruption import new_aside, no_return, throw_away

# Every file a job writes. A folder that holds anything else is not ours to replace.
PAGES = (
    *("index", "faithful", "wine", "airquality", "cholesterol", "earthquakes", "casino"),
    *("austen", "austen-without-names", "python"),
)
TABLES = ("result", "completed", "intervals", "topics", "documents", "segments")
PICTURES = (
    *("data", "uncertainty", "bic", "convergence", "patterns", "scatters", "densities", "overimputation"),
    *("states", "transitions", "emissions", "residuals"),
    *("topics", "topic_map", "topic_words", "document_topics", "perplexity"),
)
RESULTS = frozenset(
    {"summary.json", "model.latently", "result.parquet"}
    | {f"{page}.html" for page in PAGES}
    | {f"{table}.csv" for table in TABLES}
    | {f"{picture}.png" for picture in PICTURES}
)
DRAWS = "draws"
DRAW = re.compile(rf"{DRAWS}/\d{{2,}}\.csv")
LITTER = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})


class ResultFolder:
    """A folder that is filled aside and takes its place when it is complete.

    Parameters
    ----------
    path : Path
        Its place. Folders above it are made where needed.
    force : bool
        Whether results of an earlier run may be replaced.

    Raises
    ------
    CommandError
        On entry: if the place is taken, or nothing can be written there.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as parent:
    ...     place = Path(parent) / "results"
    ...     with ResultFolder(place, force=False) as folder:
    ...         folder.file("summary.json").write_text("{}")
    ...         early = place.exists()
    ...     early, [file.name for file in place.iterdir()]
    2
    (False, ['summary.json'])
    """

    def __init__(self, path: Path, force: bool) -> None:
        self.path = path
        self.force = force

    def __enter__(self) -> Self:
        try:
            self._check()
            above = self.path.absolute().parent
            while not above.exists():
                above = above.parent
            self._aside = new_aside(above)
        except OSError as error:
            raise self._unwritable(error) from None
        return self

    def file(self, name: str) -> Path:
        """Where to write one of the results."""
        if name not in RESULTS and not DRAW.fullmatch(name):
            raise ValueError(f"'{name}' is not in RESULTS: add it, so that --force may replace it")
        path = self._aside / name
        path.parent.mkdir(exist_ok=True)
        return path

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if isinstance(error, OSError):
                raise error
            if kind is None:
                self._put_in_place()
        except OSError as problem:
            raise self._unwritable(problem) from None
        finally:
            throw_away(self._aside)

    def _check(self) -> None:
        place = Path(os.path.realpath(self.path))
        if any(folder.is_symlink() for folder in (place, *place.parents)):
            raise CommandError(f"'{self.path}' is, or lies below, a link to itself: choose another --out")
        if not self.path.exists():
            return
        if not self.path.is_dir():
            raise CommandError(f"'{self.path}' is a file: choose another --out")
        if self.path.resolve() in (Path.cwd(), *Path.cwd().parents):
            raise CommandError(f"'{self.path}' is the folder you are in, or above it: choose another --out")
        held = sorted(_held(self.path))
        foreign = [name for name in held if not _ours(name)]
        if foreign:
            raise CommandError(
                f"'{self.path}' holds '{foreign[0]}', which latently did not write: choose another --out"
            )
        if held and not self.force:
            raise CommandError(
                f"'{self.path}' is there already: add --force to replace it, or choose another --out"
            )

    def _put_in_place(self) -> None:
        """Make the folder visible; what was there goes only when the new one stands."""
        no_return()
        mask = os.umask(0)
        os.umask(mask)
        self._aside.chmod(0o777 & ~mask)
        place = self.path.resolve()
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.exists():
            self._aside.rename(place)
            return
        old = new_aside(place.parent)
        try:
            place.rename(old / "old")
            self._aside.rename(place)
        finally:
            if not place.exists():
                (old / "old").rename(place)
            throw_away(old)

    def _unwritable(self, error: OSError) -> CommandError:
        why = error if error.errno is None else os.strerror(error.errno)
        return CommandError(f"'{self.path}' cannot be written: {why}; choose another --out")


def _held(folder: Path) -> Iterator[str]:
    """What is in a folder, and in its folder of draws."""
    for entry in folder.iterdir():
        if entry.name == DRAWS and entry.is_dir():
            yield from (f"{DRAWS}/{inner.name}{'/' * inner.is_dir()}" for inner in entry.iterdir())
        else:
            yield f"{entry.name}{'/' * entry.is_dir()}"


def _ours(name: str) -> bool:
    return name in RESULTS or name.removeprefix(f"{DRAWS}/") in LITTER or bool(DRAW.fullmatch(name))
