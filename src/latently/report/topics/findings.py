"""What was found in documents, in words."""

from __future__ import annotations

import numpy as np

from latently.report.topics.analysis import TopicsAnalysis
from latently.wording import count, listed, number, share

BACK = 0.5


def headline(a: TopicsAnalysis) -> str:
    """The first sentence."""
    return f"{count(a.n_topics, 'topic')} in the {count(a.n_documents, 'document')} of {a.source}"


def findings(a: TopicsAnalysis) -> list[str]:
    """Sentences, the most important first; the topics themselves are told by `topics_in_words`."""
    said = [
        _documents(a),
        _left_out(a),
        _empty(a),
        _truth(a),
        _choice(a),
        _held_out(a),
        _coherence(a),
        _back(a),
    ]
    return [sentence for sentence in said if sentence]


def topics_in_words(a: TopicsAnalysis) -> list[str]:
    """A sentence for each topic, with ten words ranked by relevance."""
    return [
        f"Topic {k}, {share(a.shares[k])} of all words: {', '.join(words)}."
        for k, words in enumerate(a.top_words)
    ]


def _documents(a: TopicsAnalysis) -> str:
    c = a.collection
    lengths = c.lengths[a.full]
    return (
        f"{count(c.n_documents, 'document')} of {count(c.n_words, 'different word')}, "
        f"{count(c.n_tokens, 'word')} in all: {number(np.median(lengths))} in the middle one "
        f"({number(lengths.min())} to {number(lengths.max())})."
    )


def _left_out(a: TopicsAnalysis) -> str:
    c = a.collection
    if not c.left_out:
        return "No word was left out."
    reasons = listed(
        count(one.n_words, one.why.removesuffix("s"))
        if one.why == "stop words"
        else f"{count(one.n_words, 'word')} {one.why}"
        for one in c.left_out
    )
    lost = c.n_tokens_before - c.n_tokens
    if not lost:
        return f"Left out: {reasons}."
    return (
        f"Left out: {reasons}; together {share(lost, c.n_tokens_before)} of the {c.n_tokens_before:,} words."
    )


def _empty(a: TopicsAnalysis) -> str:
    n = len(a.collection.empty)
    if not n:
        return ""
    have, their = ("has", "its") if n == 1 else ("have", "their")
    return (
        f"{count(n, 'document')} {have} no words left: {their} topics are not known, and the cell is empty."
    )


def _truth(a: TopicsAnalysis) -> str:
    if a.agreement is None or a.truth is None:
        return ""
    plain, above = a.agreement
    n = len({label for label in a.truth.labels if label})
    said = (
        f"Against the {count(n, 'label')} of {a.truth.name}, which the model never saw: adjusted Rand index "
        f"{number(plain, 2)} by the likeliest topic of each document (1 is the same division, 0 is chance)"
    )
    if abs(above - plain) >= 0.02:
        said += (
            f"; {number(above, 2)} by the topic that is most above its average, as a general topic may be "
            "the likeliest of many documents"
        )
    return said + "."


def _choice(a: TopicsAnalysis) -> str:
    if len(a.trials) < 2:
        return ""
    ranked = sorted(a.trials, key=lambda trial: trial.perplexity)
    best, second = ranked[:2]
    return (
        f"{count(best.n_components, 'topic')} foretell documents held out best among "
        f"{len(a.trials)} numbers tried (perplexity {number(best.perplexity)}); next come "
        f"{count(second.n_components, 'topic')} ({number(second.perplexity)}). People may find another "
        "number easier to read."
    )


def _held_out(a: TopicsAnalysis) -> str:
    if a.trial is None:
        return ""
    t = a.trial
    return (
        f"Held-out perplexity {number(t.perplexity)}, against {number(t.no_topics)} without topics: a model "
        f"of the other documents guesses a word of the {count(t.n_documents, 'document')} held out as well "
        f"as if it were one among {number(t.perplexity)} alike. It compares models of the same documents and "
        "words, and does not say whether people find the topics meaningful."
    )


def _coherence(a: TopicsAnalysis) -> str:
    scores = a.coherence
    low, high = int(scores.per_topic.argmin()), int(scores.per_topic.argmax())
    where = "windows of ten words" if a.by_windows else "documents"
    said = f"Coherence (c_npmi of the ten likeliest words, in {where}) is {number(scores.mean, 2)} on average"
    if a.n_topics > 1:
        said += (
            f", from {number(scores.per_topic[low], 2)} (topic {low}) to {number(scores.per_topic[high], 2)} "
            f"(topic {high})"
        )
    return (
        said + ". Near 1 the words of a topic always stand together, at 0 as often as by chance. It says "
        "nothing of how well topics cover the documents."
    )


def _back(a: TopicsAnalysis) -> str:
    if a.came_back is None or a.n_topics < 2:
        return ""
    back = int((a.came_back >= BACK).sum())
    return (
        f"{back} of {count(a.n_topics, 'topic')} came back (cosine of at least {BACK:g}) when nine tenths of "
        "the documents were fitted from another start."
    )
