"""A series with its states behind it, and how likely each was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import Array
from latently.checks.settings import BOOLEAN
from latently.estimators.hmm import BaseHMM
from latently.plots.arguments import FEATURES, picture
from latently.plots.canvas import Look, given_axes, literal, plain, stacked_axes, title, wrapped
from latently.plots.features import position
from latently.plots.hmm.looks import fill, legend
from latently.plots.hmm.observed import CHAIN, Observed, observed, state_names
from latently.plots.hmm.steps import Steps, axis, runs, steps
from latently.plots.palette import FAINT, INK
from latently.plots.points import MOST_VECTORS
from latently.wording import count

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_FEATURES = 4
MOST_SEQUENCES = 12
MOST_SYMBOLS = 30
MOST_DOTS = 200
SHADE, STRIP = 0.25, 0.75
MARGIN = 0.06


@picture(CHAIN, features=FEATURES, filtered=(BOOLEAN,))
def states(
    model: BaseHMM,
    X: object,
    *,
    lengths: object = None,
    time: object = None,
    features: Sequence[int | str] | None = None,
    filtered: bool = False,
    ax: object = None,
) -> Any:
    """Draw a series over its likeliest states, and below it their probabilities at each time step.

    Parameters
    ----------
    X : array-like of shape (n_steps, n_features), or a list of such
        The sequences. Several are drawn side by side with a line between them, of more than twelve the
        first. Where there are more than 4,000 time steps, each step of the picture stands for many: the mean,
        their range as a band (of symbols, how often each is seen), the state most of them are in, and mean
        probabilities.
    time : array-like of shape (n_steps,), optional
        Numbers or dates of the rows, rising within each sequence. Where those of several sequences overlap
        the sequences are drawn one after the other. Default: counted from 0.
    features : sequence of int or str, optional
        Positions or names of the features to show, a panel each. Default: the first four.
    filtered : bool, default False
        Whether to draw below the smoothed probabilities, which use the future of each time step, the filtered
        ones, which do not.
    ax : array of Axes, optional
        Where to draw: one for each feature shown, one for the smoothed probabilities and, if asked for, one
        for the filtered ones. Default: a new figure.

    Raises
    ------
    ImpossibleObservationError
        If a sequence is impossible.
    ValueError
        If `X`, `time` or a feature does not fit the model, or `ax` has another number of panels.

    Examples
    --------
    >>> from latently import PoissonHMM, datasets, plots
    >>> earthquakes = datasets.load_earthquakes()
    >>> model = PoissonHMM(3, random_state=0).fit(earthquakes.data)
    >>> panels = plots.states(model, earthquakes.data, time=earthquakes.year)
    >>> panels[0].get_title(loc="left")
    '107 time steps in 3 states'
    """
    seen = observed(model, X, lengths)
    chosen = _chosen(seen.names, features)
    across = axis(time, seen.offsets)
    offsets = seen.offsets[: MOST_SEQUENCES + 1]
    n = int(offsets[-1])
    cut = steps(across.at[:n], offsets)
    path = cut.most_frequent(model.predict(X, lengths=lengths)[:n], model.n_components)
    strips = {"smoothed": model.smooth(X, lengths=lengths)}
    if filtered:
        strips["filtered"] = model.filter(X, lengths=lengths)
    heights = [2.6 if len(chosen) == 1 else 1.5] * len(chosen) + [1.1] * len(strips)
    panels = stacked_axes(heights) if ax is None else given_axes(ax, len(heights))

    for panel, j in zip(panels, chosen, strict=False):
        plain(panel)
        symbols = seen.symbols[j]
        if symbols is None:
            _numbers(panel, seen.values[:n, j], cut)
        else:
            _symbols(panel, seen.values[:n, j], cut, symbols)
        panel.set_ylabel(wrapped(seen.names[j], 28 if len(chosen) == 1 else 16))
        _shade(panel, path, cut)
    for panel, (name, probabilities) in zip(panels[len(chosen) :], strips.items(), strict=True):
        _strip(plain(panel), cut.mean(probabilities[:n]), cut)
        panel.set_ylabel(name)
    for panel in panels:
        panel.set_xlim(cut.left[0], cut.right[-1])
        for boundary in np.flatnonzero(cut.new)[1:]:
            between = (cut.right[boundary - 1] + cut.left[boundary]) / 2
            panel.axvline(between, color=INK, linewidth=1.1, linestyle=(0, (4, 3)), zorder=6)
        panel.label_outer()
    across.finish(panels[-1])
    panels[0].figure.align_ylabels(panels)
    legend(panels[0], state_names(model), SHADE + 0.2)
    _say(panels[0], seen, cut, chosen, model.n_components, filtered)
    return panels


def _chosen(names: list[str], features: Sequence[int | str] | None) -> list[int]:
    if features is None:
        return list(range(min(MOST_FEATURES, len(names))))
    if not len(features):
        raise ValueError("features is empty: name at least one")
    return [position(feature, names) for feature in features]


def _numbers(ax: Axes, values: Array, cut: Steps) -> None:
    """A line with gaps where times are missing; of many time steps to a step their mean and range."""
    low, high = cut.extremes(values)
    mean = cut.mean(values)
    at = cut.broken(cut.middle)
    if cut.each > 1:
        band: Look = {"color": INK, "alpha": 0.3, "linewidth": 0, "step": "mid"}
        ax.fill_between(at, cut.broken(low), cut.broken(high), zorder=3, **band)
    ax.plot(at, cut.broken(mean), color=INK, linewidth=1.0, zorder=4)
    dots = _alone(cut.broken(mean)) if len(mean) > MOST_DOTS else slice(None)
    ax.plot(at[dots], cut.broken(mean)[dots], ".", color=INK, markersize=4.5, zorder=4)
    if np.isfinite(low).any():
        bottom, top = np.nanmin(low), np.nanmax(high)
        margin = MARGIN * (top - bottom) or 0.5
        ax.set_ylim(bottom - margin, top + margin)


def _alone(values: Array) -> NDArray[np.bool_]:
    """Which values have missing ones on both sides: no line shows them."""
    seen = np.concatenate([[False], ~np.isnan(values), [False]])
    return np.asarray(seen[1:-1] & ~seen[:-2] & ~seen[2:])


def _symbols(ax: Axes, values: Array, cut: Steps, symbols: list[str]) -> None:
    """A dot for each symbol; of many time steps to a step, the darker the more often it is seen."""
    n = len(symbols)
    if cut.each == 1:
        ax.plot(cut.middle, values, ".", color=INK, markersize=4.5 if len(values) <= 500 else 2.5, zorder=4)
    else:
        shares = cut.mean(np.where(np.isnan(values)[:, None], np.nan, values[:, None] == np.arange(n)))
        spans = np.column_stack([cut.left, cut.right - cut.left])
        sharp: Look = {"linewidth": 0, "antialiased": False, "zorder": 4}
        for k in range(n):
            here = shares[:, k] > 0
            shades = [(INK, share) for share in 0.9 * shares[here, k] / np.nanmax(shares)]
            ax.broken_barh(spans[here].tolist(), (k - 0.4, 0.8), facecolors=shades, **sharp)
    if n <= MOST_SYMBOLS:
        ax.set_yticks(range(n), [literal(symbol) for symbol in symbols])
    else:
        ax.locator_params(axis="y", integer=True)
    ax.set_ylim(-0.6, n - 0.4)


def _shade(ax: Axes, path: NDArray[np.int64], cut: Steps) -> None:
    """The state behind the series, over the whole height."""
    spans: dict[int, list[tuple[float, float]]] = {}
    for first, last in runs(path, cut.new):
        spans.setdefault(int(path[first]), []).append((cut.left[first], cut.right[last] - cut.left[first]))
    ax.grid(False)
    for k, ranges in spans.items():
        behind: Look = {"transform": ax.get_xaxis_transform(), "zorder": 0}
        ax.broken_barh(ranges, (0, 1), label=f"state {k}", **behind, **fill(k, SHADE))


def _strip(ax: Axes, probabilities: Array, cut: Steps) -> None:
    """Probabilities of the states, one above the other."""
    breaks = 2 * np.flatnonzero(cut.new)[1:]
    at = np.insert(np.column_stack([cut.left, cut.right]).ravel(), breaks, np.nan)
    total = np.zeros(len(probabilities))
    for k, column in enumerate(probabilities.T):
        below, total = total, total + column
        low, high = (np.insert(np.repeat(edge, 2), breaks, np.nan) for edge in (below, total))
        raster = probabilities.size > MOST_VECTORS  # edges as fine as pixels become some
        ax.fill_between(at, low, high, label=f"state {k}", zorder=2, rasterized=raster, **fill(k, STRIP))
    ax.grid(False)
    ax.set(ylim=(0, 1), yticks=[0, 0.5, 1])
    ax.tick_params(axis="y", colors=FAINT)


def _say(ax: Axes, seen: Observed, cut: Steps, chosen: list[int], n_states: int, filtered: bool) -> None:
    n, n_sequences = len(seen.values), len(seen.offsets) - 1
    text = f"{count(n, 'time step')} in {count(n_states, 'state')}"
    notes = ["shaded: the likeliest path; below: probabilities given the whole series"]
    if filtered:
        notes[0] += ", then given the rows up to each"
    if n_sequences > 1:
        text = f"{count(n_sequences, 'sequence')}, {text}"
    if n_sequences > MOST_SEQUENCES:
        notes.append(f"the first {MOST_SEQUENCES} sequences")
    if len(chosen) < len(seen.names):
        notes.append(f"{len(chosen)} of {count(len(seen.names), 'feature')}")
    if cut.each > 1:
        kinds = {seen.symbols[j] is None: None for j in chosen}
        shown = " or ".join("mean and range" if numbers else "shares" for numbers in kinds)
        notes.append(f"each step is {cut.each:,} time steps: {shown}")
    title(ax, text, "; ".join(notes))
