"""What a fit has to say of its data, for people to read and for programs to act upon."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from latently.core.errors import UndeterminedWarning
from latently.core.findings import CAUTION, Finding
from latently.estimators.inputs import label_of

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
    more = [f"{len(pairs) - MOST_PAIRS_NAMED} more pairs"] if len(pairs) > MOST_PAIRS_NAMED else []
    return "; ".join([*listed, *more])


def warn_of(diagnostics: Iterable[Finding], stacklevel: int = 3) -> None:
    """Warn of each.

    Warns with an UndeterminedWarning with the words of the finding.
    """
    for found in diagnostics:
        warnings.warn(str(found), UndeterminedWarning, stacklevel=stacklevel)
