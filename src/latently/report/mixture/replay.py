"""How a mixture was found, step by step."""

from __future__ import annotations

import numpy as np

from latently.report.interactive.replay import MOST_ROWS, Replay, moments, shown_run
from latently.report.interactive.scatter import chosen_rows, mixture_view
from latently.report.mixture.analysis import MixtureAnalysis


def mixture_replay(a: MixtureAnalysis) -> Replay | None:
    """A run of EM; None where there is nothing to see."""
    if a.n_components == 1:
        return None
    rows = chosen_rows(np.zeros(a.n_rows, dtype=bool), MOST_ROWS)
    source = a.model._source(a.X).take(rows)
    run = shown_run(a.model, source, a.n_rows)
    if run is None:
        return None
    seen, resp = moments(a.model, run, source)
    content = mixture_view(a, seen, resp, a.rows[rows], rows, a.discriminative)
    return run.replay("scatter", "cluster", content)
