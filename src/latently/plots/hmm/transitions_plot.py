"""Where states lead: a map of the transition probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latently.checks.arrays import Array
from latently.estimators.hmm import BaseHMM
from latently.latent.stationary import closed_classes
from latently.plots.arguments import AXES, picture
from latently.plots.canvas import Look, canvas, heat_map, title, write
from latently.plots.hmm.observed import CHAIN
from latently.plots.palette import on
from latently.wording import count, share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_NUMBERS = 16  # states whose numbers can be read
DURATIONS, SHARES = 44, 80  # points from the map to the right ends of the two columns


@picture(CHAIN, ax=AXES)
def transitions(model: BaseHMM, *, ax: Axes | None = None) -> Axes:
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
    few = K <= MOST_NUMBERS
    mesh = heat_map(ax, np.ma.masked_equal(transmat, 0.0), 2 if few else 0.5, vmax=1)
    ax.set(xlabel="to state", ylabel="from state")
    states = range(0, K, 1 if few else 5)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_ticks([k + 0.5 for k in states], [str(k) for k in states])
    if few:
        size = float(np.clip(84 / K, 6.5, 11))
        for i, j in np.argwhere(transmat > 0):
            *shade, alpha = mesh.to_rgba(transmat[i, j])
            written = on((shade, alpha))
            look: Look = {"ha": "center", "va": "center", "fontsize": size, "color": written}
            ax.text(j + 0.5, i + 0.5, _number(transmat[i, j]), **look)
    else:
        ax.figure.colorbar(mesh, ax=ax, label="probability", location="bottom", aspect=40)
    unique = len(closed_classes(transmat > 0)) == 1
    _notes(ax, transmat, model.get_stationary_distribution() if unique else None, states)
    shares = ", and share of all time steps" if unique else ""
    title(ax, f"Transitions between {count(K, 'state')}", f"right: mean duration of a visit{shares}")
    return ax


def _notes(ax: Axes, transmat: Array, shares: Array | None, rows: range) -> None:
    """Durations and, if there are any, shares, in columns to the right of the rows."""
    size = "small" if len(transmat) <= MOST_NUMBERS else "x-small"
    columns = [(DURATIONS, "steps", [_duration(transmat[i, i]) for i in rows])]
    if shares is not None:
        columns.append((SHARES, "share", [share(shares[i]) for i in rows]))
    for right, head, entries in columns:
        look: Look = {"xycoords": ax.get_yaxis_transform(), "ha": "right"}
        write(ax, head, (1, 0), (right, 6), va="bottom", **look)
        for i, text in zip(rows, entries, strict=True):
            write(ax, text, (1, i + 0.5), (right, 0), va="center", fontsize=size, **look)


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
