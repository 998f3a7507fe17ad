"""The numbers of a topic model, as tables."""

from __future__ import annotations

import numpy as np

from latently.report.table import Table
from latently.report.topics.analysis import RELEVANCE, TopicsAnalysis
from latently.wording import number, share

MOST_LABELS = 20
MOST_TOPICS = 20


def topics(a: TopicsAnalysis) -> Table:
    """A line for each topic: its words, its share, its documents, its coherence."""
    heads = ["topic", "share", "documents", "coherence"]
    columns = [
        [share(part) for part in a.shares],
        [f"{size:,}" for size in a.sizes],
        # Adding zero turns minus zero into zero.
        [number(round(score, 2) + 0.0, 2) for score in a.coherence.per_topic],
    ]
    if a.came_back is not None:
        heads.append("came back")
        columns.append([number(cosine, 2) for cosine in a.came_back])
    rows = [
        [f"topic {k}", *cells, ", ".join(a.top_words[k])]
        for k, cells in enumerate(zip(*columns, strict=True))
    ]
    note = (
        f"Words by relevance ({RELEVANCE:g}): likely in the topic, and likelier there than elsewhere. The "
        "share is that of all words; documents are counted by their likeliest topic."
    )
    if a.came_back is not None:
        note += " The last number is the cosine with the same topic of a fit to nine tenths of the documents."
    return Table("Topics", [*heads, "words"], rows, note, prose=frozenset({len(heads)}))


def truth(a: TopicsAnalysis) -> Table | None:
    """How many documents of each true label have which likeliest topic; None where it is too large."""
    if a.truth is None or not a.known.any() or a.n_topics > MOST_TOPICS:
        return None
    true = np.array(a.truth.labels)
    names = list(dict.fromkeys(true[a.known].tolist()))
    if len(names) > MOST_LABELS:
        return None
    rows, best = [], set()
    for i, name in enumerate(names):
        counts = np.bincount(a.likeliest[a.known & (true == name)], minlength=a.n_topics)
        rows.append([name, *(f"{n:,}" if n else "" for n in counts)])
        best.add((i, 1 + int(counts.argmax())))
    return Table(
        f"{a.truth.name} and likeliest topic",
        ["", *(f"topic {k}" for k in range(a.n_topics))],
        rows,
        "Documents. The largest number of each line is marked.",
        frozenset(best),
    )


def perplexity(a: TopicsAnalysis) -> Table | None:
    """Held-out perplexity by the number of topics; None if only one was tried."""
    if len(a.trials) < 2:
        return None
    trials = sorted(a.trials, key=lambda trial: trial.n_components)
    best = min(range(len(trials)), key=lambda i: trials[i].perplexity)
    return Table(
        "Held-out perplexity by number of topics",
        ["topics", *(str(trial.n_components) for trial in trials)],
        [["perplexity", *(number(trial.perplexity) for trial in trials)]],
        f"Lower is better; the best is marked. Without topics: {number(trials[0].no_topics)}.",
        frozenset({(0, 1 + best)}),
    )
