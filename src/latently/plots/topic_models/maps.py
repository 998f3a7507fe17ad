"""Documents by topics and topics by words, as heat maps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from latently.checks.arrays import Array
from latently.checks.settings import LIST, WHOLE
from latently.estimators.latent_dirichlet_allocation import LatentDirichletAllocation
from latently.plots.arguments import AXES, RELEVANCE, picture
from latently.plots.canvas import canvas, heat_map, literal, title
from latently.plots.topic_models.looks import TOPICS, existing, shares, shortened, word_names
from latently.wording import count

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEW_LABELS = 30  # up to here a vocabulary is shown as a whole
MOST_NUMBERS = 20
LABEL_WIDTH = 9.0  # points that a word takes, written upwards


@picture(TOPICS, n=(WHOLE,), documents=(LIST, None), names=(LIST, None), ax=AXES)
def document_topics(
    model: LatentDirichletAllocation,
    X: object = None,
    n: int = 20,
    *,
    documents: Iterable[int] | None = None,
    names: Sequence[str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a map of some documents by topics: what each has of each.

    Parameters
    ----------
    documents : iterable of int, optional
        Positions of the documents to draw, instead of the first ones.
    names : sequence of str, optional
        What the documents drawn are called. Default: their positions.

    Returns
    -------
    Axes
        The axes drawn on: documents from the top down, topics from left to right, the share of the topic in
        the document as colour.

    Raises
    ------
    ValueError
        If `n` is less than one, a document does not exist, `names` are not as many as the documents drawn, or
        `X` is not given and the model was fitted online and keeps no documents.

    Examples
    --------
    >>> from latently import LatentDirichletAllocation, plots
    >>> texts = [["apple", "pear", "plum"], ["pear", "plum", "apple"], ["bolt", "nut"], ["nut", "bolt"]]
    >>> model = LatentDirichletAllocation(2, random_state=0).fit(texts)
    >>> plots.document_topics(model).get_title(loc="left")
    'Topics of 4 documents'
    """
    found = _document_topics(model, X)
    shown = list(range(min(n, len(found))))
    if documents is not None:
        shown = existing("documents", documents, len(found), "positions of documents")
    labels = (
        [str(document) for document in shown]
        if names is None
        else [literal(name) for name in shortened([str(name) for name in names], 30)]
    )
    if len(labels) != len(shown):
        raise ValueError(f"names are {len(labels)}, and {count(len(shown), 'document')} are drawn")
    ax = canvas(ax)
    _draw(ax, found[shown], shortened(labels, 30), [str(k) for k in range(found.shape[1])], "share", 1.0)
    ax.set(xlabel="topic", ylabel="document" if names is None else "")
    title(ax, f"Topics of {count(len(shown), 'document')}", f"of {len(found):,}; each row sums to one")
    return ax


@picture(TOPICS, n=(WHOLE,), relevance=RELEVANCE, ax=AXES)
def topic_words(
    model: LatentDirichletAllocation, n: int = 3, relevance: float = 0.6, *, ax: Axes | None = None
) -> Axes:
    """Draw a map of topics by words: the probability of each word in each topic.

    Parameters
    ----------
    n : int, default 3
        How many words of each topic, ranked by relevance as in `topics`. A vocabulary of at most thirty words
        is drawn as a in its own order.

    Returns
    -------
    Axes
        The axes drawn on: topics from the top down, words from left to right. Where there is no room for the
        words of all topics, the largest topics are drawn.

    Raises
    ------
    ValueError
        If `n` is less than one, or `relevance` is not between 0 and 1.

    Examples
    --------
    >>> from latently import LatentDirichletAllocation, plots
    >>> texts = [["apple", "pear", "plum"], ["pear", "plum", "apple"], ["bolt", "nut"], ["nut", "bolt"]]
    >>> model = LatentDirichletAllocation(2, random_state=0).fit(texts)
    >>> plots.topic_words(model).get_title(loc="left")
    '2 topics by 5 words'
    """
    ranks = model.relevance(relevance)
    ax = canvas(ax)
    rows, words = _shown(
        model, ranks, n, int(ax.get_window_extent().width * 72 / ax.figure.dpi / LABEL_WIDTH)
    )
    names = word_names(model)
    table = model.topic_word_[np.ix_(rows, words)]
    columns = shortened([names[w] for w in words])
    _draw(ax, table, [str(k) for k in rows], columns, "probability", table.max())
    ax.set(xlabel="" if model.vocabulary_ is not None else "word", ylabel="topic")
    K, V = ranks.shape
    how = "all words" if len(words) == V else f"the first {n} of each topic at relevance {relevance:g}"
    some = f"; of {count(K, 'topic')} the largest" if len(rows) < K else ""
    title(ax, f"{count(len(rows), 'topic')} by {count(len(words), 'word')}", how + some)
    return ax


def _document_topics(model: LatentDirichletAllocation, X: object) -> Array:
    if X is not None:
        return np.asarray(model.transform(X))
    found = getattr(model, "doc_topic_", None)
    if found is None or not len(found):
        raise ValueError("the model keeps no topics of documents (it was fitted online): give them as X")
    return np.asarray(found)


def _shown(model: LatentDirichletAllocation, ranks: Array, n: int, room: int) -> tuple[list[int], list[int]]:
    """Topics and columns to draw: all of a small vocabulary, otherwise the first words of each topic."""
    K, V = ranks.shape
    if V <= FEW_LABELS:
        return list(range(K)), list(range(V))
    order = np.argsort(-ranks, axis=1, kind="stable")[:, :n]
    rows: list[int] = []
    words: set[int] = set()
    for k in np.argsort(-shares(model), kind="stable").tolist():
        more = words.union(order[k].tolist())
        if rows and len(more) > room:
            break
        rows, words = [*rows, k], more
    rows.sort()
    return rows, list(dict.fromkeys(word for k in rows for word in order[k].tolist()))


def _draw(ax: Axes, table: Array, rows: list[str], columns: list[str], what: str, top: float) -> None:
    """A map with a name for each row and column, as far as they can be read."""
    n, m = table.shape
    mesh = heat_map(ax, table, 1 if max(n, m) <= FEW_LABELS else 0.2, vmax=top)
    for axis, names in ((ax.xaxis, columns), (ax.yaxis, rows)):
        step = -(-len(names) // MOST_NUMBERS) if all(name.isdecimal() for name in names) else 1
        axis.set_ticks(np.arange(len(names))[::step] + 0.5, names[::step])
    ax.tick_params(axis="y", labelsize="small" if n <= 24 else "x-small")
    ax.tick_params(axis="x", labelsize="small" if m <= 24 else "x-small")
    if not all(name.isdecimal() for name in columns) and sum(map(len, columns)) > 60:
        ax.tick_params(axis="x", labelrotation=90)
    ax.figure.colorbar(mesh, ax=ax, label=what, shrink=0.8, aspect=30)
