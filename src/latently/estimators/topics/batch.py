"""Fits of topic models that see all documents in every pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latently.core.array_source import ArraySource
from latently.core.backends import Backend
from latently.core.blocks import Block
from latently.core.em import Settings, run
from latently.core.fixed_point import Between, iterate
from latently.core.memory import MemoryMap
from latently.core.statistics import tree_sum
from latently.estimators.topics.priors import Priors
from latently.models.admixture import (
    AdmixtureParams,
    CollapsedAdmixture,
    SeedAssignments,
    VariationalAdmixture,
)

Array = NDArray[Any]
LEARN_FROM, LEARN_EVERY = 20, 10  # passes: before, there are no topics whose priors could be learned
PASSES_BEFORE_VB = 100


@dataclass(frozen=True)
class TopicFit:
    """What a fit leaves."""

    params: AdmixtureParams  # the topics and priors
    documents: Array  # (n_documents, K): Dirichlet parameters of the documents' topics
    # the bound of each iterate, or where there is none the relative change of each pass
    history: tuple[float, ...]
    n_iter: int  # passes
    converged: bool  # whether there was nothing left to gain
    stop_reason: str  # why it ended
    # the bound, split into what documents and topics add; None if the inference has none
    bound_parts: dict[str, float] | None


def fit_collapsed(
    model: CollapsedAdmixture,
    source: ArraySource,
    priors: Priors,
    word_prior: Array,
    seed: np.uint64,
    settings: Settings,
    backend: Backend,
    topics: AdmixtureParams | None = None,
    between: Between[AdmixtureParams] | None = None,
) -> TopicFit:
    """CVB0 until the statistics stand still: from topics, or at random where none are given.

    Priors are learned between passes, if nothing else happens there.
    """
    seeded = SeedAssignments.of(word_prior)

    def first(block: Block) -> Any:
        memory = model.first(block, seed)
        if len(seeded.shares):
            memory.lead(seeded.topics(block))
        return memory

    memories = list(backend.map(first, source.blocks()))
    em: MemoryMap[AdmixtureParams, Any, Any] = MemoryMap(model, source, memories, backend)
    between = between or _learner(model, em, priors, settings.tol)
    first_params = _recalled(model, em, priors, word_prior) if topics is None else topics
    found = iterate(em, first_params, settings, between)
    counts = np.concatenate(list(em.each(model.document_counts)))
    return TopicFit(
        found.params,
        counts + found.params.doc_prior,
        found.changes,
        found.n_iter,
        found.converged,
        found.stop_reason,
        None,
    )


def _recalled(
    model: CollapsedAdmixture, em: MemoryMap[AdmixtureParams, Any, Any], priors: Priors, word_prior: Array
) -> AdmixtureParams:
    """Params from what is remembered."""
    nothing = np.broadcast_to(np.zeros((), model.dtype), (model.n_words, model.n_components))
    params = AdmixtureParams(nothing, priors.documents, word_prior)
    return model.m_step(tree_sum(em.each(model.recall)), params)


def _learner(
    model: CollapsedAdmixture, em: MemoryMap[Any, Any, Any], priors: Priors, tol: float
) -> Between[AdmixtureParams]:
    """Learns the priors every few passes; of topics that rest before, when they first do.

    It is not carried to its own end, which for few short texts is at priors so large that all topics are one.
    """

    def between(changes: Sequence[float], rested: bool, params: AdmixtureParams) -> AdmixtureParams:
        n = len(changes)
        learned = n > LEARN_FROM or (tol > 0 and min(changes[:-1], default=np.inf) <= tol)
        due = not learned if rested else n >= LEARN_FROM and n % LEARN_EVERY == 0
        if not due or not (priors.learn_documents or priors.learn_words):
            return params
        return model.learn(em, params, priors.learn_documents, priors.learn_words)

    return between


def fit_variational(
    model: VariationalAdmixture,
    source: ArraySource,
    begun: TopicFit,
    priors: Priors,
    word_prior: Array,
    settings: Settings,
    n_tokens: float,
    backend: Backend,
) -> TopicFit:
    """Variational Bayes from where a few passes of CVB0 ended.

    Learned priors are those that CVB0 learned: to maximise the bound over them does no good to documents
    held out.
    """
    doc_prior = begun.params.doc_prior if priors.learn_documents else priors.documents
    if priors.learn_words:
        word_prior = begun.params.word_prior
    counts = begun.params.topic_word - begun.params.word_prior
    params = AdmixtureParams(np.maximum(counts, 0.0) + word_prior, doc_prior, word_prior)
    documents = np.maximum(begun.documents - begun.params.doc_prior, 0.0) + doc_prior
    limits = np.cumsum([block.n_units for block in source.blocks()])[:-1]
    memories = [np.ascontiguousarray(piece) for piece in np.split(documents, limits)]
    em: MemoryMap[AdmixtureParams, Any, Any] = MemoryMap(model, source, memories, backend)
    found = run(em, params, settings, n_tokens)
    topics = model.prepare(found.params, backend).share
    parts = {"documents": found.objective - topics, "topics": topics}
    history = tuple(step.log_likelihood for step in found.history)
    return TopicFit(
        found.params,
        np.concatenate(em.memories),
        history,
        found.n_iter,
        found.converged,
        found.stop_reason,
        parts,
    )
