"""Extremes of the columns of a table with missing cells."""

from __future__ import annotations

from typing import Any

import numpy as np

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
