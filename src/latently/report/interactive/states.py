"""A series and the states along it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import Array
from latently.report.interactive.encoding import cells, packed, shares
from latently.report.interactive.scatter import lines_of

if TYPE_CHECKING:
    from latently.report.segmentation.analysis import SegmentationAnalysis

MOST_TIMES = 1_200
MOST_BYTES = 250_000
MOST_COLUMNS = 4


def states_view(
    a: SegmentationAnalysis, moments: Sequence[object], x: Array, resp: Sequence[Array], n: int
) -> dict[str, Any]:
    """A hidden Markov model: the series, and the probabilities of the states along it.

    `moments` is the model at each step, with the smoothed probabilities of x, the first time steps of n in
    all.
    """
    chosen = a.discriminative[:MOST_COLUMNS]
    room = max(MOST_BYTES // (len(moments) * a.n_components), 50)
    each = -(-len(x) // min(MOST_TIMES, room))
    starts = np.arange(0, len(x), each)
    size = np.minimum(each, len(x) - starts)
    seen = np.where(np.isnan(x), 0.0, x)
    known = np.add.reduceat(~np.isnan(x), starts, axis=0)
    with np.errstate(invalid="ignore"):
        mean = np.where(known > 0, np.add.reduceat(seen, starts, axis=0) / known, np.nan)[:, chosen]
    weights = [one.mean(axis=0) for one in resp]
    low, high = np.nanmin(mean, axis=0), np.nanmax(mean, axis=0)
    columns: list[dict[str, Any]] = [{"name": a.names[j]} for j in chosen]
    if a.symbols:
        columns[0]["categories"] = [str(symbol) for symbol in a.symbols]
    time = np.arange(len(x)) if a.time is None else np.asarray(a.time)
    return {
        "n_rows": n,
        "n_columns": len(a.names),
        "n_shown": len(x),
        "each": each,
        "columns": columns,
        "time": _as_text(time[starts]),
        "time_name": a.time_name,
        "new": np.flatnonzero(np.isin(starts, a.offsets[1:-1])).tolist(),
        "low": low.tolist(),
        "high": high.tolist(),
        "points": cells(mean, low, high),
        "resp": shares([np.add.reduceat(one, starts, axis=0) / size[:, None] for one in resp]),
        "weights": packed(weights),
        "lines": lines_of(moments, weights, a.names, n, "state", a.discriminative),
    }


def _as_text(time: NDArray[Any]) -> list[str]:
    """Times as briefly as they can be told apart: dates without the hour where it is always the same."""
    if time.dtype.kind != "M":
        return [str(one) for one in time]
    days = (time == time.astype("datetime64[D]")).all()
    unit = "D" if days else "m" if (time == time.astype("datetime64[m]")).all() else "s"
    return [str(one).replace("T", " ") for one in time.astype(f"datetime64[{unit}]")]
