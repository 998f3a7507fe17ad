"""Files of tables: Parquet, Arrow and CSV, one or many, through pyarrow."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from glob import glob, has_magic
from pathlib import Path
from typing import Any

from latently.core.errors import DataChangedError
from latently.sources.base import Part, Scan, batch_rows, check_columns

Batches = Iterator[Any]


@dataclass(frozen=True)
class FileScan(Scan):
    """Files of one kind with the same columns, in order of their names."""

    paths: tuple[str, ...]  # the files
    columns: tuple[str, ...] | None = None  # the columns that are read, in this order; all if None

    def parts(self) -> Iterator[Part]:
        """Read the files.

        Raises a ValueError if one cannot be read, or has not the columns and types of the first; it is named.
        Raises a DataChangedError if one has been written to since the first pass.
        """
        for path, seen in self._files:
            if _stamp(path) != seen:
                raise DataChangedError(
                    f"{path} has changed since it was first read: let nothing write to it while it is in use"
                )
            row = 0
            with readable(path):
                for batch in self._kind(path, self._types, self._names):
                    yield Part(batch, f"{path}, rows from {row}")
                    row += len(batch)

    def select(self, columns: Sequence[str]) -> FileScan:
        """The same files, of which other columns are read."""
        return replace(self, columns=tuple(columns))

    @property
    def n_bytes(self) -> int:
        """How large the files are."""
        return sum(size for _, (size, _) in self._files)

    @cached_property
    def _files(self) -> list[tuple[str, tuple[int, int]]]:
        """The files as they were at first, whose columns and types are checked."""
        files = [(path, _stamp(path)) for path in self.paths]
        for path in self.paths[1:]:
            with readable(path):
                types = _schema(path)
            for name in self._names:
                if name not in types:
                    raise ValueError(f"{path} has no column '{name}', which {self.paths[0]} has")
                if types[name] != self._types[name] and self._kind is _parquet_or_arrow(path):
                    raise ValueError(
                        f"{path}: column '{name}' is of type {types[name]}, and in {self.paths[0]} of type "
                        f"{self._types[name]}: write all files with the same types"
                    )
        return files

    @cached_property
    def _types(self) -> dict[str, Any]:
        with readable(self.paths[0]):
            return _schema(self.paths[0])

    @cached_property
    def _names(self) -> list[str]:
        return check_columns(self.columns, list(self._types), self.paths[0])

    @property
    def _kind(self) -> Callable[[str, dict[str, Any], list[str]], Batches]:
        return READERS[_ending(self.paths[0])]


def paths_of(path: Path) -> tuple[str, ...]:
    """The files that a path names: itself, those of a folder, or those that a pattern matches.

    Raises a FileNotFoundError if there is none. Raises a ValueError if they are not of one kind, or of none
    that can be read.
    """
    text = os.fspath(path)
    if os.path.isdir(text):
        found = sorted(str(one) for one in Path(text).rglob("*") if _is_data(one))
        if not found:
            raise FileNotFoundError(f"the folder {text} has no file that ends in {_listed()}")
    elif has_magic(text) and not os.path.exists(text):
        found = sorted(one for one in glob(text, recursive=True) if os.path.isfile(one))
        if not found:
            raise FileNotFoundError(f"no file matches {text}")
    else:
        if not os.path.exists(text):
            raise FileNotFoundError(f"there is no file {text}")
        found = [text]
    for one in found:
        if _ending(one) not in READERS:
            raise ValueError(f"{one}: only files that end in {_listed()} can be read piece by piece")
        if _ending(one) != _ending(found[0]):
            raise ValueError(f"{one} and {found[0]} are of different kinds: read one kind at a time")
    return tuple(found)


def _is_data(path: Path) -> bool:
    hidden = any(part.startswith((".", "_")) for part in path.parts[-1:])
    return path.is_file() and not hidden and _ending(str(path)) in READERS


def _listed() -> str:
    return ", ".join(READERS)


def _ending(path: str) -> str:
    endings = Path(path).suffixes
    last = "".join(endings[-2:]) if endings[-1:] in ([".gz"], [".zst"], [".bz2"]) else "".join(endings[-1:])
    return last.lower()


def _stamp(path: str) -> tuple[int, int]:
    seen = os.stat(path)
    return seen.st_size, seen.st_mtime_ns


@contextmanager
def readable(path: str) -> Iterator[None]:
    """What pyarrow says of a file that cannot be read, as one line that names it."""
    pa = arrow()
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(f"{path} cannot be read ({why}): it may be damaged or half-written") from None


def arrow() -> Any:
    """The module pyarrow.

    Raises an ImportError if it is not installed, with what to install.
    """
    try:
        import pyarrow
    except ImportError:
        raise ImportError(
            "to read tables piece by piece takes pyarrow: pip install 'latently[files]'"
        ) from None
    return pyarrow


def as_table(batches: object) -> Any:
    """Batches as a table of pyarrow."""
    return arrow().Table.from_batches(batches)


def _parquet(path: str, types: dict[str, Any], names: list[str]) -> Batches:
    from pyarrow.parquet import ParquetFile

    with ParquetFile(path, pre_buffer=False, buffer_size=2**18) as file:
        of_file = file.metadata
        groups = [of_file.row_group(i) for i in range(of_file.num_row_groups)]
        chunks = (group.column(j) for group in groups for j in range(group.num_columns))
        size = sum(one.total_uncompressed_size for one in chunks if one.path_in_schema.split(".")[0] in names)
        for batch in file.iter_batches(batch_rows(size, of_file.num_rows), columns=names):
            yield as_table([batch])


def _arrow(path: str, types: dict[str, Any], names: list[str]) -> Batches:
    pa = arrow()
    with pa.memory_map(path) as file:
        try:
            reader = pa.ipc.open_file(file)
            batches = (reader.get_batch(i) for i in range(reader.num_record_batches))
        except pa.ArrowInvalid:
            file.seek(0)
            batches = iter(pa.ipc.open_stream(file))
        for batch in batches:
            size = batch_rows(batch.nbytes, batch.num_rows)
            for start in range(0, batch.num_rows, size):
                yield as_table([batch.slice(start, size)]).select(names)


def _csv(path: str, types: dict[str, Any], names: list[str]) -> Batches:
    from pyarrow import csv

    how = csv.ConvertOptions(
        column_types={name: types[name] for name in names}, include_columns=names, strings_can_be_null=True
    )
    with csv.open_csv(path, convert_options=how, parse_options=_separated(path)) as reader:
        for batch in reader:
            yield as_table([batch])


def _separated(path: str) -> Any:
    from pyarrow import csv

    return csv.ParseOptions(delimiter="\t" if ".tsv" in Path(path).suffixes else ",")


def _parquet_or_arrow(path: str) -> Any:
    """What reads a file that says of itself of which types its columns are; None for others."""
    reader = READERS[_ending(path)]
    return None if reader is _csv else reader


def _schema(path: str) -> dict[str, Any]:
    """Types of the columns by name, those of a CSV file by its first rows."""
    pa = arrow()
    reader = READERS[_ending(path)]
    if reader is _csv:
        from pyarrow import csv

        with csv.open_csv(path, parse_options=_separated(path)) as file:
            found = {one.name: one.type for one in file.schema}
        numeric = (pa.types.is_integer, pa.types.is_null)  # further down there may be other numbers
        return {
            name: pa.float64() if any(is_one(one) for is_one in numeric) else one
            for name, one in found.items()
        }
    if reader is _parquet:
        from pyarrow.parquet import read_schema

        schema = read_schema(path)
    else:
        with pa.memory_map(path) as file:
            try:
                schema = pa.ipc.open_file(file).schema
            except pa.ArrowInvalid:
                file.seek(0)
                schema = pa.ipc.open_stream(file).schema
    return {one.name: one.type for one in schema}


READERS: dict[str, Callable[[str, dict[str, Any], list[str]], Batches]] = {
    ".parquet": _parquet,
    ".pq": _parquet,
    ".arrow": _arrow,
    ".feather": _arrow,
    ".ipc": _arrow,
    ".csv": _csv,
    ".csv.gz": _csv,
    ".tsv": _csv,
    ".tsv.gz": _csv,
}
