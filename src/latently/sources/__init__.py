"""Data of any size, wherever they lie: a table that is read piece by piece."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from os import PathLike
from os.path import isdir
from typing import Any

from latently.sources.base import Part, Scan
from latently.sources.dask import DaskScan
from latently.sources.files import READERS, FileScan, paths_of
from latently.sources.streams import ArrowScan, IterableScan, LazyScan, SparseScan

__all__ = ["READERS", "Part", "Scan", "as_scan", "scan"]


def scan(path: Any, *, columns: Sequence[str] | None = None) -> FileScan:
    """Return the table in one or many files, to be read piece by piece in every pass.

    Parameters
    ----------
    path : str or path-like, or sequence of such
        A file, a folder, a pattern such as ``"parts/*.parquet"``, or several: Parquet, Arrow, CSV or TSV.
        Files are taken in order of their names and must have the same columns.
    columns : sequence of str, optional
        The columns that are read; all by default.

    Returns
    -------
    Scan
        Whatever takes a table takes it in its place.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If a file is of another kind, or a column is not there.
    ImportError
        If pyarrow is not installed.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from latently import GaussianMixture, datasets, scan
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "faithful.csv")
    ...     frame = datasets.load_faithful(as_frame=True).frame
    ...     _ = path.write_text(frame.to_csv(index=False))
    ...     mixture = GaussianMixture(2, random_state=0).fit(scan(path))
    >>> mixture.means_.round(1).tolist()
    [[4.3, 80.0], [2.0, 54.5]]
    """
    several = isinstance(path, (list, tuple))
    paths = tuple(one for item in (path if several else [path]) for one in paths_of(item))
    if isinstance(columns, str):
        raise ValueError(f"columns='{columns}': should be a list of names")
    found = FileScan(paths, None if columns is None else tuple(map(str, columns)))
    found._names  # noqa: B018 which are checked
    return found


def as_scan(X: object) -> Scan | None:
    """A table that is to be read piece by piece; None if it is in memory.

    Raises a ValueError if it is a reader of Arrow's, which can be read but once.
    """
    if X is None or isinstance(X, Scan):
        return X
    if isinstance(X, PathLike) or (isinstance(X, str) and (X.lower().endswith(tuple(READERS)) or isdir(X))):
        return scan(X)
    if hasattr(X, "tocsr"):
        return SparseScan(X)
    module = type(X).__module__.partition(".")[0]
    kind = type(X).__name__
    if (module, kind) in (("polars", "LazyFrame"), ("duckdb", "DuckDBPyRelation")):
        return LazyScan(X)
    if module.startswith("dask") and hasattr(X, "to_delayed"):
        return DaskScan(X)
    if module == "pyarrow" and hasattr(X, "get_fragments"):
        return ArrowScan(X)
    if isinstance(X, Iterator):
        return None  # which readers of tables refuse
    if kind == "RecordBatchReader":
        raise ValueError(
            f"X is a {kind}, which can be read but once, and EM reads its data many times: give an object "
            "whose __iter__ begins anew each time, or all rows at once"
        )
    at_once = (str, bytes, Mapping, Sequence, set, frozenset)
    in_memory = any(hasattr(X, name) for name in ("__len__", "__array__", "__getitem__", "columns", "tocsr"))
    return IterableScan(X) if isinstance(X, Iterable) and not (in_memory or isinstance(X, at_once)) else None
