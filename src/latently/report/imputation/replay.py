"""How cells came to be filled in, step by step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from typing import Any

import numpy as np

from latently.checks.arrays import Array
from latently.estimators.imputation.base import BaseImputer
from latently.report.interactive.replay import MOST_ROWS, Replay, moments, shown_run
from latently.report.interactive.scatter import cells_view, chosen_rows


def imputation_replay(
    imputer: BaseImputer, names: Sequence[str], x: Array, fill: Callable[[Any, Array], Array]
) -> Replay | None:
    """A run of EM; None where there is nothing to see.

    `names` and x are the columns and rows as the model of the imputer reads them, NaN where a cell is
    missing; ``fill(imputer, x)`` fills these in.
    """
    mixture = imputer.mixture_
    ranked = np.argsort(-np.isnan(x).sum(axis=0), kind="stable").tolist()
    rows = chosen_rows(np.asarray(np.isnan(x).any(axis=1)), MOST_ROWS)
    source = mixture._of_rows(x[rows], np.ones(len(rows)))
    run = shown_run(mixture, source, len(x))
    if run is None:
        return None
    seen, _ = moments(mixture, run, source)
    filled = []
    for moment in seen:
        then = copy(imputer)
        then.mixture_ = moment
        filled.append(fill(then, x[rows]))
    return run.replay("scatter", "component", cells_view(names, len(x), x[rows], rows, filled, seen, ranked))
