"""The words of each topic, as bars."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from latently.checks.settings import LIST, WHOLE
from latently.estimators.latent_dirichlet_allocation import LatentDirichletAllocation
from latently.plots.arguments import RELEVANCE, picture
from latently.plots.canvas import given_axes, grid_axes, plain, title
from latently.plots.palette import INK, NEUTRAL, colour
from latently.plots.topic_models.looks import TOPICS, chosen_topics, overall, shares, shortened, word_names
from latently.wording import count, share

MOST_TOPICS = 12
PALE = (NEUTRAL, 0.4)


@picture(TOPICS, n=(WHOLE,), relevance=RELEVANCE, topics=(LIST, None))
def topics(
    model: LatentDirichletAllocation,
    n: int = 10,
    relevance: float = 0.6,
    *,
    topics: Iterable[int] | None = None,
    ax: object = None,
) -> Any:
    """Draw the words of each topic by relevance: how likely in the topic, and how likely in all texts.

    Parameters
    ----------
    n : int, default 10
        How many words of each topic.
    relevance : float, default 0.6
        How they are ranked: 1 by their probability in the topic, 0 by how much likelier they are there than
        elsewhere, and between the two by the weighted mean of both logarithms [1]_.
    topics : iterable of int, optional
        Numbers of the topics to draw. Default: all, but of more than twelve the largest twelve.
    ax : array of Axes, optional
        Where to draw, one for each topic shown. Default: a new figure.

    Returns
    -------
    array of Axes
        The axes drawn on, one for each topic shown. A wide bar is the probability of the word in all texts,
        a narrow one its probability in the topic. Each panel has a scale of its own.

    Raises
    ------
    ValueError
        If `n` is less than one, `relevance` is not between 0 and 1, a topic does not exist, or `ax` has
        another number of panels.

    References
    ----------
    .. [1] Sievert, C. and Shirley, K. (2014). LDAvis: a method for visualizing and interpreting topics.
       Proceedings of the Workshop on Interactive Language Learning, Visualization, and Interfaces, 63-70,
       section 3.1.

    Examples
    --------
    >>> from latently import LatentDirichletAllocation, plots
    >>> texts = [["apple", "pear", "plum"], ["pear", "plum", "apple"], ["bolt", "nut"], ["nut", "bolt"]]
    >>> model = LatentDirichletAllocation(2, random_state=0).fit(texts)
    >>> panels = plots.topics(model, 3)
    >>> panels[0].get_title(loc="left")
    'Topic 0, 60% of all words'
    """
    ranks = model.relevance(relevance)
    shown = chosen_topics(model, topics, MOST_TOPICS)
    panels = grid_axes(len(shown)) if ax is None else given_axes(ax, len(shown))
    names, of_all, sizes = word_names(model), overall(model), shares(model)
    order = np.argsort(-ranks, axis=1, kind="stable")[:, :n]
    for panel, k in zip(panels, shown, strict=True):
        words, at = order[k], np.arange(len(order[k]))
        plain(panel).barh(at, of_all[words], 0.82, color=PALE, edgecolor=NEUTRAL, linewidth=0.5, zorder=2)
        panel.barh(at, model.topic_word_[k, words], 0.46, color=colour(k), zorder=3)
        panel.set_yticks(at, shortened([names[word] for word in words]), fontsize="small", color=INK)
        panel.set(xlim=(0, None), ylim=(len(at) - 0.4, -0.6))
        panel.tick_params(axis="y", length=0)
        panel.set_xlabel("probability", fontsize="small")
        panel.grid(False, axis="y")
        panel.locator_params(axis="x", nbins=4)
        title(panel, f"Topic {k}, {share(sizes[k])} of all words", "")
    _say(panels[0], len(shown), len(sizes), f"relevance {relevance:g}", asked=topics is not None)
    return panels


def _say(ax: Any, n_shown: int, K: int, how: str, asked: bool) -> None:
    """How to read all of them, above the first."""
    some = f"; {n_shown} of {count(K, 'topic')}" + ("" if asked else ", the largest") if n_shown < K else ""
    ax.texts[-1].set_in_layout(False)  # it may reach over the next panel, and is not to widen this one
    ax.texts[-1].set_text(f"{how}; bars: probability in the topic, pale: in all texts{some}")
