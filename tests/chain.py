"""A Markov chain of labels in plain NumPy, for tests: small enough to trust; and sequences to try it on."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from latently.core.errors import ImpossibleObservationError
from latently.core.statistics import Additive, tree_sum
from latently.latent.base import Expected

STATES = (1, 2, 3, 4, 5, 8, 9, 20)
LENGTHS = np.array([1, 2, 3, 0, 1, 7, 0, 50, 2, 300, 0])
WEIGHTS = np.array([1.0, 0.0, 3.0, 1.0, 2.5, 1.0, 0.0, 2.0, 1.0, 0.5, 2.0])


def offsets_of(lengths):
    return np.concatenate([[0], np.cumsum(lengths)])


def counted(monkeypatch, module, name):
    """Calls of a function of the module, which is called all the same."""
    calls, function = [], getattr(module, name)

    def counting(*args):
        calls.append(args)
        return function(*args)

    monkeypatch.setattr(module, name, counting)
    return calls


@dataclass(frozen=True)
class ChainParams:
    startprob: np.ndarray  # shape (K,)
    transmat: np.ndarray  # shape (K, K): from the row to the column


@dataclass(frozen=True)
class ChainCounts(Additive):
    initial: np.ndarray
    transitions: np.ndarray


class Chain:
    """Labels that follow each other: the E-step of one."""

    def run(self, params, density, block, visit, backend):
        n_components = len(params.startprob)
        resp = np.zeros((block.n_rows, n_components))
        counts = [ChainCounts(np.zeros(n_components), np.zeros((n_components, n_components)))]
        bound = rounding_scale = 0.0
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
            rounding_scale += weight * np.abs(terms).sum()
        stats = visit(slice(0, block.n_rows), resp)
        return Expected(tree_sum(counts), stats, float(bound), float(rounding_scale))

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
