"""What is seen in each state or component: its distribution, and what is thought to come from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import Array
from latently.estimators.likelihood import LikelihoodEstimator
from latently.plots.arguments import FEATURES, picture
from latently.plots.canvas import Look, literal, panels_of, plain, title, wrapped
from latently.plots.features import position
from latently.plots.hmm.looks import fill, legend, line
from latently.plots.hmm.observed import EMITTING, categories_of, names_of, observed, source, state_names
from latently.plots.palette import INK, colour, shades
from latently.plots.skew import DENSITY, ladder, logarithmic, on_axis, set_logarithmic
from latently.wording import count, share, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_FEATURES = 3
MOST_SYMBOLS = 30
MOST_BARS = 120
MOST_COUNTS = 150  # values that have a bar each
N_POINTS = 400
N_DRAWS = 1000  # of each state, to see how far it reaches
SHADE = 0.25


class Seen(NamedTuple):
    """What is known of a feature, and how likely each component is there."""

    cells: Array
    resp: Array


@picture(EMITTING, features=FEATURES)
def emissions(
    model: LikelihoodEstimator,
    X: object = None,
    *,
    lengths: object = None,
    features: Sequence[int | str] | None = None,
    ax: object = None,
) -> Any:
    """Draw the distribution of the observations in each state of a chain, or component of a mixture.

    Symbols and counts have bars, numbers curves. With data, each distribution is multiplied by the share of
    the time steps in the state, and what is observed stands beside it, every time step shared out among the
    states by their smoothed probabilities: a line far from its shading is a state whose family does not fit.

    Parameters
    ----------
    model : estimator
        A hidden Markov model or a mixture, fitted. A family with several features must accept missing cells,
        by which one is shown alone.
    X : array-like of shape (n_steps, n_features), or a list of such, optional
        The sequences.
    features : sequence of int or str, optional
        Positions or names of the features to show, a panel each. Default: the first three.
    ax : array of Axes, optional
        Where to draw, one for each feature shown. Default: a new figure.

    Returns
    -------
    array of Axes
        The axes drawn on. Of more than thirty symbols those of the greatest probabilities are drawn; more
        than 120 bars become a map, without what was observed.

    Raises
    ------
    ValueError
        If a feature does not exist or has no observed cell, the family cannot show one of several alone, or
        `ax` has another number of panels.

    Examples
    --------
    >>> from latently import PoissonHMM, datasets, plots
    >>> counts = datasets.load_earthquakes().data
    >>> model = PoissonHMM(3, random_state=0).fit(counts)
    >>> plots.emissions(model, counts)[0].get_title(loc="left")
    'Distributions in 3 states'
    """
    names = names_of(model)
    if features is None:
        chosen = list(range(min(MOST_FEATURES, len(names))))
    else:
        chosen = [position(feature, names) for feature in features]
    values = resp = None
    if X is not None:
        values = observed(model, X, lengths).values
        _, resp = model._posterior(source(model, X, lengths))
        for j in chosen:
            if np.isnan(values[:, j]).all():
                raise ValueError(f"every cell of '{names[j]}' is missing: leave X out, or the feature")
    panels = panels_of(ax, len(chosen))
    labels, symbols = state_names(model), None
    for panel, j in zip(panels, chosen, strict=True):
        symbols = categories_of(model, j)
        plain(panel).set_xlabel(wrapped(names[j]))
        seen = None
        if values is not None and resp is not None:
            there = ~np.isnan(values[:, j])
            seen = Seen(values[there, j], resp[there])
        if symbols is not None:
            _symbols(panel, model, j, symbols, seen, labels)
        else:
            _numbers(panel, model, j, seen, labels)
    if resp is not None:
        labels = [f"{name}: {share(p)}" for name, p in zip(labels, resp.mean(axis=0), strict=True)]
    mapped = symbols is not None and _too_many(model.n_components, len(symbols))
    if not mapped:
        legend(panels[-1], labels, 0.6)
    _say(panels[0], model, len(chosen), len(names), symbols, resp is not None and not mapped)
    return panels


def _symbols(
    ax: Axes, model: LikelihoodEstimator, j: int, symbols: list[str], seen: Seen | None, labels: list[str]
) -> None:
    """A group of bars for each symbol; a dash is how often it was seen."""
    prob = _density(model, j, np.arange(len(symbols))).T
    K, n = prob.shape
    kept = np.sort(np.argsort(-prob.max(axis=0), kind="stable")[:MOST_SYMBOLS])
    at = np.arange(len(kept))
    long = max(len(symbols[j]) for j in kept) * len(kept) > 45
    ax.set_xticks(at, [literal(shortened(symbols[j], 24)) for j in kept], rotation=90 if long else 0)
    if _too_many(K, n):
        _map(ax, prob[:, kept], model._model.latent.label)
        return
    width = 0.8 / K
    for k in range(K):
        x = at + (k - (K - 1) / 2) * width
        ax.bar(x, prob[k, kept], 0.92 * width, zorder=2, label=labels[k], **fill(k, 0.6))
        if seen is not None and seen.resp[:, k].sum() > 0:
            often = np.bincount(seen.cells.astype(np.int64), seen.resp[:, k], n) / seen.resp[:, k].sum()
            ax.hlines(often[kept], x - 0.46 * width, x + 0.46 * width, colors=INK, linewidth=1.6, zorder=3)
    ax.grid(False, axis="x")
    ax.set_ylabel("probability")


def _too_many(n_states: int, n_symbols: int) -> bool:
    """Whether bars could not be told apart."""
    return n_states * min(n_symbols, MOST_SYMBOLS) > MOST_BARS


def _map(ax: Axes, prob: Array, label: str) -> None:
    """A row for each state, a column for each symbol: where there are too many for bars."""
    K, n = prob.shape
    mesh = ax.pcolormesh(
        np.arange(n + 1) - 0.5, np.arange(K + 1) - 0.5, np.ma.masked_equal(prob, 0.0), cmap=shades(), vmin=0
    )
    ax.grid(False)
    ax.set(ylim=(K - 0.5, -0.5), ylabel=label)
    ax.locator_params(axis="y", integer=True)
    ax.figure.colorbar(mesh, ax=ax, label="probability", location="bottom", aspect=40)


def _numbers(ax: Axes, model: LikelihoodEstimator, j: int, seen: Seen | None, labels: list[str]) -> None:
    """A curve, or an outline of bars, for each state over the histogram of what is thought to be its own."""
    counted = _counted(model, j)
    low, high = _range(model, j, seen)
    log = False
    if seen is not None and not counted and logarithmic(seen.cells):
        log = True
        set_logarithmic(ax)
        low = max(low, seen.cells.min() / 2)
    at = ladder(low, high, N_POINTS, log)
    if counted and high - low < N_POINTS:
        at = np.arange(np.floor(low), np.ceil(high) + 1)
    elif counted:
        at = np.unique(np.round(at))
    outlined = counted and len(at) <= MOST_COUNTS
    if outlined:
        ax.locator_params(axis="x", integer=True)
    density = _density(model, j, at) * (1.0 if seen is None else seen.resp.mean(axis=0))
    density = on_axis(density, at[:, None], log)
    if seen is not None:
        edges = _bins(seen.cells, counted, model._model.emission.ends(j), log)
        widths = np.diff(np.log10(edges) if log else edges)
    for k in range(model.n_components):
        look: Look = {"color": colour(k), "linestyle": line(k), "linewidth": 1.6, "zorder": 4}
        if seen is not None:
            heights = np.histogram(seen.cells, edges, weights=seen.resp[:, k])[0] / len(seen.cells) / widths
            ax.stairs(heights, edges, fill=True, zorder=2, **fill(k, SHADE))
        if outlined:
            bars = np.append(at - 0.5, at[-1] + 0.5)
            if seen is None:
                ax.stairs(density[:, k], bars, fill=True, zorder=2, **fill(k, SHADE))
            ax.stairs(density[:, k], bars, label=labels[k], **look)
        else:
            if seen is None:
                ax.fill_between(at, density[:, k], zorder=2, **fill(k, SHADE))
            ax.plot(at, density[:, k], label=labels[k], **look)
    if seen is not None:
        ax.plot(at, density.sum(axis=1), color=INK, linewidth=1.0, zorder=5, label="all")
    ax.set_ylim(bottom=0)
    ax.set_ylabel("probability" if counted else DENSITY[log])


def _bins(column: Array, counted: bool, ends: tuple[float, float] | None, log: bool) -> Array:
    """Edges of a histogram; counts have bins of whole numbers of values."""
    found = np.histogram_bin_edges(np.log10(column) if log else column, bins="fd", range=ends)
    n = int(np.clip(len(found), 20, 80))
    if not counted:
        return 10 ** np.linspace(found[0], found[-1], n) if log else np.linspace(found[0], found[-1], n)
    width = max(1, round((found[-1] - found[0]) / n))
    return np.arange(column.min() - 0.5, column.max() + 0.5 + width, width)


def _counted(model: LikelihoodEstimator, j: int) -> bool:
    """Whether all that a feature can be are whole numbers."""
    row = model._model.emission.blank(1, model.n_features_in_)
    row[:, j] = 0.5
    return not model._model.emission.possible(row)[0, j]


def _density(model: LikelihoodEstimator, j: int, at: NDArray[Any]) -> Array:
    """Of one feature by itself, shape (len(at), n_components)."""
    family = model._model.emission
    rows = family.blank(len(at), model.n_features_in_)
    d = rows.shape[1]
    if d > 1 and not family.accepts_missing:
        raise ValueError(
            f"{type(family).__name__} does not accept missing cells, and so cannot show one feature of {d}"
        )
    if d == 1:
        rows = at[:, None]
    rows[:, j] = at
    return np.exp(family.log_density(model.params_.emission, rows))


def _range(model: LikelihoodEstimator, j: int, seen: Seen | None) -> tuple[float, float]:
    """From the least to the greatest of what was seen and of nearly all that states emit."""
    always = model._model.emission.ends(j)
    if always is not None:
        return always
    ends = [] if seen is None or not len(seen.cells) else [seen.cells.min(), seen.cells.max()]
    labels = np.repeat(np.arange(model.n_components), N_DRAWS)
    try:
        drawn = model._model.emission.sample(model.params_.emission, labels, np.random.default_rng(0))
    except NotImplementedError:
        if not ends:
            raise
    else:
        values = drawn[:, j].reshape(model.n_components, N_DRAWS)
        ends = [*ends, *np.quantile(values, [0.001, 0.999], axis=1).ravel()]
    low, high = float(min(ends)), float(max(ends))
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _say(
    ax: Axes, model: LikelihoodEstimator, n_shown: int, n: int, symbols: list[str] | None, given: bool
) -> None:
    label = model._model.latent.label
    notes = [f"each {label} by itself"]
    if given and symbols is not None:
        notes = [f"dashes: seen, shared out by the probabilities of the {label}s"]
    elif given:
        notes = [f"lines: the model; shaded: seen, shared out by the {label}s' probabilities"]
    if symbols is not None and len(symbols) > MOST_SYMBOLS:
        notes.append(f"{MOST_SYMBOLS} of {count(len(symbols), 'symbol')}")
    if n_shown < n:
        notes.append(f"{n_shown} of {count(n, 'feature')}")
    K = model.n_components
    title(ax, f"Distribution{'s' * (K > 1)} in {count(K, label)}", "; ".join(notes))
