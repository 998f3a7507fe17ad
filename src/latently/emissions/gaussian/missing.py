"""Rows with missing cells under Gaussians with covariance matrices: group by group of equal pattern.

Formulas: docs/formulas.md, "Missing cells".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from latently.emissions.base import Array
from latently.emissions.gaussian.matrices import inverse_factors

NEGLIGIBLE_SHARE = 1e-12  # responsibility
QUANTILE_HALVINGS = 60


@dataclass(frozen=True)
class Conditional:
    """Gaussians about zero seen in some features: one, or a stack of them along the first axes."""

    observed: NDArray[np.bool_]  # (d,): which features are observed
    seen: Array  # (..., o, o): lower Cholesky factor of the covariance of the observed features
    slope: Array  # (..., m, o): what a whitened observed row adds to the missing features
    # (..., m, m): lower Cholesky factor of the covariance of the missing features given the observed ones
    spread: Array

    @property
    def log_det(self) -> Array:
        """Log determinant of the covariance of the observed features."""
        return np.asarray(2 * np.log(np.diagonal(self.seen, axis1=-2, axis2=-1)).sum(axis=-1))

    @property
    def covariance(self) -> Array:
        """Covariance of all features given the observed ones, (..., d, d): zero where one is observed."""
        d, missing = len(self.observed), np.flatnonzero(~self.observed)
        whole = np.zeros((*self.spread.shape[:-2], d, d))
        whole[..., missing[:, None], missing] = self.spread @ np.swapaxes(self.spread, -1, -2)
        return whole

    def whitened(self, centred: Array) -> Array:
        """The observed features of centred rows in units of their covariance, feature-major, (..., o, n)."""
        seen = np.swapaxes(centred if self.observed.all() else centred[..., self.observed], -1, -2)
        return np.asarray(inverse_factors(self.seen) @ seen if self.observed.any() else seen)

    def completed(self, centred: Array) -> Array:
        """Centred rows with missing cells at their expectation."""
        if self.observed.all():
            return centred
        complete = centred.copy()
        complete[..., ~self.observed] = np.swapaxes(self.slope @ self.whitened(centred), -1, -2)
        return complete


def conditional(factor: Array, observed: NDArray[np.bool_]) -> Conditional:
    """Condition a Gaussian, or each of a stack, on some of its features.

    The factor of the reordered covariance is that of its own factor's rows by a QR decomposition, so a
    covariance on its floor keeps the digits that its factor has and its matrix has not. `factor` is the lower
    Cholesky factor of its covariance.
    """
    o, lower = int(observed.sum()), factor
    if o < len(observed):
        order = np.concatenate([np.flatnonzero(observed), np.flatnonzero(~observed)])
        upper = np.asarray(np.linalg.qr(np.swapaxes(factor[..., order, :], -1, -2), mode="r"))
        signs = np.where(np.diagonal(upper, axis1=-2, axis2=-1) < 0, -1.0, 1.0)
        lower = np.swapaxes(upper * signs[..., None], -1, -2)
    return Conditional(observed, lower[..., :o, :o], lower[..., o:, :o], lower[..., o:, o:])


def moments_of_missing(means: Array, factors: Array, x: Array) -> tuple[Array, Array]:
    """Means and variances of missing cells given the observed cells of their rows, under each component.

    `factors` are the lower Cholesky factors of the covariances. Of shape (n, K, d); the cell itself where it
    is observed, and zero.
    """
    found, variances = (np.zeros((len(x), *means.shape)) for _ in range(2))
    for observed, rows in by_pattern(x):
        given = conditional(factors, observed)
        complete = means[:, None] + given.completed(x[rows] - means[:, None])
        found[rows] = np.swapaxes(complete, 0, 1)
        variances[rows] = np.diagonal(given.covariance, axis1=1, axis2=2)
    return found, variances


def draw_missing(
    means: Array, factors: Array, x: Array, labels: NDArray[np.int64], rng: np.random.Generator
) -> Array:
    """Rows with missing cells drawn given the observed ones, under the component that each has."""
    found, noise = x.copy(), rng.standard_normal(x.shape)
    for observed, rows in by_pattern(x):
        own = labels[rows]
        for k in np.unique(own) if not observed.all() else ():
            mine = rows[own == k]
            given = conditional(factors[k], observed)
            complete = means[k] + given.completed(x[mine] - means[k])
            complete[:, ~observed] += noise[mine][:, ~observed] @ given.spread.T
            found[np.ix_(mine, ~observed)] = complete[:, ~observed]
    return found


def by_pattern(x: Array) -> Iterator[tuple[NDArray[np.bool_], Any]]:
    """Each pattern of observed features, and the rows that have it."""
    observed = ~np.isnan(x)
    if observed.all():
        yield np.ones(x.shape[1], dtype=bool), slice(None)
        return
    packed = np.packbits(observed, axis=1)
    keys = packed if packed.shape[1] == 1 else np.ascontiguousarray(packed).view(f"V{packed.shape[1]}")
    _, first, which = np.unique(keys[:, 0], return_index=True, return_inverse=True)
    rows = np.argsort(which, kind="stable")
    ends = np.cumsum(np.bincount(which, minlength=len(first)))
    for start, row, stop in zip([0, *ends[:-1]], first, ends, strict=True):
        yield observed[row], rows[start:stop]


def normal_quantile(probability: float, weights: Array, means: Array, deviations: Array) -> Array:
    """Quantiles of normal mixtures, one for each column, by bisection."""
    ends = means + ndtri(probability) * deviations
    if len(weights) == 1:
        return np.asarray(ends[0])
    counted = weights > NEGLIGIBLE_SHARE
    low = np.where(counted, ends, np.inf).min(axis=0)
    high = np.where(counted, ends, -np.inf).max(axis=0)
    for _ in range(QUANTILE_HALVINGS):
        middle = (low + high) / 2
        below = (weights * ndtr((middle - means) / deviations)).sum(axis=0) < probability
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.asarray((low + high) / 2)
