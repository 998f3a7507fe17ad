"""What users hand in, checked once: each refusal names the culprit and the remedy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
from sklearn.utils.validation import check_array, validate_data

from latently.checks.arrays import Array, as_cells, as_numbers
from latently.checks.columns import Table
from latently.checks.columns import as_table as as_columns
from latently.checks.settings import RANDOM_STATE, check_setting
from latently.emissions.base import Emission
from latently.emissions.reading import ImpossibleCellError
from latently.estimators.bases import BaseEstimator, Tags
from latently.sources import as_scan
from latently.wording import count

Family = TypeVar("Family", bound=Emission)


def check_rows(estimator: object, X: object, *, reset: bool, accepts_missing: bool = False) -> Any:
    """Check a table and return it as an array of float64 or float32 of shape (n_samples, n_features).

    The estimator learns the names and the number of the features from the table of a fit (`reset`), and any
    other is compared with them. Refuses one that is not numeric, empty, of another width, or has infinite
    cells, and NaN unless it is a missing cell.
    """
    X = in_memory(X)
    if is_arrow(X):
        X = as_columns(X)
    if isinstance(X, Table):
        X = _columns(estimator, X, reset=reset, accepts_missing=accepts_missing)
        names, rows = column_names(X), as_table(X.numbers(), type(estimator).__name__)
    else:
        names, rows = column_names(X), as_table(X, type(estimator).__name__)
        validate_data(estimator, X if names else rows, reset=reset, skip_check_array=True)
    finite = np.isfinite(rows).all() if not accepts_missing else not np.isinf(rows).any()
    if not finite:
        wrong = np.isinf(rows) if accepts_missing else ~np.isfinite(rows)
        row, column = np.argwhere(wrong)[0]
        where = f"row {row}, column {label_of(names, column)}"
        if np.isnan(rows[row, column]):
            raise ValueError(
                f"Input X contains NaN at {where} ({count(int(wrong.sum()), 'such cell')}), and "
                f"{type(estimator).__name__} needs complete rows: drop those rows or fill the cells first"
            )
        raise ValueError(
            f"Input X contains infinity at {where} ({count(int(wrong.sum()), 'such cell')}): drop those rows "
            "or replace the cells"
        )
    return rows


def as_table(X: object, owner: str) -> Any:
    """Return a table as an array of float64 or float32, of two dimensions; missing cells are NaN.

    Raises a ValueError if it is not a table of numbers, or has no row or no column. Raises a TypeError if it
    is a sparse matrix, or a cell is an object.
    """
    table = as_numbers(X)
    if table.ndim != 2:
        kind = f"{table.ndim}D" if table.ndim else "scalar"
        one = ": np.reshape(X, (-1, 1)) for one feature, np.reshape(X, (1, -1)) for one row"
        raise ValueError(
            f"Expected 2D array, got {kind} array instead: X has shape {table.shape}, should be "
            f"(n_samples, n_features). Reshape your data to two dimensions{one if table.ndim < 2 else ''}"
        )
    return check_array(table, dtype=[np.float64, np.float32], ensure_all_finite=False, estimator=owner)


def in_memory(X: object) -> Any:
    """A table in memory, for what needs all rows at once; anything else as it is."""
    scan = as_scan(X)
    return X if scan is None else scan.in_memory()


def read_rows(
    estimator: object,
    X: object,
    emission: Family,
    where: Callable[[int], str] = "row {}".format,
    *,
    reset: bool,
) -> tuple[Family, Any]:
    """Check a table and read it as a family does.

    The first two arguments are as for `check_rows`; symbols may be one for each row. Returns the family, with
    what it has learned of how to read cells from the table of a fit (`reset`), and the rows as it takes them.
    A cell that it refuses is named, its row as `where` says.
    """
    cells = ROW_READERS[emission.takes](estimator, X, reset=reset, accepts_missing=emission.accepts_missing)
    try:
        family = emission.learned(cells) if reset else emission
        return family, family.read(cells)
    except ImpossibleCellError as error:
        names = cells.names if isinstance(cells, Table) and cells.named else column_names(X)
        column = "" if emission.symbolic else f", column {label_of(names, error.column)}"
        raise ValueError(f"{where(error.row)}{column} {error.why}") from None


def _columns(estimator: Any, X: Any, *, reset: bool, accepts_missing: bool) -> Table:
    """Columns of any kind; those of a fit by their names, if they have any, in any order."""
    table = as_columns(in_memory(X))
    for n, noun in zip(reversed(table.shape), ("feature", "sample"), strict=True):
        if not n:  # as scikit-learn says it
            raise ValueError(
                f"Found array with 0 {noun}(s) (shape={table.shape}) while a minimum of 1 is required."
            )
    if reset:
        vars(estimator).pop("feature_names_in_", None)
        estimator.n_features_in_ = len(table.columns)
        if table.named:
            estimator.feature_names_in_ = np.array(table.names, dtype=object)
        return table
    known = vars(estimator).get("feature_names_in_")
    if known is None or not table.named:
        n = vars(estimator).get("n_features_in_", len(table.columns))
        if len(table.columns) != n:
            raise ValueError(
                f"X has {len(table.columns)} features, but {type(estimator).__name__} is expecting {n} "
                "features as input: give the columns of the fit"
            )
        names = range(n) if known is None else known
        columns = (replace(column, name=str(name)) for column, name in zip(table, names, strict=True))
        return Table(tuple(columns), known is not None)
    missing = [name for name in known if name not in table.names]
    if missing:
        raise ValueError(f"X has no column '{missing[0]}', which the model was fitted with: add it")
    at = {column.name: column for column in table}
    return Table(tuple(at[name] for name in known), named=True)


def _column_of_symbols(estimator: object, X: object, *, reset: bool, accepts_missing: bool) -> Any:
    """Symbols as an array of shape (n_samples, 1), of cells of any kind."""
    if isinstance(X, Table):
        table = _columns(estimator, X, reset=reset, accepts_missing=accepts_missing)
        cells = np.column_stack([column.cells for column in table])
    else:
        cells = as_cells(X)
    if cells.ndim == 1:
        cells = cells[:, None]
    if cells.ndim != 2 or cells.shape[1] != 1:
        raise ValueError(
            f"X has shape {cells.shape}: should be one symbol for each row, (n_rows, 1); several sequences "
            "are a list of arrays"
        )
    if not len(cells):
        raise ValueError("X has no row: give at least one symbol")
    named = column_names(X)
    if (reset or named) and not isinstance(
        X, Table
    ):  # symbols are mostly lists, which have no names to be missed
        validate_data(estimator, X if named else cells, reset=reset, skip_check_array=True)
    return cells


ROW_READERS: dict[str, Callable[..., Any]] = {
    "numbers": check_rows,
    "symbols": _column_of_symbols,
    "columns": _columns,
}


def tagged(tags: Tags, family: Emission) -> Tags:
    """scikit-learn's tags, in which the family says what cells may be."""
    if isinstance(family, Emission):
        tags.input_tags.allow_nan = family.accepts_missing
        tags.input_tags.categorical = tags.input_tags.string = family.takes != "numbers"
        tags.input_tags.positive_only = not family.possible(np.array([[-0.5], [-1.0]])).any()
    return tags


def float_type(rows: Array) -> Any:
    """The type of what is said of rows: that of the rows if they are floats, double precision otherwise."""
    return rows.dtype if rows.dtype.kind == "f" else np.dtype(np.float64)


def check_table(X: object, accepts_missing: bool = True) -> Array:
    """Check a table whose columns no estimator is to learn; return it as float64.

    Raises a ValueError if it is not a table of numbers, or has infinite cells; the column is named.
    """
    return np.asarray(
        check_rows(BaseEstimator(), X, reset=True, accepts_missing=accepts_missing), dtype=np.float64
    )


def column_names(X: Any) -> list[str] | None:
    """Names of the columns of a frame; None for anything else."""
    if isinstance(X, Table):
        return X.names if X.named else None
    if hasattr(X, "collect"):  # a lazy frame
        return None
    columns = X.column_names if is_arrow(X) else getattr(X, "columns", None)
    return None if columns is None else [str(column) for column in columns]


def is_arrow(X: object) -> bool:
    """Whether it is a table of pyarrow."""
    return hasattr(X, "column_names") and hasattr(X, "__arrow_c_stream__")


def label_of(names: list[str] | None, column: Any) -> str:
    """Name of a column for a message, its position if it has none."""
    return f"'{names[column]}'" if names else str(int(column))


def random_generator(random_state: Any) -> np.random.Generator:
    """A generator from a seed, from fresh entropy (None), or from a generator of either kind, drawn from."""
    check_setting("random_state", random_state, *RANDOM_STATE)
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(random_state.randint(2**31, size=4))
    return np.random.default_rng(random_state)
