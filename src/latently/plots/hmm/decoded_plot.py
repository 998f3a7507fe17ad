"""True states beside those that were decoded."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from latently.checks.arrays import as_array
from latently.checks.settings import LIST, WHOLE
from latently.estimators.hmm import BaseHMM
from latently.metrics import match_labels, matched_accuracy
from latently.plots.arguments import AXES, picture
from latently.plots.canvas import canvas, literal, title
from latently.plots.hmm.observed import CHAIN, observed
from latently.plots.palette import COLOURS, GRID, INK, NEUTRAL
from latently.wording import count

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WRONG = COLOURS[1]
MOST_LEVELS = 30


@picture(CHAIN, true_states=(LIST,), n=(WHOLE,), ax=AXES)
def decoded(
    model: BaseHMM,
    X: object,
    true_states: ArrayLike,
    n: int = 100,
    *,
    lengths: object = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the true and the decoded states of the first time steps, and mark where they differ.

    Decoded states are first paired with the true ones so that as many time steps as possible agree: their
    numbers are arbitrary. The title counts all time steps, not only those drawn.

    Raises
    ------
    ValueError
        If the true states are not one for each time step, or `n` is less than one.

    See Also
    --------
    latently.metrics.match_labels : How they are paired.

    Examples
    --------
    >>> from latently import CategoricalHMM, datasets, plots
    >>> casino = datasets.load_casino()
    >>> model = CategoricalHMM(2, random_state=0).fit(casino.data)
    >>> rolls, dice = model.sample(500, random_state=1)
    >>> plots.decoded(model, rolls, dice).get_xlabel()
    'time'
    """
    offsets = observed(model, X, lengths).offsets
    path = model.predict(X, lengths=lengths)
    truth = as_array(true_states, "true_states")
    if truth.shape != path.shape:
        raise ValueError(
            f"true_states has shape {truth.shape}, should be {path.shape}: one for each time step"
        )
    found = match_labels(truth, path)
    levels = sorted({*truth.tolist(), *found.tolist()}, key=_by_kind)
    rows = {level: row for row, level in enumerate(levels)}
    n = min(n, len(path))
    true_rows, found_rows = (np.array([rows[v] for v in part[:n].tolist()]) for part in (truth, found))
    wrong = true_rows != found_rows

    ax = canvas(ax)
    ax.grid(False)
    edges = [*offsets[offsets < n].tolist(), n]
    for low, high in pairwise(edges):
        across = np.arange(low, high + 1) - 0.5
        ax.stairs(true_rows[low:high], across, baseline=None, color=NEUTRAL, linewidth=6, alpha=0.6, zorder=2)
        ax.stairs(found_rows[low:high], across, baseline=None, color=INK, linewidth=1.4, zorder=3)
    for boundary in edges[1:-1]:
        ax.axvline(boundary - 0.5, color=INK, linewidth=1.1, linestyle=(0, (4, 3)), zorder=1)
    at = np.flatnonzero(wrong)
    ax.plot(at, found_rows[at], "o", color=WRONG, markersize=4, zorder=4)
    ax.vlines(at, -0.6, len(levels) - 0.4, colors=GRID, linewidth=2, zorder=0)
    named = range(0, len(levels), -(-len(levels) // MOST_LEVELS))
    ax.set_yticks(named, [literal(str(levels[row])) for row in named])
    ax.set(ylim=(-0.6, len(levels) - 0.4), xlim=(-1, n), xlabel="time", ylabel="state")
    ax.locator_params(axis="x", integer=True)
    right = matched_accuracy(truth, path)
    title(
        ax,
        f"Accuracy {_percent(right)} after matching labels",
        f"the first {n:,} of {count(len(path), 'time step')}; grey: true; black: decoded; "
        f"orange: {int(wrong.sum()):,} wrong",
    )
    return ax


def _by_kind(level: object) -> tuple[bool, Any]:
    """Numbers in their order, then names in theirs."""
    return (False, level) if isinstance(level, int | float) else (True, str(level))


def _percent(share: float) -> str:
    if share == 1:
        return "100%"
    return ">99.9%" if share > 0.999 else f"{share:.1%}"
