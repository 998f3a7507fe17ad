"""Topics as circles on a plane, near each other where their words are alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import entr

from latently.checks.arrays import Array
from latently.checks.settings import WHOLE
from latently.estimators.latent_dirichlet_allocation import LatentDirichletAllocation
from latently.plots.arguments import AXES, RELEVANCE, picture
from latently.plots.canvas import Look, canvas, title
from latently.plots.palette import INK, colour, on
from latently.plots.topic_models.labels import lay_out, place_labels
from latently.plots.topic_models.looks import TOPICS, shares, word_names
from latently.wording import count

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COVERED_SHARE = 0.11  # of the axes, by all circles together
MOST_NAMED = 40
OPACITY = 0.35  # of a circle
LEAST_NUMBERED = 5.0  # points: the radius of a circle that has room for its number
ROOM_FOR_WORDS = 64.0  # points left for words on either side, beyond the circles


@picture(TOPICS, n=(WHOLE,), relevance=RELEVANCE, ax=AXES)
def topic_map(
    model: LatentDirichletAllocation, n: int = 3, relevance: float = 0.6, *, ax: Axes | None = None
) -> Axes:
    """Draw a circle for each topic: as large as its share, and near those whose words are alike.

    Distances are Jensen-Shannon distances between topics (square roots of divergences, in nats), laid out on
    a plane by classical multidimensional scaling, as in [1]_.

    Parameters
    ----------
    n : int, default 3
        How many words stand beside a circle, ranked by relevance as in `topics`.

    Returns
    -------
    Axes
        The axes drawn on. Areas are shares of all words. Of more than forty topics the smaller ones have no
        words beside them; nor has a circle beside which there is no room, and one too small to hold its
        number has none inside.

    Raises
    ------
    ValueError
        If `n` is less than one, or `relevance` is not between 0 and 1.

    Notes
    -----
    The directions mean nothing, and two dimensions seldom hold all of the distances: the note above the
    picture says what part of the squared distances they hold. pyLDAvis takes the divergence for a distance;
    its square root is one [2]_, and fits into Euclidean space without a remainder.

    References
    ----------
    .. [1] Sievert, C. and Shirley, K. (2014). LDAvis: a method for visualizing and interpreting topics.
       Proceedings of the Workshop on Interactive Language Learning, Visualization, and Interfaces, 63-70,
       section 4.
    .. [2] Endres, D. M. and Schindelin, J. E. (2003). A new metric for probability distributions. IEEE
       Transactions on Information Theory 49, 1858-1860.

    Examples
    --------
    >>> from latently import LatentDirichletAllocation, plots
    >>> texts = [["apple", "pear", "plum"], ["pear", "plum", "apple"], ["bolt", "nut"], ["nut", "bolt"]]
    >>> model = LatentDirichletAllocation(2, random_state=0).fit(texts)
    >>> plots.topic_map(model).get_title(loc="left")
    'How far 2 topics are apart'
    """
    names, sizes = word_names(model), shares(model)
    order = np.argsort(-model.relevance(relevance), axis=1, kind="stable")[:, :n]
    where, kept = scaled(jensen_shannon(model.topic_word_))
    K = len(sizes)
    ax = canvas(ax)
    title(
        ax,
        f"How far {count(K, 'topic')} are apart" if K > 1 else "A single topic",
        f"Jensen-Shannon distances, {kept:.0%} of their squares; areas are shares of all words",
    )
    radii = _frame(ax, where, sizes)
    largest_first = np.argsort(-sizes, kind="stable")
    middles = ax.transData.transform(where) * 72.0 / ax.figure.dpi
    for k in largest_first:
        look: Look = {"facecolor": [(colour(k), OPACITY)], "edgecolor": colour(k), "zorder": 2}
        ax.scatter(where[k, 0], where[k, 1], s=np.pi * radii[k] ** 2, **look)
        if radii[k] >= LEAST_NUMBERED:
            under = np.hypot(*(middles - middles[k]).T) < radii
            written = on(*((colour(j), OPACITY) for j in largest_first if under[j]))
            ax.annotate(str(k), where[k], ha="center", va="center", fontsize="small", color=written, zorder=4)
    texts = [f"{k}: {', '.join(names[w] for w in order[k])}" for k in largest_first[:MOST_NAMED]]
    place_labels(ax, where[largest_first], radii[largest_first], texts)
    return ax


def jensen_shannon(topics: Array) -> Array:
    """Jensen-Shannon distances between the rows, square roots of divergences in nats, shape (K, K)."""
    K = len(topics)
    own = entr(topics).sum(axis=1)
    divergences = np.zeros((K, K))
    for k in range(K - 1):
        middle = entr(0.5 * (topics[k] + topics[k + 1 :])).sum(axis=1)
        divergences[k, k + 1 :] = middle - 0.5 * (own[k] + own[k + 1 :])
    return np.asarray(np.sqrt(np.maximum(divergences + divergences.T, 0.0)))


def scaled(distances: Array) -> tuple[Array, float]:
    """Points on a plane at about these distances, and the part of their squares that the plane holds.

    Classical multidimensional scaling (Torgerson 1952): the leading eigenvectors of the doubly centred
    squares.
    """
    K = len(distances)
    squares = -0.5 * distances**2
    centred = squares - squares.mean(axis=0) - squares.mean(axis=1)[:, None] + squares.mean()
    values, vectors = np.linalg.eigh(centred)
    first = np.argsort(-values, kind="stable")[:2]
    points = np.zeros((K, 2))
    points[:, : len(first)] = vectors[:, first] * np.sqrt(np.maximum(values[first], 0.0))
    # An eigenvector has no sign of its own: the point farthest out is put on the right, or the top.
    for axis in points.T:
        if axis[np.abs(axis).argmax()] < 0:
            axis *= -1.0
    total = np.maximum(values, 0.0).sum()
    return points, float(np.maximum(values[first], 0.0).sum() / total) if total > 0 else 1.0


def _frame(ax: Axes, where: Array, sizes: Array) -> Array:
    """Equal scales without numbers, for the directions mean nothing; the radii of the circles in points."""
    ax.axhline(0.0, color=INK, linewidth=0.4, alpha=0.4, zorder=1)
    ax.axvline(0.0, color=INK, linewidth=0.4, alpha=0.4, zorder=1)
    ax.grid(False)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_visible(False)
    lay_out(ax)
    box = ax.get_window_extent()
    room = np.array([box.width, box.height]) * 72.0 / ax.figure.dpi
    radii = np.sqrt(COVERED_SHARE * room.prod() * sizes / np.pi)
    low, high = where.min(axis=0), where.max(axis=0)
    free = np.maximum(room - 2 * radii.max() - [2 * ROOM_FOR_WORDS, 16.0], 0.2 * room)
    unit = max(float(((high - low) / free).max()), 1e-6)  # of the axes, in a point
    (left, bottom), (right, top) = 0.5 * (low + high - unit * room), 0.5 * (low + high + unit * room)
    ax.set(xlim=(left, right), ylim=(bottom, top))
    return np.asarray(radii)
