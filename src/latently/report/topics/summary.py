"""A topic model in numbers, for programs."""

from __future__ import annotations

from typing import Any

import numpy as np

from latently.report.fits import ended
from latently.report.topics.analysis import RELEVANCE, TopicsAnalysis
from latently.version import __version__

N_WORDS = 20  # of each topic


def summary(a: TopicsAnalysis) -> dict[str, Any]:
    """All numbers of a topic model."""
    model, c = a.model, a.collection
    lengths = c.lengths[a.full]
    found: dict[str, Any] = {
        "latently": __version__,
        "input": a.source,
        "n_documents": c.n_documents,
        "empty_documents": (1 + c.empty).tolist(),
        "n_words": c.n_words,
        "n_tokens": c.n_tokens,
        "n_tokens_before": c.n_tokens_before,
        "left_out": [{"why": one.why, "words": one.n_words, "tokens": one.n_tokens} for one in c.left_out],
        "tokens_in_a_document": {"least": lengths.min(), "median": np.median(lengths), "most": lengths.max()},
        "settings": dict(a.settings),
        "inference": model.inference,
        "n_topics": a.n_topics,
        "relevance": RELEVANCE,
        "topics": [_of_topic(a, k, words) for k, words in enumerate(model.top_words(N_WORDS, RELEVANCE))],
        "doc_topic_prior": model.doc_topic_prior_.tolist(),
        "topic_word_prior": model.topic_word_prior_ if np.ndim(model.topic_word_prior_) == 0 else "seeded",
        "coherence": {
            "measure": "c_npmi",
            "of": "windows of 10 words" if a.by_windows else "documents",
            "mean": a.coherence.mean,
        },
        "held_out": None,
        "bound": model.bound_,
        **ended(model),
    }
    if a.trial is not None:
        found["held_out"] = {
            "documents": a.trial.n_documents,
            "tokens": a.trial.n_tokens,
            "perplexity": a.trial.perplexity,
            "perplexity_without_topics": a.trial.no_topics,
        }
    if len(a.trials) > 1:
        found["tried"] = [
            {"n_topics": trial.n_components, "perplexity": trial.perplexity} for trial in a.trials
        ]
    if a.truth is not None and a.agreement is not None:
        found["truth"] = {
            "column": a.truth.name,
            "documents": int(a.known.sum()),
            "adjusted_rand_of_likeliest_topic": a.agreement[0],
            "adjusted_rand_of_topic_most_above_its_mean": a.agreement[1],
        }
    return found


def _of_topic(a: TopicsAnalysis, k: int, words: list[Any]) -> dict[str, Any]:
    columns = np.argsort(-a.model.relevance(RELEVANCE)[k], kind="stable")[: len(words)]
    return {
        "topic": k,
        "share": a.shares[k],
        "documents": a.sizes[k],
        "coherence": a.coherence.per_topic[k],
        "came_back": None if a.came_back is None else a.came_back[k],
        "largest_share_of_one_document": a.concentration[k],
        "words": [
            {"word": str(word), "probability": a.model.topic_word_[k, column]}
            for word, column in zip(words, columns, strict=True)
        ],
    }
