"""The pictures of a topic model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from latently import plots
from latently.plots.canvas import plain, title
from latently.plots.palette import COLOURS
from latently.plots.topic_models.bars import MOST_TOPICS
from latently.report.figure import Figure, narrow_first
from latently.report.topics.analysis import N_WORDS, RELEVANCE, TopicsAnalysis
from latently.wording import count

N_DOCUMENTS = 20
MOST_MAPPED = 200
ACROSS, LINE = 4, 2.9


def topics_figures(a: TopicsAnalysis) -> list[Figure]:
    """The pictures of a topic model, without those that would show nothing."""
    figures = list(_figures(a))
    return narrow_first([*figures, _words(a, wide=len(figures) % 2 == 1)])


def _figures(a: TopicsAnalysis) -> Iterator[Figure]:
    yield _bars(a)
    if 1 < a.n_topics <= MOST_MAPPED:
        text = (
            "Topics near each other have words in common. The directions mean nothing, and a plane seldom "
            "holds all distances: the note says what part it holds."
        )
        yield Figure("topic_map", lambda ax: plots.topic_map(a.model, ax=ax), text)
    if a.n_topics > 1:
        yield _documents(a)
    if len(a.model.history_):
        yield Figure("convergence", lambda ax: plots.convergence(a.model, ax=ax), _of_convergence(a))
    if len(a.trials) > 1:
        text = (
            "How well fits to nine tenths of the documents predict the others. Lower is better; the "
            "difference of near ones means little."
        )
        yield Figure("perplexity", lambda ax: _perplexity(a, ax), text)


def _bars(a: TopicsAnalysis) -> Figure:
    n = min(a.n_topics, MOST_TOPICS)
    some = f" The {n} largest of {a.n_topics} topics; the table has all." if n < a.n_topics else ""
    return Figure(
        "topics",
        lambda axes: plots.topics(a.model, N_WORDS, RELEVANCE, ax=np.atleast_1d(axes)),
        "Ten words of each topic, ranked by relevance: the bar is the probability of the word in the topic, "
        f"the pale one behind it that in all documents. Each panel has its own scale.{some}",
        n_axes=n,
        across=ACROSS,
        line=LINE,
    )


def _documents(a: TopicsAnalysis) -> Figure:
    """Documents at even steps through all that have words."""
    full = np.flatnonzero(a.full)
    chosen = full[np.unique(np.linspace(0, len(full) - 1, min(N_DOCUMENTS, len(full))).round().astype(int))]
    if hasattr(a.model, "doc_topic_"):
        X, rows = None, chosen
    else:
        X, rows = a.collection.counts[chosen], np.arange(len(chosen))
    names = [a.labels[d] for d in chosen]

    def draw(ax: Any) -> None:
        plots.document_topics(a.model, X, documents=rows.tolist(), names=names, ax=ax)

    step = " at even steps through all" if len(full) > N_DOCUMENTS else ""
    documents, have = count(len(chosen), "document"), "has" if len(chosen) == 1 else "have"
    return Figure(
        "document_topics",
        draw,
        f"What {documents}{step} {have} of each topic. Few dark cells in a row: the document is about few "
        "things. A dark column: a topic that all have.",
    )


def _words(a: TopicsAnalysis, wide: bool) -> Figure:
    """As wide as the page, unless it has to stand beside the last of the narrow ones."""
    return Figure(
        "topic_words",
        lambda axes: plots.topic_words(a.model, ax=np.atleast_1d(axes)[0]),
        "The first words of each topic, and what other topics give to them. A column with several cells in "
        "colour is a word of several topics.",
        heights=(4.4,) if wide else (),
    )


def _of_convergence(a: TopicsAnalysis) -> str:
    if a.model.bound_ is None:
        return (
            "How much each pass over the documents changed their topics. This inference has no objective "
            "that could rise; small jumps come where priors are learned."
        )
    return "The lower bound of variational Bayes, which cannot fall. It is no likelihood."


def _perplexity(a: TopicsAnalysis, ax: Any) -> None:
    """Perplexity by number of topics, and without any."""
    trials = sorted(a.trials, key=lambda trial: trial.n_components)
    numbers, values = ([getattr(one, name) for one in trials] for name in ("n_components", "perplexity"))
    plain(ax).plot(numbers, values, "o-", color=COLOURS[0], linewidth=1.6)
    ax.plot(a.n_topics, min(values), "o", markersize=12, fillstyle="none", color=COLOURS[1])
    ax.set(xlabel="topics", ylabel="held-out perplexity")
    ax.locator_params(axis="x", integer=True)
    title(
        ax,
        f"{count(a.n_topics, 'topic')} predict{'s' * (a.n_topics == 1)} best",
        f"without topics: {trials[0].no_topics:,.0f}",
    )
