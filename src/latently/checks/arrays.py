"""Numbers as users have them: which cells are missing, and a clear line where something is no number."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sized
from contextlib import suppress
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Floats = NDArray[Any]  # of either precision
Cells = NDArray[Any]  # of any kind
Labels = NDArray[np.int64]

LATEST = float(np.finfo(np.float64).max) / 4  # of times: pictures need room at both ends
MOST_COUNT = 2**53  # beyond which floats cannot tell a count from the next
NUMBERS = (Real, np.bool_, Decimal)
REFUSED = {
    "M": "dates: turn them into numbers first, such as days since the first, or leave them out",
    "m": "spans of time: turn them into numbers of one unit first, such as X / np.timedelta64(1, 'D')",
    "V": "records: make a table of their fields, by numpy.lib.recfunctions.structured_to_unstructured",
    "c": "complex numbers: give real and imaginary parts as columns of their own",
}


PLAIN_CELLS = {str, float, int, bool, type(None)}  # kinds of cells that are compared without surprises


def missing_cells(values: object) -> NDArray[np.bool_]:
    """Which cells of an array are missing: masked, None, NaN, a date that is none, or pandas' NA.

    Examples
    --------
    >>> missing_cells(np.array(["a", None, np.nan, "b"], dtype=object)).tolist()
    [False, True, True, False]
    >>> missing_cells(np.ma.masked_equal([1, -9, 3], -9)).tolist()
    [False, True, False]
    """
    cells = np.asarray(values)
    if cells.dtype.kind in "fc":
        missing = np.isnan(cells)
    elif cells.dtype.kind in "mM":
        missing = np.isnat(cells)
    elif cells.dtype.kind == "O":
        with np.errstate(invalid="ignore"):  # as NumPy calls a comparison with NaN by Python 3.12 or later
            if set(map(type, cells.flat)) <= PLAIN_CELLS:
                missing = np.asarray((cells == None) | (cells != cells), dtype=bool)  # noqa: E711 - cell by cell
            else:
                missing = np.asarray(np.frompyfunc(_is_missing, 1, 1)(cells), dtype=bool)
    else:
        missing = np.zeros(cells.shape, dtype=bool)
    return missing | np.ma.getmaskarray(values) if isinstance(values, np.ma.MaskedArray) else missing


def _is_missing(cell: object) -> bool:
    if cell is None or cell is np.ma.masked:
        return True
    try:
        return bool(cell != cell)  # NaN, and dates that are none
    except TypeError:  # pandas' NA is neither equal to itself nor not
        return True
    except ValueError:  # an array
        return False


def as_numbers(values: object, name: str = "X") -> Cells:
    """Return an array of integers, booleans or floats; missing cells are NaN.

    Numbers without a mask are returned as they are. Raises a ValueError or TypeError, in which they are
    called `name`, that names the first cell that is no number.

    Examples
    --------
    >>> as_numbers([[1, None], [2, 3.5]])
    array([[1. , nan],
           [2. , 3.5]])
    """
    if isinstance(values, (list, tuple)) and any(isinstance(row, np.ma.MaskedArray) for row in values):
        values = np.ma.stack(values)
    if isinstance(values, np.ma.MaskedArray) and values.dtype.kind in "biufO":
        seen = ~missing_cells(values)
        numbers = np.full(values.shape, np.nan)
        numbers[seen] = as_numbers(values.data[seen], name)
        return numbers
    if hasattr(values, "columns") and hasattr(values, "dtypes"):
        return _from_frame(values, name)
    cells = as_array(values, name)
    kind = cells.dtype.kind
    if kind in "biuf":
        return cells
    if kind not in "OSUT":
        begin = "Complex data not supported: " if kind == "c" else ""  # as scikit-learn begins
        raise ValueError(f"{begin}{name} holds {REFUSED.get(kind, str(cells.dtype))}")
    if kind != "O":  # to NumPy, lists of numbers and text are text
        cells = np.array(values, dtype=object)
    numbers, odd = _from_objects(cells)
    if odd is not None:
        raise _refusal(cells[odd], f"{_place(odd)}{name}")
    return numbers


def as_floats(values: object, name: str) -> NDArray[np.float64]:
    """Return the numbers of an array in one of one's own; missing ones are NaN. See `as_numbers`."""
    return np.array(as_numbers(values, name), dtype=np.float64)


def as_array(values: Any, name: str) -> Cells:
    """Return an array of cells of any kind.

    Raises a ValueError if it is no array, or ragged, which is told by its row. Raises a TypeError if it is a
    sparse matrix.
    """
    kind = type(values).__name__
    if hasattr(values, "tocsr"):
        raise TypeError(
            f"Sparse data was passed, but dense data is required: write {name}.toarray() for a dense array"
        )
    if isinstance(values, (dict, str, bytes)):
        raise ValueError(f"{name} is a {kind}: give an array, a list of rows or a frame of numbers")
    if isinstance(values, Iterable) and not (hasattr(values, "__array__") or hasattr(values, "__getitem__")):
        raise ValueError(f"{name} is a {kind}, which has no order or can be read but once: make it a list")
    try:
        return np.asarray(values)
    except ValueError:
        sizes = [len(row) if isinstance(row, Sized) else 1 for row in values]
        other = next((i for i, size in enumerate(sizes) if size != sizes[0]), 0)
        uneven = (
            f"row {other} of {name} has {sizes[other]} cell{'s' * (sizes[other] != 1)} and row 0 {sizes[0]}"
        )
        raise ValueError(
            f"{uneven if other else f'the rows of {name} are of several shapes'}: make them equally long, "
            "with NaN where a cell is missing"
        ) from None


def as_cells(values: Any, name: str = "X") -> Cells:
    """Return an array of numbers or text in which missing cells can be told by `missing_cells`.

    Raises a ValueError if it is no array, or holds records or collections; the first such cell is named.

    Examples
    --------
    >>> as_cells(["a", np.nan, "b"]).tolist()
    ['a', nan, 'b']
    >>> as_cells(np.ma.masked_equal([1, -9, 3], -9)).tolist()
    [1, None, 3]
    """
    cells = as_array(values, name)
    if np.ma.is_masked(values):
        cells = _as_objects(cells)
        cells[np.ma.getmaskarray(values)] = None
    if cells.dtype.kind in "US" and isinstance(values, (list, tuple)):  # to NumPy, all beside text is text
        objects = np.array(values, dtype=object)
        return objects if len(set(map(type, objects.flat))) > 1 else cells
    if cells.dtype.kind == "V":
        raise ValueError(f"{name} holds {REFUSED['V']}")
    if cells.dtype.kind == "O":
        collections = {kind for kind in set(map(type, cells.flat)) if _is_collection(kind)}
        if collections:
            odd = next(i for i, cell in enumerate(cells.flat) if type(cell) in collections)
            raise ValueError(f"entry {odd} of {name} is {shown(cells.flat[odd])}: should be a number or text")
    return cells


def _is_collection(kind: type) -> bool:
    return issubclass(kind, Collection) and not issubclass(kind, (str, bytes))


def _from_objects(cells: Cells) -> tuple[NDArray[np.float64], tuple[int, ...] | None]:
    """The numbers, and where the first cell is that is none."""
    seen = ~missing_cells(cells)
    numbers = np.full(cells.shape, np.nan)
    if all(map(_is_kind_of_number, set(map(type, cells[seen])))):
        with suppress(OverflowError):
            numbers[seen] = cells[seen].astype(np.float64)
            return numbers, None
    odd = next(i for i, cell in enumerate(cells[seen]) if not _is_number(cell))
    return numbers, tuple(np.argwhere(seen)[odd].tolist())


def _as_objects(cells: Cells) -> NDArray[np.object_]:
    if cells.dtype.kind in "mM":  # which NumPy itself makes integers of where it counts in nanoseconds
        return np.array([*cells.flat], dtype=object).reshape(cells.shape)
    return cells.astype(object)


def _is_kind_of_number(kind: type) -> bool:
    return issubclass(kind, NUMBERS) and not issubclass(kind, np.timedelta64)  # to NumPy an integer


def _is_number(cell: Any) -> bool:
    try:
        return _is_kind_of_number(type(cell)) and not isinstance(float(cell), str)
    except OverflowError:
        return False


def labels_of(frame: Any, name: str = "X") -> list[str]:
    """Return the names of the columns of a frame.

    Raises a ValueError if two columns have one name.
    """
    names = [str(column) for column in frame.columns]
    if len(set(names)) < len(names):
        twice = next(one for one in names if names.count(one) > 1)
        raise ValueError(f"{name} has more than one column '{twice}': give each a name of its own")
    return names


def _from_frame(frame: Any, name: str) -> Cells:
    names, dtypes = labels_of(frame, name), list(frame.dtypes)
    if len(set(dtypes)) == 1 and _is_plain(dtypes[0]):
        return np.asarray(frame)
    columns, wrong, example = [], [], ""
    for position, (label, dtype) in enumerate(zip(names, dtypes, strict=True)):
        column = frame.iloc[:, position] if hasattr(frame, "iloc") else frame[label]
        cells, odd = _from_column(column, dtype)
        columns.append(cells)
        if odd is not None:
            wrong.append(f"'{label}'")
            example = example or f" (row {odd[0]} holds {shown(cells[odd])})"
    if wrong:
        raise ValueError(
            f"could not convert to float: column {', '.join(wrong)} is not numeric; leave it out or encode it"
            f"{example}"
        )
    return np.column_stack(columns) if columns else np.empty((len(frame), 0))


def _from_column(column: Any, dtype: Any) -> tuple[Cells, tuple[int, ...] | None]:
    """Numbers of a column, and where the first cell is that is none."""
    nullable = getattr(dtype, "kind", "") in tuple("biuf") and not isinstance(dtype, np.dtype)  # pandas'
    cells = column.to_numpy(dtype=np.float64, na_value=np.nan) if nullable else column.to_numpy()
    if cells.dtype.kind in "biuf" and cells.ndim == 1 and not hasattr(dtype, "categories"):
        return cells, None
    cells = _as_objects(cells)
    found, odd = _from_objects(cells)
    if hasattr(dtype, "categories") or cells.ndim > 1:
        odd = (0,)
    return (found, None) if odd is None else (cells, odd)


def _is_plain(dtype: object) -> bool:
    return isinstance(dtype, np.dtype) and dtype.kind in "biuf"


def _place(at: tuple[int, ...]) -> str:
    if len(at) == 2:
        return f"row {at[0]}, column {at[1]} of "
    return f"entry {', '.join(map(str, at))} of " if at else ""


def _refusal(cell: object, where: str) -> Exception:
    if isinstance(cell, (str, bytes)):
        return ValueError(
            f"could not convert to float: {where} holds {shown(cell)}, which is not numeric; encode it, make "
            "it NaN or leave it out"
        )
    if _is_kind_of_number(type(cell)):
        return ValueError(f"{where} holds a number beyond the range of floats: choose another unit")
    return TypeError(
        f"{where} holds {shown(cell)}, a {type(cell).__name__}: the argument must be free of strings and "
        "other objects, and hold numbers only"
    )


def shown(value: object) -> str:
    """A value in one line of at most 60 characters, for a message."""
    try:
        text = " ".join(repr(value).split())
    except Exception:  # an object may fail at describing itself, an integer be too long for it
        text = f"a {type(value).__name__}"
    return text if len(text) <= 60 else f"{text[:57]}..."


WIDE_ROW = 1024  # numbers that are compared at once: NumPy is slow along short rows


def extremes(rows: Any, used: Any = None) -> tuple[Any, Any]:
    """Least and greatest observed value of each column; infinite, with the wrong sign, where there is none.

    Only the rows in `used` are looked at, if it is given.

    Examples
    --------
    >>> import numpy as np
    >>> extremes(np.array([[1.0, 5.0], [np.nan, 3.0]]))
    (array([1., 3.]), array([1., 5.]))
    """
    n, d = rows.shape
    if used is not None or not rows.flags.c_contiguous:
        where = True if used is None else used[:, None]
        return (
            np.fmin.reduce(rows, axis=0, where=where, initial=np.inf),
            np.fmax.reduce(rows, axis=0, where=where, initial=-np.inf),
        )
    fold = max(WIDE_ROW // max(d, 1), 1)
    even = n - n % fold
    parts = rows[:even].reshape(even // fold, fold * d), rows[even:]
    found = []
    for pick, nothing in ((np.fmin, np.inf), (np.fmax, -np.inf)):
        folded = pick.reduce(parts[0], axis=0, initial=nothing).reshape(fold, d)
        found.append(pick.reduce(np.concatenate([folded, parts[1]]), axis=0, initial=nothing))
    return found[0], found[1]


def brief_times(times: NDArray[Any]) -> NDArray[Any]:
    """Dates in days or seconds where nothing is lost by it, as they are shorter to write.

    Examples
    --------
    >>> brief_times(np.array(["2024-03-31T00:00", "2024-04-01T00:00"], dtype="datetime64[ns]")).tolist()
    [datetime.date(2024, 3, 31), datetime.date(2024, 4, 1)]
    """
    if times.dtype.kind != "M":
        return times
    for unit in ("D", "s"):
        rounded = times.astype(f"datetime64[{unit}]")
        if (rounded == times).all():
            return rounded
    return times
