"""Alphabets: which symbols there are, in their order, and the code of each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import Cells, as_array
from latently.checks.columns import Column, whole_numbers
from latently.emissions.reading import ImpossibleCellError

MOST_LISTED = 10  # symbols


def alphabet_of(categories: object, n_symbols: int | None, seen: Cells) -> Cells:
    """The alphabet that was given, or the sorted symbols that were seen.

    With `n_symbols` it is the integers from 0. Refuses a symbol that is given twice, no symbols, and symbols
    without an order.
    """
    if categories is not None:
        alphabet = as_array(categories, "categories")
        if alphabet.ndim != 1 or not len(alphabet):
            raise ValueError(f"categories has shape {alphabet.shape}: should be a list of symbols")
        if len(set(alphabet.tolist())) != len(alphabet):
            raise ValueError("categories holds a symbol twice")
        return alphabet
    if n_symbols is not None:
        return np.arange(n_symbols)
    if not len(seen):
        raise ValueError("no symbol is observed: leave it out, or give categories=")
    try:
        return np.unique(_plain(seen))
    except TypeError:
        raise ValueError("symbols of X are of kinds that have no order: give them in categories=") from None


def codes_of(
    symbols: Cells, alphabet: Cells, whole: tuple[NDArray[np.int64], int] | None = None
) -> NDArray[np.int64]:
    """The position of each symbol in the alphabet; -1 if it has none.

    What `whole_numbers` makes of the symbols may be known already.

    Examples
    --------
    >>> codes_of(np.array(["b", "a", "x"]), np.array(["a", "b"])).tolist()
    [1, 0, -1]
    >>> codes_of(np.array([2, 7], dtype=np.uint8), np.arange(3)).tolist()
    [2, -1]
    >>> codes_of(np.array([-128, 127, 5], dtype=np.int8), np.array([5, -128])).tolist()
    [1, -1, 0]
    """
    n, kind = len(alphabet), symbols.dtype.kind
    plain = alphabet.dtype.kind in "iu" and kind in "iu" and np.array_equal(alphabet, np.arange(n))
    if plain and (not len(symbols) or 0 <= symbols.min() <= symbols.max() < n):
        return symbols.astype(np.int64)
    if alphabet.dtype.kind in "iuf" and (whole := whole or whole_numbers(symbols)) is not None:
        numbers, low = whole
        places = np.full(int(numbers.max()) + 1, -1)
        inside = (alphabet >= low) & (alphabet < low + len(places)) & (alphabet == np.floor(alphabet))
        places[alphabet[inside].astype(np.int64) - low] = np.flatnonzero(inside)
        return numbers if np.array_equal(places, np.arange(len(places))) else places[numbers]
    order = np.argsort(alphabet, kind="stable")
    ordered, cells = alphabet[order], _plain(symbols)
    try:
        at = np.minimum(np.searchsorted(ordered, cells), n - 1)
        return np.where(ordered[at] == cells, order[at], -1)
    except TypeError:  # text among numbers
        return np.full(len(cells), -1)


def coded(column: Column, alphabet: Cells) -> NDArray[np.float64]:
    """The codes of the cells of a column: NaN where one is missing, below zero where it is none of these."""
    codes = codes_of(column.seen, alphabet, column.whole if column.numeric else None)
    if len(codes) == len(column.cells):
        return codes.astype(np.float64)
    found = np.full(len(column.cells), np.nan)
    found[~column.missing] = codes
    return found


def strange_cell(column: Column, row: int, place: int, alphabet: Cells, called: str) -> ImpossibleCellError:
    """What to say of a cell that is not in the alphabet of its column."""
    held, some = np.asarray(column.cells[row]).item(), ", ".join(map(repr, alphabet[:MOST_LISTED].tolist()))
    remedy = "fit again with it, make it missing, or set unknown='missing'"
    why = f"holds {held!r}, which is not among its {called} ({some}): {remedy}"
    return ImpossibleCellError(row, place, why)


def cells_of(codes: NDArray[np.float64], alphabet: Cells) -> Cells:
    """What codes stand for; None for a missing one."""
    cells = np.full(len(codes), None, dtype=object)
    seen = ~np.isnan(codes)
    cells[seen] = alphabet[codes[seen].astype(np.int64)]
    return cells


def _plain(symbols: Cells) -> Cells:
    return symbols if symbols.dtype.kind != "O" else np.array(symbols.tolist())
