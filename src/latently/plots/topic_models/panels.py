"""The classic demonstration of a topic model: what topics documents have, and what words topics have."""

from __future__ import annotations

from typing import Any

from latently.checks.settings import WHOLE
from latently.estimators.latent_dirichlet_allocation import LatentDirichletAllocation
from latently.plots.arguments import picture
from latently.plots.canvas import panels_of
from latently.plots.topic_models.looks import TOPICS
from latently.plots.topic_models.maps import document_topics, topic_words


@picture(TOPICS, n=(WHOLE,))
def topics_panels(
    model: LatentDirichletAllocation, X: object = None, n: int = 20, *, ax: object = None
) -> Any:
    """Draw documents by topics beside topics by words.

    Raises
    ------
    ValueError
        As `document_topics`; or if `ax` has not two panels.

    Examples
    --------
    >>> from latently import LatentDirichletAllocation, plots
    >>> texts = [["apple", "pear", "plum"], ["pear", "plum", "apple"], ["bolt", "nut"], ["nut", "bolt"]]
    >>> model = LatentDirichletAllocation(2, random_state=0).fit(texts)
    >>> [panel.get_ylabel() for panel in plots.topics_panels(model)]
    ['document', 'topic']
    """
    left, right = panels = panels_of(ax, 2)
    document_topics(model, X, n, ax=left)
    topic_words(model, ax=right)
    return panels
