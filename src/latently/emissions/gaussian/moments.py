"""Means and scatters: of all the data, once per fit, and of each component, in every E-step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latently.checks.arrays import extremes
from latently.core.statistics import Additive, shared
from latently.emissions.base import Array
from latently.emissions.gaussian.matrices import least_dependent

LEAST_CORRELATION = 1e-3  # eigenvalue


@dataclass(frozen=True)
class Moments:
    """Weights, means and scatter of rows with missing cells; those of two pieces add.

    Each feature has a mean of its observed cells, and a cell that is missing adds nothing to the scatter;
    that of complete rows is the usual one (Chan, Golub & LeVeque 1983, eq. 2.1). Formulas: docs/formulas.md,
    "Description of a table".
    """

    mean: Array  # (d,): weighted mean of the observed cells of each feature
    pairs: Array  # (d, d): weight of the rows in which both features are observed
    # (d, d): weighted sum of feature i, less its mean, over the rows in which i and j are observed
    cross: Array
    scatter: Array  # (d, d): weighted sum of products of features, less their means, over these rows
    # (d,): least and greatest observed value of each feature among rows of positive weight
    low: Array
    high: Array

    @classmethod
    def of(cls, x: Array, weights: Array) -> Moments:
        """Return the moments of some rows."""
        d = x.shape[1]
        used = weights > 0
        if not used.all():
            x, weights = x[used], weights[used]
        low, high = (found.astype(np.float64) for found in extremes(x))
        if not len(x):
            zero = np.zeros((d, d))
            return cls(np.zeros(d), zero, zero, zero, low, high)
        with np.errstate(over="ignore", invalid="ignore"):
            complete = not np.isnan(np.add.reduce(x, axis=None))
        if complete:
            anchor = x[0]
            centred = x - anchor
            pairs = np.full((d, d), float(weights.sum()))
        else:
            observed = ~np.isnan(x)
            anchor = x[observed.argmax(axis=0), np.arange(d)]
            centred = np.where(observed, x - anchor, 0.0)
            seen = observed.astype(np.float64)
            pairs = (seen * weights[:, None]).T @ seen
        count = np.diagonal(pairs)
        shift = weights @ centred / np.where(count > 0, count, 1.0)
        centred -= shift
        if complete:
            cross = np.zeros((d, d))
        else:
            centred[~observed] = 0.0
            cross = _without_rounding((centred * weights[:, None]).T @ seen, pairs)
        scaled = centred if (weights == 1.0).all() else centred * weights[:, None]
        return cls(anchor + shift, pairs, cross, scaled.T @ centred, low, high)

    def __add__(self, other: Moments) -> Moments:
        count, more = np.diagonal(self.pairs), np.diagonal(other.pairs)
        total = count + more
        share = more / np.where(total > 0, total, 1.0)
        delta = np.where(more > 0, np.where(count > 0, other.mean - self.mean, 0.0), 0.0)
        mean = np.where(count > 0, self.mean + share * delta, other.mean)
        mine, theirs = self._about(mean), other._about(mean)
        pairs = self.pairs + other.pairs
        return Moments(
            mean,
            pairs,
            _without_rounding(mine[0] + theirs[0], pairs),
            mine[1] + theirs[1],
            np.minimum(self.low, other.low),
            np.maximum(self.high, other.high),
        )

    def _about(self, mean: Array) -> tuple[Array, Array]:
        """Cross sums and scatter about other means."""
        moved = np.where(np.diagonal(self.pairs) > 0, self.mean - mean, 0.0)
        cross = self.cross + moved[:, None] * self.pairs
        products = self.cross * moved
        scatter = self.scatter + products + products.T + np.outer(moved, moved) * self.pairs
        return cross, scatter

    @property
    def covariance(self) -> Array:
        """Maximum-likelihood covariance of complete rows, shape (d, d).

        With missing cells each entry is that of the rows in which both features are observed; eigenvalues of
        the correlations that come out too small are raised, so that it is a covariance matrix. Features never
        observed together are independent given the others.
        """
        if (self.pairs == self.pairs[0, 0]).all():
            return self.scatter / self.pairs
        pairs = np.where(self.pairs > 0, self.pairs, 1.0)
        covariance = (self.scatter - self.cross * self.cross.T / pairs) / pairs
        spread = np.sqrt(np.diagonal(covariance))
        unit = np.where(spread > 0, spread, 1.0)
        values, vectors = np.linalg.eigh(covariance / np.outer(unit, unit))
        if values[0] < LEAST_CORRELATION:
            raised = (vectors * np.maximum(values, LEAST_CORRELATION)) @ vectors.T
            scale = spread / np.sqrt(np.diagonal(raised))
            covariance = raised * np.outer(scale, scale)
        return least_dependent(covariance, self.unseen) if self.unseen.any() else np.asarray(covariance)

    @property
    def unseen(self) -> NDArray[np.bool_]:
        """Pairs of features that are never observed together, each of them somewhere, shape (d, d)."""
        count = np.diagonal(self.pairs)
        return np.asarray((self.pairs == 0) & (np.outer(count, count) > 0))

    @property
    def variances(self) -> Array:
        """Variances of the features, shape (d,): exactly zero for a constant one."""
        count = np.diagonal(self.pairs)
        return np.where(self.low == self.high, 0.0, np.diagonal(self.scatter) / count)


def _without_rounding(cross: Array, pairs: Array) -> Array:
    """Zero where a feature is never observed without the other: there its deviations add up to zero."""
    never = np.isclose(pairs, np.diagonal(pairs)[:, None], rtol=1e-13, atol=0)
    return np.where(never, 0.0, cross)


@dataclass(frozen=True)
class ComponentMoments(Additive):
    """Expected statistics of a bank of Gaussians.

    They are taken about the current means, not about zero: the difference of two large numbers that
    a variance would otherwise be (E[x^2] - mean^2) never comes up.
    """

    # (K,): sum of the responsibilities. For families without correlations those of the observed cells of each
    # feature, in one column if no cell is missing
    counts: Array
    first: Array  # (K, d): sum of the rows less `origin`, by responsibility
    second: Array  # sum of their squares or outer products, in the shape of the family's covariances
    origin: Array = shared()  # (K, d): the means at which the sums were taken
