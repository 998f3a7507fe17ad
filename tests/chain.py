"""A Markov chain of labels in plain NumPy, for tests: small enough to trust, and a unit that is not a row."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from latently.core.errors import ImpossibleObservationError
from latently.core.parameters import Simplex
from latently.core.statistics import Additive, tree_sum
from latently.latent.base import Expected, Latent


@dataclass(frozen=True)
class ChainParams:
    startprob: np.ndarray  # shape (K,)
    transmat: np.ndarray  # shape (K, K): from the row to the column


@dataclass(frozen=True)
class ChainCounts(Additive):
    initial: np.ndarray
    transitions: np.ndarray


@dataclass(frozen=True)
class Chain(Latent):
    """Labels that follow each other; where `support` is False a transition cannot happen."""

    unit: str = "sequence"
    support: np.ndarray | None = None

    def start(self, n_components, rng):
        support = self._support(n_components)
        transmat = support * rng.uniform(0.5, 1.5, support.shape)
        return ChainParams(
            np.full(n_components, 1 / n_components), transmat / transmat.sum(axis=1, keepdims=True)
        )

    def run(self, params, density, block, visit, executor):
        n_components = len(params.startprob)
        resp = np.zeros((block.n_rows, n_components))
        counts = [ChainCounts(np.zeros(n_components), np.zeros((n_components, n_components)))]
        bound = magnitude = 0.0
        log_density = density(slice(0, block.n_rows))
        for unit, (low, high) in enumerate(pairwise(block.offsets)):
            weight = block.weights[unit]
            if low == high or not weight:
                continue
            found, transitions, terms = self._forward_backward(params, log_density[low:high])
            if found is None:
                raise ImpossibleObservationError(
                    f"sequence {block.first + unit} is impossible; remove it, or allow more transitions"
                )
            resp[low:high] = weight * found
            counts.append(weight * ChainCounts(found[0], transitions))
            bound += weight * terms.sum()
            magnitude += weight * np.abs(terms).sum()
        stats = visit(slice(0, block.n_rows), resp)
        return Expected(tree_sum(counts), stats, float(bound), float(magnitude))

    def _forward_backward(self, params, log_density):
        """Responsibilities, transitions, and the terms of the log-likelihood; None if it is impossible."""
        top = log_density.max(axis=1)
        if not np.isfinite(top).all():
            return None, None, None
        density = np.exp(log_density - top[:, None])
        forward, scale = np.empty_like(density), np.empty(len(density))
        belief = params.startprob
        for t, here in enumerate(density):
            joint = (belief if t == 0 else belief @ params.transmat) * here
            scale[t] = joint.sum()
            if not scale[t]:
                return None, None, None
            belief = forward[t] = joint / scale[t]
        backward = np.ones_like(density)
        transitions = np.zeros_like(params.transmat)
        for t in range(len(density) - 1, 0, -1):
            ahead = density[t] * backward[t] / scale[t]
            transitions += forward[t - 1][:, None] * params.transmat * ahead
            backward[t - 1] = params.transmat @ ahead
        resp = forward * backward
        return resp, transitions, np.concatenate([np.log(scale), top])

    def stats_of(self, resp, block):
        initial = np.zeros(resp.shape[1])
        transitions = np.zeros((resp.shape[1], resp.shape[1]))
        for weight, (low, high) in zip(block.weights, pairwise(block.offsets), strict=True):
            if low < high:
                initial += weight * resp[low]
                transitions += weight * resp[low : high - 1].T @ resp[low + 1 : high]
        return ChainCounts(initial, transitions)

    def m_step(self, stats, params, fixed=()):
        total = stats.transitions.sum(axis=1, keepdims=True)
        transmat = np.divide(stats.transitions, total, out=params.transmat.copy(), where=total > 0)
        return ChainParams(
            params.startprob if "startprob" in fixed else stats.initial / stats.initial.sum(),
            params.transmat if "transmat" in fixed else transmat,
        )

    def expected_log_likelihood(self, stats, params):
        def part(counts, probabilities):
            used = counts > 0
            with np.errstate(divide="ignore"):
                return float(counts[used] @ np.log(probabilities[used]))

        return part(stats.initial, params.startprob) + part(stats.transitions, params.transmat)

    def spaces(self, params):
        K = len(params.startprob)
        return {"startprob": Simplex(np.ones(K, dtype=bool)), "transmat": Simplex(self._support(K))}

    def permute(self, params, order):
        return ChainParams(params.startprob[order], params.transmat[np.ix_(order, order)])

    def _support(self, n_components):
        return np.ones((n_components, n_components), dtype=bool) if self.support is None else self.support
