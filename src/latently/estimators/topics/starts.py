"""Where the topics of a fit to all documents start from (docs/formulas.md, "CVB0", the start)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import Floats
from latently.core.array_source import ArraySource
from latently.core.choices import FITTED_TIE, falling
from latently.core.em import Settings
from latently.estimators.topics.batch import Task, fit_collapsed
from latently.models.admixture import AdmixtureParams, CollapsedAdmixture, DocumentSource, joined_documents
from latently.models.admixture.merging import merge_seeded

MOST_START_PASSES = 15  # at most
SHAPED_CHANGE = 0.25  # of the greatest change of a pass: topics have taken shape
ENTRIES_EACH = 2**12  # entries for each topic that show its shape


def first_topics(model: CollapsedAdmixture, task: Task, max_iter: int) -> AdmixtureParams:
    """What a few passes of CVB0 find in some documents: twice as many topics, the most alike merged.

    From as many topics as are wanted, at random, two themes often end in one topic and one theme in two,
    which no later pass can mend. With some to spare each theme has one for itself. Seed words say
    which of these belong together, and to what place.
    """
    K, priors, word_prior = model.n_components, task.priors, task.word_prior
    least = word_prior.min(axis=1, keepdims=True)
    excess = word_prior - least
    seeded = np.flatnonzero(excess.any(axis=0))
    few = some_documents(task.source, ENTRIES_EACH * K, task.seed)
    many = replace(priors.fixed(), documents=np.tile(priors.documents / 2, 2))
    passes = Settings(0.0, min(MOST_START_PASSES, max_iter))
    smaller = replace(task, source=few, priors=many, word_prior=least)
    em = smaller.collapsed(replace(model, n_components=2 * K))
    found = fit_collapsed(em, smaller, passes, between=_until_shaped).params
    counts = np.maximum(found.topic_word - least, 0.0)
    topic_word = np.zeros((len(counts), K), model.dtype)
    known, groups = merge_seeded(counts, K, excess[:, seeded])
    topic_word[:, seeded], others = _sums(counts, known), _sums(counts, groups)
    sizes = others.sum(axis=0)
    free = [k for k in falling(priors.documents, FITTED_TIE * priors.documents.max()) if k not in seeded]
    largest = falling(sizes, FITTED_TIE * sizes.sum())
    topic_word[:, free[: len(sizes)]] = others[:, largest]  # the largest has the largest prior, and so on
    topic_word *= tokens(task.source) / tokens(few)
    topic_word += word_prior
    return AdmixtureParams(topic_word, priors.documents, word_prior)


def _sums(counts: Floats, groups: Sequence[Sequence[int]]) -> Floats:
    """Counts of groups of topics, shape (n_words, n_groups)."""
    return np.array([counts[:, group].sum(axis=1) for group in groups]).reshape(len(groups), len(counts)).T


def _until_shaped(changes: Sequence[float], rested: bool, params: AdmixtureParams) -> AdmixtureParams | None:
    """Go on until the change of the passes has gone through its maximum, and well down from it."""
    return params if changes[-1] > SHAPED_CHANGE * max(changes) else None


def some_documents(source: DocumentSource, n_entries: int, seed: np.uint64) -> DocumentSource:
    """Documents with at least so many entries, if there are; which, follows from what they hold.

    So the order of documents does not matter, nor where they lie, and of equal ones, which count once, all
    are there or none.
    """
    if source.n_rows <= n_entries:
        return source
    marks, sizes = map(np.concatenate, zip(*source.each(partial(_lowest, n_entries, seed)), strict=True))
    distinct, where = np.unique(marks, return_index=True)
    enough = np.searchsorted(sizes[where].cumsum(), n_entries)
    last = distinct[min(int(enough), len(distinct) - 1)]
    return joined_documents(source.each(partial(_up_to, last, seed)), source.block_rows)


def _lowest(n_entries: int, seed: np.uint64, source: ArraySource) -> tuple[Floats, Floats]:
    """The lowest marks of documents with so many entries in all, or of all there are, and their entries."""
    used, marks = _marks(source, seed)
    distinct, where = np.unique(marks, return_index=True)
    sizes = np.diff(np.asarray(source.offsets))[used[where]]
    n = int(np.searchsorted(sizes.cumsum(), n_entries)) + 1
    return distinct[:n], sizes[:n]


def _up_to(last: np.uint64, seed: np.uint64, source: ArraySource) -> ArraySource:
    """The documents with marks no higher."""
    used, marks = _marks(source, seed)
    return source.take(used[marks <= last])


def _marks(source: ArraySource, seed: np.uint64) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Documents that count, and random numbers that follow from what each holds."""
    from latently.kernels.topics.streams import GOLDEN, fingerprints

    prints = fingerprints(source.x.words, source.x.counts.astype(np.float64), source.offsets)
    used = np.flatnonzero(source.weights > 0)
    marks: NDArray[np.uint64] = (prints[used] ^ np.uint64(seed)) * GOLDEN
    return used, marks


def tokens(source: DocumentSource) -> float:
    """Tokens of documents, weights applied."""
    return sum(source.each(lambda some: float(some.row_weights @ some.x.counts.astype(np.float64))))
