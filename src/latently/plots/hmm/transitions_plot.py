"""Where states lead: a map of the transition probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from latently.latent.stationary import closed_classes
from latently.plots.arguments import AXES, CHAIN, picture
from latently.plots.canvas import canvas, title
from latently.plots.hmm.looks import shades
from latently.plots.hmm.observed import state_names
from latently.plots.palette import FAINT, INK
from latently.wording import count, share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_NUMBERS = 16  # states whose numbers can be read
DARK = 0.6  # from here on numbers are white
DURATIONS, SHARES = 44, 80  # points from the map to the right ends of the two columns


@picture(model=CHAIN, ax=AXES)
def transitions(model: Any, *, ax: Axes | None = None) -> Axes:
    """Draw a map of the transition probabilities, from row to column.

    On the right stand how many time steps a visit to a state lasts on average, and its share of all in the
    long run. Transitions that cannot happen are left blank.

    Returns
    -------
    Axes
        The axes drawn on. Of more than sixteen states the numbers are left out.

    References
    ----------
    .. [1] Rabiner, L. R. (1989). A tutorial on hidden Markov models and selected applications in speech
       recognition. Proceedings of the IEEE 77, 257-286, section II.A: the mean duration of a visit is
       1 / (1 - p), with p the probability to stay.

    Examples
    --------
    >>> from latently import PoissonHMM, datasets, plots
    >>> model = PoissonHMM(3, random_state=0).fit(datasets.load_earthquakes().data)
    >>> plots.transitions(model).get_title(loc="left")
    'Transitions between 3 states'
    """
    ax = canvas(ax)
    transmat = np.asarray(model.transmat_)
    K = len(transmat)
    mesh = ax.pcolormesh(
        np.arange(K + 1),
        np.arange(K + 1),
        np.ma.masked_equal(transmat, 0.0),
        cmap=shades(),
        vmin=0,
        vmax=1,
        edgecolors="white",
        linewidth=2 if K <= MOST_NUMBERS else 0.5,
    )
    ax.grid(False)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    ax.set(ylim=(K, 0), xlabel="to state", ylabel="from state")
    ticks = np.arange(K) + 0.5
    short = [name.removeprefix("state ") for name in state_names(model)]
    ax.set_xticks(ticks, short)
    ax.set_yticks(ticks, short)
    if K <= MOST_NUMBERS:
        size = float(np.clip(84 / K, 6.5, 11))
        for i, j in np.argwhere(transmat > 0):
            ax.text(
                j + 0.5,
                i + 0.5,
                _number(transmat[i, j]),
                ha="center",
                va="center",
                fontsize=size,
                color="white" if transmat[i, j] > DARK else INK,
            )
    else:
        ax.set_xticks(ticks[::5], short[::5])
        ax.set_yticks(ticks[::5], short[::5])
        ax.figure.colorbar(mesh, ax=ax, label="probability", location="bottom", aspect=40)
    unique = len(closed_classes(transmat > 0)) == 1
    _notes(ax, transmat, model.get_stationary_distribution() if unique else None)
    shares = ", and share of all time steps" if unique else ""
    title(ax, f"Transitions between {count(K, 'state')}", f"right: mean duration of a visit{shares}")
    return ax


def _notes(ax: Axes, transmat: Any, shares: Any) -> None:
    """Durations and, if there are any, shares, in columns to the right of the rows."""
    K = len(transmat)
    size = "small" if K <= MOST_NUMBERS else "x-small"
    rows = range(0, K, 1 if K <= MOST_NUMBERS else 5)
    columns = [(DURATIONS, "steps", [_duration(transmat[i, i]) for i in rows])]
    if shares is not None:
        columns.append((SHARES, "share", [share(shares[i]) for i in rows]))
    for right, head, entries in columns:
        heights = [i + 0.5 for i in rows]
        for height, text in zip([0.0, *heights], [head, *entries], strict=True):
            ax.annotate(
                text,
                (1, height),
                (right, 6 if text == head else 0),
                xycoords=ax.get_yaxis_transform(),
                textcoords="offset points",
                ha="right",
                va="bottom" if text == head else "center",
                fontsize="x-small" if text == head else size,
                color=FAINT,
            )


def _duration(stay: float) -> str:
    """Mean number of steps in a state, from the probability to stay."""
    if stay >= 1:
        return "for ever"
    mean = 1 / (1 - stay)
    return f"{mean:,.1f}" if mean < 99.95 else f"{mean:,.0f}"


def _number(probability: float) -> str:
    """Two digits; what is not zero and not one does not look so."""
    if probability < 0.005:
        return "<.01"
    if 0.995 <= probability < 1:
        return ">.99"
    return "1" if probability == 1 else f"{probability:.2f}".removeprefix("0")
