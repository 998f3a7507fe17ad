"""Means and scatters: of all the data, once per fit, and of each component, in every E-step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latently.core.statistics import Additive, shared
from latently.emissions.base import Array


@dataclass(frozen=True)
class Moments:
    """Weight, mean and scatter of rows; those of two pieces add (Chan, Golub & LeVeque 1983, eq. 2.1).

    Attributes
    ----------
    weight : float
        Sum of the weights.
    mean : array of shape (d,)
        Weighted mean.
    scatter : array of shape (d, d)
        Weighted sum of outer products of the rows less their mean.
    low, high : array of shape (d,)
        Least and greatest value of each feature among rows of positive weight.
    """

    weight: float
    mean: Array
    scatter: Array
    low: Array
    high: Array

    @classmethod
    def of(cls, x: Array, weights: Array) -> Moments:
        """Return the moments of some rows."""
        d = x.shape[1]
        used = weights > 0
        x, weights = x[used], weights[used]
        total = float(weights.sum())
        if not len(x):
            zero = np.zeros(d)
            return cls(0.0, zero, np.zeros((d, d)), np.full(d, np.inf), np.full(d, -np.inf))
        anchor = x[0]
        centred = x - anchor
        shift = weights @ centred / total
        centred -= shift
        scatter = (centred * weights[:, None]).T @ centred
        return cls(total, anchor + shift, scatter, x.min(axis=0), x.max(axis=0))

    def __add__(self, other: Moments) -> Moments:
        total = self.weight + other.weight
        if not total:
            return self
        delta = other.mean - self.mean
        share = other.weight / total
        return Moments(
            total,
            self.mean + share * delta,
            self.scatter + other.scatter + self.weight * share * np.outer(delta, delta),
            np.minimum(self.low, other.low),
            np.maximum(self.high, other.high),
        )

    @property
    def covariance(self) -> Array:
        """Maximum-likelihood covariance, shape (d, d)."""
        return self.scatter / self.weight

    @property
    def variances(self) -> Array:
        """Variances of the features, shape (d,): exactly zero for a constant one."""
        return np.where(self.low == self.high, 0.0, np.diagonal(self.scatter) / self.weight)


@dataclass(frozen=True)
class ComponentMoments(Additive):
    """Expected statistics of a bank of Gaussians.

    They are taken about the current means, not about zero: the difference of two large numbers that
    a variance would otherwise be (E[x^2] - mean^2) never comes up.

    Attributes
    ----------
    counts : array of shape (K,)
        Sum of the responsibilities.
    first : array of shape (K, d)
        Sum of the rows less `origin`, by responsibility.
    second : array
        Sum of their squares or outer products, in the shape of the family's covariances.
    origin : array of shape (K, d)
        The means at which the sums were taken.
    """

    counts: Array
    first: Array
    second: Array
    origin: Array = shared()
