"""What a table can teach: weights that add up, columns and rows that differ; and what is to be said of it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import as_floats, extremes
from latently.core.errors import ConstantColumnWarning, UndeterminedWarning, WeightWarning
from latently.core.findings import CAUTION, Finding
from latently.estimators.inputs import Array, label_of
from latently.wording import count

LEAST_SQUARE = 1e-280  # smaller ones lose digits
FAR_EXPONENT = 64  # powers of two
HEAVY = 1e304  # weight of all rows
LITTLE = 0.1  # weight of a row
MOST_COLUMNS_NAMED = 5  # in one message


def check_weights(given: Any, n: int, name: str = "sample_weight", unit: str = "row") -> Array:
    """Check the weights of rows, or of other units, and return them as float64; ones if there are none.

    One number is that of all.

    Raises a ValueError if their number is wrong or one is negative or not finite, which is named, or all are
    zero.
    """
    if given is None:
        return np.ones(n)
    weights = as_floats(given, name)
    if not weights.ndim:  # one number for all, as scikit-learn takes it
        weights = np.full(n, weights)
    if weights.shape != (n,):
        raise ValueError(f"{name} has shape {weights.shape}, should be ({n},): one for each {unit}")
    wrong = ~(np.isfinite(weights) & (weights >= 0))
    if wrong.any():
        place = int(wrong.argmax())
        raise ValueError(
            f"{name} of {unit} {place} is {weights[place]:g}: weights must be finite, and zero or more"
        )
    if not weights.any():
        raise ValueError(f"{name} is zero for every {unit}: at least one {unit} must count")
    most = float(weights.max())
    if most > HEAVY / n:  # by whose sum a log-likelihood would be beyond double precision
        raise ValueError(f"{name} goes up to {most:g}, too much to be added up: divide all by {most:g}")
    return weights


def unit_of(weights: Array) -> float:
    """A power of two that brings weights far from one near it: products of theirs would be out of range."""
    exponent = int(np.frexp(weights.max())[1]) - 1
    return 2.0**exponent if abs(exponent) > FAR_EXPONENT else 1.0


def warn_of_weights(weights: Array, what: str) -> None:
    """Warn if weights sum to far less than there are rows (sequences, documents: `what`) that have some."""
    n, total = int(np.count_nonzero(weights)), float(weights.sum())
    if total < LITTLE * n:
        warnings.warn(
            f"the weights of {count(n, what)} sum to {total:g}, so that BIC and AIC see far fewer "
            f"observations than there are, and favour the largest model: multiply them by {n / total:g}",
            WeightWarning,
            stacklevel=4,
        )


def some_observed(n: float) -> float:
    """Check how many rows have an observed cell."""
    if not n:
        raise ValueError("X has no row with an observed cell: there is nothing to judge the model by")
    return n


def check_informative(
    rows: Array,
    weights: Array,
    n_components: int,
    names: list[str] | None,
    stacklevel: int = 3,
    shown: Callable[[Any], Any] = np.asarray,
) -> None:
    """Refuse tables from which no mixture can be learned, and name columns that teach nothing.

    Users know rows as what `shown` makes of them. Raises a ValueError if there are fewer rows, or fewer
    distinct rows, than components, or a column is empty or of a spread whose square cannot be held, or all
    are constant. Warns with a ConstantColumnWarning if some columns are constant.
    """
    used = weights > 0
    n_used = int(used.sum())
    if n_used < n_components:
        raise ValueError(
            f"Expected n_samples >= n_components but got n_components = {n_components}, n_samples = {n_used} "
            "with positive weight: lower n_components"
        )
    low, high = extremes(rows, None if used.all() else used)
    empty = np.flatnonzero(low > high)
    if len(empty):
        raise ValueError(f"column {label_of(names, empty[0])} has no observed value: leave it out")
    constant = np.flatnonzero(low == high)
    every = [_value(cell) for cell in shown(low[None])[0]] if len(constant) else []
    if len(constant) == len(low):
        reason = "n_samples = 1" if n_used == 1 else f"every value is {every[0]}"
        others = ", as all are" if len(low) > 1 else ""
        raise ValueError(
            f"column {label_of(names, 0)} is constant ({reason}){others}: there is nothing to learn from"
        )
    if len(constant):
        warnings.warn(_constant(constant, every, names), ConstantColumnWarning, stacklevel=stacklevel)
    with np.errstate(over="ignore", under="ignore"):
        spread = (high - low).astype(np.float64)
        square = spread**2 * n_used
    extreme = np.flatnonzero(~(((square > LEAST_SQUARE) | (low == high)) & np.isfinite(square)))
    if len(extreme):
        column = extreme[0]
        raise ValueError(
            f"column {label_of(names, column)} spans {spread[column]:g}, the square of which is beyond "
            "double precision: choose another unit for it"
        )
    distinct: set[bytes] = set()
    for row in np.flatnonzero(used):
        distinct.add(rows[row].tobytes())
        if len(distinct) >= n_components:
            return
    raise ValueError(
        f"X has {count(len(distinct), 'distinct row')} for {count(n_components, 'component')}: lower "
        "n_components"
    )


def _value(cell: object) -> str:
    value = np.asarray(cell).item()
    return f"{value:g}" if isinstance(value, float) else repr(value)


def _constant(constant: NDArray[np.intp], values: list[str], names: list[str] | None) -> str:
    """What is to be said of constant columns."""
    listed = ", ".join(label_of(names, column) for column in constant[:MOST_COLUMNS_NAMED])
    if len(constant) > MOST_COLUMNS_NAMED:
        listed += f" and {len(constant) - MOST_COLUMNS_NAMED} more"
    if len(constant) == 1:
        what = f"column {listed} is constant (every value is {values[constant[0]]}): it says"
    else:
        what = f"columns {listed} are constant: they say"
    return f"{what} nothing about components; leave out what cannot vary in rows to come either"


MOST_PAIRS_NAMED = 6
NEVER_TOGETHER, EMPTY = "never observed together", "empty"  # kinds of findings


def undetermined(pairs: NDArray[np.int64], names: list[str] | None, *, by_prior: bool) -> tuple[Finding, ...]:
    """Name the pairs of columns that are never observed together, if there are any."""
    if not len(pairs):
        return ()
    taken = (
        "what is said of it comes from the prior"
        if by_prior
        else "they are taken to be independent given the other columns"
    )
    message = (
        f"columns {pairs_in_words(pairs, names)} are never observed together: the data do not determine how "
        f"they depend on each other given the other columns, and {taken}"
    )
    which = tuple((int(i), int(j)) for i, j in pairs)
    return (Finding(NEVER_TOGETHER, message, "column", which, severity=CAUTION),)


def dropped(
    empty: NDArray[np.bool_],
    names: list[str] | None,
    remedy: str = "keep_empty_features=True keeps such columns, filled with 0",
) -> tuple[Finding, ...]:
    """Name the columns that are left out because they have no observed value, if there are any."""
    found = np.flatnonzero(empty)
    if not len(found):
        return ()
    columns = ", ".join(label_of(names, column) for column in found[:MOST_PAIRS_NAMED])
    more = f" and {len(found) - MOST_PAIRS_NAMED} more" if len(found) > MOST_PAIRS_NAMED else ""
    message = f"no value is observed of column {columns}{more}, which the output leaves out; {remedy}"
    return (Finding(EMPTY, message, "column", tuple(found.tolist()), severity=CAUTION),)


def pairs_in_words(pairs: NDArray[np.int64], names: list[str] | None) -> str:
    """Pairs of columns by name, the first few of them."""
    listed = [f"{label_of(names, i)} and {label_of(names, j)}" for i, j in pairs[:MOST_PAIRS_NAMED]]
    more = [count(len(pairs) - MOST_PAIRS_NAMED, "more pair")] if len(pairs) > MOST_PAIRS_NAMED else []
    return "; ".join([*listed, *more])


def warn_of(diagnostics: Iterable[Finding], stacklevel: int = 3) -> None:
    """Warn of each.

    Warns with an UndeterminedWarning with the words of the finding.
    """
    for found in diagnostics:
        warnings.warn(str(found), UndeterminedWarning, stacklevel=stacklevel)
