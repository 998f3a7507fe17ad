"""Fits of topic models that see all documents in every pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from latently.checks.arrays import Floats
from latently.core.backends import Backend
from latently.core.blocks import Block
from latently.core.callbacks import INTERRUPTED
from latently.core.em import FitResult, Settings, run
from latently.core.fixed_point import Between, iterate
from latently.core.memory import MemoryMap
from latently.estimators.topics.priors import Priors
from latently.models.admixture import (
    AdmixtureParams,
    CollapsedAdmixture,
    DocumentSource,
    Remembered,
    SeedAssignments,
    VariationalAdmixture,
)

TopicMap = MemoryMap[AdmixtureParams, Any, Any]
LEARN_FROM, LEARN_EVERY = 20, 10  # passes: before, there are no topics whose priors could be learned
PASSES_BEFORE_VB = 100


@dataclass(frozen=True)
class Task:
    """Documents whose topics are to be found, and from what."""

    source: DocumentSource
    priors: Priors
    word_prior: Floats  # (n_words, n_components), or (n_words, 1) where no seed words add to it
    n_tokens: float
    dtype: np.dtype[Any]  # of tables
    seed: np.uint64
    workers: Backend

    def collapsed(self, model: CollapsedAdmixture) -> TopicMap:
        """CVB0 from tokens in topics at random, but for those that seed words lead."""
        first = partial(_first, model=model, seed=self.seed, seeded=SeedAssignments.of(self.word_prior))
        return MemoryMap(model, self.source.remembering(first, self.workers), self.workers)


@dataclass(frozen=True)
class TopicFit:
    """What a fit leaves."""

    params: AdmixtureParams  # the topics and priors
    # the bound of each iterate, or where there is none the relative change of each pass
    history: tuple[float, ...]
    n_iter: int  # passes
    converged: bool  # whether there was nothing left to gain
    stop_reason: str  # why it ended
    # the bound, split into what documents and topics add; None if the inference has none
    bound_parts: dict[str, float] | None


def _first(block: Block, model: CollapsedAdmixture, seed: np.uint64, seeded: SeedAssignments) -> Remembered:
    memory = model.first(block, seed)
    if len(seeded.shares):
        memory.lead(seeded.topics(block))
    return memory


def fit_collapsed(
    em: TopicMap,
    task: Task,
    settings: Settings,
    topics: AdmixtureParams | None = None,
    between: Between[AdmixtureParams] | None = None,
) -> TopicFit:
    """CVB0 until the statistics stand still: from topics, or those of the tokens where none are given.

    Priors are learned between passes, if nothing else happens there.
    """
    found = iterate(
        em,
        _recalled(em, task) if topics is None else topics,
        settings,
        between or _learner(em, task.priors, settings.tol),
    )
    return TopicFit(found.params, found.changes, found.n_iter, found.converged, found.stop_reason, None)


def _recalled(em: TopicMap, task: Task) -> AdmixtureParams:
    """Params from what is remembered."""
    model: CollapsedAdmixture = em.model
    nothing = np.broadcast_to(np.zeros((), model.dtype), (model.n_words, model.n_components))
    params = AdmixtureParams(nothing, task.priors.documents, task.word_prior)
    return model.m_step(em.memories.sum(model.recall), params)


def _learner(em: TopicMap, priors: Priors, tol: float) -> Between[AdmixtureParams]:
    """Learns the priors every few passes; of topics that rest before, when they first do.

    It is not carried to its own end, which for few short texts is at priors so large that all topics are one.
    """

    def between(changes: Sequence[float], rested: bool, params: AdmixtureParams) -> AdmixtureParams:
        n = len(changes)
        learned = n > LEARN_FROM or (tol > 0 and min(changes[:-1], default=np.inf) <= tol)
        due = not learned if rested else n >= LEARN_FROM and n % LEARN_EVERY == 0
        if not due or not (priors.learn_documents or priors.learn_words):
            return params
        better: AdmixtureParams = em.model.learn(em, params, priors.learn_documents, priors.learn_words)
        return better

    return between


def variational_map(
    model: VariationalAdmixture, em: TopicMap, found: AdmixtureParams, priors: Priors
) -> TopicMap:
    """Variational Bayes from the documents that CVB0 left, and the prior that it learned or was given."""
    doc_prior = found.doc_prior if priors.learn_documents else priors.documents
    before: CollapsedAdmixture = em.model

    def gamma(block: Block, memory: Remembered) -> Floats:
        counts: Floats = before.document_counts(block, memory) + doc_prior
        return counts

    return MemoryMap(model, em.memories.turned(gamma), em.backend)


def fit_variational(em: TopicMap, begun: AdmixtureParams, task: Task, settings: Settings) -> TopicFit:
    """Variational Bayes from where a few passes of CVB0 ended.

    Learned priors are those that CVB0 learned: to maximise the bound over them does no good to documents
    held out.
    """
    doc_prior = begun.doc_prior if task.priors.learn_documents else task.priors.documents
    word_prior = begun.word_prior if task.priors.learn_words else task.word_prior
    counts = begun.topic_word - begun.word_prior
    params = AdmixtureParams(np.maximum(counts, 0.0) + word_prior, doc_prior, word_prior)
    found = _kept_if_interrupted(em, params, settings, task.n_tokens)
    topics = em.model.prepare(found.params, em.backend).share
    parts = {"documents": found.objective - topics, "topics": topics}
    history = tuple(step.log_likelihood for step in found.history)
    return TopicFit(found.params, history, found.n_iter, found.converged, found.stop_reason, parts)


def _kept_if_interrupted(
    em: TopicMap, params: AdmixtureParams, settings: Settings, n: float
) -> FitResult[AdmixtureParams]:
    """A run, or the last params of one that was interrupted, if they are to be kept."""
    journal, last = em.backend.journal, [params]

    def note(iteration: int, params: AdmixtureParams, bound: float) -> None:
        last[0] = params

    try:
        if journal and journal.interrupted:  # in what came before
            raise KeyboardInterrupt
        return run(em, params, replace(settings, callbacks=[note, *settings.callbacks]), n)
    except KeyboardInterrupt:
        if not (journal and journal.ends_here()):
            raise
        found = run(em, last[0], replace(settings, max_iter=0, callbacks=()), n)
        return replace(found, stop_reason=INTERRUPTED)
