"""Limits of filled cells, which act on the output only, and cells drawn within them.

Formulas: docs/formulas.md, "Missing cells", draws within limits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtri_exp

from latently.checks.arrays import as_floats
from latently.emissions.gaussian.missing import by_pattern
from latently.estimators.gaussian_mixture import GaussianMixture
from latently.estimators.imputation.filling import Predictive, drawn, filled_by
from latently.estimators.inputs import Array


def check_limits(min_value: object, max_value: object, n_features: int) -> tuple[Array, Array]:
    """Least and greatest values of filled cells, one for each column.

    Raises a ValueError if one is not a number or of another shape, or a least value is above the greatest.
    """
    lower = _limit("min_value", min_value, -np.inf, n_features)
    upper = _limit("max_value", max_value, np.inf, n_features)
    if not (lower <= upper).all():
        raise ValueError(f"min_value is above max_value in column {int((lower > upper).argmax())}")
    if (lower == np.inf).any() or (upper == -np.inf).any():
        raise ValueError(
            "min_value is infinity or max_value minus infinity: no number lies within such limits"
        )
    return lower, upper


def _limit(name: str, value: object, default: float, n_features: int) -> Array:
    limits = as_floats(default if value is None else value, name)
    if limits.shape not in ((), (n_features,)) or np.isnan(limits).any():
        raise ValueError(f"{name} has shape {limits.shape}: should be a number or of shape ({n_features},)")
    return np.broadcast_to(limits, (n_features,))


REJECTION_TRIES = 10  # of draws without limits, that might lie within them
PROPOSALS = 64
SWEEPS = 25


def drawn_within(
    mixture: GaussianMixture, rows: Array, rng: np.random.Generator, lower: Array, upper: Array
) -> Array:
    """Rows with missing cells drawn, those of a row together, under the condition that all are within limits.

    Observed cells may be outside the limits, which are infinite where there are none.
    """
    limited = np.isfinite(lower) | np.isfinite(upper)
    if not limited.any():
        return drawn(mixture._predictive(rows), rows, rng)
    x = np.array(rows, dtype=np.float64)
    x = np.where(np.isnan(x) & (lower == upper), lower, x)  # limits that leave one value tell it
    predictive = mixture._predictive(x)
    n_limited = (np.isnan(x) & limited).sum(axis=1)
    free, one, more = (np.flatnonzero(which) for which in (n_limited == 0, n_limited == 1, n_limited > 1))
    x[free] = drawn(predictive.of(free), x[free], rng)
    x[one] = _with_one(predictive.of(one), x[one], rng, lower, upper, limited)
    x[more] = _with_more(predictive.of(more), x[more], rng, lower, upper)
    return x


def log_probability(low: Array, high: Array) -> Array:
    """Logarithm of the probability that a standard normal number is between two, exact far out, too."""
    low, high, _ = _towards_the_left(low, high)
    log_low, log_high = log_ndtr(low), log_ndtr(high)
    with np.errstate(divide="ignore"):
        return np.asarray(log_high + np.log(-np.expm1(log_low - log_high)))


def standard_normal_between(low: Array, high: Array, rng: np.random.Generator) -> Array:
    """Standard normal numbers given that each is between two, by the inverse of the distribution function."""
    left, right, turned = _towards_the_left(low, high)
    log_left, log_right = log_ndtr(left), log_ndtr(right)
    share = rng.random(np.shape(left))
    found = ndtri_exp(log_right + np.log1p(share * np.expm1(log_left - log_right)))
    return np.asarray(np.clip(np.where(turned, -found, found), low, high))


def _towards_the_left(low: Array, high: Array) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Intervals that lie to the right are turned round: the left tail of the distribution has more digits."""
    with np.errstate(invalid="ignore"):
        turned = low + high > 0
    return np.where(turned, -high, low), np.where(turned, -low, high), turned


def _with_one(
    predictive: Predictive,
    x: Array,
    rng: np.random.Generator,
    lower: Array,
    upper: Array,
    limited: NDArray[np.bool_],
) -> Array:
    """Rows with one missing cell that has limits: first that cell, exactly, then the others given it."""
    if not len(x):
        return x
    cell = (np.isnan(x) & limited).argmax(axis=1)
    here = np.arange(len(x)), cell
    means, deviations = [], []
    for mean, precision in zip(predictive.means, predictive.precisions(), strict=True):
        variances = np.empty_like(x)
        means.append(filled_by(x, mean, precision, variances=variances)[here])
        deviations.append(np.sqrt(variances[here]))
    mean, deviation = np.array(means), np.array(deviations)
    low, high = (lower[cell] - mean) / deviation, (upper[cell] - mean) / deviation
    with np.errstate(divide="ignore"):
        label = _chosen(np.log(predictive.resp.T) + log_probability(low, high), rng)
    mine = label, np.arange(len(x))
    value = mean[mine] + deviation[mine] * standard_normal_between(low[mine], high[mine], rng)
    x[here] = np.clip(value, lower[cell], upper[cell])
    return drawn(Predictive(np.eye(len(means))[label], predictive.means, predictive.covariances), x, rng)


def _chosen(log_weights: Array, rng: np.random.Generator) -> NDArray[np.int64]:
    """An index along the first axis for each of the second, by weights in logarithms."""
    noise = rng.gumbel(size=log_weights.shape)
    return np.asarray(np.argmax(log_weights + noise, axis=0))


def _with_more(
    predictive: Predictive, x: Array, rng: np.random.Generator, lower: Array, upper: Array
) -> Array:
    """Rows with several missing cells that have limits: draws without limits that happen to lie within them.

    What is left after some tries has its limits far out, and is drawn by a Markov chain.
    """
    missing = np.isnan(x)
    left = np.arange(len(x))
    found = x.copy()
    for _ in range(REJECTION_TRIES):
        if not len(left):
            return found
        tried = drawn(predictive.of(left), x[left], rng)
        within = (~missing[left] | ((lower <= tried) & (tried <= upper))).all(axis=1)
        found[left[within]] = tried[within]
        left = left[~within]
    precisions = predictive.precisions()
    for observed, which in by_pattern(x[left]):
        rows = left[which]
        m = ~observed
        boxes = [
            _Box.of(x[rows], mean, precision, m, lower, upper)
            for mean, precision in zip(predictive.means, precisions, strict=True)
        ]
        found[np.ix_(rows, m)] = _by_chain(boxes, predictive.resp[rows], rng)
    return found


@dataclass(frozen=True)
class _Box:
    """Normal distributions that share a covariance, and limits: means of shape (n, m), one row for each."""

    means: Array
    precision: Array
    lower: Array
    upper: Array

    @classmethod
    def of(
        cls, x: Array, mean: Array, precision: Array, m: NDArray[np.bool_], lower: Array, upper: Array
    ) -> _Box:
        """The missing cells `m` of rows given their observed ones."""
        away = (x[:, ~m] - mean[~m]) @ precision[np.ix_(~m, m)]
        inner = precision[np.ix_(m, m)]
        return cls(mean[m] - np.linalg.solve(inner, away.T).T, inner, lower[m], upper[m])

    def proposed(self, rng: np.random.Generator) -> tuple[Array, Array]:
        """Cells drawn one after the other, each within its limits, and the logarithms of their weights.

        The weight is the density of the truncated distribution over that of the proposal, up to the factor
        that makes the former integrate to one.
        """
        root = np.linalg.cholesky(np.linalg.inv(self.precision))
        noise, log_weight = np.zeros_like(self.means), np.zeros(len(self.means))
        for j, pivot in enumerate(np.diagonal(root)):
            centre = self.means[:, j] + noise[:, :j] @ root[j, :j]
            low, high = (self.lower[j] - centre) / pivot, (self.upper[j] - centre) / pivot
            log_weight += log_probability(low, high)
            noise[:, j] = standard_normal_between(low, high, rng)
        return np.clip(self.means + noise @ root.T, self.lower, self.upper), log_weight

    def moved(self, x: Array, rng: np.random.Generator) -> Array:
        """A sweep of Gibbs steps, along each cell alone and along the line on which the others follow it."""
        covariance = np.linalg.inv(self.precision)
        for line in np.concatenate([np.eye(len(covariance)), covariance / np.sqrt(np.diagonal(covariance))]):
            slope = self.precision @ line
            sharpness = line @ slope
            with np.errstate(divide="ignore", invalid="ignore"):
                ends = np.sort([(self.lower - x) / line, (self.upper - x) / line], axis=0)
            low = np.minimum(np.where(line, ends[0], -np.inf).max(axis=1), 0.0)
            high = np.maximum(np.where(line, ends[1], np.inf).min(axis=1), 0.0)
            centre, scale = (self.means - x) @ slope / sharpness, 1 / np.sqrt(sharpness)
            between = (low - centre) / scale, (high - centre) / scale
            step = centre + scale * standard_normal_between(*between, rng)
            x = np.clip(x + np.clip(step, low, high)[:, None] * line, self.lower, self.upper)
        return x


def _by_chain(boxes: list[_Box], resp: Array, rng: np.random.Generator) -> Array:
    """Draws from the mixture of truncated distributions: one of many weighted proposals, then Gibbs sweeps.

    The proposals settle the component and where in its box to start; the sweeps leave the distribution within
    the box as it is, and take out what is left of the choice among finitely many.
    """
    n = len(resp)
    x, total, label = boxes[0].means.copy(), np.full(n, -np.inf), np.zeros(n, dtype=np.int64)
    with np.errstate(divide="ignore"):
        log_resp = np.log(resp.T)
    for _ in range(PROPOSALS):
        for k, box in enumerate(boxes):
            proposal, log_weight = box.proposed(rng)
            log_weight = log_weight + log_resp[k]
            new = np.logaddexp(total, log_weight)
            with np.errstate(invalid="ignore"):
                taken = np.log(rng.random(n)) < log_weight - new
            taken |= np.isneginf(total)
            x[taken], label[taken], total = proposal[taken], k, new
    for k, box in enumerate(boxes):
        mine = np.flatnonzero(label == k)
        if len(mine):
            one = _Box(box.means[mine], box.precision, box.lower, box.upper)
            for _ in range(SWEEPS):
                x[mine] = one.moved(x[mine], rng)
    return x
