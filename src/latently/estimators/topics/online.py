"""Fits of topic models that see a minibatch at a time, of data in memory or of a stream."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np

from latently.core.array_source import ArraySource
from latently.core.backends import Backend
from latently.core.blocks import Block
from latently.core.callbacks import INTERRUPTED, STOPPED
from latently.core.em import Settings
from latently.estimators.topics.batch import Task, fit_collapsed
from latently.models.admixture import (
    CollapsedAdmixture,
    DocumentSource,
    Passing,
    Schedule,
    Stream,
    StreamingAdmixture,
    joined_documents,
    tokens_of,
)

FIRST_DOCUMENTS, FIRST_PASSES, FIRST_TOL = 256, 10, 1e-2
# What the first counts weigh, as a part of all tokens. Expected logs of small counts tell nothing of them.
FIRST_SHARE = {True: 1.0, False: 0.0005}


def seed_of(rng: np.random.Generator) -> np.uint64:
    """A seed of 63 bits."""
    return np.uint64(rng.integers(2**63))


def minibatches(source: DocumentSource, size: int) -> Iterator[Block]:
    """The documents of a source, some at a time, in their order."""
    left: list[ArraySource] = []  # fewer than a minibatch
    for piece in source.pieces():
        some = joined_documents([*left, piece], piece.block_rows) if left else piece
        whole = len(some) - len(some) % size
        yield from _cut(some, range(0, whole, size), size)
        left = [some.take(np.arange(whole, len(some)))] if whole < len(some) else []
    for some in left:
        yield from _cut(some, range(1), size)


def _cut(source: ArraySource, starts: range, size: int) -> Iterator[Block]:
    offsets: Any = source.offsets
    for start in starts:
        stop = min(start + size, len(source))
        low, high = offsets[start], offsets[stop]
        yield Block(source.x[low:high], source.weights[start:stop], offsets[start : stop + 1] - low, start)


def begin(task: Task, variational: bool) -> Stream:
    """Counts of what CVB0 finds in the first documents that have words, in relation to all tokens.

    Steps that start from noise keep much of it: a topic that means nothing is corrected by one minibatch
    after the other, each time by less.
    """
    source, priors, word_prior, n_tokens = task.source, task.priors, task.word_prior, task.n_tokens
    some = joined_documents(source.each(_first_documents), source.block_rows)
    block = next(minibatches(some, FIRST_DOCUMENTS))
    stream = Stream.begin(np.zeros((len(word_prior), len(priors.documents)), task.dtype))
    words, local = stream.local(block)
    first = ArraySource(local.x, local.weights, local.offsets, source.block_rows)
    model = CollapsedAdmixture(len(priors.documents), len(words), task.dtype.name)
    base = priors.words[words, None]
    prior = base + (word_prior[words] - base) * (tokens_of(block) / n_tokens)  # seeds, as of these documents
    smaller = replace(task, source=first, priors=priors.fixed(), word_prior=prior)
    found = fit_collapsed(smaller.collapsed(model), smaller, Settings(FIRST_TOL, FIRST_PASSES))
    counts = np.maximum(found.params.topic_word - prior, 0.0)
    seeded = word_prior.shape[1] > 1  # in units of tokens: so must the counts be
    stream.raw[words] = counts * (
        FIRST_SHARE[variational or seeded] * n_tokens / max(counts.sum(), n_tokens * 1e-9)
    )
    return Stream.begin(stream.raw, float(source.weights.sum()))


def _first_documents(source: ArraySource) -> ArraySource:
    sizes = np.diff(np.asarray(source.offsets))
    return source.take(np.flatnonzero((sizes > 0) & (source.weights > 0))[:FIRST_DOCUMENTS])


@dataclass(frozen=True)
class OnlineMap:
    """What passes over minibatches follow from, as a journal asks for it."""

    model: StreamingAdmixture
    source: DocumentSource
    fixed: tuple[str, ...] = ()


def run_through(
    em: OnlineMap,
    at: Passing,
    size: int,
    n_documents: float,
    schedule: Schedule,
    settings: Settings,
    backend: Backend,
) -> tuple[Passing, str]:
    """Go through minibatches of so many documents `max_iter` times; where that ended, and why."""
    journal = backend.journal
    how = settings, n_documents, (size, schedule.decay, schedule.offset)
    key, found = journal.find(em, at, *how) if journal else ("", None)
    at = found or at
    try:
        while at.n_passes < settings.max_iter:
            for block in islice(minibatches(em.source, size), at.n_seen, None):
                rate = schedule.weight(at.stream.n_steps)
                at.step(em.model, block, n_documents, rate, backend)
                if journal and journal.due:
                    journal.note(key, None, deepcopy(at), np.inf, None)
            if at.ended(settings.callbacks):
                return at, STOPPED
    except KeyboardInterrupt:
        if not (journal and journal.ends_here()):
            raise
        whole = Stream.begin(
            at.stream.counts, at.stream.n_documents, at.stream.n_steps
        )  # perhaps amid a step
        return replace(at, stream=whole), INTERRUPTED
    return at, f"made max_iter={settings.max_iter} {'pass' if settings.max_iter == 1 else 'passes'}"
