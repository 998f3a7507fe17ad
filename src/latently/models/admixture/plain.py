"""The loops of topic models in plain NumPy: what the kernels are held to.

Each function has the name, the arguments and the results of its kernel in `kernels.topics`, and says
the same in array operations.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy.special import digamma, gammaln

from latently.checks.arrays import Floats

GUESS = 0.9


def start(words: Floats, counts: Floats, offsets: Floats, seed: np.uint64, resp: Floats) -> None:
    """Give each entry to a topic at random, almost."""
    K = resp.shape[1]
    for begin, end in pairwise(offsets):
        content = [*words[begin:end].tolist(), *counts[begin:end].astype(np.float32).view(np.int32).tolist()]
        stream = np.random.default_rng([int(seed), *content])
        resp[begin:end] = (1.0 - GUESS) / K
        resp[np.arange(begin, end), stream.integers(K, size=end - begin)] += GUESS


def tally(
    words: Floats, counts: Floats, offsets: Floats, weights: Floats, resp: Floats, sums: Floats
) -> None:
    """Add the expected counts of words."""
    np.add.at(sums, words, (counts * np.repeat(weights, np.diff(offsets)))[:, None] * resp)


def sweep(
    words: Floats,
    counts: Floats,
    offsets: Floats,
    weights: Floats,
    resp: Floats,
    table: Floats,
    inverse: Floats,
    doc_prior: Floats,
    least: float,
    sums: Floats,
) -> float:
    """One pass of CVB0."""
    change = 0.0
    for d, (begin, end) in enumerate(pairwise(offsets)):
        here = doc_prior + counts[begin:end] @ resp[begin:end]
        before = here.copy()
        for p in range(begin, end):
            own = min(counts[p], 1.0) * resp[p]
            left = np.maximum(table[words[p]] - min(weights[d], 1.0) * own, least)
            fresh = left * np.maximum(here - own, doc_prior.min()) * inverse
            fresh = fresh / fresh.sum()
            here += counts[p] * (fresh - resp[p])
            resp[p] = fresh
        change += weights[d] * np.abs(here - before).sum()
    tally(words, counts, offsets, weights, resp, sums)
    return float(change)


def absences(
    words: Floats,
    counts: Floats,
    offsets: Floats,
    weights: Floats,
    resp: Floats,
    in_documents: Floats,
    in_words: Floats,
) -> None:
    """Logs of the probabilities that a topic does not occur."""
    logs = counts[:, None] * np.log(np.maximum(1.0 - np.float64(resp), 1e-12))
    for d, (begin, end) in enumerate(pairwise(offsets)):
        in_documents[d] = logs[begin:end].sum(axis=0)
    np.add.at(in_words, words, np.repeat(weights, np.diff(offsets))[:, None] * logs)


def document_counts(counts: Floats, offsets: Floats, resp: Floats, here: Floats) -> None:
    """Expected counts of the topics of each document."""
    for d, (begin, end) in enumerate(pairwise(offsets)):
        here[d] = counts[begin:end] @ resp[begin:end]


def infer(
    words: Floats,
    counts: Floats,
    offsets: Floats,
    weights: Floats,
    table: Floats,
    log_maxima: Floats,
    doc_prior: Floats,
    tol: float,
    max_sweeps: int,
    gamma: Floats,
    sums: Floats,
) -> tuple[float, float, int]:
    """Bring the topics of each document to the fixed point of variational Bayes."""
    bound, rounding_scale, n_sweeps = 0.0, 0.0, 0
    for d, (begin, end) in enumerate(pairwise(offsets)):
        if begin == end or weights[d] == 0.0:
            continue
        rows, c = table[words[begin:end]], counts[begin:end]
        for _ in range(max_sweeps):
            theta, _ = _expect_logs(gamma[d])
            following = doc_prior + theta * ((c / (rows @ theta)) @ rows)
            moved = np.abs(following - gamma[d]).sum()
            gamma[d] = following
            n_sweeps += 1
            if tol > 0 and moved <= tol * following.sum():
                break
        theta, top = _expect_logs(gamma[d])
        share = rows @ theta
        terms = c * (np.log(share) + log_maxima[words[begin:end]] + top)
        if len(sums):
            np.add.at(sums, words[begin:end], weights[d] * (c / share)[:, None] * rows * theta)
        total, prior = gamma[d].sum(), doc_prior.sum()
        more = np.concatenate(
            [
                (doc_prior - gamma[d]) * digamma(gamma[d]),
                gammaln(gamma[d]),
                -gammaln(doc_prior),
                [(total - prior - c.sum()) * digamma(total), gammaln(prior), -gammaln(total)],
            ]
        )
        bound += weights[d] * (terms.sum() + more.sum())
        rounding_scale += weights[d] * (np.abs(terms).sum() + np.abs(more).sum())
    return float(bound), float(rounding_scale), n_sweeps


def fold_in(
    words: Floats,
    counts: Floats,
    offsets: Floats,
    weights: Floats,
    table: Floats,
    log_maxima: Floats,
    doc_prior: Floats,
    tol: float,
    max_sweeps: int,
    gamma: Floats,
    sums: Floats,
) -> tuple[float, int]:
    """Bring the topics of each document to the fixed point of CVB0, the topics of words being given."""
    log_likelihood, n_sweeps = 0.0, 0
    for d, (begin, end) in enumerate(pairwise(offsets)):
        if begin == end or weights[d] == 0.0:
            continue
        rows, c = table[words[begin:end]], counts[begin:end]
        resp, track = np.zeros(rows.shape), []
        for _ in range(max_sweeps):
            resp = rows * np.maximum(gamma[d] - np.minimum(c, 1)[:, None] * resp, doc_prior)
            resp /= resp.sum(axis=1, keepdims=True)
            following = doc_prior + c @ resp
            moved = np.abs(following - gamma[d]).sum()
            gamma[d] = following
            track.append(following)
            n_sweeps += 1
            if tol > 0 and moved <= tol * following.sum():
                break
            if tol > 0 and len(track) == 3:
                gamma[d] = np.maximum(_ahead(*track), doc_prior)
                track = [gamma[d].copy()]
        if len(sums):
            terms = c * (np.log(rows @ gamma[d] / gamma[d].sum()) + log_maxima[words[begin:end]])
            np.add.at(sums, words[begin:end], weights[d] * c[:, None] * resp)
            log_likelihood += weights[d] * terms.sum()
    return float(log_likelihood), n_sweeps


def _ahead(first: Floats, second: Floats, third: Floats) -> Floats:
    """Where the way of three points seems to end."""
    along, bend = second - first, third - 2 * second + first
    if not bend.any():
        return third
    step = min(max(float(np.sqrt((along @ along) / (bend @ bend))), 1.0), 32.0)
    return np.asarray(first + 2 * step * along + step**2 * bend)


def _expect_logs(gamma: Floats) -> tuple[Floats, float]:
    logs = digamma(gamma)
    return np.exp(logs - logs.max()), float(logs.max())


def word_expectations(counts: Floats, totals: Floats, table: Floats, log_maxima: Floats) -> None:
    """exp(E log beta) over the largest of each row."""
    logs = digamma(counts) - totals
    log_maxima[:] = logs.max(axis=1)
    table[:] = np.exp(logs - log_maxima[:, None])


def topic_terms(counts: Floats, prior: Floats, terms: Floats) -> float:
    """What each word adds to E log p(beta) - E log q(beta)."""
    parts = np.stack(
        np.broadcast_arrays(gammaln(counts), -gammaln(prior), (prior - counts) * digamma(counts))
    )
    terms += parts.sum(axis=(0, 1))
    return float(np.abs(parts).sum())
