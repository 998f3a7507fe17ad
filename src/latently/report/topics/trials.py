"""Fits to nine tenths of the documents: how well they predict the others, and whether topics come back."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import Array
from latently.core.errors import unless_refused
from latently.estimators.latent_dirichlet_allocation import LatentDirichletAllocation
from latently.metrics import held_out_perplexity
from latently.report.topics.collection import Collection

HELD_OUT_SHARE = 0.1
FEWEST_DOCUMENTS = 20  # documents of which a tenth can be held out
MOST_HELD_OUT = 5_000  # held out: more would tell no more


@dataclass(frozen=True)
class Trial:
    """A fit to most of the documents, scored on the others."""

    n_components: int  # number of topics
    perplexity: float  # of half the words of the documents held out, given the other half
    no_topics: float  # the same without topics: by the frequencies of the words alone
    # how many were scored
    n_documents: int
    n_tokens: int
    topic_word: Array  # (n_components, n_words): the topics of this fit


def held_out(collection: Collection, seed: int) -> NDArray[np.bool_] | None:
    """Which documents to hold out; None if there are too few to spare any."""
    full = np.flatnonzero(collection.lengths > 1)
    if len(full) < FEWEST_DOCUMENTS:
        return None
    chosen = np.zeros(collection.n_documents, dtype=bool)
    n = min(MOST_HELD_OUT, round(HELD_OUT_SHARE * len(full)))
    chosen[np.random.default_rng(seed).choice(full, n, replace=False)] = True
    return chosen


def run_trials(
    collection: Collection,
    numbers: Sequence[int],
    seed: int,
    settings: dict[str, Any],
    progress: Callable[[int, int, Any], object] = lambda i, n, at: None,
) -> list[Trial]:
    """Fit each number of topics to the same nine tenths of the documents.

    The seed chooses the documents held out. Fits start from another one, the next, so that what they have in
    common with a fit to all documents is not the start. No trials if there are too few documents, or too few
    words outside of those held out.
    """
    chosen = held_out(collection, seed)
    if chosen is None:
        return []
    counts = collection.counts.tocsr()
    training, others = counts[np.flatnonzero(~chosen)], counts[np.flatnonzero(chosen)]
    seen = np.asarray(training.sum(axis=0)).ravel()
    if np.count_nonzero(seen) < max(numbers):
        return []
    trials = []
    for i, K in enumerate(numbers):
        progress(i, len(numbers), K)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is odd about the documents is told of the fit to all
            model = LatentDirichletAllocation(K, random_state=seed + 1, **settings).fit(training)
            frequencies = (seen / seen.sum())[None]
            alone = unless_refused(partial(held_out_perplexity, others, frequencies, 1.0))
            perplexity = unless_refused(partial(model.perplexity, others))
        if alone is None or perplexity is None:  # no word of the documents held out is in the others
            return []
        trials.append(
            Trial(K, perplexity, alone.perplexity, int(chosen.sum()), alone.n_tokens, model.topic_word_)
        )
    return trials
