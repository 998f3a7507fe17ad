"""How the states of a series were found, step by step."""

from __future__ import annotations

import numpy as np

from latently.plots.hmm.observed import observed
from latently.report.interactive.replay import MOST_ROWS, Replay, moments, shown_run
from latently.report.interactive.states import states_view
from latently.report.segmentation.analysis import SegmentationAnalysis


def segmentation_replay(a: SegmentationAnalysis) -> Replay | None:
    """A run of EM on the series, or on what it begins with; None where there is nothing to see."""
    if a.n_components == 1:
        return None
    n = min(a.n_rows, MOST_ROWS)
    lengths = np.diff(np.minimum(a.offsets, n))
    lengths, part = lengths[lengths > 0].tolist(), a.X[:n]
    source = a.model._source(part, lengths=lengths)
    run = shown_run(a.model, source, a.n_rows)
    if run is None:
        return None
    seen, resp = moments(a.model, run, source)
    values = observed(a.model, part, lengths).values.reshape(n, -1).astype(np.float64)
    return run.replay("states", "state", states_view(a, seen, values, resp, a.n_rows))
