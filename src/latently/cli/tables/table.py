"""A table as it stands in a file, and the same table with more columns."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from latently.cli.failure import CommandError

# What stands for a missing cell anywhere, and what does among numbers and dates only, in lower case.
MISSING = ["", "na", "n/a", "n.a.", "n.a", "nan", "null", "none", "nil", "?", "\\n", "<na>", "#n/a", "#na"]
MISSING += ["#null!", "#div/0!", "#value!", "#ref!", "#num!", "#name?"]
AMONG_NUMBERS = ["-", "--", "---", ".", "..", "...", "\N{EN DASH}", "\N{EM DASH}", "\N{HORIZONTAL ELLIPSIS}"]
AMONG_NUMBERS += [
    "*",
    "x",
    "unknown",
    "missing",
    "not available",
    "not known",
    "no data",
    "undefined",
    "k.a.",
]
AMONG_NUMBERS += ["keine angabe", "unbekannt", "inconnu", "desconocido", "refused", "tbd"]
SKIPPED = "Skipped"


@dataclass(frozen=True)
class Table:
    """A table from a file."""

    name: str  # the file's name
    frame: pl.DataFrame  # its columns: text from a CSV file, typed from a Parquet file
    # the line of the file in which each row stands; without them rows are counted from 1
    lines: Sequence[int | str] | None = None
    separator: str = ","  # what stands between cells
    decimal_comma: bool = False  # whether most columns have numbers written as 1,5, and new ones get them so
    notes: Sequence[str] = ()  # sentences on what was decided when it was read
    # what stands for a missing cell, beside the usual words, by column; by None in all columns
    codes: Mapping[str | None, Sequence[str]] = field(default_factory=dict)
    by_file: str | None = None  # the column that says of which file of a folder a row is
    read_as: dict[str, str] = field(default_factory=dict)  # what was made of cells that are no plain numbers
    origin: NDArray[np.int64] | None = None  # of rows put in another order, where each stood; -1 of new ones
    known: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)  # columns read

    def noted(self, *notes: str) -> Table:
        """The same table with more to say of how it was read."""
        return replace(self, notes=[*self.notes, *notes]) if notes else self

    def skipping(self, *lines: str) -> Table:
        """The same table, and which lines and columns of the file are not in it."""
        said = ", ".join([*filter(None, [self.read_as.get(SKIPPED)]), *lines])
        return replace(self, read_as={**self.read_as, SKIPPED: said}) if lines else self

    def where(self, row: int) -> str:
        """Where a row stands, in words."""
        return f"row {row + 1}" if self.lines is None else f"line {self.lines[row]}"

    def reordered(self, order: NDArray[np.int64]) -> Table:
        """The same rows in another order."""
        lines = None if self.lines is None else [self.lines[row] for row in order]
        origin = np.arange(self.frame.height) if self.origin is None else self.origin
        return replace(self, frame=self.frame[order], lines=lines, origin=origin[order])

    def as_they_stood(self, cells: object) -> NDArray[Any]:
        """Cells for all rows: those of rows that were there at first, in the order in which they stood."""
        cells = np.asarray(cells)
        if self.origin is None:
            return cells
        there = np.flatnonzero(self.origin >= 0)
        return cells[there[np.argsort(self.origin[there])]]

    def must_have(self, column: str) -> None:
        """Refuse a column that is not there, and name the likeliest of those that are."""
        if column in self.frame.columns:
            return
        close = get_close_matches(column, self.frame.columns, n=1, cutoff=0.5)
        remedy = f"did you mean '{close[0]}'?" if close else f"it has {quoted(self.frame.columns)}"
        raise CommandError(f"{self.name} has no column '{column}': {remedy}")

    def texts(self, name: str) -> pl.Series:
        """The cells of a column as text, without blanks round them."""
        return self._flat(self.frame[name]).cast(pl.String).str.strip_chars()

    def missing(self, name: str) -> pl.Series:
        """Which cells of a column are empty, say that they are, or hold a code that stands for it."""
        cells = self.frame[name]
        if cells.dtype == pl.String:
            words = cells.str.strip_chars().str.to_lowercase()
            missing = words.is_in(MISSING).fill_null(True)
        else:
            missing = cells.is_null()
            if cells.dtype.is_float():
                missing |= cells.is_nan().fill_null(False)
        codes = [*self.codes.get(None, ()), *self.codes.get(name, ())]
        return missing | self.holds(name, codes) if codes else missing

    def holds(self, name: str, codes: Sequence[str]) -> pl.Series:
        """Which cells of a column hold one of some codes; numbers however they are written."""
        cells = self.frame[name]
        found = pl.repeat(False, len(cells), eager=True)
        if cells.dtype == pl.String:
            cells = cells.str.strip_chars().str.to_lowercase()
            found = cells.is_in(codes).fill_null(False)
            cells = cells.str.replace(",", ".", literal=True)
        numbers = pl.Series(codes, dtype=pl.String).str.replace(",", ".", literal=True)
        numbers = numbers.cast(pl.Float64, strict=False).drop_nulls()
        if len(numbers) and (cells.dtype == pl.String or cells.dtype.is_numeric()):
            found |= cells.cast(pl.Float64, strict=False).is_in(numbers.to_list()).fill_null(False)
        return found

    def filled(self, cells: Mapping[str, pl.Series]) -> Table:
        """The same table with cells filled in where there are new ones."""
        old = (self._flat(self.frame[name]).cast(pl.String) for name in cells)
        new = [
            pl.DataFrame({"new": texts, "old": column})
            .select(pl.coalesce("new", "old").alias(name))
            .to_series()
            for (name, texts), column in zip(cells.items(), old, strict=True)
        ]
        return replace(self, frame=self.frame.with_columns(new))

    def write(self, path: Path, added: Mapping[str, Any]) -> list[str]:
        """Write the table as CSV, in the manner of the file it came from, with columns added at the end.

        A new column whose name is taken gets a number behind it; the names are returned.
        """
        names: list[str] = []
        for name in added:
            names.append(self._free(name, {*self.frame.columns, *added, *names}))
        new = [
            self._written(pl.Series(name, cells)) for name, cells in zip(names, added.values(), strict=True)
        ]
        whole = self.frame.with_columns(self._flat(column) for column in self.frame).with_columns(new)
        whole.write_csv(path, separator=self.separator)
        return names

    def _free(self, name: str, others: Collection[str]) -> str:
        """The name, or with a number behind it the first that is no column's and no other new one's."""
        if name not in self.frame.columns:
            return name
        return next(one for i in count(2) if (one := f"{name}_{i}") not in others)

    def _written(self, series: pl.Series) -> pl.Series:
        if not series.dtype.is_float():
            return series
        text = series.round(6).cast(pl.String)
        return text.str.replace(".", ",", literal=True) if self.decimal_comma else text

    def _flat(self, column: pl.Series) -> pl.Series:
        """Empty cells as nothing between separators, and what has no place in a CSV file as text."""
        if column.dtype == pl.String:
            return column.replace("", None)
        if column.dtype.is_nested():
            cells = [None if cell is None else json.dumps(cell, default=str) for cell in column.to_list()]
            return pl.Series(column.name, cells, pl.String)
        if column.dtype == pl.Duration:
            return column.dt.to_string()
        if column.dtype == pl.Binary:
            return column.bin.encode("hex")
        return column


def quoted(names: Sequence[str], most: int = 12) -> str:
    """Names in quotes; of very many, the first."""
    shown = ", ".join(f"'{name}'" for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
