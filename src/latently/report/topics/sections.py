"""A topic model on a page: what was found, the pictures, the numbers, how to go on, how it was computed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from latently.report.figure import Figure
from latently.report.page import (
    Markup,
    Section,
    bullets,
    code,
    definitions,
    figures,
    page,
    paragraph,
    table,
    tiles,
    warning,
)
from latently.report.topics import tables
from latently.report.topics.analysis import TopicsAnalysis
from latently.report.topics.cautions import cautions
from latently.report.topics.figures import topics_figures
from latently.report.topics.findings import findings, headline
from latently.version import __version__
from latently.wording import count, number

INFERENCES = {
    "cvb0": "collapsed variational Bayes of zero order (CVB0), which has no objective",
    "vb": "variational Bayes, begun by CVB0, with a bound that never falls",
    "online": "stochastic CVB0 over minibatches",
    "online_vb": "stochastic variational Bayes over minibatches",
}
LOADED = """\
import latently

model = latently.load("model.latently")
model.top_words(10, relevance=0.6)
model.transform({X})           # what new documents have of each topic
model.transform_interval({X})  # and how sure that is
"""


def topics_page(a: TopicsAnalysis, pictures: Sequence[Figure] | None = None) -> str:
    """The whole page of one topic model.

    Parameters
    ----------
    a : TopicsAnalysis
        The model and how it came about.
    pictures : sequence of Figure, optional
        Those to show. Default: `topics_figures`.

    Returns
    -------
    str
        HTML that needs no other file.
    """
    first, *more = findings(a)
    doubts = cautions(a)
    careful = [warning("What to be careful about", doubts)] if doubts else []
    sections = [
        Section("What was found", [_tiles(a), bullets(more), *careful]),
        Section("Topics", [table(tables.topics(a))]),
        Section("Pictures", [figures(topics_figures(a) if pictures is None else pictures)]),
        *([Section("Numbers", [numbers(a)])] if numbers(a) else []),
        Section("How to go on", _going_on(a)),
        Section("How it was computed", [how(a)]),
    ]
    return page(headline(a), first, sections, f"latently {__version__}")


def _tiles(a: TopicsAnalysis) -> Markup:
    c = a.collection
    facts = [
        ("topics", f"{a.n_topics}"),
        ("documents", f"{c.n_documents:,}"),
        ("different words", f"{c.n_words:,}"),
        ("words in all", f"{c.n_tokens:,}"),
        ("coherence (c_npmi)", number(a.coherence.mean, 2)),
    ]
    if a.trial is not None:
        facts.append(("held-out perplexity", number(a.trial.perplexity)))
    if a.agreement is not None:
        facts.append(("adjusted Rand index", number(a.agreement[0], 2)))
    return tiles(facts)


def numbers(a: TopicsAnalysis) -> Markup:
    """Its tables besides that of the topics: the truth, the numbers tried."""
    return Markup("".join(table(one) for one in (tables.truth(a), tables.perplexity(a)) if one is not None))


def _going_on(a: TopicsAnalysis) -> list[Markup]:
    texts = a.collection.texts is not None
    return [
        definitions(
            [
                (
                    "documents.csv",
                    "The documents without their texts, with the likeliest topic and all shares.",
                ),
                ("topics.csv", "A line for each topic: its share, its documents, its words."),
                (
                    f"latently predict model.latently {'new.csv --text-column text' if texts else 'new.dat'}",
                    "The topics of new documents.",
                ),
                ("model.latently", "The model, to be loaded:"),
            ]
        ),
        code(LOADED.format(X="texts" if texts else "counts")),
        paragraph(
            "Numbers of topics mean nothing: another seed may find the same topics in another order, or "
            "others. Read the documents with the largest shares of a topic before giving it a name."
        ),
    ]


def how(a: TopicsAnalysis) -> Markup:
    """How it was computed."""
    model, c = a.model, a.collection
    prior = model.doc_topic_prior_
    least = f"{float(np.min(model.topic_word_prior_)):.4g}"
    facts = [
        ("Software", f"latently {__version__}"),
        ("Model", f"Latent Dirichlet allocation, by {INFERENCES[model.inference]}"),
        *a.settings.items(),
        ("Prior of documents", f"from {prior.min():.3g} to {prior.max():.3g}, by topic"),
        ("Prior of words", f"{least} and more for seed words" if model.seed_words else least),
        (
            "Why it stopped",
            f"{model.stop_reason_}, after {count(model.n_iter_, 'pass').replace('passs', 'passes')}",
        ),
        ("Words", f"{c.n_words:,} different ones, {c.n_tokens:,} of {c.n_tokens_before:,} in all"),
    ]
    if a.trial is not None:
        facts.append(
            (
                "Held out",
                f"{count(a.trial.n_documents, 'document')}, {count(a.trial.n_tokens, 'word')} scored given "
                "the rest of the document (document completion)",
            )
        )
    return definitions(facts)
