"""All assignments of labels to the rows of tiny data, tried one by one; missing cells by conditionals."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, product
from typing import Any

import numpy as np
from scipy.special import logsumexp, xlogy

from latently.latent import Independent
from latently.latent.chain import Chain
from tests.models import Data


def _independent(params: Any, paths: np.ndarray, data: Data) -> np.ndarray:
    return np.log(params.weights)[paths].sum(axis=1)


def _chain(params: Any, paths: np.ndarray, data: Data) -> np.ndarray:
    total = np.zeros(len(paths))
    for low, high in pairwise(data.offsets):
        total += np.log(params.startprob)[paths[:, low]]
        for t in range(low + 1, high):
            total += np.log(params.transmat)[paths[:, t - 1], paths[:, t]]
    return total


# log p(z) of all assignments for each latent structure, written once more and as plainly as can be.
LOG_PRIORS = {Independent: _independent, Chain: _chain}


# Families to which missing cells are hidden variables, beside the labels; others leave them out.
def completes(emission):
    return getattr(emission, "correlated", False)


def conditional_moments(mean: np.ndarray, matrix: np.ndarray, row: np.ndarray) -> tuple:
    """Expectation and covariance of all cells of a row given those observed, by the textbook's inverse."""
    seen, lost = np.flatnonzero(~np.isnan(row)), np.flatnonzero(np.isnan(row))
    slope = matrix[np.ix_(lost, seen)] @ np.linalg.inv(matrix[np.ix_(seen, seen)])
    expected, left = row.copy(), np.zeros_like(matrix)
    expected[lost] = mean[lost] + slope @ (row[seen] - mean[seen])
    left[np.ix_(lost, lost)] = matrix[np.ix_(lost, lost)] - slope @ matrix[np.ix_(seen, lost)]
    return expected, left


@dataclass(frozen=True)
class Enumeration:
    """What is true of a model and data, by brute force; every unit counts once."""

    model: Any
    params: Any
    data: Data

    @cached_property
    def paths(self) -> np.ndarray:
        return np.array(list(product(range(self.model.n_components), repeat=len(self.data.x))))

    def log_joint(self, params: Any) -> np.ndarray:
        """log p(x, z) for each assignment z."""
        log_density = self.model.emission.log_density(params.emission, self.data.x)
        of_rows = log_density[np.arange(len(self.data.x)), self.paths].sum(axis=1)
        with np.errstate(divide="ignore"):
            return LOG_PRIORS[type(self.model.latent)](params.latent, self.paths, self.data) + of_rows

    @cached_property
    def log_likelihood(self) -> float:
        return float(logsumexp(self.log_joint(self.params)))

    @cached_property
    def posterior(self) -> np.ndarray:
        """p(z | x) for each assignment z."""
        return np.exp(self.log_joint(self.params) - self.log_likelihood)

    @cached_property
    def responsibilities(self) -> np.ndarray:
        hits = self.paths[:, :, None] == np.arange(self.model.n_components)
        return np.einsum("z,znk->nk", self.posterior, hits)

    def q_function(self, at: Any) -> float:
        return expectation(self.posterior, self.log_joint(at)) + self._completed(at)

    @property
    def label_entropy(self) -> float:
        return -float(xlogy(self.posterior, self.posterior).sum())

    @property
    def entropy(self) -> float:
        return self.label_entropy - self._completed(self.params)

    def _completed(self, at: Any) -> float:
        """Expected log density at `at` of missing cells given labels and observed cells, where they count."""
        if not completes(self.model.emission):
            return 0.0
        here, there = self.params.emission, at.emission
        dense, other_dense = self.model.emission.dense(here), self.model.emission.dense(there)
        total = 0.0
        for row, resp in zip(self.data.x, self.responsibilities, strict=True):
            lost = np.isnan(row)
            # A row without observed cells is no data at all.
            if not lost.any() or lost.all():
                continue
            for k, r in enumerate(resp):
                expected, left = conditional_moments(here.means[k], dense[k], row)
                centre, spread = conditional_moments(there.means[k], other_dense[k], row)
                away, spread = (expected - centre)[lost], spread[np.ix_(lost, lost)]
                scatter = left[np.ix_(lost, lost)] + np.outer(away, away)
                trace = np.trace(np.linalg.solve(spread, scatter))
                total -= r / 2 * (lost.sum() * np.log(2 * np.pi) + np.linalg.slogdet(spread)[1] + trace)
        return total

    def of_rows(self, resp: np.ndarray) -> np.ndarray:
        """Probability of each assignment if labels were independent across rows with probabilities `resp`."""
        return resp[np.arange(len(resp)), self.paths].prod(axis=1)


def expectation(probabilities: np.ndarray, values: np.ndarray) -> float:
    """The mean of values, those of probability zero left out even if infinite."""
    used = probabilities > 0
    return float(probabilities[used] @ values[used])
