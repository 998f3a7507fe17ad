"""What a fit has to say of its data, for people to read and for programs to act upon."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latently.core.errors import UndeterminedWarning
from latently.estimators.inputs import label_of

MOST_NAMED = 6
NEVER_TOGETHER = "never observed together"


@dataclass(frozen=True)
class Diagnostic:
    """Something that a user of a fit should know.

    Attributes
    ----------
    kind : str
        What it is, for programs: "never observed together", "prior" or "empty".
    columns : tuple of tuple of int
        Positions of the columns it is about, those that belong together as one entry.
    message : str
        What it is, in words.
    """

    kind: str
    columns: tuple[tuple[int, ...], ...]
    message: str


def undetermined(
    pairs: NDArray[np.int64], names: list[str] | None, *, by_prior: bool
) -> tuple[Diagnostic, ...]:
    """Name the pairs of columns that are never observed together, if there are any.

    Parameters
    ----------
    pairs : array of int of shape (n_pairs, 2)
        Their positions.
    names : list of str or None
        Names of the columns.
    by_prior : bool
        Whether there is a prior that fills the gap.
    """
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
    return (Diagnostic(NEVER_TOGETHER, tuple((int(i), int(j)) for i, j in pairs), message),)


def dropped(empty: NDArray[np.bool_], names: list[str] | None) -> tuple[Diagnostic, ...]:
    """Name the columns that are left out because they have no observed value, if there are any.

    Parameters
    ----------
    empty : array of bool of shape (d,)
        Which columns.
    names : list of str or None
        Names of the columns.
    """
    found = np.flatnonzero(empty)
    if not len(found):
        return ()
    listed = ", ".join(label_of(names, column) for column in found[:MOST_NAMED])
    more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    message = (
        f"no value is observed of column {listed}{more}, which the output leaves out; "
        "keep_empty_features=True keeps such columns, filled with 0"
    )
    return (Diagnostic("empty", tuple((int(column),) for column in found), message),)


def pairs_in_words(pairs: NDArray[np.int64], names: list[str] | None) -> str:
    """Pairs of columns by name, the first few of them."""
    listed = [f"{label_of(names, i)} and {label_of(names, j)}" for i, j in pairs[:MOST_NAMED]]
    more = [f"{len(pairs) - MOST_NAMED} more pairs"] if len(pairs) > MOST_NAMED else []
    return "; ".join([*listed, *more])


def tell(diagnostics: Iterable[Diagnostic], stacklevel: int = 3) -> None:
    """Warn of each.

    Warns
    -----
    UndeterminedWarning
        With the words of the diagnostic.
    """
    for diagnostic in diagnostics:
        warnings.warn(diagnostic.message, UndeterminedWarning, stacklevel=stacklevel)
