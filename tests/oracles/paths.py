"""Hidden Markov models of three states that are known, and all paths of tiny sequences, tried one by one."""

import warnings
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal, poisson

from latently.core.errors import SpuriousMaximumWarning

K = 3
STARTPROB = np.array([0.5, 0.3, 0.2])
TRANSMAT = np.array([[0.7, 0.2, 0.1], [0.05, 0.8, 0.15], [0.3, 0.3, 0.4]])
BANDED = np.array([[0.7, 0.3, 0.0], [0.0, 0.6, 0.4], [0.2, 0.0, 0.8]])
EMISSIONPROB = np.array([[0.5, 0.3, 0.1, 0.1], [0.1, 0.2, 0.6, 0.1], [0.25, 0.25, 0.1, 0.4]])
WITH_A_ZERO = np.array([[0.5, 0.3, 0.1, 0.1], [0.1, 0.2, 0.7, 0.0], [0.25, 0.25, 0.1, 0.4]])
LAMBDAS = np.array([[1.0, 6.0], [4.0, 2.0], [9.0, 9.0]])
MEANS = np.array([[0.0, 0.0], [1.5, -1.0], [-1.0, 2.0]])
MATRICES = np.array([[[1.0, 0.4], [0.4, 0.5]], [[0.7, -0.3], [-0.3, 2.0]], [[1.5, 0.9], [0.9, 1.0]]])
VARIANCES = np.einsum("kii->ki", MATRICES)
COMMON = np.array([[1.0, 0.4], [0.4, 0.8]])
SPHERICAL = np.array([0.5, 1.0, 2.0])
# Of each family: as it has them, and as matrices.
COVARIANCES = {
    "full": (MATRICES, MATRICES),
    "tied": (COMMON, np.array([COMMON] * K)),
    "diag": (VARIANCES, VARIANCES[:, :, None] * np.eye(2)),
    "spherical": (SPHERICAL, SPHERICAL[:, None, None] * np.eye(2)),
}
over_transitions = pytest.mark.parametrize("transmat", [TRANSMAT, BANDED], ids=["dense", "zeros"])


def known(estimator, transmat=TRANSMAT, startprob=STARTPROB, **starts):
    """An estimator whose every parameter is given and stays."""
    families = starts.get("starting_values", [name.removesuffix("_init") for name in starts])
    given = {"startprob_init": startprob, "transmat_init": transmat, **starts}
    return estimator.set_params(**given, fixed=("startprob", "transmat", *families))


def fitted(estimator, x, **settings):
    """Without the warning that there are so few rows."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpuriousMaximumWarning)
        return estimator.fit(x, **settings)


# -- densities, from the textbook's formulas and SciPy's distributions -------------------------------------


def log_of_symbols(x, emissionprob=EMISSIONPROB):
    """One for a missing symbol."""
    with np.errstate(divide="ignore"):
        table = np.log(emissionprob)
    return np.array([np.zeros(K) if symbol is None else table[:, symbol] for symbol in x])


def log_of_counts(x):
    each = poisson.logpmf(np.nan_to_num(x)[:, None, :], LAMBDAS[None])
    return np.where(np.isnan(x)[:, None, :], 0.0, each).sum(axis=2)


def log_of_numbers(matrices):
    def log_density(x):
        out = np.zeros((len(x), K))
        for t, row in enumerate(x):
            seen = np.flatnonzero(~np.isnan(row))
            for k in range(K) if len(seen) else ():
                part = matrices[k][np.ix_(seen, seen)]
                out[t, k] = multivariate_normal(MEANS[k][seen], part).logpdf(row[seen])
        return out

    return log_density


# -- the truth ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Truth:
    """One sequence and all its paths."""

    log_density: np.ndarray
    transmat: np.ndarray
    startprob: np.ndarray = field(default_factory=lambda: STARTPROB)

    @cached_property
    def paths(self):
        return np.array(list(product(range(len(self.transmat)), repeat=len(self.log_density))))

    @cached_property
    def log_joint(self):
        with np.errstate(divide="ignore"):
            start, transmat = np.log(self.startprob), np.log(self.transmat)
        paths = self.paths
        total = start[paths[:, 0]] + transmat[paths[:, :-1], paths[:, 1:]].sum(axis=1)
        return total + self.log_density[np.arange(len(self.log_density)), paths].sum(axis=1)

    @cached_property
    def log_likelihood(self):
        return logsumexp(self.log_joint)

    @cached_property
    def posterior(self):
        return np.exp(self.log_joint - self.log_likelihood)

    @cached_property
    def smoothed(self):
        return np.einsum("z,ztk->tk", self.posterior, self.paths[:, :, None] == np.arange(len(self.transmat)))

    @property
    def transitions(self):
        """Expected transitions."""
        found = np.zeros_like(self.transmat)
        for p, path in zip(self.posterior, self.paths, strict=True):
            np.add.at(found, (path[:-1], path[1:]), p)
        return found

    def given(self, times):
        """The same sequence, observed at these times only."""
        log_density = np.zeros_like(self.log_density)
        log_density[times] = self.log_density[times]
        return Truth(log_density, self.transmat, self.startprob)

    def up_to(self, t):
        return Truth(self.log_density[: t + 1], self.transmat, self.startprob)

    def then(self, steps):
        """The same sequence and times of which nothing is known."""
        longer = np.vstack([self.log_density, np.zeros((steps, len(self.transmat)))])
        return Truth(longer, self.transmat, self.startprob)
